-- Entries without their words; what was erased meanwhile stays so.
UPDATE optin.disclosed AS stored SET entry = pruned.entry, salts = NULL
FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::text[])
    AS pruned (account, chain, sequence, entry)
WHERE stored.account = pruned.account AND stored.chain = pruned.chain
AND stored.sequence = pruned.sequence AND stored.salts IS NOT NULL
RETURNING stored.sequence
