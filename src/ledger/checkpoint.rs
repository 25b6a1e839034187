//! Checkpoints (C2SP tlog-checkpoint): how far a log goes, and the root over all of it.

use alloc::{format, string::String};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    hash::Hash,
    note::{self, BadNote, NoteKey, NoteSigner},
};

/// How far a log goes: what a signer vouches for.
///
/// ```
/// use optin::ledger::{Checkpoint, Hash, NoteSigner};
///
/// // In earnest 32 bytes from a random source, kept where the ledger is not.
/// let signer = NoteSigner::new("example.com/consent", [7; 32])?;
/// let checkpoint = Checkpoint::new("example.com/consent/acme", 1, Hash::of(b"root"));
/// let note = checkpoint.sign(&[&signer]);
/// assert_eq!(Checkpoint::open(&note, &[signer.key()]), Ok(checkpoint));
/// assert!(Checkpoint::open(&note.replace("acme", "bolt"), &[signer.key()]).is_err());
/// # Ok::<(), optin::ledger::InvalidKey>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The name of the log, without a line feed.
    pub origin: String,
    /// Leaves in it.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why a checkpoint is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadCheckpoint {
    /// The note is not signed by whom the reader knows.
    #[error(transparent)]
    Note(#[from] BadNote),
    /// It is signed, and is no checkpoint.
    #[error("the note is no checkpoint")]
    NotACheckpoint,
    /// It is of another log than the reader asked for.
    #[error("it is of another log")]
    OtherLog,
}

impl Checkpoint {
    /// The checkpoint of the log `origin`; line feeds in its name are dropped.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin.chars().filter(|char| !char.is_control()).collect(), size, root }
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64_STANDARD.encode(self.root.0))
    }

    /// The checkpoint as a note signed by all of these.
    pub fn sign(&self, signers: &[&NoteSigner]) -> String {
        note::sign(&self.text(), signers)
    }

    /// The checkpoint of a note that at least one of these keys has signed.
    ///
    /// # Errors
    /// [`BadCheckpoint`]: do not believe it.
    pub fn open(note: &str, keys: &[NoteKey]) -> Result<Self, BadCheckpoint> {
        Self::parse(note::open(note, keys)?).ok_or(BadCheckpoint::NotACheckpoint)
    }

    /// The same, where it is of the log of this name: whoever signs can sign for many.
    ///
    /// # Errors
    /// [`BadCheckpoint::OtherLog`].
    pub fn of_log(self, origin: &str) -> Result<Self, BadCheckpoint> {
        if self.origin == origin { Ok(self) } else { Err(BadCheckpoint::OtherLog) }
    }

    /// Reads the text; further lines, which others may have put there, are passed over.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty())?;
        let size = lines.next()?;
        let root = BASE64_STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        let checkpoint = Self { origin: origin.into(), size: size.parse().ok()?, root: Hash(root) };
        // One number has one spelling.
        (format!("{}", checkpoint.size) == size).then_some(checkpoint)
    }
}
