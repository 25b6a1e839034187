//! What the README states, and the count that is held against it.

use chrono::{DateTime, TimeDelta, Utc};
use optin::{MessageKind, Policy, Reason};

use super::host::Taken;

/// How many messages texts alone can cost a contact, help aside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) window: TimeDelta,
    /// In one cycle, the first.
    pub(crate) in_cycle: usize,
    /// In a window as R4.11 counts it: from its first restart to that of the next.
    pub(crate) in_window: usize,
    /// In any time as long as a window: it can touch two.
    pub(crate) in_any_time: usize,
}

impl Bound {
    pub(crate) fn of(policy: &Policy) -> Self {
        let settings = policy.settings();
        let replies = &settings.replies;
        let restarts = settings.restarts.max as usize;
        let opted_out =
            usize::from(replies.opted_out.is_some() || replies.opted_out_final.is_some());
        let prompts = match settings.double_opt_in {
            true => 1 + settings.reminders.max as usize + usize::from(replies.confirmed.is_some()),
            false => 0,
        };
        let in_cycle = prompts + opted_out;
        // The cycle that began before it had its confirmation before it.
        let two_windows = (2 * restarts * in_cycle).saturating_sub(usize::from(prompts > 0));
        Self {
            window: TimeDelta::days(settings.restarts.window_days.into()),
            in_cycle,
            in_window: restarts * in_cycle,
            in_any_time: two_windows.max((restarts + 1) * in_cycle),
        }
    }
}

/// What a contact got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// When each message was sent, help aside.
    pub(crate) times: Vec<DateTime<Utc>>,
    pub(crate) help: usize,
    pub(crate) most_in_window: usize,
    last_help: Option<DateTime<Utc>>,
    window: Option<(DateTime<Utc>, usize)>,
}

impl Tally {
    /// Counts what came of a text, and compares it with what is stated.
    pub(crate) fn take(&mut self, taken: &Taken, bound: &Bound) {
        let is_open = self.window.is_some_and(|(began, _)| taken.at - began < bound.window);
        if taken.reason == Reason::Restarted && !is_open {
            self.window = Some((taken.at, 0));
        }
        match taken.sent {
            None => {}
            Some(MessageKind::Help) => {
                let waited = self.last_help.replace(taken.at).map(|last| taken.at - last);
                assert!(waited.is_none_or(|waited| waited >= TimeDelta::minutes(10)));
                self.help += 1;
            }
            Some(_) => {
                self.times.push(taken.at);
                if let Some((_, count)) = &mut self.window {
                    *count += 1;
                    assert!(*count <= bound.in_window, "{count} in a window");
                    self.most_in_window = self.most_in_window.max(*count);
                } else {
                    assert!(self.times.len() <= bound.in_cycle, "too many before a restart");
                }
            }
        }
    }

    /// The most in any time of this length, its end left out.
    pub(crate) fn most_in(&self, length: TimeDelta) -> usize {
        let from = |(n, first): (usize, &DateTime<Utc>)| {
            self.times[n..].iter().take_while(|time| **time - *first < length).count()
        };
        self.times.iter().enumerate().map(from).max().unwrap_or(0)
    }
}
