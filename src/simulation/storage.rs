//! The shared storage as a task sees it: each call waits, and may fail.

use alloc::vec::Vec;
use core::future::Future;

use chrono::{DateTime, Utc};

use super::{
    clock::{MINUTE, SECOND, millis},
    fault::Fault,
    trace::Held,
    world::{Here, State, at_once, stand},
};
use crate::{
    consent::{
        contact::Contact,
        id::AccountId,
        outgoing::{Content, OutgoingId},
    },
    storage::{
        Change, Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot,
        Storage, Task, Then,
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

    fn held(&self, state: &mut State, id: &OutgoingId, until: DateTime<Utc>) {
        let contact = state.trace.cast.index(&id.contact);
        let position = contact.map_or(0, |contact| state.trace.lives[contact].steps.len());
        let held = Held { id: id.clone(), position, until: millis(until) };
        state.tasks[self.0.task].held.push(held);
        let chance = &mut state.chance;
        state.moments.note(until, chance);
    }
}

impl<S: Storage> Storage for FaultyStorage<'_, S> {
    type Error = Failed<S::Error>;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Self::Error> {
        self.call(self.0.world.storage.load(contact), |state, snapshot| {
            state.trace.read(contact, snapshot);
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
            for claim in claims {
                if claim.task == Task::HandOver {
                    self.held(state, &claim.outgoing.id, claim.until);
                }
            }
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
        let lease = commit.lease;
        let text = commit.outgoing.iter().find_map(|outgoing| match &outgoing.content {
            Content::Text(text) => Some((outgoing.id.clone(), text.not_after)),
            Content::Status(_) => None,
        });
        let retry = commit.settle.as_ref().and_then(|settlement| match settlement.then {
            Then::RetryAt(at) => Some(at),
            Then::Finish | Then::SetAside => None,
        });
        let prompt = match commit.change {
            Change::Put(record) => {
                let account = state.trace.cast.account(commit.contact.account());
                let books = account.map(|account| &state.trace.books[account]);
                let policy = books.and_then(|books| books.policies.last());
                policy.and_then(|policy| record.next_reminder_at(policy))
            }
            Change::Keep => None,
        };
        for moment in retry.into_iter().chain(prompt).chain(text.as_ref().map(|text| text.1)) {
            let chance = &mut state.chance;
            state.moments.note(moment, chance);
        }
        state.seen.changes += u64::from(matches!(commit.change, Change::Put(_)));
        state.seen.barriers += u64::from(!in_flight.is_empty());
        if commit.settle.is_none() {
            state.tasks[self.0.task].in_flight.extend(in_flight.iter().cloned());
        }
        state.trace.applied(commit, in_flight.to_vec(), self.0.machine);
        if let (Some((id, _)), Some(until)) = (text, lease) {
            self.held(state, &id, until);
        }
    }
}
