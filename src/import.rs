//! Contacts from a file or a call of the host's API (R5.1).
