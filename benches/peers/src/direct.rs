//! The engine's steps without its futures: the same storage, called as plain functions.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    sync::{Mutex, MutexGuard},
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Cancel, ClaimToken, ConsentState, Contact, Content, Decision, Ending, Entry, Event,
    Handover, Outgoing, OutgoingId, Reason, Record, Settled, Storage, Then, Transition, decide,
    storage::{
        Change, Claim, Commit, Committed, CurrentPolicy, Mark, PolicyChange, PolicyCommitted,
        Settlement, Snapshot,
    },
};

/// The least that a storage can be: it compares, checks and keeps, and never waits.
#[derive(Debug, Default)]
pub struct Shelf {
    kept: Mutex<Kept>,
    policy: CurrentPolicy,
}

#[derive(Debug, Default)]
struct Kept {
    contacts: HashMap<Contact, Row>,
    marks: HashSet<Mark>,
}

#[derive(Debug, Default)]
struct Row {
    record: Option<Record>,
    entries: Vec<Entry>,
    line: Vec<Outgoing>,
}

impl Shelf {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("nobody panics")
    }

    /// How many entries there are of a contact, and where it stands.
    pub fn stands(&self, contact: &Contact) -> (usize, Option<Record>) {
        let kept = self.kept();
        kept.contacts.get(contact).map_or((0, None), |row| (row.entries.len(), row.record))
    }

    fn load(&self, contact: &Contact) -> Snapshot {
        let kept = self.kept();
        let row = kept.contacts.get(contact);
        Snapshot {
            current: self.policy.clone(),
            record: row.and_then(|row| row.record),
            text_unfinished: row.is_some_and(|row| !row.line.is_empty()),
            suppressed: false,
        }
    }

    fn commit(&self, commit: Commit) -> Committed {
        let mut kept = self.kept();
        let Kept { contacts, marks } = &mut *kept;
        if commit.mark.as_ref().is_some_and(|mark| marks.contains(mark)) {
            return Committed::Duplicate;
        }
        let row = match contacts.get_mut(&commit.contact) {
            Some(row) => row,
            None => contacts.entry(commit.contact).or_default(),
        };
        if row.record != commit.expected {
            return Committed::Conflict;
        }
        if let Some(settlement) = &commit.settle {
            let Some(at) = row.line.iter().position(|outgoing| outgoing.id == settlement.id) else {
                return Committed::Stale;
            };
            row.line.remove(at);
        }
        if let Change::Put(record) = commit.change {
            row.record = Some(record);
        }
        row.entries.extend(commit.entry);
        marks.extend(commit.mark);
        let in_flight = match commit.cancel {
            Cancel::Nothing => Vec::new(),
            Cancel::Prompts | Cancel::AllQueued => {
                row.line.iter().map(|outgoing| outgoing.id.clone()).collect()
            }
        };
        row.line.extend(commit.outgoing);
        Committed::Applied { in_flight }
    }
}

impl Storage for Shelf {
    type Error = Infallible;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Infallible> {
        Ok(Self::load(self, contact))
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Infallible> {
        Ok(Self::commit(self, commit))
    }

    async fn claim(
        &self,
        _now: DateTime<Utc>,
        _until: DateTime<Utc>,
        _limit: usize,
    ) -> Result<Vec<Claim>, Infallible> {
        Ok(Vec::new())
    }

    async fn policy(&self, _account: &AccountId) -> Result<CurrentPolicy, Infallible> {
        Ok(self.policy.clone())
    }

    async fn set_policy(&self, _change: PolicyChange) -> Result<PolicyCommitted, Infallible> {
        Ok(PolicyCommitted::Conflict)
    }
}

/// What a host calls in place of the engine.
#[derive(Debug)]
pub struct Direct {
    /// The storage.
    pub shelf: Shelf,
    clock: fn() -> DateTime<Utc>,
    settled: Settled,
}

/// What came of an event: the fields of [`optin::Outcome`].
#[derive(Debug)]
#[allow(missing_docs, reason = "field by field as there")]
pub struct Done {
    pub decision: Decision,
    pub reason: Reason,
    pub state: Option<ConsentState>,
    pub next_reminder_at: Option<DateTime<Utc>>,
    pub in_flight: Vec<OutgoingId>,
    pub delivery: Option<Handover>,
}

impl Direct {
    /// Over an empty shelf.
    ///
    /// # Panics
    /// Never.
    pub fn new(clock: fn() -> DateTime<Utc>) -> Self {
        let settled = serde_json::json!({
            "revision": 1, "kind": "confirmation", "ended": clock(), "ending": {"accepted": {}},
        });
        let settled = serde_json::from_value(settled).expect("as the crate writes it");
        Self { shelf: Shelf::default(), clock, settled }
    }

    /// Load, decide, commit; hand over; load, decide, commit. `None` where it cannot be done.
    pub fn handle(&self, contact: &Contact, event: &Event<'_>) -> Option<Done> {
        let (mut done, text) = self.step(contact, event, None)?;
        let Some(outgoing) = text else { return Some(done) };
        let Content::Text(text) = &outgoing.content else { return Some(done) };
        let begun = (self.clock)();
        if begun > text.not_after {
            return None;
        }
        let handover = send(&outgoing);
        let ended = (self.clock)().max(begun);
        let ending = match &handover {
            Handover::Accepted { provider_id } => {
                Ending::Accepted { provider_id: provider_id.clone() }
            }
            _ => Ending::Unknown,
        };
        let mut settled = self.settled.clone();
        (settled.revision, settled.kind) = (outgoing.id.revision, text.kind);
        (settled.ended, settled.ending) = (ended.max(outgoing.decided_at), ending);
        let (after, _) = self.step(contact, &Event::Settled(settled), Some(&outgoing))?;
        done.delivery = Some(handover);
        done.state = after.state;
        done.next_reminder_at = after.next_reminder_at;
        Some(done)
    }

    fn step(
        &self,
        contact: &Contact,
        event: &Event<'_>,
        settles: Option<&Outgoing>,
    ) -> Option<(Done, Option<Outgoing>)> {
        loop {
            let snapshot = self.shelf.load(contact);
            let now = (self.clock)();
            let policy = &snapshot.current.policy;
            let mut transition = decide(policy, snapshot.record.as_ref(), event, now).ok()?;
            let until = now + TimeDelta::seconds(30);
            let lease = transition.text.is_some().then_some(until);
            if lease.is_some() {
                hold(&mut transition, until);
            }
            let entry = Entry::of_decision(
                contact.number(),
                event,
                &transition,
                snapshot.current.revision,
                now,
            );
            if !transition.remember && entry.is_none() && settles.is_none() {
                return Some((done(transition, Vec::new()), None));
            }
            let outgoing: Vec<_> = outgoing(contact, &transition, now).into_iter().collect();
            let text = outgoing.first().cloned();
            let commit = Commit {
                change: transition.record.map_or(Change::Keep, Change::Put),
                mark: mark(event).filter(|_| transition.remember),
                entry,
                outgoing,
                lease,
                cancel: transition.cancel,
                settle: settles.map(settlement),
                ..Commit::keep(contact.clone(), snapshot.record.as_ref(), now)
            };
            match self.shelf.commit(commit) {
                Committed::Applied { in_flight } => {
                    return Some((done(transition, in_flight), text));
                }
                Committed::Conflict => {}
                Committed::Duplicate | Committed::Stale => return None,
            }
        }
    }
}

fn send(outgoing: &Outgoing) -> Handover {
    std::hint::black_box(outgoing);
    Handover::Accepted { provider_id: None }
}

fn settlement(outgoing: &Outgoing) -> Settlement {
    let (id, decided_at) = (outgoing.id.clone(), outgoing.decided_at);
    Settlement { id, token: ClaimToken::new(1), decided_at, then: Then::Finish }
}

/// The text counts as on its way until its lease ends.
fn hold(transition: &mut Transition, until: DateTime<Utc>) {
    if let Some(record) = &mut transition.record
        && let ConsentState::Pending(pending) = &mut record.state
        && let Some(outstanding) = &mut pending.outstanding
        && outstanding.revision == record.revision
    {
        outstanding.until = until;
        transition.state = Some(record.state);
    }
}

fn mark(event: &Event<'_>) -> Option<Mark> {
    match event {
        Event::Texted(text) => Some(Mark::Text { inbox: text.inbox.clone(), id: text.id.clone() }),
        _ => None,
    }
}

/// The text of a decision.
fn outgoing(contact: &Contact, transition: &Transition, now: DateTime<Utc>) -> Option<Outgoing> {
    let text = transition.text.clone()?;
    let id = OutgoingId::new(contact.clone(), transition.record?.revision, 0);
    Some(Outgoing::new(id, now, Content::Text(text)))
}

fn done(transition: Transition, in_flight: Vec<OutgoingId>) -> Done {
    Done {
        decision: transition.decision,
        reason: transition.reason,
        state: transition.state,
        next_reminder_at: transition.next_reminder_at,
        in_flight,
        delivery: None,
    }
}
