-- What the verdicts on commits rest on, locked until they are written: one row each, in their
-- order, which is that of account and number, so that no two batches wait for each other.
SELECT contact.revision, contact.chain, contact.length, contact.head,
    (SELECT true FROM optin.marks AS mark
        WHERE mark.account = wanted.account AND mark.inbox = wanted.inbox
        AND mark.id = wanted.mark LIMIT 1) IS NOT NULL,
    message.destination, contact.record,
    (SELECT true FROM optin.suppressed AS suppressed
        WHERE suppressed.account = wanted.account AND suppressed.mark = wanted.erasure
        LIMIT 1) IS NOT NULL
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[],
        $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bytea[])
    WITH ORDINALITY AS wanted (account, number, inbox, mark, settled_account, settled_number,
        settled_revision, settled_n, token, decided_at, erasure, place)
LEFT JOIN LATERAL (SELECT stored.revision, stored.record, stored.chain, stored.length,
        stored.head
    FROM optin.contacts AS stored
    WHERE stored.account = wanted.account AND stored.number = wanted.number
    LIMIT 1 FOR UPDATE) AS contact ON true
LEFT JOIN LATERAL (SELECT claimed.destination FROM optin.outgoing AS claimed
    WHERE claimed.account = wanted.settled_account AND claimed.number = wanted.settled_number
    AND claimed.revision = wanted.settled_revision AND claimed.n = wanted.settled_n
    AND claimed.claims = wanted.token AND claimed.decided_at = wanted.decided_at
    AND claimed.state = 'claimed'
    LIMIT 1 FOR UPDATE) AS message ON true
ORDER BY wanted.place
