//! A text arrives: the table of RULES 4 by hand.

use chrono::{DateTime, TimeDelta, Utc};
use optin::{Cancel, Decision, Keyword, MessageKind, OptIn, OptOut, Policy, Reading, Reason, Text};

use super::{Answer, Outstanding, Pending, Row, State, Turn, to_millisecond};

/// Decides what a text leads to, its reading given.
pub fn decide_text(
    policy: &Policy,
    row: Option<&Row>,
    text: &Text<'_>,
    reading: Reading,
    now: DateTime<Utc>,
) -> Answer {
    decide_text_by(policy, row, reading, now, |turn| turn.read(text, reading))
}

/// The same, where `dispatch` comes to what the table says by a way of its own.
#[inline]
pub fn decide_text_by(
    policy: &Policy,
    row: Option<&Row>,
    reading: Reading,
    now: DateTime<Utc>,
    dispatch: impl FnOnce(&mut Turn<'_>) -> (Decision, Reason),
) -> Answer {
    let mut turn = Turn::new(policy, row, now);
    let was_active = turn.row.state.is_active();
    let before = turn.present.then_some(!was_active);
    let remember = !was_active
        || match reading {
            Reading::OptOut | Reading::Help => true,
            Reading::Answer { keyword, restart } => turn.comes_back(keyword, restart),
            _ => false,
        };
    let (decision, reason) = dispatch(&mut turn);
    if !turn.changed
        && turn.present
        && let State::Pending(pending) = &mut turn.row.state
        && !pending.texted
    {
        pending.texted = true;
        turn.changed = true;
    }
    let answer = turn.answer(decision, reason, |_, opted_out| before != Some(opted_out));
    Answer { remember, ..answer }
}

impl Turn<'_> {
    fn read(&mut self, text: &Text<'_>, reading: Reading) -> (Decision, Reason) {
        let double_opt_in = self.policy.double_opt_in();
        if reading == Reading::Help {
            return self.help(text);
        }
        if !self.present {
            return match reading {
                Reading::OptOut => self.said_stop(text),
                Reading::Reaction => self.first_pending(Reason::Reaction),
                Reading::SuspectedOptOut => self.first_pending(Reason::SuspectedOptOut),
                _ if double_opt_in => {
                    let fresh = Pending::default();
                    self.prompt(text, fresh, Decision::SendConfirmation, Reason::NewContact)
                }
                Reading::Refusal => self.first_pending(Reason::Declined),
                _ => {
                    self.activate(OptIn::FirstText);
                    (Decision::MarkActive, Reason::DoubleOptInOff)
                }
            };
        }
        match (self.row.state, reading) {
            (State::OptedOut { by, .. }, Reading::OptOut) => {
                if OptOut::Contact.is_stronger_than(by) {
                    self.said_stop(text)
                } else {
                    let at = self.sent_at(text);
                    self.opt_out_again(OptOut::Contact, at);
                    (Decision::None, Reason::AlreadyOptedOut)
                }
            }
            (State::Pending(_) | State::Active { .. }, Reading::OptOut) => self.said_stop(text),
            (State::Pending(_), Reading::Reaction) => (Decision::None, Reason::Reaction),
            (State::Pending(_) | State::Active { .. }, Reading::SuspectedOptOut) => {
                (Decision::None, Reason::SuspectedOptOut)
            }
            (State::Pending(_), Reading::Refusal) => (Decision::None, Reason::Declined),
            (State::Pending(pending), Reading::Answer { keyword, restart }) => {
                self.answered(text, pending, keyword, restart)
            }
            (State::Pending(pending), _) => self.answered(text, pending, None, false),
            (State::Active { .. }, _) => (Decision::None, Reason::Active),
            (State::OptedOut { since, .. }, Reading::Answer { keyword, restart })
                if self.comes_back(keyword, restart) && self.sent_at(text) >= since =>
            {
                self.restart(text)
            }
            (State::OptedOut { .. }, _) => (Decision::None, Reason::OptedOut),
        }
    }

    /// Opted out by the contact; the reply goes out, where there is one.
    #[inline]
    pub fn said_stop(&mut self, text: &Text<'_>) -> (Decision, Reason) {
        if !text.provider_replied {
            let replies = &self.policy.settings().replies;
            let reply = if self.restarts_left().is_some() {
                &replies.opted_out
            } else {
                &replies.opted_out_final
            };
            if let Some(reply) = reply {
                self.reply(text, MessageKind::OptedOut, reply);
            }
        }
        let at = self.sent_at(text);
        self.opt_out(OptOut::Contact, at);
        (Decision::OptOut, Reason::OptOutKeyword)
    }

    /// Answers a call for help, unless one was answered just before.
    #[inline]
    pub fn help(&mut self, text: &Text<'_>) -> (Decision, Reason) {
        let too_soon = TimeDelta::minutes(10);
        if let Some(at) = self.row.help_replied_at
            && self.now.signed_duration_since(at) < too_soon
        {
            return (Decision::None, Reason::HelpTooSoon);
        }
        let reply = self.policy.settings().replies.help.as_deref();
        let reply = reply.filter(|_| !text.provider_replied);
        if !self.present && !self.policy.double_opt_in() {
            self.activate(OptIn::FirstText);
        } else if !self.present || reply.is_some() {
            if let State::Pending(pending) = &mut self.row.state {
                pending.texted = true;
            }
            self.changed = true;
        }
        let Some(reply) = reply else {
            return (Decision::None, Reason::HelpKeyword);
        };
        self.row.help_replied_at = Some(self.now);
        self.reply(text, MessageKind::Help, reply);
        (Decision::SendHelp, Reason::HelpKeyword)
    }

    /// Someone pending wrote something that is no no.
    #[inline]
    pub fn answered(
        &mut self,
        text: &Text<'_>,
        pending: Pending,
        keyword: Option<Keyword>,
        restart: bool,
    ) -> (Decision, Reason) {
        let asked = pending.prompts_used > 0;
        if asked && keyword.is_some_and(|keyword| pending.confirms(keyword, self.policy)) {
            return self.confirm(text);
        }
        if !self.policy.double_opt_in() {
            if !asked {
                self.activate(OptIn::FirstText);
                return (Decision::MarkActive, Reason::DoubleOptInOff);
            }
            if restart {
                self.activate(OptIn::Restart);
                return (Decision::MarkActive, Reason::Restarted);
            }
            return (Decision::None, Reason::DoubleOptInOff);
        }
        match self.not_due(&pending) {
            Some(reason) => (Decision::None, reason),
            None => self.remind(text, pending),
        }
    }

    /// The keyword: active, and told so.
    #[inline]
    pub fn confirm(&mut self, text: &Text<'_>) -> (Decision, Reason) {
        if let Some(reply) = &self.policy.settings().replies.confirmed {
            self.reply(text, MessageKind::Confirmed, reply);
        }
        self.activate(OptIn::Keyword);
        (Decision::MarkActive, Reason::KeywordMatched)
    }

    /// Why no prompt is due, where none is.
    #[inline]
    pub fn not_due(&self, pending: &Pending) -> Option<Reason> {
        let reminders = self.policy.reminders();
        if !reminders.is_left(pending.prompts_used) {
            return Some(Reason::RemindersUsedUp);
        }
        let last = pending.last()?;
        let elapsed = self.now.signed_duration_since(last);
        (elapsed < reminders.interval()).then_some(Reason::TooSoon)
    }

    /// The prompt that is due: a reminder, or the first that was not sent yet.
    #[inline]
    pub fn remind(&mut self, text: &Text<'_>, pending: Pending) -> (Decision, Reason) {
        if pending.prompts_used > 0 {
            self.prompt(text, pending, Decision::SendReminder, Reason::ReminderDue)
        } else {
            self.prompt(text, pending, Decision::SendConfirmation, Reason::NotAskedYet)
        }
    }

    /// A new cycle, or back in at once, while a restart is left.
    #[inline]
    pub fn restart(&mut self, text: &Text<'_>) -> (Decision, Reason) {
        let Some(restarts) = self.restarts_left() else {
            return (Decision::None, Reason::RestartLimit);
        };
        self.row.restarts = Some(restarts);
        if self.policy.double_opt_in() {
            self.cancel = Cancel::Prompts;
            let fresh = Pending::default();
            self.prompt(text, fresh, Decision::SendConfirmation, Reason::Restarted)
        } else {
            self.activate(OptIn::Restart);
            (Decision::MarkActive, Reason::Restarted)
        }
    }

    /// Pending from the first text on, and not asked.
    #[inline]
    pub fn first_pending(&mut self, reason: Reason) -> (Decision, Reason) {
        let texted = true;
        self.set(State::Pending(Pending { texted, ..Pending::default() }));
        (Decision::None, reason)
    }

    /// The next prompt of a cycle.
    #[inline]
    pub fn prompt(
        &mut self,
        text: &Text<'_>,
        pending: Pending,
        decision: Decision,
        reason: Reason,
    ) -> (Decision, Reason) {
        let last_prompt = pending.last();
        let kind = if pending.prompts_used > 0 {
            MessageKind::Reminder
        } else {
            MessageKind::Confirmation
        };
        self.reply(text, kind, self.policy.prompt().text());
        self.set(State::Pending(Pending {
            prompts_used: pending.prompts_used.saturating_add(1),
            keywords_shown: pending.keywords_shown.with(self.policy.keyword()),
            outstanding: Some(Outstanding {
                revision: self.row.revision + 1,
                until: self.deadline(),
                prompts_used: pending.prompts_used,
                last_prompt,
                keywords_shown: pending.keywords_shown,
            }),
            last_prompt,
            not_sent_in_row: if pending.outstanding.is_some() {
                0
            } else {
                pending.not_sent_in_row
            },
            texted: true,
        }));
        (decision, reason)
    }

    /// The restarts counted, this one included, where one is left.
    #[inline]
    pub fn restarts_left(&self) -> Option<(DateTime<Utc>, u8)> {
        let settings = &self.policy.settings().restarts;
        let window = TimeDelta::days(settings.window_days.into());
        let (began, count) = match self.row.restarts {
            Some((began, count)) if self.now.signed_duration_since(began) < window => {
                (began, count)
            }
            _ => (self.now, 0),
        };
        (u32::from(count) < settings.max).then(|| (began, count.saturating_add(1)))
    }

    /// Whether it is a restart word, or the keyword.
    #[inline]
    pub fn comes_back(&self, keyword: Option<Keyword>, restart: bool) -> bool {
        restart || keyword == Some(self.policy.keyword())
    }

    /// The provider's time of the text.
    #[inline]
    pub fn sent_at(&self, text: &Text<'_>) -> DateTime<Utc> {
        text.sent_at.map_or(self.now, |sent_at| to_millisecond(sent_at).min(self.now))
    }
}
