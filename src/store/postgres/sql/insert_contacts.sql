INSERT INTO optin.contacts (account, number, state, revision, record, chain, length, head)
SELECT account, number, state, revision, record, chain, length, head
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bytea[],
    $7::bigint[], $8::bytea[])
    AS new (account, number, state, revision, record, chain, length, head)
