//! Telling a CRM every contact's status again (R6.5).

use chrono::{DateTime, Utc};

use super::{Engine, HandleError};
use crate::{
    consent::{contact::Contact, event::Event, id::AccountId, outgoing::Crm},
    outbox::Outbox,
    storage::Archive,
};

/// Contacts read at a time.
const PAGE: usize = 1_000;

impl<S, O, C> Engine<S, O, C>
where
    S: Archive,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// Queues the present status of every contact of the account for this CRM, and says of how
    /// many: none where its sync is off.
    ///
    /// For a sync switched on late. A [`Dispatcher`](crate::Dispatcher) hands the statuses over.
    ///
    /// # Errors
    /// As [`Engine::handle`]; call again, it begins anew.
    pub async fn resync(
        &self,
        account: &AccountId,
        crm: Crm,
    ) -> Result<u64, HandleError<S::Error>> {
        let current = self.policy(account).await.map_err(HandleError::Storage)?;
        if !current.policy.syncs(crm) {
            return Ok(0);
        }
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.storage.contacts(account, after, PAGE).await;
            let page = page.map_err(HandleError::Storage)?;
            let Some((last, _)) = page.last() else {
                return Ok(count);
            };
            after = Some(*last);
            for (number, _) in page {
                let contact = Contact::new(account.clone(), number);
                self.handle(&contact, Event::StatusRequested { crm }).await?;
                count += 1;
            }
        }
    }
}
