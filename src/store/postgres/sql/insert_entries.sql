-- Sealed entries: what is sealed, what is disclosed, and that they have no place in the log yet.
WITH new AS (
    SELECT account, chain, sequence, hash, sealed, at, number, entry, salts
    FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bigint[],
        $7::bigint[], $8::text[], $9::bytea[])
        AS new (account, chain, sequence, hash, sealed, at, number, entry, salts)
), sealed AS (
    INSERT INTO optin.entries (account, chain, sequence, hash, sealed)
    SELECT account, chain, sequence, hash, sealed FROM new
), disclosed AS (
    INSERT INTO optin.disclosed (account, chain, sequence, at, number, entry, salts)
    SELECT account, chain, sequence, at, number, entry, salts FROM new
)
INSERT INTO optin.unlogged (account, at, chain, sequence)
SELECT account, at, chain, sequence FROM new
