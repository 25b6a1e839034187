//! What is sealed, byte by byte: encoded, and read again without trust.

use alloc::vec::Vec;

use super::hash::Hash;

/// The encoding in words, enough to verify from in any language.
pub const SPECIFICATION: &str = include_str!("ENCODING.md");

const HEADING: &[u8] = b"optin ledger entry 1\n";
const ABSENT: u32 = u32::MAX;

/// What a commitment is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[allow(clippy::exhaustive_enums, reason = "the encoding closes the set")]
pub enum Field {
    /// The contact's number, in E.164.
    Number,
    /// What the contact wrote.
    Received,
    /// The text that it led to.
    Sent,
    /// The entry whole, as JSON.
    Entry,
}

impl Field {
    /// All of them, in the order of the encoding.
    pub const ALL: [Self; 4] = [Self::Number, Self::Received, Self::Sent, Self::Entry];

    /// Its name: `number`, `received`, `sent` or `entry`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Received => "received",
            Self::Sent => "sent",
            Self::Entry => "entry",
        }
    }
}

/// An entry as it is sealed: no personal data, and commitments to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the encoding closes the set")]
pub struct Sealed<'a> {
    /// The account.
    pub account: &'a str,
    /// The chain: a contact, or the account itself.
    pub chain: [u8; 16],
    /// Its place in the chain, from 0.
    pub sequence: u64,
    /// The hash of the entry before it; zeros in the first.
    pub previous: Hash,
    /// Milliseconds since 1970 (UTC).
    pub at: i64,
    /// The settings in force; 0 is the defaults.
    pub policy_revision: u64,
    /// What happened, by name.
    pub kind: &'a str,
    /// `decided`, `policy_set` or `refused`.
    pub verdict: &'a str,
    /// What was done, where something was decided.
    pub decision: Option<&'a str>,
    /// Why, or why not.
    pub reason: Option<&'a str>,
    /// The revision of record or settings from then on, where they changed.
    pub revision: Option<u64>,
    /// Who acted, where somebody did: the host's id.
    pub actor: Option<&'a str>,
    /// The commitments, in the order of [`Field::ALL`].
    pub commitments: [Option<Hash>; 4],
}

/// Bytes that are no sealed entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no sealed entry")]
#[non_exhaustive]
pub struct NotSealed;

impl<'a> Sealed<'a> {
    /// The bytes that are hashed.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(HEADING);
        put(&mut bytes, Some(self.account.as_bytes()));
        put(&mut bytes, Some(&self.chain));
        put(&mut bytes, Some(&self.sequence.to_be_bytes()));
        put(&mut bytes, Some(&self.previous.0));
        put(&mut bytes, Some(&self.at.to_be_bytes()));
        put(&mut bytes, Some(&self.policy_revision.to_be_bytes()));
        put(&mut bytes, Some(self.kind.as_bytes()));
        put(&mut bytes, Some(self.verdict.as_bytes()));
        put(&mut bytes, self.decision.map(str::as_bytes));
        put(&mut bytes, self.reason.map(str::as_bytes));
        put(&mut bytes, self.revision.map(u64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
        put(&mut bytes, self.actor.map(str::as_bytes));
        for commitment in &self.commitments {
            put(&mut bytes, commitment.as_ref().map(|hash| hash.0.as_slice()));
        }
        bytes
    }

    /// Reads what [`encode`](Self::encode) made, and nothing else.
    ///
    /// # Errors
    /// [`NotSealed`]: cut off, too long, of another version, or changed so that it cannot be read.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, NotSealed> {
        let mut rest = bytes.strip_prefix(HEADING).ok_or(NotSealed)?;
        let rest = &mut rest;
        let sealed = Self {
            account: text(take(rest)?)?.ok_or(NotSealed)?,
            chain: array(take(rest)?)?.ok_or(NotSealed)?,
            sequence: number(take(rest)?)?.ok_or(NotSealed)?,
            previous: Hash(array(take(rest)?)?.ok_or(NotSealed)?),
            at: array(take(rest)?)?.map(i64::from_be_bytes).ok_or(NotSealed)?,
            policy_revision: number(take(rest)?)?.ok_or(NotSealed)?,
            kind: text(take(rest)?)?.ok_or(NotSealed)?,
            verdict: text(take(rest)?)?.ok_or(NotSealed)?,
            decision: text(take(rest)?)?,
            reason: text(take(rest)?)?,
            revision: number(take(rest)?)?,
            actor: text(take(rest)?)?,
            commitments: [
                array(take(rest)?)?.map(Hash),
                array(take(rest)?)?.map(Hash),
                array(take(rest)?)?.map(Hash),
                array(take(rest)?)?.map(Hash),
            ],
        };
        if rest.is_empty() { Ok(sealed) } else { Err(NotSealed) }
    }

    /// The commitment to this field, where there is one.
    pub fn commitment(&self, field: Field) -> Option<Hash> {
        self.commitments.get(field as usize).copied().flatten()
    }
}

fn put(bytes: &mut Vec<u8>, field: Option<&[u8]>) {
    // No field of an entry is as long: the longest is a name of 256 bytes.
    let length = field.map_or(ABSENT, |field| u32::try_from(field.len()).unwrap_or(ABSENT));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(field.unwrap_or_default());
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, NotSealed> {
    let (length, after) = rest.split_first_chunk::<4>().ok_or(NotSealed)?;
    let length = u32::from_be_bytes(*length);
    if length == ABSENT {
        *rest = after;
        return Ok(None);
    }
    let length = usize::try_from(length).map_err(|_| NotSealed)?;
    let (field, after) = after.split_at_checked(length).ok_or(NotSealed)?;
    *rest = after;
    Ok(Some(field))
}

fn text(field: Option<&[u8]>) -> Result<Option<&str>, NotSealed> {
    field.map(core::str::from_utf8).transpose().map_err(|_| NotSealed)
}

fn array<const N: usize>(field: Option<&[u8]>) -> Result<Option<[u8; N]>, NotSealed> {
    field.map(TryInto::try_into).transpose().map_err(|_| NotSealed)
}

fn number(field: Option<&[u8]>) -> Result<Option<u64>, NotSealed> {
    Ok(array(field)?.map(u64::from_be_bytes))
}
