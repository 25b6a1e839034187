//! Hosts that wire the crate wrongly, each in one way.

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Cancel, Contact, Event, HandleError, Handover, Message, Outbox, Outcome, Outgoing,
    Round, SendError, Storage,
    simulation::{Host, Machine, Optin},
    storage::{
        Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot, Task,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    DropsMarks,
    ComparesWithNow,
    CancelsNothing,
    TakesUnknownForNotSent,
    HandsOverTheLapsed,
}

#[derive(Clone, Copy)]
pub(crate) struct Wrong(pub(crate) Bug);

/// A storage or an outbox with the bug.
struct With<T>(Bug, T);

impl Wrong {
    fn wrap<S, O, C>(self, machine: Machine<S, O, C>) -> Machine<With<S>, With<O>, C> {
        Machine {
            storage: With(self.0, machine.storage),
            outbox: With(self.0, machine.outbox),
            clock: machine.clock,
            deferred: machine.deferred,
        }
    }
}

impl Host for Wrong {
    async fn handle<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        contact: &Contact,
        event: Event<'_>,
    ) -> Result<Outcome, HandleError<S::Error>> {
        Optin.handle(self.wrap(machine), contact, event).await
    }

    async fn send<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        contact: &Contact,
        message: Message<'_>,
    ) -> Result<Option<Outcome>, SendError<S::Error>> {
        Optin.send(self.wrap(machine), contact, message).await
    }

    async fn dispatch<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        limit: usize,
    ) -> Result<Round, HandleError<S::Error>> {
        Optin.dispatch(self.wrap(machine), limit).await
    }
}

impl<S: Storage> Storage for With<S> {
    type Error = S::Error;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, S::Error> {
        self.1.load(contact).await
    }

    async fn commit(&self, mut commit: Commit) -> Result<Committed, S::Error> {
        match self.0 {
            Bug::DropsMarks => commit.mark = None,
            Bug::ComparesWithNow => {
                let stored = self.1.load(&commit.contact).await?.record;
                commit.expected = stored.map(|record| record.revision);
            }
            Bug::CancelsNothing => commit.cancel = Cancel::Nothing,
            Bug::TakesUnknownForNotSent | Bug::HandsOverTheLapsed => {}
        }
        self.1.commit(commit).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, S::Error> {
        let mut claims = self.1.claim(now, until, limit).await?;
        for claim in &mut claims {
            if self.0 == Bug::HandsOverTheLapsed && claim.task == Task::Unknown {
                (claim.task, claim.until) = (Task::HandOver, until);
            }
        }
        Ok(claims)
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, S::Error> {
        self.1.policy(account).await
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, S::Error> {
        self.1.set_policy(change).await
    }
}

impl<O: Outbox> Outbox for With<O> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        match self.1.send(outgoing).await {
            Handover::Unknown if self.0 == Bug::TakesUnknownForNotSent => {
                Handover::NotSent { retry: true, code: None }
            }
            handover => handover,
        }
    }
}
