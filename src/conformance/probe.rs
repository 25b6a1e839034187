//! A fresh storage in the hands of one case: its methods as plain calls, and what is expected.

use alloc::{boxed::Box, collections::BTreeSet, format, vec::Vec};
use core::{future::Future, pin::Pin};
use std::{sync::Barrier, thread};

use chrono::{DateTime, Utc};

use super::{
    failure::{Failure, Verdict, holds, only, same},
    sample::{LEASE, at},
};
use crate::{
    consent::{contact::Contact, id::AccountId, outgoing::OutgoingId, record::Record},
    storage::{
        Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Settlement,
        Snapshot, Storage, Then,
    },
};

/// A future of a suite's, to be run to its end: what [`Suite::polled_by`] is given.
///
/// [`Suite::polled_by`]: super::Suite::polled_by
pub type Polled<'f> = Pin<Box<dyn Future<Output = ()> + Send + 'f>>;

/// More than any case has messages.
const MANY: usize = 1_000;

pub(super) struct Probe<'a, S> {
    pub(super) storage: S,
    poll: &'a (dyn Fn(Polled<'_>) + Sync + 'a),
    pub(super) rounds: u64,
}

impl<'a, S> Probe<'a, S> {
    pub(super) fn new(storage: S, poll: &'a (dyn Fn(Polled<'_>) + Sync + 'a), rounds: u64) -> Self {
        Self { storage, poll, rounds }
    }

    /// Runs a call of the storage to its end.
    pub(super) fn wait<T: Send, E: core::error::Error + Send>(
        &self,
        what: &str,
        future: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, Failure> {
        let mut answer = None;
        (self.poll)(Box::pin(async { answer = Some(future.await) }));
        let answer = answer.ok_or_else(|| Failure::new("the future was not run to its end"))?;
        answer.map_err(|error| Failure::new(format!("{what} failed: {error}")))
    }
}

impl<S: Storage> Probe<'_, S> {
    pub(super) fn load(&self, contact: &Contact) -> Result<Snapshot, Failure> {
        self.wait("load", self.storage.load(contact))
    }

    pub(super) fn commit(&self, commit: Commit) -> Result<Committed, Failure> {
        self.wait("commit", self.storage.commit(commit))
    }

    pub(super) fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, Failure> {
        let claims = self.wait("claim", self.storage.claim(now, until, limit))?;
        if claims.len() > limit {
            let found = claims.len();
            return Err(Failure::new(format!("{found} claims, and {limit} were asked for")));
        }
        Ok(claims)
    }

    pub(super) fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Failure> {
        self.wait("policy", self.storage.policy(account))
    }

    pub(super) fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Failure> {
        self.wait("set_policy", self.storage.set_policy(change))
    }

    /// The commit is applied; says what was in flight.
    pub(super) fn applied(&self, commit: Commit) -> Result<Vec<OutgoingId>, Failure> {
        match self.commit(commit)? {
            Committed::Applied { in_flight } => Ok(in_flight),
            other @ (Committed::Conflict | Committed::Duplicate | Committed::Stale) => {
                Err(Failure::new(format!("{other:?}, and nothing stood against the commit")))
            }
        }
    }

    /// The commit is applied, and nothing was in flight.
    pub(super) fn applies(&self, commit: Commit) -> Verdict {
        let in_flight = self.applied(commit)?;
        same("in flight", in_flight, Vec::new())
    }

    /// The commit is answered with this.
    pub(super) fn answers(&self, commit: Commit, expected: Committed) -> Verdict {
        same("the commit", self.commit(commit)?, expected)
    }

    /// The same commit, where its contact may have been erased.
    pub(super) fn anew(&self, commit: Commit) -> Result<Commit, Failure> {
        let suppressed = self.load(&commit.contact)?.suppressed;
        Ok(Commit { suppressed, ..commit })
    }

    /// The contact's record is this one.
    pub(super) fn has(&self, contact: &Contact, record: Option<Record>) -> Verdict {
        same("the record", self.load(contact)?.record, record)
    }

    /// Whether a text to the contact is unfinished is told so.
    pub(super) fn text_unfinished(&self, contact: &Contact, expected: bool) -> Verdict {
        same("text_unfinished", self.load(contact)?.text_unfinished, expected)
    }

    /// All that is due at `now`, taken for the usual lease, claim after claim.
    pub(super) fn due(&self, now: i64) -> Result<Vec<Claim>, Failure> {
        let (mut taken, mut ids) = (Vec::new(), BTreeSet::new());
        loop {
            let claims = self.claim(at(now), at(now + LEASE), MANY)?;
            if claims.is_empty() {
                return Ok(taken);
            }
            for claim in claims {
                let is_new = ids.insert(claim.outgoing.id.clone());
                holds(is_new, "a message was claimed twice, and the first claim had not ended")?;
                taken.push(claim);
            }
        }
    }

    /// The one message that is due at `now`.
    pub(super) fn only_due(&self, now: i64) -> Result<Claim, Failure> {
        only("due", self.due(now)?)
    }

    pub(super) fn nothing_due(&self, now: i64) -> Verdict {
        same("due", self.due(now)?, Vec::new())
    }

    /// Ends a claim, under whatever revision there is.
    pub(super) fn settle(&self, claim: &Claim, then: Then) -> Result<Committed, Failure> {
        let contact = claim.outgoing.id.contact.clone();
        let Snapshot { record, suppressed, .. } = self.load(&contact)?;
        let settle = Some(Settlement::of(claim, then));
        self.commit(Commit { settle, suppressed, ..Commit::keep(contact, record.as_ref(), at(0)) })
    }

    /// Ends a claim, which is the last of its message.
    pub(super) fn settles(&self, claim: &Claim, then: Then) -> Verdict {
        let settled = self.settle(claim, then)?;
        same("the settlement", settled, Committed::Applied { in_flight: Vec::new() })
    }

    /// Does something on several threads at once; each gets its number, from 0.
    pub(super) fn at_once<T: Send>(
        &self,
        threads: u64,
        work: impl Fn(u64) -> Result<T, Failure> + Sync,
    ) -> Result<Vec<T>, Failure>
    where
        S: Sync,
    {
        let start = Barrier::new(usize::try_from(threads).unwrap_or_default());
        let ended: Vec<_> = thread::scope(|scope| {
            let (start, work) = (&start, &work);
            let begun: Vec<_> = (0..threads)
                .map(|thread| {
                    scope.spawn(move || {
                        start.wait();
                        work(thread)
                    })
                })
                .collect();
            begun.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        ended
            .into_iter()
            .map(|end| end.unwrap_or_else(|_| Err(Failure::new("a thread panicked"))))
            .collect()
    }
}

#[cfg(feature = "ledger")]
impl<S> Probe<'_, (S, S)> {
    /// The first of two storages.
    pub(super) fn first(&self) -> Probe<'_, &S> {
        Probe { storage: &self.storage.0, poll: self.poll, rounds: self.rounds }
    }

    /// The second of them.
    pub(super) fn second(&self) -> Probe<'_, &S> {
        Probe { storage: &self.storage.1, poll: self.poll, rounds: self.rounds }
    }
}
