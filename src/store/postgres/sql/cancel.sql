-- Takes back what is queued or set aside and names what is claimed, in one statement: with two a
-- message claimed between them would be neither.
UPDATE optin.outgoing AS message
SET state = CASE message.state WHEN 'claimed' THEN 'claimed' ELSE 'cancelled' END
FROM unnest($1::text[], $2::bigint[], $3::boolean[]) AS meant (account, number, prompts_alone)
WHERE message.account = meant.account AND message.number = meant.number
AND message.destination = 'phone'
AND (NOT meant.prompts_alone OR message.kind IN ('confirmation', 'reminder'))
RETURNING message.account, message.number, message.revision, message.n, message.state
