//! The shelf answers as the reference storage does, whatever it is asked.

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Cancel, ClaimToken, Content, MessageId, MessageKind, Outgoing, OutgoingId, OutgoingText,
    Policy, Record, Revision, Storage,
    blocking::block_on,
    decide,
    storage::{Change, Claim, Commit, Committed, Mark, Settlement, Then},
    store::MemoryStorage,
};

use super::Shelf;
use crate::model::{
    clock::START,
    input::{Names, What},
};

const LEASE: TimeDelta = TimeDelta::seconds(30);

/// One thing to ask both for.
#[derive(Clone, Copy, Debug)]
enum Ask {
    /// A text, and whether its commit holds a claim on it.
    Put {
        kind: MessageKind,
        leased: bool,
        cancel: Cancel,
        input: usize,
    },
    /// A commit bound to the revision before the stored one.
    Late,
    Claim {
        after: TimeDelta,
    },
    Settle {
        token: u64,
        then: bool,
    },
}

const ASKS: [Ask; 11] = [
    Ask::Put { kind: MessageKind::Confirmation, leased: false, cancel: Cancel::Nothing, input: 0 },
    Ask::Put { kind: MessageKind::Reminder, leased: true, cancel: Cancel::Nothing, input: 1 },
    Ask::Put { kind: MessageKind::OptedOut, leased: false, cancel: Cancel::AllQueued, input: 2 },
    Ask::Put { kind: MessageKind::Message, leased: true, cancel: Cancel::Prompts, input: 3 },
    Ask::Late,
    Ask::Claim { after: TimeDelta::zero() },
    Ask::Claim { after: TimeDelta::seconds(30) },
    Ask::Claim { after: TimeDelta::minutes(6) },
    Ask::Settle { token: 1, then: true },
    Ask::Settle { token: 1, then: false },
    Ask::Settle { token: 2, then: true },
];

#[derive(Debug, PartialEq)]
enum Answer {
    Committed(Committed),
    Claimed(Vec<Claim>),
}

/// What that is, of the record that is stored.
enum Call {
    Commit(Box<Commit>),
    Claim(DateTime<Utc>),
}

fn call(names: &Names, policy: &Policy, shelf: &Shelf, ask: Ask) -> Call {
    let record = shelf.record;
    let mut commit = Commit::keep(names.contact.clone(), record.as_ref(), START);
    match ask {
        Ask::Put { kind, leased, cancel, input } => {
            let next = next(names, policy, record);
            let from = optin::InboxId::new("+18885550100").unwrap();
            let text = OutgoingText::new(kind, from.clone(), "Hi", START + TimeDelta::minutes(5));
            let id = OutgoingId::new(names.contact.clone(), next.revision, 0);
            let id_of_text = MessageId::new(&input.to_string()).unwrap();
            commit.change = Change::Put(next);
            commit.mark = Some(Mark::Text { inbox: from, id: id_of_text });
            commit.outgoing = vec![Outgoing::new(id, START, Content::Text(text))];
            commit.lease = leased.then_some(START + LEASE);
            commit.cancel = cancel;
        }
        Ask::Late => {
            commit.expected = record.map(|mut record| {
                record.revision = Revision::new(record.revision.number().saturating_sub(1));
                record
            });
        }
        Ask::Claim { after } => return Call::Claim(START + after),
        Ask::Settle { token, then } => {
            let first = shelf.line.first().map(|row| &row.outgoing);
            let decided_at = first.map_or(START, |first| first.decided_at);
            let first = first.map(|first| first.id.clone());
            let id = OutgoingId::new(names.contact.clone(), Revision::new(99), 0);
            let retry = Then::RetryAt(START + TimeDelta::seconds(1));
            commit.settle = Some(Settlement {
                id: first.unwrap_or(id),
                token: ClaimToken::new(token),
                decided_at,
                then: if then { Then::Finish } else { retry },
            });
        }
    }
    Call::Commit(Box::new(commit))
}

/// Some record of the next revision.
fn next(names: &Names, policy: &Policy, record: Option<Record>) -> Record {
    let event = names.event(0, What::OptsOut);
    let first = decide(policy, None, &event, START).unwrap().record.unwrap();
    let mut next = record.unwrap_or(first);
    if record.is_some() {
        next.revision = next.revision.next();
    }
    next
}

/// Every sequence from here on, of so many more.
fn agree(names: &Names, policy: &Policy, asked: &mut Vec<Ask>, more: usize) -> usize {
    let mut shelf = Shelf::default();
    let memory = MemoryStorage::new();
    let contact = &names.contact;
    for &ask in asked.iter() {
        let (ours, theirs) = match call(names, policy, &shelf, ask) {
            Call::Commit(commit) => (
                Answer::Committed(shelf.commit(&commit)),
                Answer::Committed(block_on(memory.commit(*commit)).unwrap()),
            ),
            Call::Claim(now) => (
                Answer::Claimed(shelf.claim(now, now + LEASE, 1)),
                Answer::Claimed(block_on(memory.claim(now, now + LEASE, 1)).unwrap()),
            ),
        };
        assert_eq!(ours, theirs, "{asked:?}");
        let snapshot = block_on(memory.load(contact)).unwrap();
        assert_eq!(shelf.record, snapshot.record, "{asked:?}");
        assert_eq!(!shelf.line.is_empty(), snapshot.text_unfinished, "{asked:?}");
    }
    if more == 0 {
        return 1;
    }
    let mut sequences = 0;
    for ask in ASKS {
        asked.push(ask);
        sequences += agree(names, policy, asked, more - 1);
        asked.pop();
    }
    sequences
}

#[test]
fn the_shelf_answers_as_the_reference_storage() {
    let names = Names::new(4);
    let sequences = agree(&names, &Policy::default(), &mut Vec::new(), 5);
    assert_eq!(sequences, ASKS.len().pow(5));
}
