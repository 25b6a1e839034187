//! What a host does now and then: tell a CRM every status again (R6.5), forget old marks (R4.1).

use chrono::{DateTime, TimeDelta, Utc};

use super::{Engine, HandleError};
use crate::{
    consent::{contact::Contact, event::Event, id::AccountId, outgoing::Crm},
    outbox::Outbox,
    storage::Archive,
};

/// How long a mark is kept (R4.1).
const MARKS_KEPT: TimeDelta = TimeDelta::days(35);

/// Contacts read at a time.
const PAGE: usize = 1_000;

impl<S, O, C> Engine<S, O, C>
where
    S: Archive,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// Forgets the marks of texts handled more than 35 days ago, and says how many. Once a day is
    /// enough.
    ///
    /// # Errors
    /// The storage's own; try again.
    pub async fn prune(&self) -> Result<u64, S::Error> {
        let now = self.now();
        let before = now.checked_sub_signed(MARKS_KEPT).unwrap_or(now);
        self.storage.prune(before).await
    }

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
            let page = self.storage.contacts(account, None, after, PAGE).await;
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
