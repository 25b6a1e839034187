//! The parameters of a messaging webhook, read into what they say.

use super::parameters::Parameters;
use crate::{
    consent::{
        contact::PhoneNumber,
        event::{Event, Text},
        id::{CarrierCode, InboxId, MessageId},
    },
    provider::webhook::{Arrival, Received, Report, Unreadable, reported},
};

/// The code of a number that has opted out.
pub(super) const BLOCKED: &str = "21610";

pub(super) fn read(parameters: &Parameters<'_>) -> Result<Received, Unreadable> {
    // Of older status callbacks only the second is there; of texts it says that they came in.
    let status = match parameters.find("MessageStatus")? {
        None => parameters.find("SmsStatus")?,
        status => status,
    };
    match status {
        None | Some("received" | "receiving") => text(parameters),
        Some(status) => report(parameters, status),
    }
}

fn text(parameters: &Parameters<'_>) -> Result<Received, Unreadable> {
    let id = message_id(parameters)?;
    let inbox = InboxId::new(parameters.require("To")?)?;
    let media = match parameters.find("NumMedia")? {
        None => 0,
        Some(count) => {
            count.parse::<u32>().map_err(|_| Unreadable::Malformed { field: "NumMedia" })?
        }
    };
    let body = match parameters.find("Body")? {
        None if media > 0 => "",
        None => return Err(Unreadable::Missing { field: "Body" }),
        Some(body) => body,
    };
    let Ok(from) = PhoneNumber::parse(parameters.require("From")?) else {
        return Ok(Received::NoContact);
    };
    let answered = parameters.find("OptOutType")?.is_some_and(|kind| !kind.is_empty());
    let text =
        Text::new(inbox.clone(), id, body).with_media(media > 0).with_provider_replied(answered);
    Ok(Received::Text { from, inbox, event: Event::Texted(text).into_owned() })
}

fn report(parameters: &Parameters<'_>, status: &str) -> Result<Received, Unreadable> {
    let code = parameters.find("ErrorCode")?.unwrap_or_default();
    let report = Report {
        message: message_id(parameters)?,
        arrival: arrival(status),
        code: CarrierCode::new(code).ok(),
    };
    let inbox = parameters.find("From")?.map(InboxId::new).transpose()?;
    Ok(reported(parameters.require("To")?, inbox, code == BLOCKED, report))
}

fn message_id(parameters: &Parameters<'_>) -> Result<MessageId, Unreadable> {
    let id = match parameters.find("MessageSid")? {
        None => parameters.find("SmsSid")?.ok_or(Unreadable::Missing { field: "MessageSid" })?,
        Some(id) => id,
    };
    Ok(MessageId::new(id)?)
}

/// The statuses of the page *Messages resource*.
fn arrival(status: &str) -> Arrival {
    match status {
        "accepted" | "scheduled" | "queued" | "sending" => Arrival::Underway,
        "sent" => Arrival::Sent,
        "delivered" | "read" => Arrival::Delivered,
        "undelivered" | "failed" | "canceled" => Arrival::NotDelivered,
        "delivery_unknown" => Arrival::Unconfirmed,
        _ => Arrival::Other,
    }
}
