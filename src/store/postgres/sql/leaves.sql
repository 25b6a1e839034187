-- What is sealed in the places of a log, from a place on.
SELECT entry.sealed FROM optin.log AS log
JOIN optin.entries AS entry ON entry.account = log.account AND entry.chain = log.chain
    AND entry.sequence = log.sequence
WHERE log.account = $1 AND log.leaf >= $2 ORDER BY log.leaf LIMIT $3
