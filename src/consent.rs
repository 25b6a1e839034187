//! The rules of consent: pure, without clock, chance or I/O.
//!
//! A [`Text`](event::Text) is read by the [`KeywordMatcher`](keyword::KeywordMatcher) of a
//! [`Policy`](policy::Policy); [`decide`](decide::decide) makes of it, of the contact's
//! [`Record`](record::Record) and of the time a [`Transition`](decide::Transition).

pub mod actor;
pub mod body;
pub mod contact;
pub mod decide;
pub mod decision;
pub mod event;
pub mod hindsight;
pub mod id;
pub mod keyword;
pub mod ledger;
#[cfg(feature = "serde")]
mod object;
pub mod outgoing;
pub mod policy;
pub mod preview;
pub mod prompt;
pub mod record;
pub mod reminder;
pub mod rules;
pub mod segment;
pub mod settings;
pub mod standing;
pub mod state;
#[cfg(feature = "serde")]
mod string;
mod suspicion;
pub(crate) mod time;
mod words;
