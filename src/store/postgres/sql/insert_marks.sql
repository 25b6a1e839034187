-- Fails where a mark stands: then nothing of the transaction is stored.
INSERT INTO optin.marks (account, inbox, id, at)
SELECT account, inbox, id, at
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS new (account, inbox, id, at)
