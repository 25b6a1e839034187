-- A page of entries that still have their words, with those of a time past: of all accounts.
SELECT account, chain, sequence, CASE WHEN at < $1 AND salts IS NOT NULL THEN entry END
FROM optin.disclosed
WHERE (account, chain, sequence) > ($2, $3, $4)
ORDER BY account, chain, sequence LIMIT $5
