//! The statements, each in a file of its own, so that they can be read without Rust.

/// A statement and its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sql {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

macro_rules! statements {
    ($($constant:ident = $name:literal,)*) => {$(
        pub(super) const $constant: Sql =
            Sql { name: $name, text: include_str!(concat!("sql/", $name, ".sql")) };
    )*};
}

statements! {
    CANCEL = "cancel",
    CLAIM = "claim",
    DELETE_CANCELLED = "delete_cancelled",
    DUE = "due",
    FINISH = "finish",
    INSERT_ACCOUNTS = "insert_accounts",
    INSERT_CONTACTS = "insert_contacts",
    INSERT_ENTRIES = "insert_entries",
    INSERT_MARKS = "insert_marks",
    INSERT_OUTGOING = "insert_outgoing",
    INSERT_POLICY = "insert_policy",
    LOAD = "load",
    LOCK = "lock",
    LOCK_ACCOUNTS = "lock_accounts",
    LOCK_SCHEMA_VERSION = "lock_schema_version",
    POLICY_REVISION = "policy_revision",
    PUT_BACK = "put_back",
    REPLACE_STATUSES = "replace_statuses",
    REPLACE_UNREADABLE = "replace_unreadable",
    SCHEMA_VERSION = "schema_version",
    SET_ASIDE = "set_aside",
    SETTINGS = "settings",
    UPDATE_ACCOUNTS = "update_accounts",
    UPDATE_CONTACTS = "update_contacts",
}
