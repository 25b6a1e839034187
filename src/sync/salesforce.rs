//! Salesforce: statuses as a field of its contacts and leads.
