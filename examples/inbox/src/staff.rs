//! Who works for the demonstration's account: they stand in for the host's login.

use std::collections::BTreeSet;

use optin::{Actor, ActorId, Permission, Role};

/// Somebody who can be switched to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id, for the ledger.
    pub id: &'static str,
    /// The name and role, for people.
    pub title: &'static str,
    role: Title,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Title {
    Owner,
    Admin,
    Member(&'static [Permission]),
}

/// All of them; the first is who one is at first.
pub const STAFF: [Person; 5] = [
    Person { id: "ana", title: "Ana, owner", role: Title::Owner },
    Person { id: "bo", title: "Bo, admin", role: Title::Admin },
    Person {
        id: "cy",
        title: "Cy, member who may override",
        role: Title::Member(&[Permission::OptInManagement]),
    },
    Person {
        id: "dee",
        title: "Dee, member who may override a STOP too",
        role: Title::Member(&[Permission::OptInManagement, Permission::OverrideRevocation]),
    },
    Person { id: "eli", title: "Eli, member", role: Title::Member(&[]) },
];

impl Person {
    /// The one with this id.
    pub fn find(id: &str) -> Option<Self> {
        STAFF.into_iter().find(|person| person.id == id)
    }

    /// Who acts, to the engine.
    pub fn actor(self) -> Actor {
        let role = match self.role {
            Title::Owner => Role::Owner,
            Title::Admin => Role::Admin,
            Title::Member(granted) => {
                Role::Member(granted.iter().copied().collect::<BTreeSet<_>>())
            }
        };
        Actor::new(ActorId::new(self.id).expect("the ids above are short"), role)
    }
}
