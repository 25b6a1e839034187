-- Forgets old marks among those of a page, of all accounts: page after page, so that no statement
-- is long. The last of the page, and how many were forgotten.
WITH page AS (
    SELECT account, inbox, id, at FROM optin.marks
    WHERE (account, inbox, id) > ($2, $3, $4) ORDER BY account, inbox, id LIMIT $5
), forgotten AS (
    DELETE FROM optin.marks AS mark USING page
    WHERE mark.account = page.account AND mark.inbox = page.inbox AND mark.id = page.id
    AND page.at < $1 AND mark.at < $1
    RETURNING mark.at
)
SELECT account, inbox, id, (SELECT count(*) FROM forgotten) FROM page
ORDER BY account DESC, inbox DESC, id DESC LIMIT 1
