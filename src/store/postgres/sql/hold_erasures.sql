-- Holds the places of marks that do not stand, while records of their contacts are written: an
-- erasure waits until those are there to be erased. Fails where one came first.
INSERT INTO optin.suppressed (account, mark)
SELECT account, mark FROM unnest($1::text[], $2::bytea[]) AS held (account, mark)
