//! A text arrives (RULES 4), as a machine of `statig`: a state a standing, and the record beside it.
//!
//! What the rules do and ask is the hand-written table's; how they come to it is the machine's. The
//! machine is flat: handlers of superstates would be looked for, and found, at run time.

use chrono::{DateTime, Utc};
use optin::{Decision, OptIn, OptOut, Policy, Reading, Reason, Text};
use optin_benches::peer::table::{self, Answer, Pending, Row, Turn, decide_text_by};
use statig::prelude::*;

/// Decides what a text leads to, its reading given.
pub fn decide_text(
    policy: &Policy,
    row: Option<&Row>,
    text: &Text<'_>,
    reading: Reading,
    now: DateTime<Utc>,
) -> Answer {
    decide_text_by(policy, row, reading, now, |turn| {
        let said = (Decision::None, Reason::Active);
        let mut machine = Consent { said }.uninitialized_state_machine();
        *machine.state_mut() = turn.standing();
        let mut machine = machine.init_with_context(turn);
        machine.handle_with_context(&Event { text, reading }, turn);
        machine.said
    })
}

/// What the machine keeps beside where it stands: what it decided.
#[derive(Debug)]
pub struct Consent {
    said: (Decision, Reason),
}

/// A text, and what it says.
#[derive(Debug)]
pub struct Event<'a> {
    text: &'a Text<'a>,
    reading: Reading,
}

#[state_machine(initial = "State::absent()")]
impl Consent {
    #[state]
    fn absent(&mut self, context: &mut Turn<'_>, event: &Event<'_>) -> Outcome<State> {
        let double_opt_in = context.policy.double_opt_in();
        self.said = match event.reading {
            Reading::OptOut => context.said_stop(event.text),
            Reading::Help => context.help(event.text),
            Reading::Reaction => context.first_pending(Reason::Reaction),
            Reading::SuspectedOptOut => context.first_pending(Reason::SuspectedOptOut),
            Reading::Answer { .. } | Reading::Refusal | Reading::Other if double_opt_in => {
                let fresh = Pending::default();
                context.prompt(event.text, fresh, Decision::SendConfirmation, Reason::NewContact)
            }
            Reading::Refusal => context.first_pending(Reason::Declined),
            Reading::Answer { .. } | Reading::Other => {
                context.activate(OptIn::FirstText);
                (Decision::MarkActive, Reason::DoubleOptInOff)
            }
        };
        Transition(context.stands())
    }

    #[state]
    fn pending(&mut self, context: &mut Turn<'_>, event: &Event<'_>) -> Outcome<State> {
        let table::State::Pending(pending) = context.row.state else { return Handled };
        let reason = match event.reading {
            Reading::OptOut => {
                self.said = context.said_stop(event.text);
                return Transition(State::opted_out());
            }
            Reading::Help => {
                self.said = context.help(event.text);
                return Handled;
            }
            Reading::Answer { keyword, restart } => {
                self.said = context.answered(event.text, pending, keyword, restart);
                return context.moved();
            }
            Reading::Other => {
                self.said = context.answered(event.text, pending, None, false);
                return context.moved();
            }
            Reading::Reaction => Reason::Reaction,
            Reading::SuspectedOptOut => Reason::SuspectedOptOut,
            Reading::Refusal => Reason::Declined,
        };
        self.said = (Decision::None, reason);
        Handled
    }

    #[state]
    fn active(&mut self, context: &mut Turn<'_>, event: &Event<'_>) -> Outcome<State> {
        self.said = match event.reading {
            Reading::OptOut => {
                self.said = context.said_stop(event.text);
                return Transition(State::opted_out());
            }
            Reading::Help => context.help(event.text),
            Reading::SuspectedOptOut => (Decision::None, Reason::SuspectedOptOut),
            Reading::Answer { .. } | Reading::Reaction | Reading::Refusal | Reading::Other => {
                (Decision::None, Reason::Active)
            }
        };
        Handled
    }

    #[state]
    fn opted_out(&mut self, context: &mut Turn<'_>, event: &Event<'_>) -> Outcome<State> {
        let table::State::OptedOut { by, since } = context.row.state else { return Handled };
        self.said = match event.reading {
            Reading::OptOut if OptOut::Contact.is_stronger_than(by) => {
                context.said_stop(event.text)
            }
            Reading::OptOut => {
                let at = context.sent_at(event.text);
                context.opt_out_again(OptOut::Contact, at);
                (Decision::None, Reason::AlreadyOptedOut)
            }
            Reading::Help => context.help(event.text),
            Reading::Answer { keyword, restart }
                if context.comes_back(keyword, restart) && context.sent_at(event.text) >= since =>
            {
                self.said = context.restart(event.text);
                return context.moved();
            }
            Reading::Answer { .. }
            | Reading::Reaction
            | Reading::SuspectedOptOut
            | Reading::Refusal
            | Reading::Other => (Decision::None, Reason::OptedOut),
        };
        Handled
    }
}

/// The record's standing as the machine's.
trait Stands {
    /// Where it stands, absent included.
    fn standing(&self) -> State;
    /// Where it stands now that there is a record.
    fn stands(&self) -> State;
    /// A transition to where it stands.
    fn moved(&self) -> Outcome<State>;
}

impl Stands for Turn<'_> {
    #[inline]
    fn standing(&self) -> State {
        if self.present { self.stands() } else { State::absent() }
    }

    #[inline]
    fn stands(&self) -> State {
        match self.row.state {
            table::State::Pending(_) => State::pending(),
            table::State::Active { .. } => State::active(),
            table::State::OptedOut { .. } => State::opted_out(),
        }
    }

    #[inline]
    fn moved(&self) -> Outcome<State> {
        if self.changed { Transition(self.stands()) } else { Handled }
    }
}
