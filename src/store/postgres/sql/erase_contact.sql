DELETE FROM optin.contacts WHERE account = $1 AND number = $2 RETURNING length
