SELECT version FROM optin.schema_version WHERE name = 'optin' FOR UPDATE
