//! Contacts, and numbers of any length.

use proptest::{prelude::*, sample::select};

use crate::consent::{
    contact::{Contact, PhoneNumber},
    id::AccountId,
};

/// Contact `n` of the account `acme`: `+12065550000` and up, the numbers of [`contacts`].
pub fn contact(n: u8) -> Contact {
    let number = PhoneNumber::from_digits(12_065_550_000 + u64::from(n));
    Contact::new(account("acme"), number.expect("11 digits are a number"))
}

/// A few contacts of one account: collisions are likely.
pub fn contacts() -> impl Strategy<Value = Contact> {
    (0..4_u8).prop_map(contact)
}

/// Contacts of two accounts, of any number; the same number in both is likely.
pub fn any_contacts() -> impl Strategy<Value = Contact> {
    let number = prop_oneof![(0..2_u8).prop_map(|n| contact(n).number()), any_numbers()];
    (select(["acme", "other"].as_slice()), number)
        .prop_map(|(name, number)| Contact::new(account(name), number))
}

/// Numbers of 2 to 15 digits, each length as likely as the others.
pub fn any_numbers() -> impl Strategy<Value = PhoneNumber> {
    let digits = (2..=15_u32).prop_flat_map(|length| {
        let first = 10_u64.pow(length - 1);
        first..first * 10
    });
    digits.prop_map(|digits| PhoneNumber::from_digits(digits).expect("2 to 15 digits are a number"))
}

fn account(name: &str) -> AccountId {
    AccountId::new(name).expect("accounts of the strategies have 1 to 256 bytes")
}
