-- Marks of contacts that were erased, from one on.
SELECT mark FROM optin.suppressed
WHERE account = $1 AND mark >= $2 ORDER BY mark LIMIT $3
