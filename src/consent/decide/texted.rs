//! A text arrives: the table of RULES 4, total over state and reading.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Case, Transition};
use crate::consent::{
    decision::{Cancel, Decision, Reason},
    event::Text,
    keyword::{Keyword, Reading},
    outgoing::{MessageKind, OutgoingText},
    policy::Policy,
    record::Record,
    reminder::Due,
    state::{ConsentState, OptIn, OptOut, Outstanding, Pending},
    time,
};

/// Help is answered at most this often (R4.3).
const HELP_INTERVAL: TimeDelta = TimeDelta::minutes(10);

/// Decides what a text leads to, its reading given: RULES 4.
///
/// [`decide`](super::decide) with the text read already, for those who read it themselves.
pub fn decide_text(
    policy: &Policy,
    record: Option<&Record>,
    text: &Text<'_>,
    reading: Reading,
    now: DateTime<Utc>,
) -> Transition {
    let case = Case::new(policy, record, now);
    let mut transition = Texted { case: &case, text }.decide(reading);
    note_first_text(&case, &mut transition);
    transition.complete(&case, None);
    transition
}

/// A text from someone who was only added is a change even where nothing else changes (R5.2).
fn note_first_text(case: &Case<'_>, transition: &mut Transition) {
    if let (None, Some(ConsentState::Pending(pending))) = (&transition.record, case.state())
        && !pending.texted
    {
        let state = ConsentState::Pending(Pending { texted: true, ..*pending });
        transition.record = case.put(state, Decision::None, transition.reason).record;
    }
}

struct Texted<'a> {
    case: &'a Case<'a>,
    text: &'a Text<'a>,
}

impl Texted<'_> {
    fn decide(&self, reading: Reading) -> Transition {
        use ConsentState::{Active, OptedOut, Pending};

        let case = self.case;
        let double_opt_in = case.policy.double_opt_in();
        let mut transition = match (case.state(), reading) {
            (None | Some(Pending(_) | Active { .. }), Reading::OptOut) => self.opt_out(),
            (Some(OptedOut { by, .. }), Reading::OptOut) => {
                if OptOut::Contact.is_stronger_than(*by) {
                    self.opt_out()
                } else {
                    case.opt_out_again(OptOut::Contact, self.sent_at(), Reason::AlreadyOptedOut)
                }
            }

            (None | Some(Pending(_) | Active { .. } | OptedOut { .. }), Reading::Help) => {
                self.help()
            }

            (None, Reading::Reaction) => self.first_pending(Reason::Reaction),
            (None, Reading::SuspectedOptOut) => self.first_pending(Reason::SuspectedOptOut),
            (None, Reading::Answer { .. } | Reading::Refusal | Reading::Other) if double_opt_in => {
                self.prompt(
                    self::Pending::default(),
                    Decision::SendConfirmation,
                    Reason::NewContact,
                )
            }
            (None, Reading::Refusal) => self.first_pending(Reason::Declined),
            (None, Reading::Answer { .. } | Reading::Other) => {
                case.activate(OptIn::FirstText, Decision::MarkActive, Reason::DoubleOptInOff)
            }

            (Some(Pending(_)), Reading::Reaction) => case.keep(Reason::Reaction),
            (Some(Pending(_)), Reading::SuspectedOptOut) => case.keep(Reason::SuspectedOptOut),
            (Some(Pending(_)), Reading::Refusal) => case.keep(Reason::Declined),
            (Some(Pending(pending)), Reading::Answer { keyword, restart }) => {
                self.answered(*pending, keyword, restart)
            }
            (Some(Pending(pending)), Reading::Other) => self.answered(*pending, None, false),

            (Some(Active { .. }), Reading::SuspectedOptOut) => case.keep(Reason::SuspectedOptOut),
            (
                Some(Active { .. }),
                Reading::Answer { .. } | Reading::Reaction | Reading::Refusal | Reading::Other,
            ) => case.keep(Reason::Active),

            (Some(OptedOut { since, .. }), Reading::Answer { keyword, restart }) => {
                if self.comes_back(keyword, restart) && self.sent_at() >= *since {
                    self.restart()
                } else {
                    case.keep(Reason::OptedOut)
                }
            }
            (
                Some(OptedOut { .. }),
                Reading::Reaction | Reading::SuspectedOptOut | Reading::Refusal | Reading::Other,
            ) => case.keep(Reason::OptedOut),
        };
        transition.remember = self.is_remembered(reading);
        transition
    }

    /// R4.1: all but what someone active says without consequence.
    fn is_remembered(&self, reading: Reading) -> bool {
        match (self.case.state(), reading) {
            (Some(ConsentState::Active { .. }), Reading::Answer { keyword, restart }) => {
                self.comes_back(keyword, restart)
            }
            (
                Some(ConsentState::Active { .. }),
                Reading::Reaction | Reading::SuspectedOptOut | Reading::Refusal | Reading::Other,
            ) => false,
            (Some(ConsentState::Active { .. }), Reading::OptOut | Reading::Help)
            | (None | Some(ConsentState::Pending(_) | ConsentState::OptedOut { .. }), _) => true,
        }
    }

    /// R4.2
    fn opt_out(&self) -> Transition {
        let case = self.case;
        let restarts = case.record.and_then(|record| record.restarts);
        let replies = &case.policy.settings().replies;
        let reply = match case.policy.restart(restarts, case.now) {
            Some(_) => &replies.opted_out,
            None => &replies.opted_out_final,
        };
        let reply = reply.as_deref().filter(|_| !self.text.provider_replied);
        Transition {
            text: reply.map(|reply| self.reply(MessageKind::OptedOut, reply)),
            ..case.opt_out(OptOut::Contact, self.sent_at(), Decision::OptOut, Reason::OptOutKeyword)
        }
    }

    /// R4.3
    fn help(&self) -> Transition {
        let case = self.case;
        let replied_at = case.record.and_then(|record| record.help_replied_at);
        if replied_at.is_some_and(|at| time::elapsed(at, case.now) < HELP_INTERVAL) {
            return case.keep(Reason::HelpTooSoon);
        }
        let reply = case.policy.settings().replies.help.as_deref();
        let reply = reply.filter(|_| !self.text.provider_replied);
        let decision = match reply {
            Some(_) => Decision::SendHelp,
            None => Decision::None,
        };
        let transition = match case.state() {
            None if case.policy.double_opt_in() => {
                Transition { decision, ..self.first_pending(Reason::HelpKeyword) }
            }
            None => case.activate(OptIn::FirstText, decision, Reason::HelpKeyword),
            Some(state) if reply.is_some() => {
                case.put(texted(*state), decision, Reason::HelpKeyword)
            }
            Some(_) => case.keep(Reason::HelpKeyword),
        };
        Transition {
            text: reply.map(|reply| self.reply(MessageKind::Help, reply)),
            record: transition.record.map(|record| Record {
                help_replied_at: reply.map(|_| case.now).or(record.help_replied_at),
                ..record
            }),
            ..transition
        }
    }

    /// R4.5, R4.7 to R4.9: someone pending wrote something that is no no.
    fn answered(&self, pending: Pending, keyword: Option<Keyword>, restart: bool) -> Transition {
        let case = self.case;
        let confirms = keyword.is_some_and(|keyword| pending.confirms(keyword, case.policy));
        match (pending.asked(), case.policy.double_opt_in()) {
            (true, true | false) if confirms => self.confirmed(),
            (false, false) => {
                case.activate(OptIn::FirstText, Decision::MarkActive, Reason::DoubleOptInOff)
            }
            (true, false) if restart => {
                case.activate(OptIn::Restart, Decision::MarkActive, Reason::Restarted)
            }
            (true, false) => case.keep(Reason::DoubleOptInOff),
            (asked, true) => match (pending.due(case.policy, case.now), asked) {
                (Due::Due, false) => {
                    self.prompt(pending, Decision::SendConfirmation, Reason::NotAskedYet)
                }
                (Due::Due, true) => {
                    self.prompt(pending, Decision::SendReminder, Reason::ReminderDue)
                }
                (Due::NotYet(_), _) => case.keep(Reason::TooSoon),
                (Due::UsedUp, _) => case.keep(Reason::RemindersUsedUp),
            },
        }
    }

    /// R4.5
    fn confirmed(&self) -> Transition {
        let case = self.case;
        let reply = case.policy.settings().replies.confirmed.as_deref();
        Transition {
            text: reply.map(|reply| self.reply(MessageKind::Confirmed, reply)),
            ..case.activate(OptIn::Keyword, Decision::MarkActive, Reason::KeywordMatched)
        }
    }

    /// R4.11, for a text that asks to come back and was sent after the opt-out.
    fn restart(&self) -> Transition {
        let case = self.case;
        let before = case.record.and_then(|record| record.restarts);
        let Some(restarts) = case.policy.restart(before, case.now) else {
            return case.keep(Reason::RestartLimit);
        };
        let transition = if case.policy.double_opt_in() {
            self.prompt(Pending::default(), Decision::SendConfirmation, Reason::Restarted)
        } else {
            case.activate(OptIn::Restart, Decision::MarkActive, Reason::Restarted)
        };
        Transition {
            cancel: Cancel::Prompts,
            record: transition.record.map(|record| Record { restarts: Some(restarts), ..record }),
            ..transition
        }
    }

    /// Pending from the first text on, and not asked.
    fn first_pending(&self, reason: Reason) -> Transition {
        let state = texted(ConsentState::Pending(Pending::default()));
        self.case.put(state, Decision::None, reason)
    }

    /// The next prompt of a cycle: it takes its place now, and gives it back if it is not sent.
    fn prompt(&self, pending: Pending, decision: Decision, reason: Reason) -> Transition {
        let case = self.case;
        let prompt = case.policy.prompt();
        let pending = pending.without_outstanding();
        let kind = if pending.asked() { MessageKind::Reminder } else { MessageKind::Confirmation };
        let text = self.reply(kind, prompt.text());
        let outstanding = Outstanding {
            revision: case.next_revision(),
            until: text.not_after,
            prompts_used: pending.prompts_used,
            last_prompt: pending.last_prompt,
            keywords_shown: pending.keywords_shown,
        };
        let state = ConsentState::Pending(Pending {
            prompts_used: pending.prompts_used.saturating_add(1),
            keywords_shown: pending.keywords_shown.with(prompt.keyword()),
            outstanding: Some(outstanding),
            texted: true,
            ..pending
        });
        Transition { text: Some(text), ..case.put(state, decision, reason) }
    }

    fn reply(&self, kind: MessageKind, body: &str) -> OutgoingText {
        OutgoingText {
            kind,
            from: self.text.inbox.clone(),
            body: alloc::string::String::from(body).into(),
            not_after: self.case.deadline(),
            answers: Some(self.text.id.clone()),
        }
    }

    /// Whether the text is a restart word or the keyword configured now (R4.1, R4.11).
    fn comes_back(&self, keyword: Option<Keyword>, restart: bool) -> bool {
        restart || keyword == Some(self.case.policy.keyword())
    }

    /// The provider's time of the text, never later than now.
    fn sent_at(&self) -> DateTime<Utc> {
        let now = self.case.now;
        self.text.sent_at.map_or(now, |sent_at| time::to_millisecond(sent_at).min(now))
    }
}

fn texted(state: ConsentState) -> ConsentState {
    match state {
        ConsentState::Pending(pending) => {
            ConsentState::Pending(Pending { texted: true, ..pending })
        }
        ConsentState::Active { .. } | ConsentState::OptedOut { .. } => state,
    }
}
