-- Of the statuses queued to one destination, or set aside, only the newest matters.
DELETE FROM optin.outgoing AS older
USING unnest($1::text[], $2::bigint[]) AS told (account, number)
WHERE older.account = told.account AND older.number = told.number
AND older.destination <> 'phone' AND older.state <> 'claimed'
AND EXISTS (SELECT 1 FROM optin.outgoing AS newer
    WHERE newer.account = told.account AND newer.number = told.number
    AND newer.destination = older.destination AND newer.state = 'queued'
    AND (newer.revision, newer.n) > (older.revision, older.n))
