-- Contacts of another storage, with the heads of their chains.
INSERT INTO optin.contacts (account, number, state, revision, record, chain, length, head)
SELECT $1, number, state, revision, record, chain, length, head
FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::bigint[],
    $8::bytea[])
    AS new (number, state, revision, record, chain, length, head)
