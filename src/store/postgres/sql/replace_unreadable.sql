-- A status that could not be read, behind which a newer one waits, is replaced by it.
DELETE FROM optin.outgoing AS older
WHERE older.account = $1 AND older.number = $2 AND older.destination = $3
AND older.revision = $4 AND older.n = $5 AND older.claims = $6 AND older.due_at = $7
AND older.decided_at = $8 AND older.destination <> 'phone'
AND EXISTS (SELECT 1 FROM optin.outgoing AS newer
    WHERE newer.account = $1 AND newer.number = $2 AND newer.destination = $3
    AND newer.state <> 'set_aside' AND (newer.revision, newer.n) > ($4, $5))
