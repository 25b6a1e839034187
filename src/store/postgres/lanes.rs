//! Lanes: loads, commits and other work that waits, and which of it goes next.

use core::time::Duration;
use std::{
    boxed::Box,
    collections::{HashMap, HashSet, VecDeque},
    vec::Vec,
};

use futures_channel::oneshot;
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{
    PostgresError,
    load::{Loaded, Wanted},
    work::Work,
};
use crate::{
    consent::{contact::Contact, id::AccountId, record::Record},
    storage::{Change, Committed, Mark},
    store::prepared::Prepared,
};

/// Somebody who waits for an answer.
pub(super) struct Waiting<I, O> {
    pub(super) input: I,
    pub(super) answer: oneshot::Sender<Result<O, PostgresError>>,
    /// Until when a connection is waited for.
    pub(super) until: Instant,
}

/// What a worker does at once.
pub(super) enum Batch {
    Loads(Vec<Waiting<Wanted, Loaded>>),
    Commits(Vec<Waiting<Prepared, Committed>>),
    Work(Box<dyn Work>),
}

/// How much is gathered, and how many batches of a kind are under way at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) batch: usize,
    /// How long a batch waits for more, while one before it is under way.
    pub(super) linger: Duration,
    pub(super) loading: usize,
    pub(super) committing: usize,
    pub(super) working: usize,
}

/// What waits, in lanes, and what is under way.
#[derive(Default)]
pub(super) struct Lanes {
    pub(super) is_closed: bool,
    /// Counts what came, so that the lane is served that has waited longest.
    pub(super) came: u64,
    pub(super) loads: Lane<Waiting<Wanted, Loaded>>,
    pub(super) commits: Lane<Waiting<Prepared, Committed>>,
    pub(super) work: Lane<Box<dyn Work>>,
    /// Whom the commits under way are about: another of the same waits for the next batch.
    in_hand: HashSet<Key>,
    loading: Under,
    committing: Under,
    working: Under,
}

/// What is under way of a lane.
#[derive(Clone, Copy, Default)]
struct Under {
    batches: usize,
    jobs: usize,
}

/// What a worker finds.
pub(super) enum Found {
    Batch(Batch),
    /// A batch that is smaller than what is under way: others may join it.
    Small,
    Nothing,
}

/// Jobs in the order that they came, each with its number and its place in the room.
pub(super) struct Lane<T>(pub(super) VecDeque<(u64, OwnedSemaphorePermit, T)>);

/// What two commits cannot have in common in one batch, nor in two at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Contact(Contact),
    Mark(AccountId, Mark),
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Lane<T> {
    fn oldest(&self) -> Option<u64> {
        self.0.front().map(|(came, ..)| *came)
    }

    fn take(&mut self, most: usize) -> Vec<T> {
        let most = most.min(self.0.len());
        self.0.drain(..most).map(|(_, _, job)| job).collect()
    }
}

fn keys(commit: &Prepared) -> impl Iterator<Item = Key> {
    let commit = &commit.commit;
    let contact = Key::Contact(commit.contact.clone());
    let mark = commit.mark.clone().map(|it| Key::Mark(commit.contact.account().clone(), it));
    let settled = commit.settle.as_ref().map(|settlement| settlement.id.contact.clone());
    let settled = settled.filter(|settled| *settled != commit.contact).map(Key::Contact);
    core::iter::once(contact).chain(mark).chain(settled)
}

impl Lanes {
    /// The commits that have nothing in common with each other or with those under way.
    fn take_commits(&mut self, most: usize) -> Vec<Waiting<Prepared, Committed>> {
        let mut taken = Vec::new();
        let mut left = VecDeque::new();
        while let Some((came, permit, job)) = self.commits.0.pop_front() {
            let is_free = keys(&job.input).all(|key| !self.in_hand.contains(&key));
            if is_free && taken.len() < most {
                self.in_hand.extend(keys(&job.input));
                taken.push(job);
            } else {
                left.push_back((came, permit, job));
            }
            if taken.len() == most {
                break;
            }
        }
        left.append(&mut self.commits.0);
        self.commits.0 = left;
        taken
    }

    /// Takes out the commits that wait and rest on another record than the one that one of these has
    /// just stored, each with its verdict.
    pub(super) fn take_overtaken(
        &mut self,
        done: &[&Prepared],
        verdicts: &[Committed],
    ) -> Vec<(Waiting<Prepared, Committed>, Committed)> {
        let stored: HashMap<&Contact, (&Record, &Option<Mark>)> = done
            .iter()
            .zip(verdicts)
            .filter_map(|(job, verdict)| match (&job.commit.change, verdict) {
                (Change::Put(record), Committed::Applied { .. }) => {
                    Some((&job.commit.contact, (record, &job.commit.mark)))
                }
                _ => None,
            })
            .collect();
        let (mut overtaken, mut left) = (Vec::new(), VecDeque::new());
        for (came, room, waiting) in self.commits.0.drain(..) {
            let commit = &waiting.input.commit;
            match stored.get(&commit.contact) {
                Some((_, mark)) if commit.mark.is_some() && commit.mark == **mark => {
                    overtaken.push((waiting, Committed::Duplicate));
                }
                Some((record, _)) if commit.expected.as_ref() != Some(*record) => {
                    overtaken.push((waiting, Committed::Conflict));
                }
                Some(_) | None => left.push_back((came, room, waiting)),
            }
        }
        self.commits.0 = left;
        overtaken
    }

    /// The next batch, of the lane that has waited longest; one that is smaller than what is under
    /// way of its lane only where it is `enough`.
    pub(super) fn next(&mut self, limits: Limits, enough: bool) -> Found {
        let loads = self.loads.oldest().filter(|_| self.loading.batches < limits.loading);
        let commits = self.commits.oldest().filter(|_| self.committing.batches < limits.committing);
        let work = self.work.oldest().filter(|_| self.working.batches < limits.working);
        let mut lanes = [(loads, Kind::Loads), (commits, Kind::Commits), (work, Kind::Work)];
        lanes.sort_by_key(|(oldest, _)| oldest.unwrap_or(u64::MAX));
        let mut found = Found::Nothing;
        for (_, lane) in lanes.into_iter().filter(|(oldest, _)| oldest.is_some()) {
            let (waiting, under) = match lane {
                Kind::Loads => (self.loads.0.len(), self.loading),
                Kind::Commits => (self.commits.0.len(), self.committing),
                Kind::Work => (1, Under::default()),
            };
            if !enough && waiting < under.jobs.min(limits.batch) {
                found = Found::Small;
            } else if let Some(batch) = self.take(lane, limits) {
                return Found::Batch(batch);
            }
        }
        found
    }

    fn take(&mut self, lane: Kind, limits: Limits) -> Option<Batch> {
        match lane {
            Kind::Loads => {
                let loads = self.loads.take(limits.batch);
                self.loading.add(loads.len());
                Some(Batch::Loads(loads))
            }
            Kind::Commits => {
                let commits = self.take_commits(limits.batch);
                if commits.is_empty() {
                    return None;
                }
                self.committing.add(commits.len());
                Some(Batch::Commits(commits))
            }
            Kind::Work => {
                let work = self.work.take(1).pop()?;
                self.working.add(1);
                Some(Batch::Work(work))
            }
        }
    }

    /// Gives back what a batch had.
    pub(super) fn finish(&mut self, done: Done) {
        self.loading.sub(done.loading);
        self.committing.sub(done.committing);
        self.working.sub(done.working);
        for key in &done.keys {
            self.in_hand.remove(key);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.loads.0.is_empty() && self.commits.0.is_empty() && self.work.0.is_empty()
    }

    /// Takes no more, and drops what waits.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.loads = Lane::default();
        self.commits = Lane::default();
        self.work = Lane::default();
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Loads,
    Commits,
    Work,
}

impl Under {
    fn add(&mut self, jobs: usize) {
        self.batches += 1;
        self.jobs += jobs;
    }

    fn sub(&mut self, done: Self) {
        self.batches -= done.batches;
        self.jobs -= done.jobs;
    }
}

/// What a worker has to give back when a batch is done.
#[derive(Default)]
pub(super) struct Done {
    keys: Vec<Key>,
    loading: Under,
    committing: Under,
    working: Under,
}

impl Batch {
    /// To be made before the batch is answered.
    pub(super) fn done(&self) -> Done {
        match self {
            Self::Loads(jobs) => {
                Done { loading: Under { batches: 1, jobs: jobs.len() }, ..Done::default() }
            }
            Self::Commits(jobs) => Done {
                keys: jobs.iter().flat_map(|job| keys(&job.input)).collect(),
                committing: Under { batches: 1, jobs: jobs.len() },
                ..Done::default()
            },
            Self::Work(_) => Done { working: Under { batches: 1, jobs: 1 }, ..Done::default() },
        }
    }
}
