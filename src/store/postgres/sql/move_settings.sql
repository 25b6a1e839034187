-- Settings of another storage.
INSERT INTO optin.policies (account, revision, settings)
SELECT $1, revision, settings FROM unnest($2::bigint[], $3::text[]) AS new (revision, settings)
