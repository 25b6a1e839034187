-- An account's marks, from one on.
SELECT inbox, id, at FROM optin.marks
WHERE account = $1 AND (inbox, id) >= ($2, $3) ORDER BY inbox, id LIMIT $4
