UPDATE optin.accounts AS stored
SET length = new.length, head = new.head, log_size = new.log_size
FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bigint[])
    AS new (account, length, head, log_size)
WHERE stored.account = new.account
