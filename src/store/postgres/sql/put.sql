-- Records, entries and marks of commits that are applied, in one statement: each round of messages
-- between client and server has its price. A record that is null stays, and its chain alone goes
-- on. Fails where a record that is new, or a mark, stands: then nothing of the transaction is
-- stored.
WITH contact AS (
    SELECT account, number, is_new, state, revision, record, chain, length, head
    FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::text[], $5::bigint[], $6::text[],
        $7::bytea[], $8::bigint[], $9::bytea[])
        AS contact (account, number, is_new, state, revision, record, chain, length, head)
), entry AS (
    SELECT account, chain, sequence, hash, sealed, at, number, entry, salts
    FROM unnest($10::text[], $11::bytea[], $12::bigint[], $13::bytea[], $14::bytea[],
        $15::bigint[], $16::bigint[], $17::text[], $18::bytea[])
        AS entry (account, chain, sequence, hash, sealed, at, number, entry, salts)
), inserted AS (
    INSERT INTO optin.contacts (account, number, state, revision, record, chain, length, head)
    SELECT account, number, state, revision, record, chain, length, head
    FROM contact WHERE is_new
), updated AS (
    UPDATE optin.contacts AS stored
    SET state = coalesce(contact.state, stored.state),
        revision = coalesce(contact.revision, stored.revision),
        record = coalesce(contact.record, stored.record),
        length = contact.length, head = contact.head
    FROM contact
    WHERE NOT contact.is_new
    AND stored.account = contact.account AND stored.number = contact.number
), marked AS (
    INSERT INTO optin.marks (account, inbox, id, at)
    SELECT account, inbox, id, at
    FROM unnest($19::text[], $20::text[], $21::text[], $22::bigint[])
        AS mark (account, inbox, id, at)
), sealed AS (
    INSERT INTO optin.entries (account, chain, sequence, hash, sealed)
    SELECT account, chain, sequence, hash, sealed FROM entry
), disclosed AS (
    INSERT INTO optin.disclosed (account, chain, sequence, at, number, entry, salts)
    SELECT account, chain, sequence, at, number, entry, salts FROM entry
)
INSERT INTO optin.unlogged (account, at, chain, sequence)
SELECT account, at, chain, sequence FROM entry
