-- Gives entries their places, and takes them from those that have none.
WITH placed AS (
    SELECT leaf, at, chain, sequence
    FROM unnest($2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[])
        AS placed (leaf, at, chain, sequence)
), logged AS (
    INSERT INTO optin.log (account, leaf, chain, sequence)
    SELECT $1, leaf, chain, sequence FROM placed
), told AS (
    UPDATE optin.entries AS entry SET leaf = placed.leaf FROM placed
    WHERE entry.account = $1 AND entry.chain = placed.chain AND entry.sequence = placed.sequence
)
DELETE FROM optin.unlogged AS waiting USING placed
WHERE waiting.account = $1 AND waiting.at = placed.at AND waiting.chain = placed.chain
AND waiting.sequence = placed.sequence
