-- Schema 1. Times are milliseconds since 1970 (UTC); JSON columns begin with their version.

CREATE TABLE policies (
    account  TEXT NOT NULL,
    revision INTEGER NOT NULL,
    settings TEXT NOT NULL,
    PRIMARY KEY (account, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
    account  TEXT NOT NULL,
    number   INTEGER NOT NULL,
    state    TEXT NOT NULL,
    revision INTEGER NOT NULL,
    record   TEXT NOT NULL,
    chain    BLOB NOT NULL,
    length   INTEGER NOT NULL,
    head     BLOB NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX contacts_state ON contacts (account, state, number);
CREATE UNIQUE INDEX contacts_chain ON contacts (account, chain);

-- The account's own chain (settings, and attempts on numbers without a record), and its log.
CREATE TABLE accounts (
    account  TEXT NOT NULL,
    chain    BLOB NOT NULL,
    length   INTEGER NOT NULL,
    head     BLOB NOT NULL,
    log_size INTEGER NOT NULL,
    PRIMARY KEY (account)
) STRICT, WITHOUT ROWID;

-- The chains of contacts that were erased.
CREATE TABLE erased (
    account TEXT NOT NULL,
    chain   BLOB NOT NULL,
    length  INTEGER NOT NULL,
    head    BLOB NOT NULL,
    PRIMARY KEY (account, chain)
) STRICT, WITHOUT ROWID;

-- That somebody was erased, where the host has a key for it: says nothing to who has none.
CREATE TABLE suppressed (
    account TEXT NOT NULL,
    mark    BLOB NOT NULL,
    PRIMARY KEY (account, mark)
) STRICT, WITHOUT ROWID;

-- What is sealed: no personal data. leaf is the place in the account's log, once it has one.
CREATE TABLE entries (
    account  TEXT NOT NULL,
    chain    BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    leaf     INTEGER,
    hash     BLOB NOT NULL,
    sealed   BLOB NOT NULL,
    PRIMARY KEY (account, chain, sequence)
) STRICT, WITHOUT ROWID;

-- What the seals commit to: personal data, emptied by erasure. salts are gone where texts were
-- pruned; number is set where the chain is the account's and the entry names one. With rowids, so
-- that a long entry is appended to a page that it shares.
CREATE TABLE disclosed (
    account  TEXT NOT NULL,
    chain    BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    number   INTEGER,
    entry    TEXT NOT NULL,
    salts    BLOB,
    PRIMARY KEY (account, chain, sequence)
) STRICT;

CREATE INDEX disclosed_number ON disclosed (account, number) WHERE number IS NOT NULL;

-- Entries that have no place in their account's log yet, in the order of their time.
CREATE TABLE unlogged (
    account  TEXT NOT NULL,
    at       INTEGER NOT NULL,
    chain    BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (account, at, chain, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE log (
    account  TEXT NOT NULL,
    leaf     INTEGER NOT NULL,
    chain    BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (account, leaf)
) STRICT, WITHOUT ROWID;

-- A text's inbox and id; the host's request for a message has an empty inbox.
CREATE TABLE marks (
    account TEXT NOT NULL,
    inbox   TEXT NOT NULL,
    id      TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (account, inbox, id)
) STRICT, WITHOUT ROWID;

-- One line an account, number and destination, in the order of revision and n. state is queued,
-- claimed or set_aside; due_at is the end of the wait or of the claim.
CREATE TABLE outgoing (
    account     TEXT NOT NULL,
    number      INTEGER NOT NULL,
    destination TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    n           INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    state       TEXT NOT NULL,
    decided_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    claims      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    lapsed_at   INTEGER,
    message     TEXT NOT NULL,
    PRIMARY KEY (account, number, destination, revision, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX outgoing_due ON outgoing (due_at) WHERE state <> 'set_aside';

-- `optn`, in the header of every file of ours.
PRAGMA application_id = 0x6f70746e;
PRAGMA user_version = 1;
