-- An account's messages, whatever their state, from one on.
SELECT account, number, destination, revision, n, state, due_at, claims, attempts, lapsed_at,
    message, decided_at, kind
FROM optin.outgoing
WHERE account = $1 AND (number, destination, revision, n) >= ($2, $3, $4, $5)
ORDER BY number, destination, revision, n LIMIT $6
