-- What the contact's chain disclosed.
DELETE FROM optin.disclosed
WHERE account = $1
AND chain = (SELECT chain FROM optin.contacts WHERE account = $1 AND number = $2)
RETURNING sequence
