//! The words of a message: personal data, silent in `Debug`.

use alloc::{borrow::Cow, string::String};
use core::fmt;

/// The words of a text, in or out. `Debug` shows their length only.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Body<'a>(Cow<'a, str>);

impl Body<'_> {
    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same words, owned.
    pub fn into_owned(self) -> Body<'static> {
        Body(Cow::Owned(self.0.into_owned()))
    }
}

impl<'a> From<&'a str> for Body<'a> {
    fn from(words: &'a str) -> Self {
        Self(Cow::Borrowed(words))
    }
}

impl From<String> for Body<'_> {
    fn from(words: String) -> Self {
        Self(Cow::Owned(words))
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// Why a person overrode a contact's state, in the person's words: at most 1,600 characters.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Note(String);

/// A note of more than 1,600 characters; ask for a shorter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the note is {length} characters long, more than 1600")]
#[non_exhaustive]
pub struct InvalidNote {
    /// Its length in Unicode scalar values.
    pub length: usize,
}

impl Note {
    /// Takes a note, blank or not.
    ///
    /// # Errors
    /// [`InvalidNote`] when it is longer than 1,600 characters.
    pub fn new(note: impl Into<String>) -> Result<Self, InvalidNote> {
        let note = note.into();
        match note.chars().count() {
            0..=1600 => Ok(Self(note)),
            length => Err(InvalidNote { length }),
        }
    }

    /// The note as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing in it can be seen: white space and default-ignorable code points only.
    pub fn is_blank(&self) -> bool {
        super::words::trim(&self.0).is_empty()
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Note({} bytes)", self.0.len())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Body<'_> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        super::string::read(from).map(Self::from)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Note {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(super::string::read(from)?).map_err(serde::de::Error::custom)
    }
}
