-- Sets a message aside that could not be read, by its key. A text that is not known to be queued
-- may have left: should it be readable again, it is unknown.
UPDATE optin.outgoing
SET state = 'set_aside', lapsed_at = CASE
    WHEN state <> 'queued' AND destination = 'phone' THEN coalesce(lapsed_at, due_at)
    ELSE lapsed_at END
WHERE account = $1 AND number = $2 AND destination = $3 AND revision = $4 AND n = $5
AND claims = $6 AND due_at = $7 AND decided_at = $8
