-- How much is to be handed over, of all accounts.
SELECT state, count(*), min(decided_at) FROM optin.outgoing GROUP BY state
