//! Who is asked: one phone number within one account.

use alloc::string::String;
use core::fmt;

use super::id::AccountId;

/// A phone number in E.164: `+`, then 2 to 15 digits, the first not 0.
///
/// `Debug` never shows it and there is no `Display`: a number leaves only through
/// [`to_e164`](Self::to_e164).
///
/// ```
/// use optin::PhoneNumber;
///
/// let number = PhoneNumber::parse("+12065550100")?;
/// assert_eq!(number.to_e164(), "+12065550100");
/// assert_eq!(format!("{number:?}"), "PhoneNumber(..)");
/// assert!(PhoneNumber::parse("206-555-0100").is_err());
/// # Ok::<(), optin::InvalidNumber>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(u64);

/// A number that is not E.164.
///
/// It came from outside; refuse the request that carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number is not E.164: `+`, then 2 to 15 digits, the first not 0")]
#[non_exhaustive]
pub struct InvalidNumber;

impl PhoneNumber {
    /// Reads a number in E.164, and nothing looser.
    ///
    /// # Errors
    /// [`InvalidNumber`] for any other form, national ones and surrounding space included.
    pub fn parse(text: &str) -> Result<Self, InvalidNumber> {
        let digits = text.strip_prefix('+').ok_or(InvalidNumber)?;
        let well_formed = (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !well_formed {
            return Err(InvalidNumber);
        }
        digits.parse().map(Self).map_err(|_| InvalidNumber)
    }

    /// The number with its `+`.
    pub fn to_e164(self) -> String {
        alloc::format!("+{}", self.0)
    }

    /// The digits as an integer, 10 to 999,999,999,999,999: what a storage keys by.
    pub fn to_digits(self) -> u64 {
        self.0
    }

    /// The number of these digits.
    ///
    /// # Errors
    /// [`InvalidNumber`] when they are fewer than 2 or more than 15.
    pub fn from_digits(digits: u64) -> Result<Self, InvalidNumber> {
        match digits {
            10..=999_999_999_999_999 => Ok(Self(digits)),
            _ => Err(InvalidNumber),
        }
    }
}

impl core::str::FromStr for PhoneNumber {
    type Err = InvalidNumber;

    /// As [`parse`](Self::parse).
    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        Self::parse(text)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(..)")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for PhoneNumber {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_e164())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for PhoneNumber {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = super::string::read(from)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// One phone number within one account: what consent is given for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Contact {
    account: AccountId,
    number: PhoneNumber,
}

impl Contact {
    /// The contact of `account` with this number.
    pub fn new(account: AccountId, number: PhoneNumber) -> Self {
        Self { account, number }
    }

    /// The account that the contact belongs to.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The contact's number.
    pub fn number(&self) -> PhoneNumber {
        self.number
    }
}
