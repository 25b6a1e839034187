INSERT INTO optin.suppressed (account, mark) VALUES ($1, $2)
ON CONFLICT (account, mark) DO NOTHING
