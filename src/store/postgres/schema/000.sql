-- Which schema stands, beside what it describes. Each file here may be applied by hand with psql,
-- in the order of their numbers, once or again; PostgresStorage::migrate applies those that are
-- missing.

CREATE SCHEMA IF NOT EXISTS optin;

CREATE TABLE IF NOT EXISTS optin.schema_version (
    name    text   COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (name)
);

INSERT INTO optin.schema_version (name, version) VALUES ('optin', 0)
ON CONFLICT (name) DO NOTHING;
