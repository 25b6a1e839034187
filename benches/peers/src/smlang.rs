//! A text arrives (RULES 4), as a table of `smlang`: a row a state and reading, and the record beside
//! it.
//!
//! What the rules do and ask is the hand-written table's; how they come to it is the machine's.

use chrono::{DateTime, Utc};
use optin::{Decision, Keyword, OptIn, OptOut, Policy, Reading, Reason, Text};
use optin_benches::peer::table::{self, Answer, Pending, Row, Turn, decide_text_by};

use self::table_of_texts::{Events, StateMachine, StateMachineContext, States};

/// Decides what a text leads to, its reading given.
pub fn decide_text(
    policy: &Policy,
    row: Option<&Row>,
    text: &Text<'_>,
    reading: Reading,
    now: DateTime<Utc>,
) -> Answer {
    decide_text_by(policy, row, reading, now, |turn| {
        let state = match turn.row.state {
            _ if !turn.present => States::Absent,
            table::State::Pending(_) => States::Pending,
            table::State::Active { .. } => States::Active,
            table::State::OptedOut { .. } => States::OptedOut,
        };
        let (keyword, restart) = match reading {
            Reading::Answer { keyword, restart } => (keyword, restart),
            _ => (None, false),
        };
        let said = Said { text, keyword, restart };
        let event = match reading {
            Reading::OptOut => Events::OptOut(said),
            Reading::Help => Events::Help(said),
            Reading::Answer { .. } => Events::Answer(said),
            Reading::Reaction => Events::Reaction(said),
            Reading::SuspectedOptOut => Events::Suspected(said),
            Reading::Refusal => Events::Refusal(said),
            Reading::Other => Events::Other(said),
        };
        let context = Context { turn, said: (Decision::None, Reason::Active) };
        let mut machine = StateMachine::new_with_state(context, state);
        // The table is total: each state and event has a row without a guard.
        let _ = machine.process_event(event);
        machine.context().said
    })
}

/// What a text says: the same for all readings, so that they share guards and actions.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    text: &'a Text<'a>,
    keyword: Option<Keyword>,
    restart: bool,
}

/// What is decided, and on what it rests.
#[derive(Debug)]
pub struct Context<'a, 'b> {
    turn: &'a mut Turn<'b>,
    said: (Decision, Reason),
}

#[allow(missing_docs, dead_code, unused, clippy::all, reason = "the macro's")]
mod table_of_texts {
    use smlang::statemachine;

    use super::Said;

    statemachine! {
        transitions: {
            *Absent + OptOut(Said<'a>) / said_stop = OptedOut,
            Absent + Help(Said<'a>) [double_opt_in] / help = Pending,
            Absent + Help(Said<'a>) / help = Active,
            Absent + Reaction(Said<'a>) / first_reaction = Pending,
            Absent + Suspected(Said<'a>) / first_suspected = Pending,
            Absent + Answer(Said<'a>) [double_opt_in] / confirmation = Pending,
            Absent + Answer(Said<'a>) / first_text = Active,
            Absent + Refusal(Said<'a>) [double_opt_in] / confirmation = Pending,
            Absent + Refusal(Said<'a>) / first_refusal = Pending,
            Absent + Other(Said<'a>) [double_opt_in] / confirmation = Pending,
            Absent + Other(Said<'a>) / first_text = Active,

            Pending + OptOut(Said<'a>) / said_stop = OptedOut,
            Pending + Help(Said<'a>) / help = Pending,
            Pending + Reaction(Said<'a>) / reacted = Pending,
            Pending + Suspected(Said<'a>) / suspected = Pending,
            Pending + Answer(Said<'a>) [confirms] / confirm = Active,
            Pending + Answer(Said<'a>) [double_opt_in] / remind = Pending,
            Pending + Answer(Said<'a>) [!asked] / first_text = Active,
            Pending + Answer(Said<'a>) [restarts] / restart_at_once = Active,
            Pending + Answer(Said<'a>) / off = Pending,
            Pending + Refusal(Said<'a>) / declined = Pending,
            Pending + Other(Said<'a>) [double_opt_in] / remind = Pending,
            Pending + Other(Said<'a>) [!asked] / first_text = Active,
            Pending + Other(Said<'a>) / off = Pending,

            Active + OptOut(Said<'a>) / said_stop = OptedOut,
            Active + Help(Said<'a>) / help = Active,
            Active + Suspected(Said<'a>) / suspected = Active,
            Active + Reaction(Said<'a>) / active = Active,
            Active + Answer(Said<'a>) / active = Active,
            Active + Refusal(Said<'a>) / active = Active,
            Active + Other(Said<'a>) / active = Active,

            OptedOut + OptOut(Said<'a>) [is_stronger] / said_stop = OptedOut,
            OptedOut + OptOut(Said<'a>) / said_stop_again = OptedOut,
            OptedOut + Help(Said<'a>) / help = OptedOut,
            OptedOut + Answer(Said<'a>) [comes_back && left && double_opt_in] / restart = Pending,
            OptedOut + Answer(Said<'a>) [comes_back && left] / restart = Active,
            OptedOut + Answer(Said<'a>) [comes_back] / restart_limit = OptedOut,
            OptedOut + Answer(Said<'a>) / opted_out = OptedOut,
            OptedOut + Reaction(Said<'a>) / opted_out = OptedOut,
            OptedOut + Suspected(Said<'a>) / opted_out = OptedOut,
            OptedOut + Refusal(Said<'a>) / opted_out = OptedOut,
            OptedOut + Other(Said<'a>) / opted_out = OptedOut,
        }
    }
}

impl Context<'_, '_> {
    #[inline]
    fn keep(&mut self, reason: Reason) -> Result<(), ()> {
        self.say((Decision::None, reason))
    }

    #[inline]
    fn say(&mut self, said: (Decision, Reason)) -> Result<(), ()> {
        self.said = said;
        Ok(())
    }

    #[inline]
    fn pending(&self) -> Option<&Pending> {
        match &self.turn.row.state {
            table::State::Pending(pending) => Some(pending),
            table::State::Active { .. } | table::State::OptedOut { .. } => None,
        }
    }
}

impl StateMachineContext for Context<'_, '_> {
    fn double_opt_in(&self, _said: &Said<'_>) -> Result<bool, ()> {
        Ok(self.turn.policy.double_opt_in())
    }

    fn asked(&self, _said: &Said<'_>) -> Result<bool, ()> {
        Ok(self.pending().is_some_and(|pending| pending.prompts_used > 0))
    }

    fn confirms(&self, said: &Said<'_>) -> Result<bool, ()> {
        let Some(keyword) = said.keyword else { return Ok(false) };
        let policy = self.turn.policy;
        Ok(self
            .pending()
            .is_some_and(|pending| pending.prompts_used > 0 && pending.confirms(keyword, policy)))
    }

    fn restarts(&self, said: &Said<'_>) -> Result<bool, ()> {
        Ok(said.restart)
    }

    fn is_stronger(&self, _said: &Said<'_>) -> Result<bool, ()> {
        let state = self.turn.row.state;
        Ok(matches!(state, table::State::OptedOut { by, .. }
            if OptOut::Contact.is_stronger_than(by)))
    }

    fn comes_back(&self, said: &Said<'_>) -> Result<bool, ()> {
        let table::State::OptedOut { since, .. } = self.turn.row.state else { return Ok(false) };
        let comes_back = self.turn.comes_back(said.keyword, said.restart);
        Ok(comes_back && self.turn.sent_at(said.text) >= since)
    }

    fn left(&self, _said: &Said<'_>) -> Result<bool, ()> {
        Ok(self.turn.restarts_left().is_some())
    }

    fn said_stop(&mut self, said: Said<'_>) -> Result<(), ()> {
        let decided = self.turn.said_stop(said.text);
        self.say(decided)
    }

    fn said_stop_again(&mut self, said: Said<'_>) -> Result<(), ()> {
        let at = self.turn.sent_at(said.text);
        self.turn.opt_out_again(OptOut::Contact, at);
        self.keep(Reason::AlreadyOptedOut)
    }

    fn help(&mut self, said: Said<'_>) -> Result<(), ()> {
        let decided = self.turn.help(said.text);
        self.say(decided)
    }

    fn first_reaction(&mut self, _said: Said<'_>) -> Result<(), ()> {
        let decided = self.turn.first_pending(Reason::Reaction);
        self.say(decided)
    }

    fn first_suspected(&mut self, _said: Said<'_>) -> Result<(), ()> {
        let decided = self.turn.first_pending(Reason::SuspectedOptOut);
        self.say(decided)
    }

    fn first_refusal(&mut self, _said: Said<'_>) -> Result<(), ()> {
        let decided = self.turn.first_pending(Reason::Declined);
        self.say(decided)
    }

    fn first_text(&mut self, _said: Said<'_>) -> Result<(), ()> {
        self.turn.activate(OptIn::FirstText);
        self.say((Decision::MarkActive, Reason::DoubleOptInOff))
    }

    fn confirmation(&mut self, said: Said<'_>) -> Result<(), ()> {
        let (decision, reason) = (Decision::SendConfirmation, Reason::NewContact);
        let decided = self.turn.prompt(said.text, Pending::default(), decision, reason);
        self.say(decided)
    }

    fn confirm(&mut self, said: Said<'_>) -> Result<(), ()> {
        let decided = self.turn.confirm(said.text);
        self.say(decided)
    }

    fn remind(&mut self, said: Said<'_>) -> Result<(), ()> {
        let Some(pending) = self.pending().copied() else { return Err(()) };
        let decided = match self.turn.not_due(&pending) {
            Some(reason) => (Decision::None, reason),
            None => self.turn.remind(said.text, pending),
        };
        self.say(decided)
    }

    fn restart(&mut self, said: Said<'_>) -> Result<(), ()> {
        let decided = self.turn.restart(said.text);
        self.say(decided)
    }

    fn restart_at_once(&mut self, _said: Said<'_>) -> Result<(), ()> {
        self.turn.activate(OptIn::Restart);
        self.say((Decision::MarkActive, Reason::Restarted))
    }

    fn restart_limit(&mut self, _said: Said<'_>) -> Result<(), ()> {
        self.keep(Reason::RestartLimit)
    }

    fn off(&mut self, _said: Said<'_>) -> Result<(), ()> {
        self.keep(Reason::DoubleOptInOff)
    }

    fn reacted(&mut self, _said: Said<'_>) -> Result<(), ()> {
        self.keep(Reason::Reaction)
    }

    fn suspected(&mut self, _said: Said<'_>) -> Result<(), ()> {
        self.keep(Reason::SuspectedOptOut)
    }

    fn declined(&mut self, _said: Said<'_>) -> Result<(), ()> {
        self.keep(Reason::Declined)
    }

    fn active(&mut self, _said: Said<'_>) -> Result<(), ()> {
        self.keep(Reason::Active)
    }

    fn opted_out(&mut self, _said: Said<'_>) -> Result<(), ()> {
        self.keep(Reason::OptedOut)
    }
}
