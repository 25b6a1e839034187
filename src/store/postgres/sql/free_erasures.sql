-- The places held by hold_erasures.sql.
DELETE FROM optin.suppressed AS suppressed
USING unnest($1::text[], $2::bytea[]) AS held (account, mark)
WHERE suppressed.account = held.account AND suppressed.mark = held.mark
