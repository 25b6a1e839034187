-- The account's own chain and its log, as another storage has them.
INSERT INTO optin.accounts (account, chain, length, head, log_size) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account) DO UPDATE SET chain = excluded.chain, length = excluded.length,
    head = excluded.head, log_size = excluded.log_size
