-- Claims messages that stand as they were found; who comes second finds them changed, and who
-- comes after an erasure finds another's decided at another time. Rows that somebody else is at
-- are passed over, so that no claim waits, holding others.
UPDATE optin.outgoing AS message
SET state = 'claimed', due_at = $11, claims = seen.claims + 1, lapsed_at = seen.next_lapsed_at
FROM (SELECT found.account, found.number, found.destination, found.revision, found.n,
        found.claims, found.next_lapsed_at
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],
        $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $12::bigint[])
        AS found (account, number, destination, revision, n, state, due_at, claims, attempts,
            next_lapsed_at, decided_at)
    CROSS JOIN LATERAL (SELECT 1 FROM optin.outgoing AS stored
        WHERE stored.account = found.account AND stored.number = found.number
        AND stored.destination = found.destination AND stored.revision = found.revision
        AND stored.n = found.n AND stored.state = found.state AND stored.due_at = found.due_at
        AND stored.claims = found.claims AND stored.attempts = found.attempts
        AND stored.decided_at = found.decided_at
        LIMIT 1 FOR UPDATE SKIP LOCKED) AS held) AS seen
WHERE message.account = seen.account AND message.number = seen.number
AND message.destination = seen.destination AND message.revision = seen.revision
AND message.n = seen.n AND message.claims = seen.claims
RETURNING message.account, message.number, message.destination, message.revision, message.n
