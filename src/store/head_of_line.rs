//! A message as it stands in its row: the first of a line to be claimed or set aside, or any.

use std::vec::Vec;

use super::row::{self, BadRow};
use crate::{consent::outgoing::Outgoing, storage::Place};

/// A row of `outgoing`; its texts as bytes, since they may be anything.
pub(super) struct HeadOfLine {
    pub(super) account: Vec<u8>,
    pub(super) number: i64,
    pub(super) destination: Vec<u8>,
    pub(super) revision: i64,
    pub(super) n: i64,
    pub(super) state: Vec<u8>,
    pub(super) due_at: i64,
    pub(super) claims: i64,
    pub(super) attempts: i64,
    pub(super) lapsed_at: Option<i64>,
    pub(super) message: Vec<u8>,
    pub(super) decided_at: i64,
}

impl HeadOfLine {
    /// What stands in the row, if that can be read and is the message that its key says.
    pub(super) fn read(&self) -> Result<(Outgoing, Place), BadRow> {
        const BAD: BadRow = BadRow { what: "message", version: None };
        let message = core::str::from_utf8(&self.message).map_err(|_| BAD)?;
        let outgoing: Outgoing = row::decode("message", message)?;
        let id = &outgoing.id;
        let is_named = id.contact.account().as_str().as_bytes() == self.account
            && row::to_i64(id.contact.number().to_digits()) == self.number
            && outgoing.destination().name().as_bytes() == self.destination
            && row::to_i64(id.revision.number()) == self.revision
            && i64::from(id.n) == self.n
            && outgoing.decided_at.timestamp_millis() == self.decided_at;
        if !is_named {
            return Err(BAD);
        }
        let place = Place {
            claimed: match &*self.state {
                b"queued" => false,
                b"claimed" => true,
                _ if self.is_set_aside() => false,
                _ => return Err(BAD),
            },
            due: row::time("message", self.due_at)?,
            claims: row::from_i64("message", self.claims)?,
            attempts: u32::try_from(self.attempts).map_err(|_| BAD)?,
            lapsed: self.lapsed_at.map(|at| row::time("message", at)).transpose()?,
        };
        Ok((outgoing, place))
    }

    pub(super) fn is_set_aside(&self) -> bool {
        self.state == b"set_aside"
    }
}
