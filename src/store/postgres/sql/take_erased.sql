-- The chains of contacts that were erased, from a name on.
SELECT chain, length, head FROM optin.erased
WHERE account = $1 AND chain >= $2 ORDER BY chain LIMIT $3
