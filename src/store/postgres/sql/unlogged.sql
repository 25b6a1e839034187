-- Entries without a place in their account's log, in the order of their time, and each after those
-- before it in its chain, though the clock went back.
SELECT at, chain, sequence
FROM (SELECT at, chain, sequence, max(at) OVER (PARTITION BY chain ORDER BY sequence) AS moment
    FROM optin.unlogged WHERE account = $1) AS waiting
ORDER BY moment, chain, sequence LIMIT $2
