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
    ACCOUNT_HEAD = "account_head",
    ACCOUNT_HISTORY = "account_history",
    CANCEL = "cancel",
    CLAIM = "claim",
    CONTACTS = "contacts",
    CONTACTS_IN = "contacts_in",
    COUNTS = "counts",
    DELETE_CANCELLED = "delete_cancelled",
    DUE = "due",
    ERASE_ATTEMPTS = "erase_attempts",
    ERASE_CONTACT = "erase_contact",
    ERASE_ENTRIES = "erase_entries",
    ERASE_OUTGOING = "erase_outgoing",
    FINISH = "finish",
    FREE_ERASURES = "free_erasures",
    HEAD = "head",
    HEADS = "heads",
    HISTORY = "history",
    HOLD_ERASURES = "hold_erasures",
    INSERT_ACCOUNTS = "insert_accounts",
    INSERT_LOG = "insert_log",
    INSERT_OUTGOING = "insert_outgoing",
    INSERT_POLICY = "insert_policy",
    KEEP_CHAIN = "keep_chain",
    LEAVES = "leaves",
    LOAD = "load",
    LOCK = "lock",
    LOCK_ACCOUNTS = "lock_accounts",
    LOCK_CONTACT = "lock_contact",
    LOCK_SCHEMA_VERSION = "lock_schema_version",
    LOG_SIZE = "log_size",
    MESSAGES_SET_ASIDE = "messages_set_aside",
    POLICY_REVISION = "policy_revision",
    PRUNE = "prune",
    PRUNE_WORDS = "prune_words",
    PUT = "put",
    PUT_BACK = "put_back",
    QUEUE = "queue",
    REPLACE_STATUSES = "replace_statuses",
    REPLACE_UNREADABLE = "replace_unreadable",
    REQUEUE = "requeue",
    SCHEMA_VERSION = "schema_version",
    SEALED = "sealed",
    SET_ASIDE = "set_aside",
    SETTINGS = "settings",
    SUPPRESS = "suppress",
    UNLOGGED = "unlogged",
    UPDATE_ACCOUNTS = "update_accounts",
    WORDS = "words",
}
