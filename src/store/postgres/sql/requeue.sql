UPDATE optin.outgoing SET state = 'queued', due_at = $5, attempts = 0
WHERE account = $1 AND number = $2 AND revision = $3 AND n = $4 AND state = 'set_aside'
RETURNING n
