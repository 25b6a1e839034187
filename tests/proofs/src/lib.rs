//! An exhaustive model of one contact, and bugs that model or simulation must find.
pub mod wrong;
