-- An account's settings, from a revision on.
SELECT revision, settings FROM optin.policies
WHERE account = $1 AND revision >= $2 ORDER BY revision LIMIT $3
