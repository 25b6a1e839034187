-- The revision of an account's last settings.
SELECT max(revision) FROM optin.policies WHERE account = $1
