//! A host whose outbox is both CRMs, and what holds of its contacts.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Contact, Content, Crm, Engine, Handover, Outbox, Outgoing, Policy, Storage,
    client::Client,
    store::MemoryStorage,
    sync::{
        Access, Accounts, Found,
        hubspot::{HubSpot, Properties},
        salesforce::{Record, Records, Salesforce},
    },
};

use super::{ACCEPTED, ADDRESS, Pace};
use crate::support::{now_or_never, owner};

/// The account's name is its token.
pub(crate) struct Named;

impl Accounts for Named {
    async fn access(&self, account: &AccountId) -> Option<Access> {
        Access::new(ADDRESS, account.as_str()).ok()
    }

    fn expired(&self, _account: &AccountId, _access: &Access) {}
}

impl Records for Named {
    async fn records(&self, contact: &Contact) -> Found<Vec<Record>> {
        let id = salesforce_id(contact);
        Found::Here(vec![Record::by_id("Contact", &id).unwrap()])
    }
}

pub(crate) fn salesforce_id(contact: &Contact) -> String {
    format!("003{:012}AAA", contact.number().to_digits())
}

/// The host's outbox: statuses to their CRM, texts to a provider that takes all.
pub(crate) struct Host<C> {
    hubspot: HubSpot<Arc<C>, Named>,
    salesforce: Salesforce<Arc<C>, Named, Named>,
}

impl<C: Client> Host<C> {
    pub(crate) fn new(client: &Arc<C>, pace: &Pace) -> Self {
        let properties = Properties::found_by("sms_number").unwrap();
        Self {
            hubspot: HubSpot::new(client.clone(), Named, properties).with_clock(pace.reader()),
            salesforce: Salesforce::new(client.clone(), Named, Named).with_clock(pace.reader()),
        }
    }
}

impl<C: Client> Outbox for Host<C> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        match &outgoing.content {
            Content::Text(_) => ACCEPTED,
            Content::Status(status) if status.crm == Crm::Hubspot => {
                self.hubspot.send(outgoing).await
            }
            Content::Status(_) => self.salesforce.send(outgoing).await,
        }
    }
}

pub(crate) type Hosts<C, T> = Engine<MemoryStorage, Host<C>, T>;

pub(crate) fn switch_on<C, T>(engine: &Hosts<C, T>, account: &AccountId, crms: [bool; 2])
where
    C: Client,
    T: Fn() -> DateTime<Utc> + Send + Sync,
{
    let edit = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        [settings.sync.hubspot, settings.sync.salesforce] = crms;
        Policy::new(settings)
    };
    now_or_never(engine.change_policy(account, &owner(), edit)).unwrap();
}

pub(crate) fn id_at(crm: Crm, contact: &Contact) -> String {
    match crm {
        Crm::Hubspot => contact.number().to_e164(),
        _ => salesforce_id(contact),
    }
}

pub(crate) fn opted_out(storage: &MemoryStorage, contact: &Contact) -> Option<bool> {
    let record = now_or_never(storage.load(contact)).unwrap().record;
    record.map(|record| record.state.opted_out())
}
