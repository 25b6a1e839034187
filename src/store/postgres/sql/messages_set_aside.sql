SELECT message FROM optin.outgoing WHERE account = $1 AND state = 'set_aside'
ORDER BY number, revision, n LIMIT $2
