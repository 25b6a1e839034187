//! The screens, a file each, and the parts that several of them show.

pub(crate) mod contact;
pub(crate) mod evidence;
mod guide;
pub(crate) mod import;
pub(crate) mod inbox;
pub(crate) mod layout;
mod list;
pub(crate) mod numbers;
pub(crate) mod phone;
pub(crate) mod settings;
pub(crate) mod timeline;
mod words;
