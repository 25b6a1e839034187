//! What came of asking the host where a contact is at a CRM.

/// What the host knows of a contact's place at a CRM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "hosts make it")]
pub enum Found<T> {
    /// It is here.
    Here(T),
    /// The CRM has no record of the contact. Its status is set aside, so that nobody's opt-out is
    /// lost in silence; once there is a record, queue it again with
    /// [`Archive::requeue`](crate::Archive::requeue), or give
    /// [`Event::StatusRequested`](crate::Event::StatusRequested).
    Nowhere,
    /// It cannot be said now; the status is tried again later.
    NotNow,
}
