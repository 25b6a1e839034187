-- Entries without a place in their account's log.
SELECT at, chain, sequence FROM optin.unlogged
WHERE account = $1 ORDER BY at, chain, sequence LIMIT $2
