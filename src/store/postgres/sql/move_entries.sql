-- Entries of another storage: what is sealed, what is disclosed unless it is erased, and their
-- places in the log, or that they wait for one.
WITH new AS (
    SELECT chain, sequence, leaf, hash, sealed, at, number, entry, salts
    FROM unnest($2::bytea[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bigint[],
        $8::bigint[], $9::text[], $10::bytea[])
        AS new (chain, sequence, leaf, hash, sealed, at, number, entry, salts)
), sealed AS (
    INSERT INTO optin.entries (account, chain, sequence, leaf, hash, sealed)
    SELECT $1, chain, sequence, leaf, hash, sealed FROM new
), disclosed AS (
    INSERT INTO optin.disclosed (account, chain, sequence, at, number, entry, salts)
    SELECT $1, chain, sequence, at, number, entry, salts FROM new WHERE entry IS NOT NULL
), logged AS (
    INSERT INTO optin.log (account, leaf, chain, sequence)
    SELECT $1, leaf, chain, sequence FROM new WHERE leaf IS NOT NULL
)
INSERT INTO optin.unlogged (account, at, chain, sequence)
SELECT $1, at, chain, sequence FROM new WHERE leaf IS NULL
