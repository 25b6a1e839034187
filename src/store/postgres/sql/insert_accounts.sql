INSERT INTO optin.accounts (account, chain, length, head, log_size)
SELECT account, chain, length, head, log_size
FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bigint[])
    AS new (account, chain, length, head, log_size)
