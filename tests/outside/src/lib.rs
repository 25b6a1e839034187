//! The edges of optin before judges that are not ours.

pub mod python;
