//! Verifying a chain: it is what it was, or the first bad entry is named.

use alloc::{format, string::String};

use super::{
    encoding::{Field, Sealed},
    hash::Hash,
    seal::{ChainId, Head, Salts, actor, commit, kind, received, sent, verdict_of},
    stored,
};
use crate::consent::ledger::Entry;

/// An entry that is not what was sealed.
///
/// Somebody or something changed the ledger: go back to a copy, and find out who.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", said(*.sequence, *.flaw))]
#[non_exhaustive]
pub struct BadEntry {
    /// Its place in the chain, from 0.
    pub sequence: u64,
    /// What is wrong with it.
    pub flaw: Flaw,
}

impl BadEntry {
    /// This flaw, in this entry.
    pub fn new(sequence: u64, flaw: Flaw) -> Self {
        Self { sequence, flaw }
    }
}

/// The error in words: what is missing is named, not what stands in its place.
fn said(sequence: u64, flaw: Flaw) -> String {
    match flaw {
        Flaw::OutOfPlace { found } if found > sequence => {
            let missing = match found - sequence {
                1 => format!("entry {sequence} is missing"),
                _ => format!("entries {sequence} to {} are missing", found - 1),
            };
            match sequence.checked_sub(1) {
                Some(before) => format!("{missing}: entry {found} follows entry {before}"),
                None => format!("{missing}: the first is entry {found}"),
            }
        }
        Flaw::Changed
        | Flaw::NotSealed
        | Flaw::OtherAccount
        | Flaw::OtherChain
        | Flaw::OutOfPlace { .. }
        | Flaw::DoesNotFollow
        | Flaw::CutOff { .. }
        | Flaw::NotTheHead
        | Flaw::NotCommitted { .. }
        | Flaw::Unreadable
        | Flaw::AtOdds => format!("entry {sequence}: {flaw}"),
    }
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// Its bytes are not those that its hash was made of.
    #[error("its bytes are not those that were sealed")]
    Changed,
    /// Its bytes cannot be read.
    #[error("its bytes are no sealed entry")]
    NotSealed,
    /// It belongs to another account.
    #[error("it belongs to another account")]
    OtherAccount,
    /// It belongs to another chain.
    #[error("it belongs to another chain")]
    OtherChain,
    /// It says of itself that it has another place.
    #[error("it says of itself that it is entry {found}")]
    OutOfPlace {
        /// The place that it says.
        found: u64,
    },
    /// It follows another entry than the one before it.
    #[error("it does not follow the entry before it")]
    DoesNotFollow,
    /// It is missing, and all after it: the chain is shorter than its head says.
    #[error("it is missing: the chain has {length}")]
    CutOff {
        /// Entries that there should be.
        length: u64,
    },
    /// The chain goes on past its head, or ends in another entry than its head says.
    #[error("the head of the chain says otherwise")]
    NotTheHead,
    /// What was disclosed is not what was committed to.
    #[error("what it says in the field {} is not what was committed to", .field.name())]
    NotCommitted {
        /// Which.
        field: Field,
    },
    /// What was disclosed cannot be read.
    #[error("its text cannot be read")]
    Unreadable,
    /// What was disclosed is at odds with what was sealed beside it.
    #[error("its text says otherwise than what was sealed")]
    AtOdds,
}

/// Reads a chain from its first entry on.
///
/// ```
/// use optin::{AccountId, Entry};
/// # use optin::ledger::{ChainId, Hash, Head, Salts, Verifier, seal};
/// # fn entry() -> Entry { serde_json::from_str(r#"{"at":"2026-03-01T09:00:00Z","number":"+12065550100","policy_revision":0,"fact":{"event":{"added":{"source":"csv"}}},"verdict":{"refused":"unknown_contact"}}"#).unwrap() }
/// let account = AccountId::new("acme")?;
/// let (entry, salts) = (entry(), Salts([[7; 32]; 4]));
/// let json = serde_json::to_string(&entry)?;
/// let (bytes, head) = seal(&account, &Head::new(ChainId([1; 16])), &entry, &json, &salts);
///
/// let mut verifier = Verifier::new("acme");
/// verifier.entry(&bytes, head.hash)?;
/// verifier.end(&head)?;
/// let flipped: Vec<u8> = bytes.iter().map(|byte| byte ^ 1).collect();
/// assert!(Verifier::new("acme").entry(&flipped, head.hash).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier<'a> {
    account: &'a str,
    chain: Option<ChainId>,
    length: u64,
    previous: Hash,
}

impl<'a> Verifier<'a> {
    /// A verifier of one chain of this account.
    pub fn new(account: &'a str) -> Self {
        Self { account, chain: None, length: 0, previous: Hash::default() }
    }

    /// The same, for the chain of this name alone.
    #[must_use]
    pub fn of_chain(self, chain: ChainId) -> Self {
        Self { chain: Some(chain), ..self }
    }

    /// Checks the next entry: its sealed bytes, and the hash stored beside them.
    ///
    /// # Errors
    /// [`BadEntry`]: the first entry that is not what was sealed.
    pub fn entry<'b>(&mut self, bytes: &'b [u8], hash: Hash) -> Result<Sealed<'b>, BadEntry> {
        let sequence = self.length;
        let bad = |flaw| BadEntry { sequence, flaw };
        if Hash::of(bytes) != hash {
            return Err(bad(Flaw::Changed));
        }
        let sealed = Sealed::decode(bytes).map_err(|_| bad(Flaw::NotSealed))?;
        if sealed.account != self.account {
            return Err(bad(Flaw::OtherAccount));
        }
        if *self.chain.get_or_insert(ChainId(sealed.chain)) != ChainId(sealed.chain) {
            return Err(bad(Flaw::OtherChain));
        }
        if sealed.sequence != sequence {
            return Err(bad(Flaw::OutOfPlace { found: sealed.sequence }));
        }
        if sealed.previous != self.previous {
            return Err(bad(Flaw::DoesNotFollow));
        }
        self.length += 1;
        self.previous = hash;
        Ok(sealed)
    }

    /// Checks that the chain ended where its head says.
    ///
    /// # Errors
    /// [`BadEntry`]: the entry that is missing, or the one that the head does not know.
    pub fn end(&self, head: &Head) -> Result<(), BadEntry> {
        let bad = |sequence, flaw| Err(BadEntry { sequence, flaw });
        if self.length < head.length {
            return bad(self.length, Flaw::CutOff { length: head.length });
        }
        let is_same_chain = self.chain.is_none_or(|chain| chain == head.chain);
        if self.length > head.length {
            return bad(head.length, Flaw::NotTheHead);
        }
        if !is_same_chain || self.previous != head.hash {
            return bad(self.length.saturating_sub(1), Flaw::NotTheHead);
        }
        Ok(())
    }

    /// How far the chain was checked.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The hash of the last entry that was checked.
    pub fn hash(&self) -> Hash {
        self.previous
    }
}

impl Sealed<'_> {
    /// As [`discloses`](Self::discloses), of the JSON alone.
    ///
    /// # Errors
    /// [`BadEntry`]; [`Flaw::Unreadable`] where the JSON is no entry.
    pub fn discloses_json(&self, json: &str, salts: &Salts) -> Result<Entry, BadEntry> {
        let entry = stored::decode_entry(json);
        let entry = entry.map_err(|_| BadEntry::new(self.sequence, Flaw::Unreadable))?;
        self.discloses(json, &entry, salts)?;
        Ok(entry)
    }

    /// Checks what was disclosed of an entry: its JSON, the entry that this is, and the salts.
    ///
    /// # Errors
    /// [`BadEntry`] with the field that is not what was committed to.
    pub fn discloses(&self, json: &str, entry: &Entry, salts: &Salts) -> Result<(), BadEntry> {
        let bad = |flaw| Err(BadEntry { sequence: self.sequence, flaw });
        let number = entry.number.map(|number| number.to_e164());
        let disclosed = [number.as_deref(), received(entry), sent(entry), Some(json)];
        for (field, text) in Field::ALL.into_iter().zip(disclosed) {
            let commitment = text.map(|text| commit(salts.of(field), text.as_bytes()));
            if commitment != self.commitment(field) {
                return bad(Flaw::NotCommitted { field });
            }
        }
        let (verdict, decision, reason, revision) = verdict_of(entry);
        let says_the_same = entry.at.timestamp_millis() == self.at
            && entry.policy_revision.number() == self.policy_revision
            && kind(&entry.fact) == self.kind
            && (verdict, decision, reason) == (self.verdict, self.decision, self.reason)
            && revision == self.revision
            && actor(&entry.fact).map(|actor| actor.id().as_str()) == self.actor;
        if says_the_same { Ok(()) } else { bad(Flaw::AtOdds) }
    }
}
