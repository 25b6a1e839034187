//! Times at which something changes for a contact by some machine's clock: where mistakes are.

use alloc::vec::Vec;

use chrono::{DateTime, TimeDelta, Utc};

use super::{chance::Chance, clock::millis};
use crate::{
    consent::{
        outgoing::{Content, MessageKind},
        policy::Policy,
    },
    storage::{Change, Commit, Then},
};

/// Some of those that were seen of late.
#[derive(Debug, Default)]
pub(super) struct Moments {
    seen: Vec<(i64, usize)>,
    /// The contact whose moment has come: the next thing may happen to it.
    pub(super) turn: Option<usize>,
}

impl Moments {
    const KEPT: usize = 16;

    pub(super) fn note(&mut self, moment: DateTime<Utc>, contact: usize, chance: &mut Chance) {
        let moment = (millis(moment), contact);
        if self.seen.len() < Self::KEPT {
            self.seen.push(moment);
        } else {
            self.seen[chance.below(Self::KEPT)] = moment;
        }
    }

    /// One that a clock which shows `now` has yet to show, or shows.
    pub(super) fn pick(&mut self, now: i64, chance: &mut Chance) -> Option<i64> {
        self.seen.retain(|(moment, _)| *moment >= now);
        let (moment, contact) = *self.seen.get(chance.below(self.seen.len()))?;
        self.turn = Some(contact);
        Some(moment)
    }
}

/// When something changes that hangs on this commit.
pub(super) fn moments(
    commit: &Commit,
    policy: &Policy,
) -> impl Iterator<Item = DateTime<Utc>> + use<> {
    let text = commit.outgoing.iter().find_map(|outgoing| match &outgoing.content {
        Content::Text(text) => Some((text.kind, text.not_after)),
        Content::Status(_) => None,
    });
    let retry = commit.settle.as_ref().and_then(|settlement| match settlement.then {
        Then::RetryAt(at) => Some(at),
        Then::Finish | Then::SetAside => None,
    });
    let record = match commit.change {
        Change::Put(record) => Some(record),
        Change::Keep => None,
    };
    let prompt = record.and_then(|record| record.next_reminder_at(policy));
    let help = text.is_some_and(|(kind, _)| kind == MessageKind::Help);
    let help = help.then(|| commit.at.checked_add_signed(TimeDelta::minutes(10))).flatten();
    let days = TimeDelta::days(policy.settings().restarts.window_days.into());
    let restarts = record.and_then(|record| record.restarts);
    let restarts = restarts.filter(|window| window.began == commit.at);
    let restarts = restarts.and_then(|window| window.began.checked_add_signed(days));
    [text.map(|(_, not_after)| not_after), retry, prompt, help, restarts].into_iter().flatten()
}
