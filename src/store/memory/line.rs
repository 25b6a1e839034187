//! Lines of outgoing messages: one a contact and destination, in order, claimed at its head.

use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    vec::Vec,
};

use chrono::{DateTime, Utc};

use crate::{
    consent::{
        contact::Contact,
        decision::Cancel,
        id::AccountId,
        outgoing::{ClaimToken, Content, Destination, Outgoing, OutgoingId},
    },
    storage::{Claim, Settlement, Task, Then},
};

type LineId = (Contact, Destination);

#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: BTreeMap<LineId, VecDeque<Row>>,
    /// When the head of each line is due; lines alone, so that a claim finds them by time.
    due: BTreeSet<(DateTime<Utc>, LineId)>,
    set_aside: BTreeMap<OutgoingId, Outgoing>,
}

#[derive(Debug)]
struct Row {
    outgoing: Outgoing,
    /// The claims so far.
    claims: u64,
    attempts: u32,
    wait: Wait,
    /// When the first claim of a text ended without a settlement.
    lapsed: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Queued, due from this time on.
    Queued(DateTime<Utc>),
    /// Claimed until this time.
    Claimed(DateTime<Utc>),
}

impl Wait {
    fn until(self) -> DateTime<Utc> {
        match self {
            Self::Queued(until) | Self::Claimed(until) => until,
        }
    }
}

impl Lines {
    pub(super) fn has_text(&self, contact: &Contact) -> bool {
        self.lines
            .contains_key(&(contact.clone(), Destination::Phone))
    }

    /// Queues a message, or takes it into the claim that its decision holds on texts.
    pub(super) fn push(&mut self, outgoing: Outgoing, lease: Option<DateTime<Utc>>) {
        let lease = lease.filter(|_| outgoing.destination() == Destination::Phone);
        let is_status = matches!(outgoing.content, Content::Status(_));
        let id = (outgoing.id.contact.clone(), outgoing.destination());
        let row = Row {
            wait: lease.map_or(Wait::Queued(DateTime::<Utc>::MIN_UTC), Wait::Claimed),
            claims: u64::from(lease.is_some()),
            attempts: 0,
            lapsed: None,
            outgoing,
        };
        self.change(id, |line| {
            line.retain(|row| !is_status || matches!(row.wait, Wait::Claimed(_)));
            line.push_back(row);
        });
    }

    /// Takes back what is queued, and names what is claimed already.
    pub(super) fn cancel(&mut self, contact: &Contact, cancel: Cancel) -> Vec<OutgoingId> {
        let mut in_flight = Vec::new();
        if cancel != Cancel::Nothing {
            self.change((contact.clone(), Destination::Phone), |line| {
                line.retain(|row| {
                    let meant = is_meant(cancel, &row.outgoing);
                    let claimed = matches!(row.wait, Wait::Claimed(_));
                    if meant && claimed {
                        in_flight.push(row.outgoing.id.clone());
                    }
                    !meant || claimed
                });
            });
        }
        in_flight
    }

    pub(super) fn is_current(&self, settlement: &Settlement) -> bool {
        self.lines
            .range((settlement.id.contact.clone(), Destination::Phone)..)
            .take_while(|((contact, _), _)| *contact == settlement.id.contact)
            .filter_map(|(_, line)| line.front())
            .any(|row| row.is_claimed_as(settlement))
    }

    pub(super) fn settle(&mut self, settlement: &Settlement) {
        let contact = &settlement.id.contact;
        let line = self
            .lines
            .range((contact.clone(), Destination::Phone)..)
            .take_while(|((of, _), _)| of == contact)
            .find(|(_, line)| {
                line.front()
                    .is_some_and(|row| row.is_claimed_as(settlement))
            })
            .map(|(id, _)| id.clone());
        let Some(id) = line else { return };
        let mut set_aside = None;
        self.change(id, |line| match settlement.then {
            Then::Finish => drop(line.pop_front()),
            Then::SetAside => set_aside = line.pop_front(),
            Then::RetryAt(at) => {
                if let Some(row) = line.front_mut() {
                    row.wait = Wait::Queued(at);
                    row.attempts = row.attempts.saturating_add(1);
                }
                if line.front().is_some_and(Row::is_status) && line.len() > 1 {
                    line.pop_front();
                }
            }
        });
        if let Some(row) = set_aside {
            self.set_aside.insert(row.outgoing.id.clone(), row.outgoing);
        }
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
                claims.extend(line.front_mut().map(|row| row.claim(now, until)));
            });
        }
        claims
    }

    pub(super) fn set_aside(&self, account: &AccountId, limit: usize) -> Vec<Outgoing> {
        self.set_aside
            .values()
            .filter(|outgoing| outgoing.id.contact.account() == account)
            .take(limit)
            .cloned()
            .collect()
    }

    /// Changes one line, and keeps what is known of its head with it.
    fn change(&mut self, id: LineId, change: impl FnOnce(&mut VecDeque<Row>)) {
        let line = self.lines.entry(id.clone()).or_default();
        let before = line.front().map(|row| row.wait.until());
        change(line);
        let after = line.front().map(|row| row.wait.until());
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
    fn is_status(&self) -> bool {
        matches!(self.outgoing.content, Content::Status(_))
    }

    fn is_claimed_as(&self, settlement: &Settlement) -> bool {
        matches!(self.wait, Wait::Claimed(_))
            && self.outgoing.id == settlement.id
            && settlement.token == ClaimToken::new(self.claims)
    }

    fn claim(&mut self, now: DateTime<Utc>, until: DateTime<Utc>) -> Claim {
        if let (Content::Text(_), Wait::Claimed(ended)) = (&self.outgoing.content, self.wait) {
            self.lapsed.get_or_insert(ended);
        }
        let task = match &self.outgoing.content {
            Content::Text(_) if self.lapsed.is_some() => Task::Unknown,
            Content::Text(text) if now > text.not_after => Task::Expired,
            Content::Text(_) | Content::Status(_) => Task::HandOver,
        };
        self.claims = self.claims.saturating_add(1);
        self.wait = Wait::Claimed(until);
        Claim {
            outgoing: self.outgoing.clone(),
            token: ClaimToken::new(self.claims),
            until: self.lapsed.unwrap_or(until),
            attempts: self.attempts,
            task,
        }
    }
}

fn is_meant(cancel: Cancel, outgoing: &Outgoing) -> bool {
    match (&outgoing.content, cancel) {
        (Content::Text(text), Cancel::Prompts) => text.kind.is_prompt(),
        (Content::Text(_), Cancel::AllQueued) => true,
        (Content::Text(_), Cancel::Nothing) | (Content::Status(_), _) => false,
    }
}
