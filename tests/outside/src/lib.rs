//! The edges of optin before judges that are not ours.

pub mod javascript;
pub mod python;
pub mod recorder;
