INSERT INTO optin.outgoing (account, number, destination, revision, n, kind, state, decided_at,
    due_at, claims, attempts, message)
SELECT account, number, destination, revision, n, kind, state, decided_at, due_at, claims, 0,
    message
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],
    $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[])
    AS new (account, number, destination, revision, n, kind, state, decided_at, due_at, claims,
        message)
