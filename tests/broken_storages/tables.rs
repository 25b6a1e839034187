//! The tables of the small storage, and the steps of a commit and a claim, each with its bugs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Cancel, ClaimToken, Contact, Content, Destination, Entry, MessageId, Outgoing,
    OutgoingId, Record,
    storage::{
        Change, Claim, Commit, Committed, CurrentPolicy, Mark, Place, Settlement, Task, Then,
    },
};

use super::{bug::Bug, shelf::Shelf};

type Time = DateTime<Utc>;

#[derive(Default)]
pub(super) struct Tables {
    pub(super) policies: BTreeMap<AccountId, CurrentPolicy>,
    pub(super) records: BTreeMap<Contact, Record>,
    pub(super) marks: BTreeMap<MarkKey, Time>,
    pub(super) entries: Vec<(Option<Contact>, AccountId, Entry)>,
    /// Line by line in their order.
    pub(super) queue: Vec<Row>,
    /// Whom it erased, and remembers.
    pub(super) erased: BTreeSet<Contact>,
    pub(super) set_aside: BTreeMap<OutgoingId, (Outgoing, Place)>,
}

pub(super) type MarkKey = (AccountId, Option<Contact>, Mark);

pub(super) struct Row {
    pub(super) outgoing: Outgoing,
    pub(super) place: Place,
    pub(super) is_set_aside: bool,
}

impl Shelf {
    /// What the tables say against the commit.
    pub(super) fn objection(&self, tables: &Tables, commit: &Commit) -> Option<Committed> {
        let contact = &commit.contact;
        if self.mark_key(commit).is_some_and(|key| tables.marks.contains_key(&key)) {
            return Some(Committed::Duplicate);
        }
        let stored = tables.records.get(contact).copied();
        let revision = |record: Option<Record>| record.map(|record| record.revision);
        let same = match self.bug {
            Some(Bug::NoComparison) => true,
            Some(Bug::ComparisonOfPresenceAlone) => stored.is_some() == commit.expected.is_some(),
            Some(Bug::KeptRecordIsNotCompared) if commit.change == Change::Keep => true,
            Some(Bug::ComparisonOfRevisionsAlone) => revision(stored) == revision(commit.expected),
            _ => stored == commit.expected,
        };
        let suppressed = stored.is_none() && tables.erased.contains(contact);
        let same_erasure = suppressed == commit.suppressed
            || stored.is_some()
            || self.has(Bug::ErasureSinceIsNotSeen);
        if !same || !same_erasure {
            return Some(Committed::Conflict);
        }
        let settle = commit.settle.as_ref()?;
        self.claimed(tables, settle).is_none().then_some(Committed::Stale)
    }

    /// Where the message of the settlement stands, if the token is good.
    pub(super) fn claimed(&self, tables: &Tables, settle: &Settlement) -> Option<usize> {
        tables.queue.iter().position(|row| {
            let same_time = row.outgoing.decided_at == settle.decided_at;
            let same_time = same_time || self.has(Bug::SettleWithoutTime);
            let same = row.outgoing.id == settle.id && same_time && !row.is_set_aside;
            let same_token = row.place.is_claimed_as(settle.token);
            same && (same_token || self.has(Bug::SettleWithoutToken))
        })
    }

    /// What the commit's mark is kept under.
    fn mark_key(&self, commit: &Commit) -> Option<MarkKey> {
        let mark = commit.mark.clone()?;
        let account = match self.bug {
            Some(Bug::MarksOfAllAccountsTogether) => AccountId::new("everybody").unwrap(),
            _ => commit.contact.account().clone(),
        };
        let apart = self.has(Bug::MarksOfEachContactApart);
        let contact = apart.then(|| commit.contact.clone());
        Some((
            account,
            contact,
            if self.has(Bug::MarksCompareLetters) { folded(mark) } else { mark },
        ))
    }

    pub(super) fn settle(&self, tables: &mut Tables, settle: &Settlement) {
        let Some(at) = self.claimed(tables, settle) else { return };
        match settle.then {
            Then::Finish => drop(tables.queue.remove(at)),
            Then::RetryAt(_) if self.has(Bug::RetryTimeIgnored) => {
                tables.queue[at].place.retry_at(Time::MIN_UTC);
            }
            Then::RetryAt(time) => {
                tables.queue[at].place.retry_at(time);
                if self.has(Bug::RetryLosesItsPlace) {
                    let row = tables.queue.remove(at);
                    tables.queue.push(row);
                }
            }
            Then::SetAside => {
                let row = &tables.queue[at];
                let line = |it: &Outgoing| (it.id.contact.clone(), it.destination());
                let (this, phone) = (line(&row.outgoing), Destination::Phone);
                let newer = tables.queue[at + 1..].iter().any(|it| line(&it.outgoing) == this);
                if newer && this.1 != phone {
                    tables.queue.remove(at);
                    return;
                }
                let outgoing = row.outgoing.clone();
                tables.set_aside.insert(outgoing.id.clone(), (outgoing, row.place));
                tables.queue[at].is_set_aside = true;
                if !self.has(Bug::SetAsideBlocksTheLine) {
                    tables.queue.remove(at);
                }
            }
        }
    }

    pub(super) fn takes_back(&self, commit: &Commit, queued: &Outgoing) -> bool {
        let of_contact = match self.bug {
            Some(Bug::CancelInEveryAccount) => {
                queued.id.contact.number() == commit.contact.number()
            }
            _ => queued.id.contact == commit.contact,
        };
        let meant = match self.bug {
            Some(Bug::CancelLost) => false,
            Some(Bug::CancelOfPromptsTakesAll) if commit.cancel == Cancel::Prompts => {
                Cancel::AllQueued.takes_back(queued)
            }
            Some(Bug::StatusesCancelledToo) if commit.cancel == Cancel::AllQueued => true,
            _ => commit.cancel.takes_back(queued),
        };
        of_contact && meant
    }

    pub(super) fn in_flight(&self, tables: &Tables, commit: &Commit) -> Vec<OutgoingId> {
        let claimed = tables.queue.iter().filter(|row| {
            let lapsed = self.has(Bug::LapsedNotNamed) && row.place.due <= commit.at;
            row.place.claimed && !lapsed && self.takes_back(commit, &row.outgoing)
        });
        claimed.map(|row| row.outgoing.id.clone()).collect()
    }

    pub(super) fn remove_queued(&self, tables: &mut Tables, commit: &Commit) {
        let too = self.has(Bug::CancelTakesBackWhatIsClaimed);
        let stays = |row: &Row| row.place.claimed && !too;
        tables.queue.retain(|row| stays(row) || !self.takes_back(commit, &row.outgoing));
        if !self.has(Bug::CancelLeavesWhatIsSetAside) {
            tables.set_aside.retain(|_, (it, _)| !self.takes_back(commit, it));
        }
    }

    pub(super) fn write(&self, tables: &mut Tables, commit: &Commit) {
        let contact = &commit.contact;
        tables.marks.extend(self.mark_key(commit).map(|key| (key, commit.at)));
        if let Change::Put(record) = commit.change {
            tables.records.insert(contact.clone(), record);
        }
        self.write_entry(tables, commit);
        for outgoing in &commit.outgoing {
            let lease = commit.lease.filter(|_| !self.has(Bug::CommitsLeaseIgnored));
            let mut place = Place::first(outgoing, lease);
            if let (true, Some(due)) = (self.has(Bug::CommitsLeaseOnStatuses), lease) {
                place = Place { claimed: true, due, claims: 1, ..place };
            }
            if let (Content::Status(_), false) =
                (&outgoing.content, self.has(Bug::NewerStatusLeavesWhatIsSetAside))
            {
                let to = (contact, outgoing.destination());
                tables.set_aside.retain(|id, (it, _)| (&id.contact, it.destination()) != to);
            }
            tables.queue.push(Row { outgoing: outgoing.clone(), place, is_set_aside: false });
        }
    }

    pub(super) fn write_entry(&self, tables: &mut Tables, commit: &Commit) {
        let known = tables.records.contains_key(&commit.contact);
        let of = known.then(|| commit.contact.clone());
        let account = commit.contact.account().clone();
        tables.entries.extend(commit.entry.clone().map(|entry| (of, account, entry)));
    }

    /// The present claim of this row, as the bug would have it.
    pub(super) fn claim_row(&self, row: &mut Row, now: Time, until: Time) -> Claim {
        let before = row.place;
        let mut claim = row.place.claim(row.outgoing.clone(), now, until);
        match self.bug {
            Some(Bug::ExpiredIsHandedOver) if claim.task == Task::Expired => {
                claim.task = Task::HandOver;
            }
            Some(Bug::ExpiredOneMillisecondEarly) => {
                if let Content::Text(text) = &row.outgoing.content
                    && now >= text.not_after
                    && claim.task == Task::HandOver
                {
                    claim.task = Task::Expired;
                }
            }
            Some(Bug::LapsedIsHandedOverAgain) if claim.task == Task::Unknown => {
                claim.task = Task::HandOver;
            }
            Some(Bug::LastLeaseForFirst) if claim.task == Task::Unknown => {
                claim.until = before.due;
            }
            Some(Bug::LapsedStatusIsUnknown) if before.claimed => claim.task = Task::Unknown,
            Some(Bug::LapseCountsAsAttempt) if before.claimed => {
                row.place.attempts += 1;
                claim.attempts += 1;
            }
            Some(Bug::TokenStays) => {
                row.place.claims = 1;
                claim.token = ClaimToken::new(1);
            }
            _ => {}
        }
        claim
    }

    /// What a commit that lost leaves where it should leave nothing.
    pub(super) fn leave_behind(&self, tables: &mut Tables, commit: &Commit) {
        match self.bug {
            Some(Bug::MarkOfALoserStays) => {
                tables.marks.extend(self.mark_key(commit).map(|key| (key, commit.at)));
            }
            Some(Bug::EntryOfALoserStays) => self.write_entry(tables, commit),
            Some(Bug::MessageOfALoserStays) => {
                let without_mark =
                    Commit { mark: None, entry: None, change: Change::Keep, ..commit.clone() };
                self.write(tables, &without_mark);
            }
            Some(Bug::SettlementOfALoserCounts) => {
                if let Some(settle) = &commit.settle {
                    self.settle(tables, settle);
                }
            }
            _ => {}
        }
    }
}

fn folded(mark: Mark) -> Mark {
    let id = |id: &MessageId| MessageId::new(&id.as_str().to_ascii_lowercase()).unwrap();
    match mark {
        Mark::Text { inbox, id: of } => Mark::Text { inbox, id: id(&of) },
        Mark::Request { id: of } => Mark::Request { id: id(&of) },
    }
}
