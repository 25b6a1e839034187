-- A contact and its chain, locked until it is erased.
SELECT chain FROM optin.contacts WHERE account = $1 AND number = $2 FOR UPDATE
