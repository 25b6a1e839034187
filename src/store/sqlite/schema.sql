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
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX contacts_state ON contacts (account, state, number);

-- Number 0 is the account itself: settings, and attempts on numbers without a record. With
-- rowids, so that a long entry is appended to a page that it shares.
CREATE TABLE entries (
    account  TEXT NOT NULL,
    number   INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    entry    TEXT NOT NULL,
    PRIMARY KEY (account, number, sequence)
) STRICT;

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
