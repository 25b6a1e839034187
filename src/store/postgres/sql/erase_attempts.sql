-- What the account's chain disclosed of a contact, while that had no record.
DELETE FROM optin.disclosed WHERE account = $1 AND number = $2 RETURNING sequence
