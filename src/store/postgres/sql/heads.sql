-- All chains of an account in the order of their names: those of contacts, its own, the erased.
SELECT chain, length, head FROM (
    (SELECT chain, length, head FROM optin.contacts
        WHERE account = $1 AND chain > $2 ORDER BY chain LIMIT $3)
    UNION ALL
    (SELECT chain, length, head FROM optin.accounts
        WHERE account = $1 AND chain > $2 AND length > 0)
    UNION ALL
    (SELECT chain, length, head FROM optin.erased
        WHERE account = $1 AND chain > $2 ORDER BY chain LIMIT $3)
) AS heads
ORDER BY chain LIMIT $3
