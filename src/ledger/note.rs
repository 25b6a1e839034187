//! Signed notes (C2SP signed-note): a text, and Ed25519 signatures under it.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::hash::{Hash, from_hex, to_hex};

/// Bytes of the longest note that is read.
const MAX_BYTES: usize = 64 << 10;
/// Signatures that are read of a note.
const MAX_SIGNATURES: usize = 64;
/// Ed25519, as a key says it of itself.
const ED25519: u8 = 1;
/// What a signature line begins with: an em dash and a space.
const MARK: &str = "\u{2014} ";

/// Who signs: a name, and the private key that goes with it.
///
/// To change keys, sign with both for a while: a reader who knows one of them is content.
pub struct NoteSigner {
    name: String,
    key: SigningKey,
}

/// Whom a reader believes: a name, and the public key that goes with it.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    key: VerifyingKey,
}

/// A name or key that cannot sign notes.
///
/// The host configured it; show it to whoever did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// Empty, longer than 256 bytes, or with white space or `+` in it.
    #[error("the name of a key is 1 to 256 bytes long, without white space and `+`")]
    Name,
    /// Not `name+id+key`, or the id is not that of name and key.
    #[error("the key is not a public key of a note: name+id+key")]
    Key,
}

/// Why a note is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadNote {
    /// Not a note, or longer than 64 KiB.
    #[error("this is no signed note")]
    NotANote,
    /// None of its signatures is by a key that the reader knows.
    #[error("no known key has signed this note")]
    UnknownKey,
    /// A signature by a known key is not of this text.
    #[error("a signature by a known key is not of this text")]
    BadSignature,
}

impl NoteSigner {
    /// A signer with this name and these 32 secret bytes, from a source that is random for
    /// cryptography. Keep them where the ledger is not.
    ///
    /// # Errors
    /// [`InvalidKey::Name`].
    pub fn new(name: &str, secret: [u8; 32]) -> Result<Self, InvalidKey> {
        check_name(name)?;
        Ok(Self { name: name.into(), key: SigningKey::from_bytes(&secret) })
    }

    /// The public key, for those who verify.
    pub fn key(&self) -> NoteKey {
        NoteKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// The signature line of this text.
    fn line(&self, text: &str) -> String {
        let mut bytes = self.key().id().to_vec();
        bytes.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!("{MARK}{} {}\n", self.name, BASE64_STANDARD.encode(bytes))
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({:?})", self.name)
    }
}

impl NoteKey {
    /// Reads a public key as it is passed around: `name+id+key`.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let (name, rest) = text.split_once('+').ok_or(InvalidKey::Key)?;
        let (id, key) = rest.split_once('+').ok_or(InvalidKey::Key)?;
        check_name(name)?;
        let id: [u8; 4] = from_hex(id).ok_or(InvalidKey::Key)?;
        let key = BASE64_STANDARD.decode(key).map_err(|_| InvalidKey::Key)?;
        let (&[ED25519], key) = key.split_first_chunk::<1>().ok_or(InvalidKey::Key)? else {
            return Err(InvalidKey::Key);
        };
        let key = key.try_into().map_err(|_| InvalidKey::Key)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| InvalidKey::Key)?;
        let key = Self { name: name.into(), key };
        if key.id() == id { Ok(key) } else { Err(InvalidKey::Key) }
    }

    /// The name that goes with it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What signature lines name the key by.
    fn id(&self) -> [u8; 4] {
        let parts: [&[u8]; 4] = [self.name.as_bytes(), b"\n", &[ED25519], self.key.as_bytes()];
        let [a, b, c, d, ..] = Hash::of_parts(&parts).0;
        [a, b, c, d]
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = Vec::from([ED25519]);
        key.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, to_hex(&self.id()), BASE64_STANDARD.encode(key))
    }
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteKey({self})")
    }
}

/// The note of this text, which ends in a line feed, under signatures of all of these.
pub fn sign(text: &str, signers: &[&NoteSigner]) -> String {
    let lines = signers.iter().map(|signer| signer.line(text));
    format!("{text}\n{}", lines.collect::<String>())
}

/// The text of a note that at least one of these keys has signed.
///
/// Signatures by others are passed over.
///
/// # Errors
/// [`BadNote`]: do not believe it.
pub fn open<'a>(note: &'a str, keys: &[NoteKey]) -> Result<&'a str, BadNote> {
    if note.len() > MAX_BYTES || note.chars().any(|char| char.is_control() && char != '\n') {
        return Err(BadNote::NotANote);
    }
    // The last blank line is what stands between the text and its signatures.
    let end = note.rfind("\n\n").ok_or(BadNote::NotANote)?;
    let (text, signatures) = (&note[..=end], &note[end + 2..]);
    if signatures.is_empty() || !signatures.ends_with('\n') {
        return Err(BadNote::NotANote);
    }
    let mut is_signed = false;
    for (n, line) in signatures.lines().enumerate() {
        let line = line.strip_prefix(MARK).filter(|_| n < MAX_SIGNATURES);
        let (name, signature) =
            line.and_then(|line| line.split_once(' ')).ok_or(BadNote::NotANote)?;
        let bytes = BASE64_STANDARD.decode(signature).map_err(|_| BadNote::NotANote)?;
        let (id, bytes) = bytes.split_first_chunk::<4>().ok_or(BadNote::NotANote)?;
        let known = keys.iter().filter(|key| key.name == name && key.id() == *id);
        for key in known {
            let signature = Signature::from_slice(bytes).map_err(|_| BadNote::BadSignature)?;
            let verified = key.key.verify_strict(text.as_bytes(), &signature);
            verified.map_err(|_| BadNote::BadSignature)?;
            is_signed = true;
        }
    }
    if is_signed { Ok(text) } else { Err(BadNote::UnknownKey) }
}

fn check_name(name: &str) -> Result<(), InvalidKey> {
    let is_good = (1..=256).contains(&name.len())
        && !name.contains(|char: char| char.is_whitespace() || char.is_control() || char == '+');
    if is_good { Ok(()) } else { Err(InvalidKey::Name) }
}
