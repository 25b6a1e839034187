//! One decision to make, by the crate and by hand, shown to agree before anything is measured.

use chrono::{DateTime, Utc};
use optin::{Event, Policy, Reading, Refusal, Text, Transition, decide, decide_text};

use crate::{
    peer::table::{self, Answer, Reply, Row},
    situations::{self, Situation},
};

/// A situation, and what both sides need ready.
#[derive(Debug)]
pub struct Case {
    of: Situation,
    row: Option<Row>,
    /// What the text says, where it is one.
    reading: Option<Reading>,
}

/// The cases in groups, each with a name and with how often to go through it.
///
/// # Panics
/// When crate and hand do not agree on one.
pub fn groups() -> [(&'static str, Vec<Case>, usize); 3] {
    let texts = || cases(|of| matches!(of.event, Event::Texted(_)));
    let usual = texts()
        .into_iter()
        .filter(|case| case.of.stands == "active" && case.of.happens == "a text");
    [
        ("texts in every situation", texts(), 20),
        ("a usual text of someone active", usual.collect(), 1_000),
        ("other events in every situation", cases(|of| !matches!(of.event, Event::Texted(_))), 20),
    ]
}

fn cases(is_meant: impl Fn(&Situation) -> bool) -> Vec<Case> {
    let meant = situations::all().into_iter().filter(is_meant);
    let cases: Vec<Case> = meant.map(Case::new).collect();
    cases.iter().for_each(Case::check);
    cases
}

impl Case {
    fn new(of: Situation) -> Self {
        let reading = match &of.event {
            Event::Texted(text) => Some(of.policy.matcher().read(text.body.as_str(), text.media)),
            _ => None,
        };
        Self { row: of.record.as_ref().map(Row::from), reading, of }
    }

    /// Decides it with the crate.
    ///
    /// # Errors
    /// When the rules refuse it.
    pub fn decide(&self) -> Result<Transition, Refusal> {
        let Situation { policy, record, event, now, .. } = &self.of;
        match (event, self.reading) {
            (Event::Texted(text), Some(reading)) => {
                Ok(decide_text(policy, record.as_ref(), text, reading, *now))
            }
            _ => decide(policy, record.as_ref(), event, *now),
        }
    }

    /// Decides it by `way`, which is given what the peer's `decide_text` is; `None` where it is no
    /// text.
    #[inline]
    pub fn decide_text_by(
        &self,
        way: impl FnOnce(&Policy, Option<&Row>, &Text<'_>, Reading, DateTime<Utc>) -> Answer,
    ) -> Option<Answer> {
        let Event::Texted(text) = &self.of.event else { return None };
        Some(way(&self.of.policy, self.row.as_ref(), text, self.reading?, self.of.now))
    }

    /// Where the contact stands and what happens, as words.
    pub fn name(&self) -> String {
        format!("{}: {}", self.of.stands, self.of.happens)
    }

    /// Decides it by hand.
    ///
    /// # Errors
    /// When the rules refuse it.
    pub fn decide_by_hand(&self) -> Result<Answer, Refusal> {
        let Situation { policy, event, now, .. } = &self.of;
        match (event, self.reading) {
            (Event::Texted(text), Some(reading)) => {
                Ok(table::decide_text(policy, self.row.as_ref(), text, reading, *now))
            }
            _ => table::decide(policy, self.row.as_ref(), event, *now),
        }
    }

    fn check(&self) {
        let decided = self.decide().map(|transition| Answer {
            decision: transition.decision,
            reason: transition.reason,
            row: transition.record.as_ref().map(Row::from),
            next_reminder_at: transition.next_reminder_at,
            remember: transition.remember,
            text: transition.text.map(|text| Reply {
                kind: text.kind,
                from: text.from,
                body: text.body.as_str().into(),
                not_after: text.not_after,
                answers: text.answers,
            }),
            statuses: transition.statuses,
            cancel: transition.cancel,
            then: transition.then,
        });
        assert_eq!(decided, self.decide_by_hand(), "{}", self.name());
    }
}
