-- Messages of another storage, where they stand.
INSERT INTO optin.outgoing (account, number, destination, revision, n, kind, state, decided_at,
    due_at, claims, attempts, lapsed_at, message)
SELECT $1, number, destination, revision, n, kind, state, decided_at, due_at, claims, attempts,
    lapsed_at, message
FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
    $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::text[])
    AS new (number, destination, revision, n, kind, state, decided_at, due_at, claims, attempts,
        lapsed_at, message)
