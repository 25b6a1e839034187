//! The JSON of a messaging webhook, read into what it says.

use alloc::{string::String, vec::Vec};

use chrono::{DateTime, Utc};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    consent::{
        contact::PhoneNumber,
        event::{Event, Text},
        id::{CarrierCode, InboxId, MessageId},
    },
    provider::{
        answer::Code,
        webhook::{Arrival, Received, Report, Unreadable, reported},
    },
};

/// The code of a number that has opted out.
pub(super) const BLOCKED: &str = "40300";

#[derive(Deserialize)]
struct Webhook<T> {
    data: T,
}

#[derive(Deserialize)]
struct Kind {
    event_type: Option<String>,
}

#[derive(Deserialize)]
struct Channel {
    payload: Via,
}

#[derive(Deserialize)]
struct Via {
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    payload: Message,
}

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
    from: Option<Party>,
    to: Option<Vec<Party>>,
    text: Option<String>,
    media: Option<Vec<IgnoredAny>>,
    received_at: Option<String>,
    autoresponse_type: Option<String>,
    errors: Option<Vec<Fault>>,
}

#[derive(Deserialize)]
struct Party {
    phone_number: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Fault {
    pub(super) code: Code,
}

pub(super) fn read(body: &[u8]) -> Result<Received, Unreadable> {
    let kind = parse::<Kind>(body)?.event_type;
    let read = match kind.as_deref() {
        Some("message.received") => text,
        Some("message.sent" | "message.finalized") => report,
        Some(_) => return Ok(Received::Other),
        None => return Err(Unreadable::Missing { field: "event_type" }),
    };
    // WhatsApp and RCS are told by the same events, in another form. Their consent is another too.
    let channel = parse::<Channel>(body)?.payload.r#type;
    let is_text = |channel: &str| ["SMS", "MMS"].iter().any(|it| it.eq_ignore_ascii_case(channel));
    if channel.as_deref().is_some_and(|channel| !is_text(channel)) {
        return Ok(Received::Other);
    }
    read(parse::<Data>(body)?.payload)
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unreadable> {
    let webhook = serde_json::from_slice::<Webhook<T>>(body);
    webhook.map(|webhook| webhook.data).map_err(|_| Unreadable::Format)
}

fn text(message: Message) -> Result<Received, Unreadable> {
    let id = message_id(message.id.as_deref())?;
    let to = message.to.unwrap_or_default();
    // Of several in a group, ours is the one that the webhook is delivered for.
    let ours = to.iter().find(|party| party.status.as_deref() == Some("webhook_delivered"));
    let inbox = InboxId::new(number(ours.or_else(|| to.first()), "to")?)?;
    let media = message.media.is_some_and(|media| !media.is_empty());
    let body = match message.text {
        None if media => String::new(),
        None => return Err(Unreadable::Missing { field: "text" }),
        Some(body) => body,
    };
    let Ok(from) = PhoneNumber::parse(number(message.from.as_ref(), "from")?) else {
        return Ok(Received::NoContact);
    };
    let answered = message.autoresponse_type.is_some_and(|kind| !kind.is_empty());
    let text = Text::new(inbox.clone(), id, body).with_media(media).with_provider_replied(answered);
    // A text whose time cannot be read is worth more than its time: it may be a STOP.
    let text = match message.received_at.as_deref().and_then(time) {
        Some(sent_at) => text.with_sent_at(sent_at),
        None => text,
    };
    Ok(Received::Text { from, inbox, event: Event::Texted(text) })
}

fn report(message: Message) -> Result<Received, Unreadable> {
    let id = message_id(message.id.as_deref())?;
    let to = message.to.unwrap_or_default();
    let codes: Vec<String> =
        message.errors.unwrap_or_default().iter().map(|fault| fault.code.to_text()).collect();
    let blocked = codes.iter().find(|code| *code == BLOCKED);
    let code = blocked.or_else(|| codes.first());
    let status = to.first().and_then(|party| party.status.as_deref());
    let report = Report {
        message: id,
        arrival: status.map_or(Arrival::Other, arrival),
        code: code.and_then(|code| CarrierCode::new(code).ok()),
    };
    let from = message.from.and_then(|party| party.phone_number);
    let inbox = from.as_deref().map(InboxId::new).transpose()?;
    // To a group, it does not say who of it.
    let blocked = blocked.is_some() && to.len() == 1;
    Ok(reported(number(to.first(), "to")?, inbox, blocked, report))
}

fn message_id(id: Option<&str>) -> Result<MessageId, Unreadable> {
    Ok(MessageId::new(id.ok_or(Unreadable::Missing { field: "id" })?)?)
}

fn number<'a>(party: Option<&'a Party>, field: &'static str) -> Result<&'a str, Unreadable> {
    party.and_then(|party| party.phone_number.as_deref()).ok_or(Unreadable::Missing { field })
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// The statuses of the page *Receiving Webhooks for Messaging*.
fn arrival(status: &str) -> Arrival {
    match status {
        "queued" | "sending" => Arrival::Underway,
        "sent" => Arrival::Sent,
        "delivered" => Arrival::Delivered,
        "sending_failed" | "delivery_failed" | "expired" => Arrival::NotDelivered,
        "delivery_unconfirmed" => Arrival::Unconfirmed,
        _ => Arrival::Other,
    }
}
