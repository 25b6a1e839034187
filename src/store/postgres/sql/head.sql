SELECT chain, length, head FROM optin.contacts WHERE account = $1 AND number = $2
