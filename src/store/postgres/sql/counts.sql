SELECT state, count(*) FROM optin.contacts WHERE account = $1 GROUP BY state
