//! The name of a state, without what it holds.

use super::state::ConsentState;

/// Where a contact stands: its state (RULES 1) by name alone.
///
/// ```
/// use optin::Standing;
///
/// assert_eq!(Standing::OptedOut.name(), "opted_out");
/// assert!(Standing::Pending.opted_out());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[allow(clippy::exhaustive_enums, reason = "RULES 1 closes the set")]
pub enum Standing {
    /// Not confirmed.
    Pending,
    /// May be messaged.
    Active,
    /// Opted out.
    OptedOut,
}

impl Standing {
    /// All of them, in the order of RULES 1.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Active, Self::OptedOut];

    /// Its name: `pending`, `active` or `opted_out`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::OptedOut => "opted_out",
        }
    }

    /// The status that others are told (R1.2): everything but active is opted out.
    pub fn opted_out(self) -> bool {
        self != Self::Active
    }
}

impl ConsentState {
    /// The state without what it holds.
    pub fn standing(&self) -> Standing {
        match self {
            Self::Pending(_) => Standing::Pending,
            Self::Active { .. } => Standing::Active,
            Self::OptedOut { .. } => Standing::OptedOut,
        }
    }
}
