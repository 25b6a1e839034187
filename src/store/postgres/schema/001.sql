-- Schema 1: the same tables as SQLite has. Times are milliseconds since 1970 (UTC); JSON columns
-- begin with their version, and are text, since what is sealed must stay byte by byte.

CREATE TABLE IF NOT EXISTS optin.policies (
    account  text   COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    settings text   NOT NULL,
    PRIMARY KEY (account, revision)
);

CREATE TABLE IF NOT EXISTS optin.contacts (
    account  text   COLLATE "C" NOT NULL,
    number   bigint NOT NULL,
    state    text   COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    record   text   NOT NULL,
    chain    bytea  NOT NULL,
    length   bigint NOT NULL,
    head     bytea  NOT NULL,
    PRIMARY KEY (account, number)
);

CREATE INDEX IF NOT EXISTS contacts_state ON optin.contacts (account, state, number);
CREATE UNIQUE INDEX IF NOT EXISTS contacts_chain ON optin.contacts (account, chain);

-- The account's own chain (settings, and attempts on numbers without a record), and its log.
CREATE TABLE IF NOT EXISTS optin.accounts (
    account  text   COLLATE "C" NOT NULL,
    chain    bytea  NOT NULL,
    length   bigint NOT NULL,
    head     bytea  NOT NULL,
    log_size bigint NOT NULL,
    PRIMARY KEY (account)
);

-- The chains of contacts that were erased.
CREATE TABLE IF NOT EXISTS optin.erased (
    account text   COLLATE "C" NOT NULL,
    chain   bytea  NOT NULL,
    length  bigint NOT NULL,
    head    bytea  NOT NULL,
    PRIMARY KEY (account, chain)
);

-- That somebody was erased, where the host has a key for it: says nothing to who has none.
CREATE TABLE IF NOT EXISTS optin.suppressed (
    account text   COLLATE "C" NOT NULL,
    mark    bytea  NOT NULL,
    PRIMARY KEY (account, mark)
);

-- What is sealed: no personal data. leaf is the place in the account's log, once it has one.
CREATE TABLE IF NOT EXISTS optin.entries (
    account  text   COLLATE "C" NOT NULL,
    chain    bytea  NOT NULL,
    sequence bigint NOT NULL,
    leaf     bigint,
    hash     bytea  NOT NULL,
    sealed   bytea  NOT NULL,
    PRIMARY KEY (account, chain, sequence)
);

-- What the seals commit to: personal data, emptied by erasure. salts are gone where texts were
-- pruned; number is set where the chain is the account's and the entry names one.
CREATE TABLE IF NOT EXISTS optin.disclosed (
    account  text   COLLATE "C" NOT NULL,
    chain    bytea  NOT NULL,
    sequence bigint NOT NULL,
    at       bigint NOT NULL,
    number   bigint,
    entry    text   NOT NULL,
    salts    bytea,
    PRIMARY KEY (account, chain, sequence)
);

CREATE INDEX IF NOT EXISTS disclosed_number ON optin.disclosed (account, number)
    WHERE number IS NOT NULL;

-- Entries that have no place in their account's log yet, in the order of their time.
CREATE TABLE IF NOT EXISTS optin.unlogged (
    account  text   COLLATE "C" NOT NULL,
    at       bigint NOT NULL,
    chain    bytea  NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (account, at, chain, sequence)
);

CREATE TABLE IF NOT EXISTS optin.log (
    account  text   COLLATE "C" NOT NULL,
    leaf     bigint NOT NULL,
    chain    bytea  NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (account, leaf)
);

-- A text's inbox and id; the host's request for a message has an empty inbox.
CREATE TABLE IF NOT EXISTS optin.marks (
    account text   COLLATE "C" NOT NULL,
    inbox   text   COLLATE "C" NOT NULL,
    id      text   COLLATE "C" NOT NULL,
    at      bigint NOT NULL,
    PRIMARY KEY (account, inbox, id)
);

-- One line an account, number and destination, in the order of revision and n. state is queued,
-- claimed or set_aside; due_at is the end of the wait or of the claim.
CREATE TABLE IF NOT EXISTS optin.outgoing (
    account     text   COLLATE "C" NOT NULL,
    number      bigint NOT NULL,
    destination text   COLLATE "C" NOT NULL,
    revision    bigint NOT NULL,
    n           bigint NOT NULL,
    kind        text   COLLATE "C" NOT NULL,
    state       text   COLLATE "C" NOT NULL,
    decided_at  bigint NOT NULL,
    due_at      bigint NOT NULL,
    claims      bigint NOT NULL,
    attempts    bigint NOT NULL,
    lapsed_at   bigint,
    message     text   NOT NULL,
    PRIMARY KEY (account, number, destination, revision, n)
);

CREATE INDEX IF NOT EXISTS outgoing_due ON optin.outgoing (due_at) WHERE state <> 'set_aside';

UPDATE optin.schema_version SET version = 1 WHERE name = 'optin' AND version < 1;
