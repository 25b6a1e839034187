SELECT number, record FROM optin.contacts
WHERE account = $1 AND number > $2 ORDER BY number LIMIT $3
