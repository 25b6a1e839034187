//! What is stored: one contact, by the contract of [`Storage`](optin::Storage).

use chrono::{DateTime, Utc};
use optin::{
    Outgoing, OutgoingId, Record,
    consent::outgoing::Destination,
    storage::{Change, Claim, Commit, Committed, Mark, Place, Settlement, Then},
};

use super::shared::Shared;

/// The contact's record, marks and line of texts; the ledger is what [`History`] makes of it.
///
/// [`History`]: super::history::History
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Shelf {
    /// Which of the settings is in force.
    pub(super) policy: u8,
    pub(super) record: Option<Record>,
    /// Inputs that stand as seen.
    pub(super) marks: Inputs,
    pub(super) line: Vec<Row>,
}

/// A set of inputs, by number.
pub(super) type Inputs = u16;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Row {
    pub(super) outgoing: Shared<Outgoing>,
    pub(super) place: Place,
}

impl Shelf {
    /// Stores all of it, or nothing and says why.
    pub(super) fn commit(&mut self, commit: &Commit) -> Committed {
        let mark = commit.mark.as_ref().map_or(0, |mark| 1 << input_of(mark));
        if self.marks & mark != 0 {
            return Committed::Duplicate;
        }
        if self.record != commit.expected {
            return Committed::Conflict;
        }
        let settled = match commit.settle.as_ref().map(|settlement| self.find(settlement)) {
            Some(None) => return Committed::Stale,
            Some(Some(at)) => Some(at),
            None => None,
        };
        if let Change::Put(record) = commit.change {
            self.record = Some(record);
        }
        self.marks |= mark;
        if let (Some(at), Some(settlement)) = (settled, &commit.settle) {
            match settlement.then {
                Then::Finish | Then::SetAside => drop(self.line.remove(at)),
                Then::RetryAt(time) => self.line[at].place.retry_at(time),
            }
        }
        let cancel = commit.cancel;
        self.line.retain(|row| row.place.claimed || !cancel.takes_back(&row.outgoing));
        let in_flight = self.line.iter().filter(|row| cancel.takes_back(&row.outgoing));
        let in_flight: Vec<OutgoingId> = in_flight.map(|row| row.outgoing.id.clone()).collect();
        for outgoing in &commit.outgoing {
            assert_eq!(outgoing.destination(), Destination::Phone, "no CRM is told");
            let place = Place::first(outgoing, commit.lease);
            self.line.push(Row { outgoing: Shared::new(outgoing.clone()), place });
        }
        Committed::Applied { in_flight }
    }

    pub(super) fn claim(
        &mut self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Vec<Claim> {
        let first = self.line.first_mut().filter(|row| limit > 0 && row.place.due <= now);
        let claim = first.map(|row| row.place.claim(Outgoing::clone(&row.outgoing), now, until));
        claim.into_iter().collect()
    }

    pub(super) fn row(&self, id: &OutgoingId) -> Option<&Row> {
        self.line.iter().find(|row| row.outgoing.id == *id)
    }

    fn find(&self, settlement: &Settlement) -> Option<usize> {
        let is_claimed = |row: &Row| {
            settlement.is_of(&row.outgoing) && row.place.is_claimed_as(settlement.token)
        };
        self.line.iter().position(is_claimed)
    }
}

/// The number of the input that a mark is of.
fn input_of(mark: &Mark) -> u8 {
    match mark {
        Mark::Text { id, .. } | Mark::Request { id } => {
            id.as_str().parse().expect("the inputs are named by their numbers")
        }
    }
}

#[cfg(test)]
mod tests;
