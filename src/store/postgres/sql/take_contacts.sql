-- An account's contacts with the heads of their chains, from a number on.
SELECT number, record, state, revision, chain, length, head FROM optin.contacts
WHERE account = $1 AND number >= $2 ORDER BY number LIMIT $3
