-- The accounts' own chains, locked until they go on.
SELECT account, chain, length, head, log_size FROM optin.accounts
WHERE account = ANY ($1::text[]) ORDER BY account FOR UPDATE
