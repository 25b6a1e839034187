-- The host's own tables, in a file beside the engine's: what was said, and to whom it was.
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    -- 'in': from the contact; 'out': to it.
    direction TEXT NOT NULL,
    -- in: the provider's id; out: the decision's revision. No text is kept twice.
    reference TEXT NOT NULL,
    -- in: the inbox that it came in on; what staff write leaves from the last of them.
    inbox TEXT,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- in: absent; out: confirmation, reminder, message, ...
    kind TEXT,
    -- in: the engine's reason; out: on_its_way, accepted, not_sent, blocked or unknown.
    outcome TEXT,
    UNIQUE (number, direction, reference)
) STRICT;
CREATE INDEX IF NOT EXISTS messages_of_contact ON messages (number, id);
CREATE TABLE IF NOT EXISTS people (number TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
