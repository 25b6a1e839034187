//! Texts that leave in the answer to Twilio's webhook.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod provider;
mod support;

use std::sync::Arc;

use chrono::TimeDelta;
use optin::{
    AccountId, CarrierCode, Contact, Decision, Engine, Handover, InboxId, Outbox, Outgoing,
    PhoneNumber, provider::twilio::Twiml, store::MemoryStorage,
};
use proptest::prelude::*;
use provider::{contact, message, status};
use support::{Clock, START, inbox, now_or_never, texted};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
const LATER: Handover = Handover::NotSent { retry: true, code: None };
const TAKEN: Handover = Handover::Accepted { provider_id: None };

fn to_us(body: &str) -> Outgoing {
    message("+18885550100", body, START, START + TimeDelta::minutes(5))
}

fn xml_of(body: &str) -> String {
    let twiml = Twiml::new(contact(), inbox());
    assert_eq!(now_or_never(twiml.send(&to_us(body))), TAKEN);
    let xml = twiml.into_xml();
    let message = xml.strip_prefix(HEAD).unwrap().strip_prefix("<Response><Message>").unwrap();
    message.strip_suffix("</Message></Response>").unwrap().to_owned()
}

#[test]
fn nothing_to_say_is_an_empty_response() {
    let twiml = Twiml::new(contact(), inbox());
    assert_eq!(twiml.into_xml(), format!("{HEAD}<Response></Response>"));
    assert_eq!(Twiml::MEDIA_TYPE, "text/xml");
}

#[test]
fn texts_leave_in_order_and_escaped() {
    let twiml = Twiml::new(contact(), inbox());
    for body in ["a <b> & \"c\" 'd'", "]]>&amp;", "Café 😀\r\nnext\tline"] {
        assert_eq!(now_or_never(twiml.send(&to_us(body))), TAKEN);
    }
    assert_eq!(
        twiml.into_xml(),
        format!(
            "{HEAD}<Response><Message>a &lt;b&gt; &amp; \"c\" 'd'</Message>\
             <Message>]]&gt;&amp;amp;</Message>\
             <Message>Café 😀&#13;\nnext\tline</Message></Response>"
        )
    );
}

#[test]
fn what_xml_cannot_hold_is_left_out() {
    assert_eq!(xml_of("a\0b\u{1}\u{b}\u{c}\u{1f}c\u{fffe}\u{ffff}d\u{7f}"), "abcd\u{7f}");
}

#[test]
fn what_twilio_would_refuse_is_not_taken() {
    let refused = |body: &str, code: &str| {
        let twiml = Twiml::new(contact(), inbox());
        let code = CarrierCode::new(code).ok();
        let expected = Handover::NotSent { retry: false, code };
        assert_eq!(now_or_never(twiml.send(&to_us(body))), expected);
        assert_eq!(twiml.into_xml(), format!("{HEAD}<Response></Response>"));
    };
    refused("", "21602");
    refused("\0\u{1}", "21602");
    refused(&"é".repeat(1_601), "21617");
    assert_eq!(xml_of(&"é".repeat(1_600)), "é".repeat(1_600));
}

#[test]
fn what_is_for_another_waits_for_another_outbox() {
    let twiml = Twiml::new(contact(), inbox());
    let mut stranger = to_us("Hi");
    let number = PhoneNumber::parse("+12065550101").unwrap();
    stranger.id.contact = Contact::new(contact().account().clone(), number);
    let mut elsewhere = to_us("Hi");
    let account = AccountId::new("other").unwrap();
    elsewhere.id.contact = Contact::new(account, contact().number());
    let from = message("+18885550101", "Hi", START, START + TimeDelta::minutes(5));
    for outgoing in [stranger, elsewhere, from, status(START)] {
        assert_eq!(now_or_never(twiml.send(&outgoing)), LATER);
    }
    assert_eq!(twiml.into_xml(), format!("{HEAD}<Response></Response>"));
}

#[test]
fn it_takes_a_bounded_number_of_texts() {
    let twiml = Twiml::new(contact(), inbox());
    let taken = (0..99).filter(|_| now_or_never(twiml.send(&to_us("Hi"))) == TAKEN).count();
    assert_eq!(taken, 10);
}

#[test]
fn a_conversation_goes_through_the_answers() {
    let storage = Arc::new(MemoryStorage::new());
    let clock = Clock::at(START);
    let answered = |id: &str, body: &str| {
        let twiml = Twiml::new(contact(), inbox());
        let engine = Engine::new(storage.clone(), &twiml, clock.reader());
        let outcome = now_or_never(engine.handle(&contact(), texted(id, body))).unwrap();
        drop(engine);
        (outcome.decision, twiml.into_xml())
    };
    let (decision, xml) = answered("SM1", "Hi");
    assert_eq!(decision, Decision::SendConfirmation);
    assert!(xml.contains("<Message>Thanks for texting us!"), "{xml}");
    assert!(xml.contains("Msg &amp; data rates may apply."), "{xml}");
    let nothing = format!("{HEAD}<Response></Response>");
    // Its answer may not have arrived; it is not said again.
    assert_eq!(answered("SM1", "Hi"), (Decision::None, nothing.clone()));
    assert_eq!(answered("SM2", "yes"), (Decision::MarkActive, nothing));
    assert_eq!(answered("SM3", "STOP").0, Decision::OptOut);
}

#[test]
fn debug_shows_no_text() {
    let twiml = Twiml::new(contact(), InboxId::new("+18885550100").unwrap());
    now_or_never(twiml.send(&to_us("quokka")));
    assert_eq!(format!("{twiml:?}"), "Twiml(..)");
}

proptest! {
    /// Read back by the rules of XML, the words are those that XML can hold.
    #[test]
    fn any_words_are_well_formed_xml(body in "(?s).{1,100}") {
        let held: String = body.chars().filter(|c| {
            !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
        }).collect();
        prop_assume!(!held.is_empty());
        let xml = xml_of(&body);
        prop_assert!(!xml.contains(['<', '\r']) && !xml.contains("]]>"));
        let read = xml.replace("&#13;", "\r").replace("&lt;", "<").replace("&gt;", ">")
            .replace("&amp;", "&");
        prop_assert_eq!(read, held);
    }
}
