//! The cases over an archive, one file an idea.

mod contacts;
mod entries;
mod erasing;
mod forgetting;
mod queue;

use alloc::vec::Vec;

use super::{case::Case, failure::Failure, probe::Probe};
use crate::{
    consent::{contact::Contact, ledger::Entry},
    storage::Archive,
};

pub(super) fn cases<S: Archive>() -> impl Iterator<Item = Case<S>> {
    let looked_at = entries::cases().chain(contacts::cases()).chain(queue::cases());
    looked_at.chain(forgetting::cases()).chain(erasing::cases())
}

/// A contact's entries, page by page of two.
fn history<S: Archive>(probe: &Probe<'_, S>, contact: &Contact) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    loop {
        let from = entries.len() as u64;
        let page = probe.wait("history", probe.storage.history(contact, from, 2))?;
        if page.is_empty() {
            return Ok(entries);
        }
        entries.extend(page);
        if entries.len() > 1_000 {
            return Err(Failure::new("the history has no end"));
        }
    }
}

/// The entries of a contact's account itself.
fn account_history<S: Archive>(
    probe: &Probe<'_, S>,
    contact: &Contact,
) -> Result<Vec<Entry>, Failure> {
    let entries = probe.storage.account_history(contact.account(), 0, 1_000);
    probe.wait("account_history", entries)
}
