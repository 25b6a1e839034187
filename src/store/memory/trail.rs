//! What the ledger has of one contact, or of an account itself: entries, and their chain.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use crate::consent::{contact::PhoneNumber, id::AccountId, ledger::Entry};
#[cfg(feature = "ledger")]
use crate::{
    ledger::{ChainId, Disclosed, Head, Salts, SealedRow, seal, stored},
    moving::{Pruned, Row},
};

#[derive(Debug, Default)]
pub(super) struct Trail {
    kept: Vec<Kept>,
    #[cfg(feature = "ledger")]
    head: Option<Head>,
}

#[derive(Debug)]
struct Kept {
    /// Absent once it is erased.
    entry: Option<Entry>,
    has_words: bool,
    #[cfg(feature = "ledger")]
    sealed: SealedRow,
}

impl Trail {
    /// The trail of a contact, which has a chain before its first entry.
    pub(super) fn of_contact() -> Self {
        Self {
            kept: Vec::new(),
            #[cfg(feature = "ledger")]
            head: Some(draw()),
        }
    }

    pub(super) fn push(&mut self, account: &AccountId, entry: Entry) {
        let kept = Kept {
            #[cfg(feature = "ledger")]
            sealed: self.seal(account, &entry),
            entry: Some(entry),
            has_words: true,
        };
        #[cfg(not(feature = "ledger"))]
        let _ = account;
        self.kept.push(kept);
    }

    pub(super) fn page(&self, from: u64, limit: usize) -> Vec<Entry> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let entries = self.kept.iter().skip(from).filter_map(|kept| kept.entry.clone());
        entries.take(limit).collect()
    }

    /// Takes the words out of entries before this time; says of how many.
    pub(super) fn prune_texts(&mut self, before: DateTime<Utc>) -> u64 {
        let mut pruned = 0;
        for kept in &mut self.kept {
            let is_old = kept.entry.as_ref().is_some_and(|entry| entry.at < before);
            if is_old && kept.has_words {
                kept.entry = kept.entry.take().map(Entry::without_words);
                kept.hide();
                pruned += 1;
            }
        }
        pruned
    }

    /// Forgets what is about this number; says whether anything was.
    pub(super) fn forget(&mut self, number: PhoneNumber) -> bool {
        let mut forgotten = false;
        for kept in &mut self.kept {
            if kept.entry.as_ref().is_some_and(|entry| entry.number == Some(number)) {
                kept.entry = None;
                kept.hide();
                forgotten = true;
            }
        }
        forgotten
    }
}

impl Kept {
    /// What was committed to can no longer be shown.
    fn hide(&mut self) {
        self.has_words = false;
        #[cfg(feature = "ledger")]
        {
            self.sealed.disclosed = None;
        }
    }
}

#[cfg(feature = "ledger")]
impl Kept {
    /// What is left of it as JSON, where its words were pruned.
    fn pruned(&self) -> Option<Pruned> {
        let entry = self.entry.as_ref().filter(|_| !self.has_words)?;
        Some(Pruned(stored::encode_entry(entry).expect("an entry is JSON")))
    }
}

#[cfg(feature = "ledger")]
const RANDOM: &str = "the system has a source of randomness";

#[cfg(feature = "ledger")]
fn draw() -> Head {
    Head::new(ChainId::draw().expect(RANDOM))
}

#[cfg(feature = "ledger")]
impl Trail {
    fn seal(&mut self, account: &AccountId, entry: &Entry) -> SealedRow {
        let salts = Salts::draw().expect(RANDOM);
        let head = self.head.unwrap_or_else(draw);
        let json = stored::encode_entry(entry).expect("an entry is JSON");
        let (bytes, head) = seal(account, &head, entry, &json, &salts);
        self.head = Some(head);
        SealedRow { bytes, hash: head.hash, leaf: None, disclosed: Some(Disclosed { json, salts }) }
    }

    /// A trail that has its head already, and gets its entries.
    pub(super) fn begun(head: Option<Head>) -> Self {
        Self { kept: Vec::new(), head }
    }

    pub(super) fn head(&self) -> Option<Head> {
        self.head
    }

    pub(super) fn sealed(&self, from: u64, limit: usize) -> Vec<SealedRow> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        self.kept.iter().skip(from).take(limit).map(|kept| kept.sealed.clone()).collect()
    }

    /// The sealed entries themselves, to be given their places in the log.
    pub(super) fn rows(&mut self) -> impl Iterator<Item = &mut SealedRow> {
        self.kept.iter_mut().map(|kept| &mut kept.sealed)
    }

    /// The entries as rows that can be put into another storage.
    pub(super) fn entries(&self) -> impl Iterator<Item = Row> {
        let entries = self
            .head
            .into_iter()
            .flat_map(|head| (0..).zip(&self.kept).map(move |it| (head.chain, it)));
        entries.map(|(chain, (sequence, kept))| Row::Entry {
            chain,
            sequence,
            sealed: kept.sealed.clone(),
            pruned: kept.pruned(),
        })
    }

    /// Stores an entry in its place; `false` where another is there, or the one before it is not.
    pub(super) fn put_in(
        &mut self,
        sequence: u64,
        sealed: SealedRow,
        pruned: Option<Pruned>,
    ) -> bool {
        let at = usize::try_from(sequence).unwrap_or(usize::MAX);
        if let Some(kept) = self.kept.get(at) {
            return kept.sealed == sealed && kept.pruned() == pruned;
        }
        let json = sealed
            .disclosed
            .as_ref()
            .map(|disclosed| &disclosed.json)
            .or(pruned.as_ref().map(|pruned| &pruned.0));
        let Ok(entry) = json.map(|json| stored::decode_entry(json)).transpose() else {
            return false;
        };
        let has_words = sealed.disclosed.is_some();
        if at == self.kept.len() && !(has_words && pruned.is_some()) {
            self.kept.push(Kept { entry, has_words, sealed });
            return true;
        }
        false
    }
}
