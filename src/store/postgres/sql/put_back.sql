-- Messages that are tried again at a time, or set aside where there is none.
UPDATE optin.outgoing AS message
SET state = CASE WHEN ended.due_at IS NULL THEN 'set_aside' ELSE 'queued' END,
    due_at = coalesce(ended.due_at, message.due_at),
    attempts = CASE WHEN ended.due_at IS NULL THEN message.attempts ELSE message.attempts + 1 END
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
    AS ended (account, number, destination, revision, n, due_at)
WHERE message.account = ended.account AND message.number = ended.number
AND message.destination = ended.destination AND message.revision = ended.revision
AND message.n = ended.n
