-- How many of these entries wait for their place in the log.
SELECT count(*)
FROM unnest($2::bigint[], $3::bytea[], $4::bigint[]) AS told (at, chain, sequence)
CROSS JOIN LATERAL (SELECT 1 FROM optin.unlogged AS unlogged
    WHERE unlogged.account = $1 AND unlogged.at = told.at AND unlogged.chain = told.chain
    AND unlogged.sequence = told.sequence
    LIMIT 1) AS found
