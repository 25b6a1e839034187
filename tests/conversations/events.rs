//! What a line of a script says, as the engine is told it.

use optin::{
    AccountId, CarrierCode, Contact, Event, InboxId, Message, MessageId, Note, PhoneNumber, Text,
};
use serde_json::Value;

use crate::script::{INBOX, Line, Step, Texts};

pub(crate) fn contact(line: &Line) -> Result<Contact, String> {
    let number = match line.contact.as_str() {
        "ann" => "+12065550100",
        "bob" => "+12065550101",
        "cy" => "+12065550102",
        other => return Err(format!("who is {other}?")),
    };
    let account = AccountId::new(&line.account).map_err(|error| error.to_string())?;
    let number = PhoneNumber::parse(number).map_err(|error| error.to_string())?;
    Ok(Contact::new(account, number))
}

pub(crate) fn event(step: &Step) -> Result<Event<'_>, &'static str> {
    Ok(match step {
        Step::Texts(texts) => Event::Texted(text(texts)?),
        Step::Added(source, opted_out) => Event::Added { source: *source, opted_out: *opted_out },
        Step::Existing(actor) => Event::DeclaredExisting { actor: actor.clone() },
        Step::Override(to, actor, note) => {
            let note = note.clone().map(Note::new).transpose();
            Event::Overridden { actor: actor.clone(), to: *to, note: note.map_err(|_| "the note")? }
        }
        Step::CarrierBlock(code) => {
            Event::CarrierBlocked { code: CarrierCode::new(code).map_err(|_| "the code")? }
        }
        Step::Send(actor, words, request) => {
            let inbox = InboxId::new(INBOX).map_err(|_| "the inbox")?;
            let message = Message::new(inbox, words.as_str()).with_actor(actor.clone());
            Event::MessageRequested(match request {
                Some(id) => message.with_request(MessageId::new(id).map_err(|_| "the request")?),
                None => message,
            })
        }
        Step::Settings(..) | Step::Outbox(..) | Step::Deferred | Step::Tick => return Err("it"),
    })
}

fn text(texts: &Texts) -> Result<Text<'_>, &'static str> {
    let inbox = InboxId::new(&texts.inbox).map_err(|_| "the inbox")?;
    let id = MessageId::new(&texts.id).map_err(|_| "the id")?;
    let text = Text::new(inbox, id, texts.words.as_str())
        .with_media(texts.media)
        .with_provider_replied(texts.provider_replied);
    Ok(match texts.sent_at {
        Some(at) => text.with_sent_at(at),
        None => text,
    })
}

/// Key by key; `null` and lists are values.
pub(crate) fn merge(settings: &mut Value, change: &Value) {
    match (settings, change) {
        (Value::Object(settings), Value::Object(change)) => {
            for (key, value) in change {
                merge(settings.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (settings, value) => *settings = value.clone(),
    }
}
