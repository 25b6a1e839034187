//! Sealing: an entry becomes the next of its chain.

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::{
    encoding::{Field, Sealed},
    hash::{Hash, from_hex, to_hex},
};
use crate::consent::{
    actor::Actor,
    event::Event,
    id::{AccountId, ActorId},
    ledger::{Entry, Fact, Verdict},
};

/// The random name of a chain: of a contact, or of an account itself. It says nothing of either.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId(pub [u8; 16]);

impl ChainId {
    /// A name drawn from the system's source of randomness.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn draw() -> Result<Self, NoRandomness> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|_| NoRandomness)?;
        Ok(Self(name))
    }

    /// As 32 hexadecimal digits.
    pub fn to_hex(self) -> String {
        to_hex(&self.0)
    }

    /// The name that these 32 hexadecimal digits are, where they are that.
    pub fn from_hex(hex: &str) -> Option<Self> {
        from_hex(hex).map(Self)
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainId({})", self.to_hex())
    }
}

/// The system gives no random bytes: nothing can be sealed. See to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
#[non_exhaustive]
pub struct NoRandomness;

/// How far a chain goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "storages make it")]
pub struct Head {
    /// The chain.
    pub chain: ChainId,
    /// Entries in it.
    pub length: u64,
    /// The hash of the last one; zeros where there is none.
    pub hash: Hash,
}

impl Head {
    /// A chain without an entry, under a name that was drawn for it.
    pub fn new(chain: ChainId) -> Self {
        Self { chain, length: 0, hash: Hash::default() }
    }
}

/// What hides the fields of one entry: 32 random bytes each, in the order of [`Field::ALL`].
///
/// Who knows the salt can try all numbers until one fits, so salts are as secret as what they hide,
/// and are erased with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Salts(pub [[u8; 32]; 4]);

impl Salts {
    /// Salts drawn from the system's source of randomness.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn draw() -> Result<Self, NoRandomness> {
        let mut bytes = [0; 128];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Self::from_bytes(&bytes).ok_or(NoRandomness)
    }

    /// Salts, and the name of a chain should one be needed: one call of the system for both.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn draw_with_chain() -> Result<(Self, ChainId), NoRandomness> {
        let mut bytes = [0; 144];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        let (salts, chain) = bytes.split_at(128);
        let chain = chain.try_into().map_err(|_| NoRandomness)?;
        Ok((Self::from_bytes(salts).ok_or(NoRandomness)?, ChainId(chain)))
    }

    /// The salts in one row, as a storage keeps them.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// The salts of such a row; `None` when it is not 128 bytes long.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut salts = [[0; 32]; 4];
        if bytes.len() != 128 {
            return None;
        }
        for (salt, bytes) in salts.iter_mut().zip(bytes.chunks_exact(32)) {
            salt.copy_from_slice(bytes);
        }
        Some(Self(salts))
    }

    /// The salt of this field.
    pub fn of(&self, field: Field) -> &[u8; 32] {
        &self.0[field as usize]
    }
}

impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salts(..)")
    }
}

/// The commitment to these bytes under this salt.
pub fn commit(salt: &[u8; 32], bytes: &[u8]) -> Hash {
    Hash::of_parts(&[salt, bytes])
}

/// The bytes of an entry as the next of its chain, and how far the chain goes with it.
///
/// `json` is the entry as it is stored and will be disclosed, byte by byte. The storage draws
/// `salts`, and the chain's name before its first entry; both must come from a source that is
/// random for cryptography.
pub fn seal(
    account: &AccountId,
    head: &Head,
    entry: &Entry,
    json: &str,
    salts: &Salts,
) -> (Vec<u8>, Head) {
    Unsealed::new(entry, json, salts).seal(account, head)
}

/// An entry with its commitments made: all of sealing that needs no chain.
#[derive(Clone, Debug)]
pub struct Unsealed {
    at: i64,
    policy_revision: u64,
    kind: &'static str,
    verdict: &'static str,
    decision: Option<&'static str>,
    reason: Option<&'static str>,
    revision: Option<u64>,
    actor: Option<ActorId>,
    commitments: [Option<Hash>; 4],
}

impl Unsealed {
    /// The first half of [`seal`].
    pub fn new(entry: &Entry, json: &str, salts: &Salts) -> Self {
        let number = entry.number.map(|number| number.to_e164());
        let texts = [number.as_deref(), received(entry), sent(entry), Some(json)];
        let mut commitments = [None; 4];
        for ((commitment, text), field) in commitments.iter_mut().zip(texts).zip(Field::ALL) {
            *commitment = text.map(|text| commit(salts.of(field), text.as_bytes()));
        }
        let (verdict, decision, reason, revision) = verdict_of(entry);
        Self {
            at: entry.at.timestamp_millis(),
            policy_revision: entry.policy_revision.number(),
            kind: kind(&entry.fact),
            verdict,
            decision,
            reason,
            revision,
            actor: actor(&entry.fact).map(|actor| actor.id().clone()),
            commitments,
        }
    }

    /// The second half of [`seal`].
    pub fn seal(&self, account: &AccountId, head: &Head) -> (Vec<u8>, Head) {
        let bytes = Sealed {
            account: account.as_str(),
            chain: head.chain.0,
            sequence: head.length,
            previous: head.hash,
            at: self.at,
            policy_revision: self.policy_revision,
            kind: self.kind,
            verdict: self.verdict,
            decision: self.decision,
            reason: self.reason,
            revision: self.revision,
            actor: self.actor.as_ref().map(ActorId::as_str),
            commitments: self.commitments,
        }
        .encode();
        let hash = Hash::of(&bytes);
        (bytes, Head { chain: head.chain, length: head.length.saturating_add(1), hash })
    }
}

/// What the contact wrote, where a text is what happened.
pub(super) fn received(entry: &Entry) -> Option<&str> {
    match &entry.fact {
        Fact::Event(event) => match &**event {
            Event::Texted(text) => Some(text.body.as_str()),
            Event::Added { .. }
            | Event::DeclaredExisting { .. }
            | Event::Overridden { .. }
            | Event::CarrierBlocked { .. }
            | Event::MessageRequested(_)
            | Event::StatusRequested { .. }
            | Event::Settled(_) => None,
        },
        Fact::PolicyChanged { .. } => None,
    }
}

/// The text that it led to.
pub(super) fn sent(entry: &Entry) -> Option<&str> {
    match &entry.verdict {
        Verdict::Decided { text, .. } => text.as_ref().map(|text| text.body.as_str()),
        Verdict::PolicySet { .. } | Verdict::Refused(_) => None,
    }
}

/// What happened, by name.
pub(super) fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Event(event) => event.name(),
        Fact::PolicyChanged { .. } => "policy_changed",
    }
}

/// Who acted.
pub(super) fn actor(fact: &Fact) -> Option<&Actor> {
    match fact {
        Fact::Event(event) => match &**event {
            Event::DeclaredExisting { actor } | Event::Overridden { actor, .. } => Some(actor),
            Event::MessageRequested(message) => message.actor.as_ref(),
            Event::Texted(_)
            | Event::Added { .. }
            | Event::CarrierBlocked { .. }
            | Event::StatusRequested { .. }
            | Event::Settled(_) => None,
        },
        Fact::PolicyChanged { actor } => Some(actor),
    }
}

type Said = (&'static str, Option<&'static str>, Option<&'static str>, Option<u64>);

/// What was decided, by name, and the revision from then on.
pub(super) fn verdict_of(entry: &Entry) -> Said {
    match &entry.verdict {
        Verdict::Decided { decision, reason, record, .. } => {
            let revision = record.map(|record| record.revision.number());
            ("decided", Some(decision.name()), Some(reason.name()), revision)
        }
        Verdict::PolicySet { revision, .. } => ("policy_set", None, None, Some(revision.number())),
        Verdict::Refused(refusal) => ("refused", None, Some(refusal.name()), None),
    }
}
