//! Whose chain it is: what is disclosed of it is about that contact, and nobody else.

use super::BadLedger;
use crate::{
    consent::{
        contact::{Contact, PhoneNumber},
        id::AccountId,
        ledger::Entry,
    },
    ledger::{archive::Ledger, seal::ChainId},
};

/// What the disclosed entries of a chain say of whom they are about.
#[derive(Debug, Default)]
pub(super) struct Whose {
    /// The first of them that names a number.
    first: Option<(u64, PhoneNumber)>,
    /// The first that is about another, or about nobody.
    other: Option<u64>,
    /// The first that changed a record: then the chain is no account's own.
    record: Option<u64>,
}

impl Whose {
    pub(super) fn says(&mut self, sequence: u64, entry: &Entry) {
        let is_same = entry.number.is_some_and(|number| {
            let (_, first) = *self.first.get_or_insert((sequence, number));
            first == number
        });
        if !is_same {
            self.other = self.other.or(Some(sequence));
        }
        if entry.record().is_some() {
            self.record = self.record.or(Some(sequence));
        }
    }

    /// The contact that the chain is about has it as its own; the account's own chain is about
    /// whom it may be, but changes no record.
    pub(super) async fn check<S: Ledger>(
        &self,
        storage: &S,
        account: &AccountId,
        chain: ChainId,
    ) -> Result<(), BadLedger<S::Error>> {
        let (Some(sequence), named) = (self.other.or(self.first.map(|(at, _)| at)), self.first)
        else {
            return Ok(());
        };
        if let (None, Some((_, number))) = (self.other, named) {
            let contact = Contact::new(account.clone(), number);
            let head = storage.head(&contact).await.map_err(BadLedger::Read)?;
            if head.is_some_and(|head| head.chain == chain) {
                return Ok(());
            }
        }
        let own = storage.account_head(account).await.map_err(BadLedger::Read)?;
        if own.is_some_and(|own| own.chain == chain) {
            return match self.record {
                Some(sequence) => Err(BadLedger::OtherContact { chain, sequence }),
                None => Ok(()),
            };
        }
        // Unless it was erased, or pruned, since it was read.
        let rows = storage.sealed(account, chain, sequence, 1).await.map_err(BadLedger::Read)?;
        match rows.first() {
            Some(row) if row.disclosed.is_some() => {
                Err(BadLedger::OtherContact { chain, sequence })
            }
            Some(_) | None => Ok(()),
        }
    }
}
