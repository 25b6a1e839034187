-- The contacts in a state.
SELECT number, record FROM optin.contacts
WHERE account = $1 AND state = $4 AND number > $2 ORDER BY number LIMIT $3
