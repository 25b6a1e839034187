-- The account's own entries, from a number on.
SELECT entry FROM optin.disclosed
WHERE account = $1 AND chain = (SELECT chain FROM optin.accounts WHERE account = $1)
AND sequence >= $2 ORDER BY sequence LIMIT $3
