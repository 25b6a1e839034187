-- The chain of a contact that is erased, as far as it goes.
INSERT INTO optin.erased (account, chain, length, head)
SELECT account, chain, length, head FROM optin.contacts WHERE account = $1 AND number = $2
