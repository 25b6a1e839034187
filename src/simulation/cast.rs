//! Who takes part: two accounts, their inboxes, their contacts, their settings.

use alloc::{format, sync::Arc, vec::Vec};

use super::chance::Chance;
use crate::consent::{
    actor::{Actor, Permission, Role},
    contact::{Contact, PhoneNumber},
    id::{AccountId, ActorId, InboxId, MessageId},
    keyword::Keyword,
    policy::Policy,
    settings::Settings,
};

/// Contacts of one account.
pub(super) const CONTACTS: usize = 50;
pub(super) const ACCOUNTS: usize = 2;
const FIRST_NUMBER: u64 = 12_065_550_100;

/// Names shared by all seeds. The accounts have numbers, inboxes and message ids in common, so that
/// one seen by the other shows.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) accounts: [AccountId; ACCOUNTS],
    pub(super) inboxes: [InboxId; 2],
    contacts: Vec<Contact>,
    pub(super) policies: Vec<Arc<Policy>>,
    pub(super) actors: Vec<Actor>,
}

impl Cast {
    pub(super) fn new() -> Self {
        let account = |name| AccountId::new(name).expect("a short name");
        let accounts = [account("acme"), account("bloom")];
        let inbox = |name| InboxId::new(name).expect("a short name");
        let contacts = accounts.iter().flat_map(|account| {
            (FIRST_NUMBER..).take(CONTACTS).map(|digits| {
                let number = PhoneNumber::from_digits(digits).expect("eleven digits");
                Contact::new(account.clone(), number)
            })
        });
        Self {
            contacts: contacts.collect(),
            accounts: accounts.clone(),
            inboxes: [inbox("+18885550100"), inbox("+18885550101")],
            policies: policies(),
            actors: actors(),
        }
    }

    pub(super) fn contact(&self, index: usize) -> &Contact {
        &self.contacts[index]
    }

    /// Which one it is; none: nobody of ours.
    pub(super) fn index(&self, contact: &Contact) -> Option<usize> {
        let account = self.account(contact.account())?;
        let number = contact.number().to_digits().checked_sub(FIRST_NUMBER)?;
        let number = usize::try_from(number).ok().filter(|number| *number < CONTACTS)?;
        Some(account * CONTACTS + number)
    }

    pub(super) fn account(&self, account: &AccountId) -> Option<usize> {
        self.accounts.iter().position(|own| own == account)
    }

    /// The inbox and the provider's id of an account's text number `index`: of two texts in a row
    /// that differ in the inbox alone.
    pub(super) fn text(&self, index: usize) -> (&InboxId, MessageId) {
        let id = MessageId::new(&format!("SM{}", index / 2)).expect("a short name");
        (&self.inboxes[index % 2], id)
    }

    /// The number of an account's text.
    pub(super) fn text_index(&self, inbox: &InboxId, id: &MessageId) -> Option<usize> {
        let inbox = self.inboxes.iter().position(|own| own == inbox)?;
        let id: usize = id.as_str().strip_prefix("SM")?.parse().ok()?;
        Some(id * 2 + inbox)
    }

    pub(super) fn request(index: usize) -> MessageId {
        MessageId::new(&format!("R{index}")).expect("a short name")
    }

    pub(super) fn request_index(id: &MessageId) -> Option<usize> {
        id.as_str().strip_prefix("R")?.parse().ok()
    }

    pub(super) fn actor(&self, chance: &mut Chance) -> Actor {
        self.actors[chance.below(self.actors.len())].clone()
    }
}

/// The settings that accounts change between; the first are the defaults.
fn policies() -> Vec<Arc<Policy>> {
    let changes: [fn(&mut Settings); 8] = [
        |_| {},
        |settings| {
            settings.prompt.keyword = Keyword::Confirm;
            settings.replies.help = Some("Call us.".into());
            settings.replies.confirmed = Some("Thanks!".into());
        },
        |settings| settings.double_opt_in = false,
        |settings| (settings.reminders.max, settings.reminders.interval_hours) = (1, 24),
        |settings| {
            (settings.sync.hubspot, settings.sync.salesforce) = (true, true);
            settings.restarts.max = 10;
        },
        |settings| settings.reminders.max = 0,
        |settings| {
            settings.prompt.keyword = Keyword::Ok;
            settings.sync.hubspot = true;
            settings.replies.opted_out = None;
            settings.replies.help = Some("Call us.".into());
        },
        |settings| {
            settings.double_opt_in = false;
            settings.sync.salesforce = true;
            settings.restarts.max = 0;
            settings.reminders.max = 2;
        },
    ];
    let policy = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        Arc::new(Policy::new(settings).expect("settings within their bounds"))
    };
    changes.into_iter().map(policy).collect()
}

fn actors() -> Vec<Actor> {
    use Permission::{ComplianceSettings, OptInManagement, OverrideRevocation};

    let roles = [
        Role::Owner,
        Role::Owner,
        Role::Admin,
        Role::Member([OptInManagement].into()),
        Role::Member([OptInManagement, OverrideRevocation].into()),
        Role::Member([ComplianceSettings].into()),
        Role::Member([].into()),
    ];
    let id = ActorId::new("bo").expect("a short name");
    roles.into_iter().map(|role| Actor::new(id.clone(), role)).collect()
}
