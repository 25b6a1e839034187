//! A decision as a storage takes it: one commit.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::Bound;
use crate::{
    consent::{
        contact::Contact,
        decide::Transition,
        decision::Cancel,
        event::Event,
        ledger::Entry,
        outgoing::{ClaimToken, Content, Outgoing, OutgoingId},
        record::Record,
    },
    storage::{Change, Claim, Commit, Mark, Settlement, Snapshot, Task},
};

impl Commit {
    /// A commit that changes nothing yet, bound to this record; to its absence, of someone whose
    /// erasure is not remembered, where there is none.
    pub fn keep(contact: Contact, record: Option<&Record>, at: DateTime<Utc>) -> Self {
        Self {
            contact,
            expected: record.copied(),
            suppressed: false,
            change: Change::Keep,
            mark: None,
            entry: None,
            outgoing: Vec::new(),
            lease: None,
            cancel: Cancel::Nothing,
            settle: None,
            at,
        }
    }
}

/// A commit that changes nothing yet, bound to what was loaded.
pub(super) fn keep(contact: &Contact, snapshot: &Snapshot, at: DateTime<Utc>) -> Commit {
    Commit {
        suppressed: snapshot.suppressed,
        ..Commit::keep(contact.clone(), snapshot.record.as_ref(), at)
    }
}

pub(super) fn commit_of(
    contact: &Contact,
    event: &Event<'_>,
    transition: &Transition,
    bound: Bound<'_>,
    snapshot: &Snapshot,
    lease: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Commit {
    let revision = snapshot.current.revision;
    let then = transition.then;
    let settle = match bound {
        Bound::Claim(claim) => Some(Settlement::of(claim, then)),
        Bound::Nothing | Bound::Permit(_) => None,
    };
    Commit {
        change: transition.record.map_or(Change::Keep, Change::Put),
        mark: mark(event).filter(|_| transition.remember),
        entry: Entry::of_decision(contact.number(), event, transition, revision, now),
        outgoing: outgoing(contact, transition, now),
        lease,
        cancel: transition.cancel,
        settle,
        ..keep(contact, snapshot, now)
    }
}

fn mark(event: &Event<'_>) -> Option<Mark> {
    match event {
        Event::Texted(text) => Some(Mark::Text { inbox: text.inbox.clone(), id: text.id.clone() }),
        Event::MessageRequested(message) => {
            let id = message.request.clone()?;
            Some(Mark::Request { id })
        }
        Event::Added { .. }
        | Event::DeclaredExisting { .. }
        | Event::Overridden { .. }
        | Event::CarrierBlocked { .. }
        | Event::StatusRequested { .. }
        | Event::Settled(_) => None,
    }
}

/// The decision's messages: the text is number 0, statuses follow.
fn outgoing(contact: &Contact, transition: &Transition, now: DateTime<Utc>) -> Vec<Outgoing> {
    let Some(record) = transition.record else {
        return Vec::new();
    };
    let text = transition.text.clone().map(|text| (0, Content::Text(text)));
    let statuses = transition.statuses.iter().copied().map(Content::Status);
    text.into_iter()
        .chain((1..).zip(statuses))
        .map(|(n, content)| {
            let id = OutgoingId::new(contact.clone(), record.revision, n);
            Outgoing::new(id, now, content)
        })
        .collect()
}

/// The claim on the commit's own text, where it has a lease.
pub(super) fn claim_of(commit: &Commit) -> Option<Claim> {
    let until = commit.lease?;
    let text =
        commit.outgoing.iter().find(|outgoing| matches!(outgoing.content, Content::Text(_)))?;
    Some(Claim {
        outgoing: text.clone(),
        token: ClaimToken::new(1),
        until,
        attempts: 0,
        task: Task::HandOver,
    })
}
