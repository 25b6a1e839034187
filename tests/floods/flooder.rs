//! Somebody who wants as many messages as can be had, and knows when to ask.

use chrono::{DateTime, TimeDelta, Utc};
use optin::{ConsentState, Contact, MessageId, Policy, strategies};

use super::{
    bound::{Bound, Tally},
    host::Host,
    support::{START, message_id},
};

/// Between two texts that are only there to be many.
const PAUSE: TimeDelta = TimeDelta::minutes(45);

pub(crate) struct Flooder {
    host: Host,
    whom: Contact,
    policy: Policy,
    /// How long the first cycle of every other window is drawn out, so that what follows falls
    /// close to the next window.
    patience: TimeDelta,
    /// Of texts that acted.
    acted: Vec<MessageId>,
    texts: usize,
    windows: usize,
    window_began: Option<DateTime<Utc>>,
}

impl Flooder {
    pub(crate) fn new(policy: Policy, patience: TimeDelta) -> Self {
        let host = Host::new(policy.clone());
        Self {
            host,
            whom: strategies::contact(0),
            policy,
            patience,
            acted: Vec::new(),
            texts: 0,
            windows: 0,
            window_began: None,
        }
    }

    /// What so many days brought, and with how many texts.
    pub(crate) fn flood(mut self, days: i64, bound: &Bound) -> (Tally, usize) {
        let mut tally = Tally::default();
        let end = START + TimeDelta::days(days);
        while self.host.clock.now() < end {
            let (body, earliest, at) = self.best(bound);
            // Meanwhile, many that get nothing: what was delivered before, and a no.
            while self.host.clock.now() + PAUSE < at.min(end) {
                self.host.clock.advance(PAUSE);
                let old = self.acted[self.acted.len() / 2].clone();
                for (id, body) in [(old, "STOP"), (self.id(), "no")] {
                    tally.take(&self.host.text(&self.whom, &id, body), bound);
                }
            }
            let early = earliest - TimeDelta::milliseconds(1);
            if early > self.host.clock.now() {
                self.host.clock.set(early);
                let id = self.id();
                tally.take(&self.host.text(&self.whom, &id, body), bound);
            }
            self.host.clock.set(at.max(self.host.clock.now()));
            let id = self.id();
            let taken = self.host.text(&self.whom, &id, body);
            self.acted.push(id);
            tally.take(&taken, bound);
        }
        (tally, self.texts)
    }

    fn id(&mut self) -> MessageId {
        self.texts += 1;
        message_id(&format!("SM{}", self.texts))
    }

    /// The text that brings the next message, when it can at the earliest, and when it shall.
    fn best(&mut self, bound: &Bound) -> (&'static str, DateTime<Utc>, DateTime<Utc>) {
        let now = self.host.clock.now();
        let Some(record) = self.host.record(&self.whom) else {
            return ("Hi", now, now);
        };
        let began = record.restarts.map(|window| window.began);
        if began != self.window_began {
            (self.window_began, self.windows) = (began, self.windows + 1);
        }
        let is_drawn_out =
            self.windows % 2 == 1 && record.restarts.is_some_and(|window| window.count == 1);
        let from = match began {
            Some(began) if is_drawn_out => now.max(began + self.patience),
            _ => now,
        };
        let most = self.policy.settings().restarts.max;
        let (body, earliest) = match record.state {
            ConsentState::Pending(_) => match record.next_reminder_at(&self.policy) {
                Some(at) => ("Hi", at),
                None => ("YES", now),
            },
            ConsentState::Active { .. } => ("STOP", now),
            ConsentState::OptedOut { .. } => match record.restarts {
                Some(window) if u32::from(window.count) >= most => {
                    ("START", window.began + bound.window)
                }
                None if most == 0 => ("START", now + bound.window),
                Some(_) | None => ("START", now),
            },
        };
        (body, earliest, earliest.max(from))
    }
}
