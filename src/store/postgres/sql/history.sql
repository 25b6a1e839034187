-- A contact's entries, from a number on.
SELECT entry FROM optin.disclosed
WHERE account = $1
AND chain = (SELECT chain FROM optin.contacts WHERE account = $1 AND number = $2)
AND sequence >= $3 ORDER BY sequence LIMIT $4
