-- Messages whose hand-over ended: their claims are held by lock.sql.
DELETE FROM optin.outgoing AS message
USING unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
    AS ended (account, number, destination, revision, n)
WHERE message.account = ended.account AND message.number = ended.number
AND message.destination = ended.destination AND message.revision = ended.revision
AND message.n = ended.n
