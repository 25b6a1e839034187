-- An account's settings of one revision.
SELECT settings FROM optin.policies WHERE account = $1 AND revision = $2
