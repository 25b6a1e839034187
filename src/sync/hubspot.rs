//! HubSpot: statuses as properties of its contacts.
