-- Messages that are due and the first unfinished ones of their lines, without a lock: of all
-- accounts, along the index on due_at.
SELECT account, number, destination, revision, n, state, due_at, claims, attempts, lapsed_at,
    message, decided_at
FROM optin.outgoing AS head
WHERE state <> 'set_aside' AND due_at <= $1
AND NOT EXISTS (SELECT 1 FROM optin.outgoing AS earlier
    WHERE earlier.account = head.account AND earlier.number = head.number
    AND earlier.destination = head.destination AND earlier.state <> 'set_aside'
    AND (earlier.revision, earlier.n) < (head.revision, head.n)
    OFFSET 0)
ORDER BY due_at LIMIT $2
