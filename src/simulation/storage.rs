//! The shared storage as a task sees it: each call waits, and may fail.

use alloc::vec::Vec;
use core::future::Future;

use chrono::{DateTime, Utc};

use super::{
    clock::{MINUTE, SECOND, millis},
    fault::Fault,
    moments::moments,
    trace::Held,
    world::{Here, Permit, State, at_once, stand},
};
use crate::{
    consent::{
        contact::Contact,
        id::AccountId,
        outgoing::{ClaimToken, Content, Destination, Outgoing, OutgoingId},
    },
    storage::{
        Change, Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot,
        Storage, Task,
    },
};

/// What a call of the storage failed by.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed<E> {
    #[error("a fault, before the call")]
    Before,
    #[error("a fault, after the call")]
    NotKnown,
    #[error("the storage itself")]
    Itself(#[source] E),
}

#[derive(Debug)]
pub(super) struct FaultyStorage<'w, S>(pub(super) Here<'w, S>);

impl<S: Storage> FaultyStorage<'_, S> {
    /// Makes the call between two awaits, and takes in the answer before anybody hears it.
    async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, S::Error>>,
        take_in: impl FnOnce(&mut State, &T),
    ) -> Result<T, Failed<S::Error>> {
        stand().await;
        self.fail_before()?;
        let answer = at_once(call).map_err(Failed::Itself)?;
        take_in(&mut self.0.state(), &answer);
        stand().await;
        if self.0.state().strikes(Fault::NotKnown) {
            return Err(Failed::NotKnown);
        }
        Ok(answer)
    }

    fn fail_before(&self) -> Result<(), Failed<S::Error>> {
        let mut state = self.0.state();
        let now = state.clocks.now();
        // It goes down seldom, for it fails often then.
        if state.chance.one_in(8) && state.strikes(Fault::Down) {
            let lasts = state.chance.pick(&[SECOND, 31 * SECOND, 6 * MINUTE]);
            state.down_until = now + lasts;
        }
        if now < state.down_until || state.strikes(Fault::Failed) {
            Err(Failed::Before)
        } else {
            Ok(())
        }
    }

    fn conflicts(&self) -> bool {
        let mut state = self.0.state();
        if state.storm == 0 && state.strikes(Fault::Conflicted) {
            state.storm = state.chance.pick(&[1, 1, 1, 2, 2, 3, 5, 8, 150]);
        }
        let conflicts = state.storm > 0;
        state.storm = state.storm.saturating_sub(1);
        conflicts
    }

    /// Takes in a claim, and what the task may do under it.
    fn claimed(&self, state: &mut State, claim: &Claim) {
        let position = state.trace.claimed(&claim.outgoing, claim.token);
        if claim.task == Task::HandOver {
            let (id, until) = (claim.outgoing.id.clone(), millis(claim.until));
            state.tasks[self.0.task].held.push(Held { id, position, until });
            if let Some((contact, _)) = state.trace.find(&claim.outgoing.id.contact) {
                state.moments.note(claim.until, contact, &mut state.chance);
            }
        }
    }
}

impl<S: Storage> Storage for FaultyStorage<'_, S> {
    type Error = Failed<S::Error>;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Self::Error> {
        self.call(self.0.world.storage.load(contact), |state, snapshot| {
            let steps = state.trace.read(contact, snapshot);
            let permit = &mut state.tasks[self.0.task].permit;
            if *permit == Permit::Asked {
                *permit = Permit::Given(steps);
            }
        })
        .await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Self::Error> {
        if self.conflicts() {
            stand().await;
            self.fail_before()?;
            stand().await;
            return Ok(Committed::Conflict);
        }
        let kept = commit.clone();
        self.call(self.0.world.storage.commit(commit), |state, committed| match committed {
            Committed::Applied { in_flight } => self.applied(state, kept, in_flight),
            Committed::Duplicate => state.trace.duplicate(&kept.contact, kept.mark.as_ref()),
            Committed::Conflict | Committed::Stale => {}
        })
        .await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, Self::Error> {
        self.call(self.0.world.storage.claim(now, until, limit), |state, claims| {
            claims.iter().for_each(|claim| self.claimed(state, claim));
        })
        .await
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Self::Error> {
        self.call(self.0.world.storage.policy(account), |_, _| {}).await
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Self::Error> {
        let kept = change.clone();
        self.call(self.0.world.storage.set_policy(change), |state, committed| match committed {
            PolicyCommitted::Applied => {
                let Some(account) = state.trace.cast.account(&kept.account) else { return };
                let books = &mut state.trace.books[account];
                books.entries.push(kept.entry);
                books.policies.extend(kept.policy.map(Into::into));
            }
            PolicyCommitted::Conflict => {}
        })
        .await
    }
}

impl<S: Storage> FaultyStorage<'_, S> {
    fn applied(&self, state: &mut State, commit: Commit, in_flight: &[OutgoingId]) {
        let claim = claim_of(&commit);
        if let Some((contact, books)) = state.trace.find(&commit.contact)
            && let Some(policy) = state.trace.books[books].policies.last()
        {
            for moment in moments(&commit, policy) {
                state.moments.note(moment, contact, &mut state.chance);
            }
        }
        state.seen.changes += u64::from(matches!(commit.change, Change::Put(_)));
        state.seen.barriers += u64::from(!in_flight.is_empty());
        if commit.settle.is_none() {
            state.tasks[self.0.task].in_flight.extend(in_flight.iter().cloned());
        }
        if let Permit::Given(since) = state.tasks[self.0.task].permit
            && commit.outgoing.iter().any(|outgoing| outgoing.destination() == Destination::Phone)
        {
            state.trace.permitted(&commit.contact, since);
        }
        state.trace.applied(commit, in_flight.to_vec(), self.0.machine);
        if let Some(claim) = claim {
            self.claimed(state, &claim);
        }
    }
}

/// The claim that a commit holds on its own text.
fn claim_of(commit: &Commit) -> Option<Claim> {
    let until = commit.lease?;
    let is_text = |outgoing: &&Outgoing| matches!(outgoing.content, Content::Text(_));
    let outgoing = commit.outgoing.iter().find(is_text)?.clone();
    let token = ClaimToken::new(1);
    Some(Claim { outgoing, token, until, attempts: 0, task: Task::HandOver })
}
