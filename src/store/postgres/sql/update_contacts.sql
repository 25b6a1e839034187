-- Where there is no new record the chain alone goes on.
UPDATE optin.contacts AS contact
SET state = coalesce(new.state, contact.state),
    revision = coalesce(new.revision, contact.revision),
    record = coalesce(new.record, contact.record),
    length = new.length, head = new.head
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[],
    $7::bytea[])
    AS new (account, number, state, revision, record, length, head)
WHERE contact.account = new.account AND contact.number = new.number
