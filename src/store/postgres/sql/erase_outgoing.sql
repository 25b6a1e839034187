DELETE FROM optin.outgoing WHERE account = $1 AND number = $2 RETURNING n
