-- Schema 2. An entry gets its place in its account's log when it is committed, so that it is appended
-- to the last page; no list of those that wait for one, and no index of texts of their own. By hand,
-- while nothing else has the file open:
--   sqlite3 -bail FILE 'BEGIN IMMEDIATE' '.read 002.sql' COMMIT

-- An account's log: how many of its entries are in it by now.
CREATE TABLE logs (
    id      INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 8388607),
    account TEXT NOT NULL UNIQUE,
    size    INTEGER NOT NULL
) STRICT;

INSERT INTO logs (account, size)
SELECT account, coalesce(log_size, 0)
FROM (SELECT account FROM entries UNION SELECT account FROM accounts)
LEFT JOIN accounts USING (account) ORDER BY account;

ALTER TABLE accounts DROP COLUMN log_size;
DELETE FROM accounts WHERE length = 0;

-- What the seals commit to: as before, now under an id by which the entry names it.
CREATE TABLE disclosed_2 (
    id       INTEGER PRIMARY KEY,
    account  TEXT NOT NULL,
    chain    BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    number   INTEGER,
    entry    TEXT NOT NULL,
    salts    BLOB
) STRICT;

INSERT INTO disclosed_2
SELECT rowid, account, chain, sequence, at, number, entry, salts FROM disclosed ORDER BY rowid;

-- What is sealed: no personal data. leaf is the place in the account's log, from 0, once that is as
-- long; id is the same in all logs: logs.id * 2^40 + leaf. disclosed is gone once it is erased.
CREATE TABLE entries_2 (
    id        INTEGER PRIMARY KEY,
    account   TEXT NOT NULL,
    leaf      INTEGER NOT NULL AS (id & 0xffffffffff),
    chain     BLOB NOT NULL,
    sequence  INTEGER NOT NULL,
    hash      BLOB NOT NULL,
    sealed    BLOB NOT NULL,
    disclosed INTEGER
) STRICT;

CREATE UNIQUE INDEX entries_chain ON entries_2 (account, chain, sequence);

-- Those that have their place.
INSERT INTO entries_2
SELECT (logs.id << 40) + min(log.leaf), account, chain, sequence, hash, sealed, disclosed.rowid
FROM log JOIN entries USING (account, chain, sequence) JOIN logs USING (account)
LEFT JOIN disclosed USING (account, chain, sequence)
GROUP BY account, chain, sequence ORDER BY 1;

-- Those that wait, after them: in the order of their time, and each after those before it in its
-- chain, though the clock went back.
INSERT INTO entries_2
SELECT (logs.id << 40)
        + coalesce((SELECT max(leaf) + 1 FROM log WHERE log.account = waiting.account), 0) - 1
        + row_number() OVER (PARTITION BY account ORDER BY moment, chain, sequence),
    account, chain, sequence, hash, sealed, disclosed.rowid
FROM (SELECT account, chain, sequence, hash, sealed,
        max(coalesce(unlogged.at, 0)) OVER (PARTITION BY account, chain ORDER BY sequence) AS moment
    FROM entries LEFT JOIN unlogged USING (account, chain, sequence)
    WHERE NOT EXISTS (SELECT 1 FROM entries_2 AS placed
        WHERE placed.account = entries.account AND placed.chain = entries.chain
        AND placed.sequence = entries.sequence)) AS waiting
JOIN logs USING (account) LEFT JOIN disclosed USING (account, chain, sequence)
ORDER BY 1;

DROP TABLE entries;
DROP TABLE disclosed;
DROP TABLE unlogged;
DROP TABLE log;

ALTER TABLE entries_2 RENAME TO entries;
ALTER TABLE disclosed_2 RENAME TO disclosed;

CREATE INDEX disclosed_number ON disclosed (account, number) WHERE number IS NOT NULL;

PRAGMA user_version = 2;
