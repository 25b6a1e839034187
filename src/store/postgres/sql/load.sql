-- What is stored of contacts: one row each, in the order that they were asked for. Not with EXISTS,
-- which PostgreSQL may answer by reading a whole table once.
SELECT (SELECT max(policies.revision) FROM optin.policies AS policies
            WHERE policies.account = wanted.account),
    contact.record, contact.revision,
    (SELECT true FROM optin.outgoing AS message
        WHERE message.account = wanted.account AND message.number = wanted.number
        AND message.destination = 'phone' AND message.state <> 'set_aside' LIMIT 1) IS NOT NULL,
    (SELECT true FROM optin.suppressed AS suppressed
        WHERE suppressed.account = wanted.account AND suppressed.mark = wanted.mark
        LIMIT 1) IS NOT NULL
FROM unnest($1::text[], $2::bigint[], $3::bytea[])
    WITH ORDINALITY AS wanted (account, number, mark, place)
LEFT JOIN LATERAL (SELECT stored.record, stored.revision FROM optin.contacts AS stored
    WHERE stored.account = wanted.account AND stored.number = wanted.number
    LIMIT 1) AS contact ON true
ORDER BY wanted.place
