-- Marks of another storage, with their times.
INSERT INTO optin.marks (account, inbox, id, at)
SELECT $1, inbox, id, at FROM unnest($2::text[], $3::text[], $4::bigint[]) AS new (inbox, id, at)
