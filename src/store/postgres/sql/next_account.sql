-- The name of the next account of which anything is stored: of all accounts, one look-up a table.
SELECT min(account) FROM (
    SELECT min(account) AS account FROM optin.policies AS policies WHERE account > $1
    UNION ALL SELECT min(account) FROM optin.contacts AS contacts WHERE account > $1
    UNION ALL SELECT min(account) FROM optin.accounts AS accounts WHERE account > $1
    UNION ALL SELECT min(account) FROM optin.erased AS erased WHERE account > $1
    UNION ALL SELECT min(account) FROM optin.suppressed AS suppressed WHERE account > $1
    UNION ALL SELECT min(account) FROM optin.entries AS entries WHERE account > $1
    UNION ALL SELECT min(account) FROM optin.marks AS marks WHERE account > $1
    UNION ALL SELECT min(account) FROM optin.outgoing AS outgoing WHERE account > $1
) AS next
