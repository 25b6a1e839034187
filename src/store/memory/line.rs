//! Lines of outgoing messages: one a contact and destination, in order, claimed at its head.

use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    vec::Vec,
};

use chrono::{DateTime, Utc};

#[cfg(feature = "ledger")]
use crate::moving;
use crate::{
    consent::{
        contact::Contact,
        decision::Cancel,
        id::AccountId,
        outgoing::{Content, Destination, Outgoing, OutgoingId},
    },
    storage::{Claim, Place, Queue, Settlement, Then},
};

type LineId = (Contact, Destination);

#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: BTreeMap<LineId, VecDeque<Row>>,
    /// When the head of each line is due; lines alone, so that a claim finds them by time.
    due: BTreeSet<(DateTime<Utc>, LineId)>,
    set_aside: BTreeMap<OutgoingId, Row>,
}

#[derive(Debug)]
struct Row {
    outgoing: Outgoing,
    place: Place,
}

impl Lines {
    pub(super) fn has_text(&self, contact: &Contact) -> bool {
        self.lines.contains_key(&(contact.clone(), Destination::Phone))
    }

    /// Queues a message, or takes it into the claim that its decision holds on texts.
    pub(super) fn push(&mut self, outgoing: Outgoing, lease: Option<DateTime<Utc>>) {
        let id = (outgoing.id.contact.clone(), outgoing.destination());
        let place = Place::first(&outgoing, lease);
        let row = Row { outgoing, place };
        if row.is_status() {
            self.set_aside.retain(|_, old| !old.is_in(&id));
        }
        self.change(id, |line| {
            line.retain(|older| !row.is_status() || older.place.claimed);
            line.push_back(row);
        });
    }

    /// Takes back what is queued, and names what is claimed already.
    pub(super) fn cancel(&mut self, contact: &Contact, cancel: Cancel) -> Vec<OutgoingId> {
        let mut in_flight = Vec::new();
        if cancel != Cancel::Nothing {
            let id = (contact.clone(), Destination::Phone);
            self.set_aside.retain(|_, row| !row.is_in(&id) || !cancel.takes_back(&row.outgoing));
            self.change(id, |line| {
                line.retain(|row| row.place.claimed || !cancel.takes_back(&row.outgoing));
                let claimed = line.iter().filter(|row| cancel.takes_back(&row.outgoing));
                in_flight.extend(claimed.map(|row| row.outgoing.id.clone()));
            });
        }
        in_flight
    }

    /// Drops all that is queued, claimed or set aside for a contact; says whether anything was.
    pub(super) fn erase(&mut self, contact: &Contact) -> bool {
        let stood = self.set_aside.len();
        self.set_aside.retain(|id, _| id.contact != *contact);
        let mut erased = self.set_aside.len() < stood;
        let lines = self.lines.keys().filter(|(of, _)| of == contact).cloned();
        for id in lines.collect::<Vec<_>>() {
            erased = true;
            self.change(id, VecDeque::clear);
        }
        erased
    }

    pub(super) fn is_current(&self, settlement: &Settlement) -> bool {
        self.find(settlement).is_some()
    }

    pub(super) fn settle(&mut self, settlement: &Settlement) {
        let Some((id, at)) = self.find(settlement) else { return };
        let mut set_aside = None;
        self.change(id, |line| {
            let replaced = line.iter().skip(at + 1).any(Row::is_status);
            match settlement.then {
                Then::Finish => drop(line.remove(at)),
                Then::RetryAt(_) | Then::SetAside if replaced => drop(line.remove(at)),
                Then::SetAside => set_aside = line.remove(at),
                Then::RetryAt(time) => {
                    if let Some(row) = line.get_mut(at) {
                        row.place.retry_at(time);
                    }
                }
            }
        });
        if let Some(row) = set_aside {
            self.set_aside.insert(row.outgoing.id.clone(), row);
        }
    }

    /// The line of a claimed message, and its place there.
    fn find(&self, settlement: &Settlement) -> Option<(LineId, usize)> {
        let contact = &settlement.id.contact;
        let lines = self.lines.range((contact.clone(), Destination::Phone)..);
        lines.take_while(|((of, _), _)| of == contact).find_map(|(id, line)| {
            let at = line.iter().position(|row| row.is_claimed_as(settlement))?;
            Some((id.clone(), at))
        })
    }

    pub(super) fn claim(
        &mut self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Vec<Claim> {
        let due = self.due.iter().take_while(|(at, _)| *at <= now).take(limit);
        let due: Vec<LineId> = due.map(|(_, id)| id.clone()).collect();
        let mut claims = Vec::with_capacity(due.len());
        for id in due {
            self.change(id, |line| {
                claims.extend(
                    line.front_mut().map(|row| row.place.claim(row.outgoing.clone(), now, until)),
                );
            });
        }
        claims
    }

    /// Queues what was set aside again; whether it was.
    pub(super) fn requeue(&mut self, id: &OutgoingId) -> bool {
        let Some(mut row) = self.set_aside.remove(id) else { return false };
        row.place.requeue();
        self.insert((id.contact.clone(), row.outgoing.destination()), row);
        true
    }

    /// The account's messages as rows that can be put into another storage.
    #[cfg(feature = "ledger")]
    pub(super) fn rows(&self, account: &AccountId) -> impl Iterator<Item = moving::Row> {
        let lines = self.lines.values().flatten().map(|row| (row, false));
        let set_aside = self.set_aside.values().map(|row| (row, true));
        let rows = lines.chain(set_aside);
        let rows = rows.filter(move |(row, _)| row.outgoing.id.contact.account() == account);
        rows.map(|(row, set_aside)| moving::Row::Outgoing {
            outgoing: row.outgoing.clone(),
            place: Place { claimed: row.place.claimed && !set_aside, ..row.place },
            set_aside,
        })
    }

    /// Stores a message in its place in its line; `false` where another is there.
    #[cfg(feature = "ledger")]
    pub(super) fn put_in(&mut self, outgoing: Outgoing, place: Place, set_aside: bool) -> bool {
        let line = (outgoing.id.contact.clone(), outgoing.destination());
        let queued = self.lines.get(&line).into_iter().flatten();
        let mut queued = queued.filter(|row| row.outgoing.id == outgoing.id);
        if let Some(row) = queued.next() {
            return !set_aside && (&row.outgoing, row.place) == (&outgoing, place);
        }
        if let Some(row) = self.set_aside.get(&outgoing.id) {
            let stored = Place { claimed: false, ..row.place };
            return set_aside && (&row.outgoing, stored) == (&outgoing, place);
        }
        if set_aside {
            self.set_aside.insert(outgoing.id.clone(), Row { outgoing, place });
        } else {
            self.insert(line, Row { outgoing, place });
        }
        true
    }

    /// Puts a message into its line, in the order of ids.
    fn insert(&mut self, line: LineId, row: Row) {
        self.change(line, |line| {
            let at = line.partition_point(|earlier| earlier.outgoing.id < row.outgoing.id);
            line.insert(at, row);
        });
    }

    pub(super) fn queue(&self) -> Queue {
        let mut queue = Queue { set_aside: self.set_aside.len() as u64, ..Queue::default() };
        for row in self.lines.values().flatten() {
            let count = if row.place.claimed { &mut queue.claimed } else { &mut queue.waiting };
            *count += 1;
            let decided_at = row.outgoing.decided_at;
            queue.oldest = Some(queue.oldest.map_or(decided_at, |oldest| oldest.min(decided_at)));
        }
        queue
    }

    pub(super) fn set_aside(&self, account: &AccountId, limit: usize) -> Vec<Outgoing> {
        self.set_aside
            .values()
            .map(|row| &row.outgoing)
            .filter(|outgoing| outgoing.id.contact.account() == account)
            .take(limit)
            .cloned()
            .collect()
    }

    /// Changes one line, and keeps what is known of its head with it.
    fn change(&mut self, id: LineId, change: impl FnOnce(&mut VecDeque<Row>)) {
        let line = self.lines.entry(id.clone()).or_default();
        let before = line.front().map(|row| row.place.due);
        change(line);
        let after = line.front().map(|row| row.place.due);
        if line.is_empty() {
            self.lines.remove(&id);
        }
        if before != after {
            if let Some(before) = before {
                self.due.remove(&(before, id.clone()));
            }
            self.due.extend(after.map(|after| (after, id)));
        }
    }
}

impl Row {
    fn is_in(&self, line: &LineId) -> bool {
        (&self.outgoing.id.contact, self.outgoing.destination()) == (&line.0, line.1)
    }

    fn is_status(&self) -> bool {
        matches!(self.outgoing.content, Content::Status(_))
    }

    fn is_claimed_as(&self, settlement: &Settlement) -> bool {
        settlement.is_of(&self.outgoing) && self.place.is_claimed_as(settlement.token)
    }
}
