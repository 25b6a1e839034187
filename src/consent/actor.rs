//! Who acts for an account, and what they may do (R5.7).

use alloc::collections::BTreeSet;

use super::id::ActorId;

/// What a member may be allowed to do; owner and admin may do all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Permission {
    /// Change settings, and declare contacts that were there before the engine.
    ComplianceSettings,
    /// Override a contact to active or opted out.
    OptInManagement,
    /// Override someone who opted out in person or through a CRM.
    OverrideRevocation,
}

impl Permission {
    /// Its name, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ComplianceSettings => "compliance_settings",
            Self::OptInManagement => "opt_in_management",
            Self::OverrideRevocation => "override_revocation",
        }
    }
}

/// What somebody is to the account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[allow(clippy::exhaustive_enums, reason = "RULES 5.7 closes the set")]
pub enum Role {
    /// Has every permission.
    Owner,
    /// Has every permission.
    Admin,
    /// Has those granted.
    Member(BTreeSet<Permission>),
}

/// Somebody who acts for the account. The host says who it is; the engine says what they may do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Actor {
    id: ActorId,
    role: Role,
}

impl Actor {
    /// Somebody with this role.
    pub fn new(id: ActorId, role: Role) -> Self {
        Self { id, role }
    }

    /// Who it is, to the host.
    pub fn id(&self) -> &ActorId {
        &self.id
    }

    /// What it is to the account.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// Whether it may do this.
    pub fn may(&self, permission: Permission) -> bool {
        match &self.role {
            Role::Owner | Role::Admin => true,
            Role::Member(granted) => granted.contains(&permission),
        }
    }
}
