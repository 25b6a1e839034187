-- Entries of all chains of an account, from one on, with what is disclosed of them, and what has
-- their place in the log.
SELECT entry.sealed, entry.hash, entry.leaf, shown.entry, shown.salts, entry.chain,
    entry.sequence, shown.at, shown.number, place.chain, place.sequence
FROM optin.entries AS entry
LEFT JOIN LATERAL (SELECT disclosed.entry, disclosed.salts, disclosed.at, disclosed.number
    FROM optin.disclosed AS disclosed
    WHERE disclosed.account = entry.account AND disclosed.chain = entry.chain
    AND disclosed.sequence = entry.sequence
    LIMIT 1) AS shown ON true
LEFT JOIN LATERAL (SELECT log.chain, log.sequence FROM optin.log AS log
    WHERE log.account = entry.account AND log.leaf = entry.leaf
    LIMIT 1) AS place ON true
WHERE entry.account = $1 AND (entry.chain, entry.sequence) >= ($2, $3)
ORDER BY entry.chain, entry.sequence LIMIT $4
