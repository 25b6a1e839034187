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
    HEAD = "head",
    HEADS = "heads",
    HISTORY = "history",
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
    MOVE_ACCOUNT = "move_account",
    MOVE_CONTACTS = "move_contacts",
    MOVE_ENTRIES = "move_entries",
    MOVE_ERASED = "move_erased",
    MOVE_MARKS = "move_marks",
    MOVE_OUTGOING = "move_outgoing",
    MOVE_SETTINGS = "move_settings",
    MOVE_SUPPRESSED = "move_suppressed",
    NEXT_ACCOUNT = "next_account",
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
    SETTINGS = "settings",
    SET_ASIDE = "set_aside",
    SUPPRESS = "suppress",
    TAKE_ACCOUNT = "take_account",
    TAKE_CONTACTS = "take_contacts",
    TAKE_ENTRIES = "take_entries",
    TAKE_ERASED = "take_erased",
    TAKE_MARKS = "take_marks",
    TAKE_OUTGOING = "take_outgoing",
    TAKE_SETTINGS = "take_settings",
    TAKE_SUPPRESSED = "take_suppressed",
    UNLOGGED = "unlogged",
    UPDATE_ACCOUNTS = "update_accounts",
    WAITING = "waiting",
    WORDS = "words",
}
