-- The chains of contacts that another storage erased.
INSERT INTO optin.erased (account, chain, length, head)
SELECT $1, chain, length, head
FROM unnest($2::bytea[], $3::bigint[], $4::bytea[]) AS new (chain, length, head)
