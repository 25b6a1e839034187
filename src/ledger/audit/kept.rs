//! What a storage keeps beside the ledger: records and settings are those that the entries led to.

use alloc::vec::Vec;

use super::{BadLedger, PAGE};
use crate::{
    consent::{
        contact::Contact,
        id::AccountId,
        ledger::{Entry, Verdict},
        record::Record,
    },
    ledger::{
        archive::{Ledger, SealedRow},
        encoding::Sealed,
        seal::Head,
        stored,
    },
};

/// Entries looked at together, from the end of a chain on.
const TAIL: usize = 4;
/// How often a contact that is written to meanwhile is looked at; then it is the next audit's.
const TRIES: u32 = 16;

type Read<T, S> = Result<T, BadLedger<<S as crate::Storage>::Error>>;

/// Each contact's record is the one that its chain leads to (G10).
pub(super) async fn records<S: Ledger>(storage: &S, account: &AccountId) -> Read<(), S> {
    let mut after = None;
    loop {
        let page = storage.contacts(account, None, after, PAGE).await.map_err(BadLedger::Read)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(*last);
        for (number, record) in page {
            of_contact(storage, &Contact::new(account.clone(), number), record).await?;
        }
    }
}

async fn of_contact<S: Ledger>(storage: &S, contact: &Contact, record: Record) -> Read<(), S> {
    let mut stored = Some(record);
    for _ in 0..TRIES {
        let head = storage.head(contact).await.map_err(BadLedger::Read)?;
        let (Some(head), Some(record)) = (head, stored) else { return Ok(()) };
        let Some(shown) = last_shown(storage, contact.account(), &head).await? else {
            return Ok(());
        };
        if shown.is(contact, &record) {
            return Ok(());
        }
        // Unless it was written to since the record was read.
        stored = storage.load(contact).await.map_err(BadLedger::Read)?.record;
        let now = storage.head(contact).await.map_err(BadLedger::Read)?;
        if stored == Some(record) && now == Some(head) {
            let Shown { sequence, .. } = shown;
            return Err(BadLedger::OtherRecord { chain: head.chain, sequence });
        }
    }
    Ok(())
}

/// What the last entry of a chain that changed the record says of it.
struct Shown {
    sequence: u64,
    revision: u64,
    /// Absent where the text is gone.
    entry: Option<Entry>,
}

impl Shown {
    fn of(row: &SealedRow) -> Option<Self> {
        let sealed = Sealed::decode(&row.bytes).ok()?;
        let revision = sealed.revision.filter(|_| sealed.verdict == "decided")?;
        let shown = row.disclosed.as_ref();
        let entry = shown.and_then(|shown| stored::decode_entry(&shown.json).ok());
        Some(Self { sequence: sealed.sequence, revision, entry })
    }

    fn is(&self, contact: &Contact, record: &Record) -> bool {
        let says = self.entry.as_ref().is_none_or(|entry| {
            entry.record() == Some(record) && entry.number == Some(contact.number())
        });
        says && self.revision == record.revision.number()
    }
}

async fn last_shown<S: Ledger>(
    storage: &S,
    account: &AccountId,
    head: &Head,
) -> Read<Option<Shown>, S> {
    let mut end = head.length;
    while end > 0 {
        let from = end.saturating_sub(TAIL as u64);
        let limit = usize::try_from(end - from).unwrap_or(TAIL);
        let rows = storage.sealed(account, head.chain, from, limit).await;
        let rows: Vec<SealedRow> = rows.map_err(BadLedger::Read)?;
        if let Some(shown) = rows.iter().rev().find_map(Shown::of) {
            return Ok(Some(shown));
        }
        end = from;
    }
    Ok(None)
}

/// The account's settings are those that its chain says were set last.
pub(super) async fn settings<S: Ledger>(storage: &S, account: &AccountId) -> Read<(), S> {
    let current = storage.policy(account).await.map_err(BadLedger::Read)?;
    let mut known = current.revision.number();
    let Some(head) = storage.account_head(account).await.map_err(BadLedger::Read)? else {
        // None were ever set.
        return if known == 0 { Ok(()) } else { Err(BadLedger::OtherSettings { revision: known }) };
    };
    let mut is_there = known == 0;
    let (mut from, mut last) = (0, 0);
    while from < head.length {
        let rows =
            storage.sealed(account, head.chain, from, PAGE).await.map_err(BadLedger::Read)?;
        if rows.is_empty() {
            break;
        }
        from += rows.len() as u64;
        for row in &rows {
            let Some(revision) = set(row) else { continue };
            last = revision;
            if revision == known {
                is_there = true;
                let entry = row.disclosed.as_ref().map(|shown| stored::decode_entry(&shown.json));
                if let Some(Ok(Entry {
                    verdict: Verdict::PolicySet { settings: Some(settings), .. },
                    ..
                })) = entry
                    && *settings != *current.policy
                {
                    return Err(BadLedger::OtherSettings { revision });
                }
            }
        }
    }
    if last > known {
        // They were set meanwhile, or the storage has older ones.
        known = storage.policy(account).await.map_err(BadLedger::Read)?.revision.number();
    }
    if is_there && last <= known {
        Ok(())
    } else {
        Err(BadLedger::OtherSettings { revision: last })
    }
}

/// The revision of the settings that an entry of the account set.
fn set(row: &SealedRow) -> Option<u64> {
    let sealed = Sealed::decode(&row.bytes).ok()?;
    sealed.revision.filter(|_| sealed.verdict == "policy_set")
}
