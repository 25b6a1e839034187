SELECT chain, length, head FROM optin.accounts WHERE account = $1 AND length > 0
