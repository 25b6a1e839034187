//! The outbox whose texts leave in the answer to a webhook, as TwiML.

use alloc::{string::String, vec::Vec};
use core::fmt;
use std::sync::{Mutex, PoisonError};

use crate::{
    consent::{
        contact::Contact,
        id::{CarrierCode, InboxId},
        outgoing::{Content, Handover, Outgoing},
    },
    outbox::Outbox,
};

/// More texts than an event ever leads to.
const MAX_TEXTS: usize = 10;

/// Characters of the longest text that Twilio sends (*Error 21617*).
const MAX_CHARACTERS: usize = 1_600;

/// An outbox for the answer to one webhook: what goes back to its sender leaves in that answer.
///
/// Make one for each webhook, and an engine over the shared storage and it; answer with
/// [`into_xml`](Self::into_xml), as [`MEDIA_TYPE`](Self::MEDIA_TYPE). No other request is made and
/// no client is needed. A text for anyone else, and a status, is not taken: it stays queued, for a
/// [`Dispatcher`](crate::Dispatcher) over an outbox that can send it.
///
/// A text that is taken counts as accepted before the answer has left: if it never reaches Twilio,
/// the text is lost and is not sent again, since Twilio may have it all the same. What follows is as
/// for any text in doubt: the contact's next text is answered. The texts leave from the number that
/// the webhook came in on. Answer at once: Twilio waits 15 seconds, and a text waits no longer than
/// its `not_after`, five minutes.
///
/// ```
/// use optin::{
///     AccountId, Contact, Engine, Event, InboxId, MessageId, PhoneNumber, Text,
///     blocking::block_on, provider::twilio::Twiml, store::MemoryStorage,
/// };
///
/// let storage = std::sync::Arc::new(MemoryStorage::new());
/// let contact = Contact::new(AccountId::new("acme")?, PhoneNumber::parse("+12065550100")?);
/// let inbox = InboxId::new("+18885550100")?;
///
/// // For each webhook:
/// let twiml = Twiml::new(contact.clone(), inbox.clone());
/// let engine = Engine::new(storage.clone(), &twiml, chrono::Utc::now);
/// let text = Text::new(inbox, MessageId::new("SM1")?, "Hi");
/// block_on(engine.handle(&contact, Event::Texted(text)))?;
/// drop(engine);
/// let xml = twiml.into_xml();
/// assert!(xml.contains("<Response><Message>Thanks for texting us!"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Twiml {
    contact: Contact,
    inbox: InboxId,
    texts: Mutex<Vec<String>>,
}

impl Twiml {
    /// What the answer is sent as.
    pub const MEDIA_TYPE: &'static str = "text/xml";

    /// For the answer to a text that this contact sent to this inbox.
    pub fn new(contact: Contact, inbox: InboxId) -> Self {
        Self { contact, inbox, texts: Mutex::default() }
    }

    /// The answer: a `Message` for each text that was taken, in order; an empty `Response` where
    /// there was none, which Twilio answers with nothing.
    pub fn into_xml(self) -> String {
        let texts = self.texts.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>");
        for text in texts {
            xml.push_str("<Message>");
            write_escaped(&text, &mut xml);
            xml.push_str("</Message>");
        }
        xml.push_str("</Response>");
        xml
    }

    fn take(&self, outgoing: &Outgoing) -> Handover {
        let later = Handover::NotSent { retry: true, code: None };
        let text = match &outgoing.content {
            Content::Text(text) => text,
            Content::Status(_) => return later,
        };
        if outgoing.id.contact != self.contact || text.from != self.inbox {
            return later;
        }
        let body: String = text.body.as_str().chars().filter(|c| is_allowed(*c)).collect();
        // Twilio would answer these, and nobody would read its answer.
        let refused = match body.chars().count() {
            0 => Some("21602"),
            length if length > MAX_CHARACTERS => Some("21617"),
            _ => None,
        };
        if let Some(code) = refused {
            return Handover::NotSent { retry: false, code: CarrierCode::new(code).ok() };
        }
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() >= MAX_TEXTS {
            return later;
        }
        texts.push(body);
        Handover::Accepted { provider_id: None }
    }
}

impl Outbox for Twiml {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        self.take(outgoing)
    }
}

impl fmt::Debug for Twiml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Twiml(..)")
    }
}

/// Whether XML 1.0 can hold a character (production 2, `Char`): not most controls, in any form.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

fn write_escaped(text: &str, xml: &mut String) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            // Else read as a line feed.
            '\r' => xml.push_str("&#13;"),
            c => xml.push(c),
        }
    }
}
