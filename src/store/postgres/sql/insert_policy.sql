-- Fails where the revision stands.
INSERT INTO optin.policies (account, revision, settings) VALUES ($1, $2, $3)
