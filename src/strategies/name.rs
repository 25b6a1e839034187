//! Names that generated events go by.

use alloc::format;

use crate::consent::id::{ActorId, CarrierCode, InboxId, MessageId};

const SHORT: &str = "names of the strategies have 1 to 256 bytes";

pub(super) fn inbox() -> InboxId {
    InboxId::new("+18885550100").expect(SHORT)
}

/// The provider's id of text `n`.
pub(super) fn text_id(n: u8) -> MessageId {
    MessageId::new(&format!("SM{n}")).expect(SHORT)
}

/// The host's id of request `n`.
pub(super) fn request_id(n: u8) -> MessageId {
    MessageId::new(&format!("R{n}")).expect(SHORT)
}

pub(super) fn actor_id() -> ActorId {
    ActorId::new("bo").expect(SHORT)
}

pub(super) fn code(code: &str) -> CarrierCode {
    CarrierCode::new(code).expect(SHORT)
}
