//! What is stored when all is over, as the archive tells it.

use alloc::{collections::BTreeSet, vec::Vec};

use chrono::{DateTime, Utc};

use super::{
    cast::{ACCOUNTS, CONTACTS, Cast},
    clock::{DAY, date},
    world::at_once,
};
use crate::{
    consent::{ledger::Entry, outgoing::OutgoingId, record::Record},
    storage::{Archive, CurrentPolicy},
};

#[derive(Debug, Default)]
pub(super) struct Aftermath {
    /// By contact: its record and its ledger.
    pub(super) contacts: Vec<(Option<Record>, Vec<Entry>)>,
    pub(super) accounts: Vec<Account>,
    pub(super) set_aside: BTreeSet<OutgoingId>,
    /// What could still be claimed.
    pub(super) left: usize,
    /// Contacts to whom a text is unfinished.
    pub(super) unfinished: usize,
}

#[derive(Debug)]
pub(super) struct Account {
    pub(super) entries: Vec<Entry>,
    pub(super) current: CurrentPolicy,
    /// Contacts that the archive lists.
    pub(super) listed: Vec<(usize, Record)>,
}

const ALL: usize = 1_000_000;

impl Aftermath {
    /// Reads it; claims what is left, so nothing may follow.
    pub(super) fn read<S: Archive>(
        storage: &S,
        cast: &Cast,
        contacts: &[usize],
        now: i64,
    ) -> Result<Self, S::Error> {
        let mut after = Self::default();
        after.contacts.resize_with(ACCOUNTS * CONTACTS, Default::default);
        for &index in contacts {
            let contact = cast.contact(index);
            let snapshot = at_once(storage.load(contact))?;
            after.unfinished += usize::from(snapshot.text_unfinished);
            let entries = at_once(storage.history(contact, 0, ALL))?;
            after.contacts[index] = (snapshot.record, entries);
        }
        for account in &cast.accounts {
            let listed = at_once(storage.contacts(account, None, None, ALL))?;
            let index = |number| crate::consent::contact::Contact::new(account.clone(), number);
            let listed = listed
                .into_iter()
                .map(|(number, record)| (cast.index(&index(number)).unwrap_or(usize::MAX), record));
            after.accounts.push(Account {
                entries: at_once(storage.account_history(account, 0, ALL))?,
                current: at_once(storage.policy(account))?,
                listed: listed.collect(),
            });
            let set_aside = at_once(storage.set_aside(account, ALL))?;
            after.set_aside.extend(set_aside.into_iter().map(|outgoing| outgoing.id));
        }
        let (later, end) = (date(now + 1_000 * DAY), DateTime::<Utc>::MAX_UTC);
        after.left = at_once(storage.claim(later, end, ALL))?.len();
        Ok(after)
    }
}
