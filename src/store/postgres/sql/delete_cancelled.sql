DELETE FROM optin.outgoing AS message
USING unnest($1::text[], $2::bigint[]) AS meant (account, number)
WHERE message.account = meant.account AND message.number = meant.number
AND message.destination = 'phone' AND message.state = 'cancelled'
