-- The entries of a chain, from a number on, with what is disclosed of them.
SELECT entry.sealed, entry.hash, entry.leaf, disclosed.entry, disclosed.salts
FROM optin.entries AS entry
LEFT JOIN optin.disclosed AS disclosed ON disclosed.account = entry.account
    AND disclosed.chain = entry.chain AND disclosed.sequence = entry.sequence
WHERE entry.account = $1 AND entry.chain = $2 AND entry.sequence >= $3
ORDER BY entry.sequence LIMIT $4
