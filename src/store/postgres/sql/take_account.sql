-- An account's own chain, and its log.
SELECT account, chain, length, head, log_size FROM optin.accounts
WHERE account = $1 AND (length > 0 OR log_size > 0)
