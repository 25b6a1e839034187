//! What a webhook comes to, or why it comes to nothing.

use crate::consent::{
    contact::PhoneNumber,
    event::Event,
    id::{CarrierCode, InboxId, InvalidId, MessageId},
};

/// Bytes of the longest webhook that is read: 1 MiB. True ones have a few thousand.
pub const MAX_BODY: usize = 1 << 20;

/// What a webhook said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// A text of a contact: an [`Event::Texted`] for the engine.
    ///
    /// The host knows the account by the inbox.
    Text {
        /// Who wrote it.
        from: PhoneNumber,
        /// The inbox that it came in on, as the event has it.
        inbox: InboxId,
        /// The text.
        event: Event<'static>,
    },
    /// The provider said of a message that its number has opted out: an
    /// [`Event::CarrierBlocked`] for the engine.
    Blocked {
        /// Whose number.
        number: PhoneNumber,
        /// The inbox that the message left from, where the webhook names it.
        inbox: Option<InboxId>,
        /// The block.
        event: Event<'static>,
        /// What else the webhook said.
        report: Report,
    },
    /// What became of a message that was sent. It changes no consent; a host may show it.
    Report(Report),
    /// A text or a report whose other end is no contact: a short code, a name, an address of
    /// another channel (`whatsapp:`). There is no consent to keep for it.
    NoContact,
    /// Something else that the provider tells; the host may read it by itself.
    Other,
}

/// What became of a message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The provider's id of the message: [`Handover::Accepted`](crate::Handover::Accepted) had it.
    pub message: MessageId,
    /// How far it came.
    pub arrival: Arrival,
    /// The provider's code for what went wrong, if it gave one of at most 256 bytes.
    pub code: Option<CarrierCode>,
}

/// How far a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Arrival {
    /// It waits with the provider.
    Underway,
    /// The carrier has it.
    Sent,
    /// The phone has it, or the carrier says so.
    Delivered,
    /// It did not arrive.
    NotDelivered,
    /// The carrier does not say whether it arrived.
    Unconfirmed,
    /// A word that this version does not know.
    Other,
}

/// Why a webhook is not known to be the provider's. Nothing of it was read.
///
/// Answer with status 403 and do nothing else; count them: many of one kind are an attack, or a
/// host whose configuration is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unverified {
    /// It has no signature: not the provider's, or a proxy took the headers away.
    #[error("the request is not signed")]
    NotSigned,
    /// The headers of its signature stand there twice or cannot be read.
    #[error("the signature of the request cannot be read")]
    Malformed,
    /// It has a body that its signature does not cover.
    #[error("the signature does not cover the body of the request")]
    BodyNotSigned,
    /// It is signed by a key or in a way that the host has not configured.
    #[error("the request is signed by a key that is not configured")]
    UnknownKey,
    /// Its signature is wrong: not the provider's, changed on its way, or of another secret or URL
    /// than the host gave.
    #[error("the signature of the request is wrong")]
    Mismatch,
    /// It was signed too long ago or too far ahead: sent again by somebody, late, or the host's
    /// clock is wrong.
    #[error("the request was signed at another time")]
    Stale,
    /// Its URL, its body or the number of its parameters is beyond any true webhook's.
    #[error("the request is too long")]
    TooLong,
}

/// Why a webhook cannot be read.
///
/// The provider sent what this version does not understand, or the webhook is of another kind than
/// the host took it for. Keep its body and tell a person; answer with a status that makes the
/// provider send it again where the fault may be yours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Its body or the number of its parameters is beyond any true webhook's.
    #[error("the webhook is too long")]
    TooLong,
    /// Its body is not what the provider's messages are told in.
    #[error("the webhook is not of a known format")]
    Format,
    /// A field is not there.
    #[error("the webhook has no field {field}")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field stands there twice, with two values.
    #[error("the webhook has the field {field} twice")]
    Repeated {
        /// Its name.
        field: &'static str,
    },
    /// A field that must have another form.
    #[error("the webhook's field {field} is malformed")]
    Malformed {
        /// Its name.
        field: &'static str,
    },
    /// A name in it is empty or too long.
    #[error("the webhook has a name that is out of bounds")]
    OutOfBounds(#[from] InvalidId),
}

/// The report that it is, or the block that the report tells of.
pub(super) fn reported(
    to: &str,
    inbox: Option<InboxId>,
    blocked: bool,
    report: Report,
) -> Received {
    match (PhoneNumber::parse(to), &report.code) {
        (Err(_), _) => Received::NoContact,
        (Ok(number), Some(code)) if blocked => {
            let event = Event::CarrierBlocked { code: code.clone() };
            Received::Blocked { number, inbox, event, report }
        }
        (Ok(_), _) => Received::Report(report),
    }
}
