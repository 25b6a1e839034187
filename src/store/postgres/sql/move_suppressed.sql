-- Marks of contacts that another storage erased.
INSERT INTO optin.suppressed (account, mark)
SELECT $1, mark FROM unnest($2::bytea[]) AS new (mark)
