//! Everything else that can happen to a contact: RULES 5 and 6.2 by hand.

use chrono::{DateTime, Utc};
use optin::{
    Actor, Crm, Decision, Ending, Event, Message, MessageKind, OptIn, OptOut, Override, Permission,
    Policy, Reason, Refusal, Settled, Source, Then,
};

use super::{Answer, Pending, Reply, Row, State, Turn, decide_text, to_millisecond};

/// Decides what an event leads to.
///
/// # Errors
/// When the rules refuse it.
pub fn decide(
    policy: &Policy,
    row: Option<&Row>,
    event: &Event<'_>,
    now: DateTime<Utc>,
) -> Result<Answer, Refusal> {
    let mut turn = Turn::new(policy, row, now);
    if let Event::Settled(settled) = event {
        return Ok(turn.settle(settled));
    }
    let before = turn.present.then_some(!turn.row.state.is_active());
    let changed = |_, opted_out| before != Some(opted_out);
    match event {
        Event::Texted(text) => {
            let reading = policy.matcher().read(text.body.as_str(), text.media);
            Ok(decide_text(policy, row, text, reading, now))
        }
        Event::Added { source, opted_out } => Ok(turn.add(*source, *opted_out)),
        Event::DeclaredExisting { actor } => {
            require(actor, Permission::ComplianceSettings)?;
            let untouched = match &turn.row.state {
                State::Pending(pending) => !pending.texted,
                State::Active { .. } | State::OptedOut { .. } => false,
            };
            if !untouched {
                return Ok(turn.answer(Decision::None, Reason::AlreadyPresent, changed));
            }
            turn.activate(OptIn::Existing);
            Ok(turn.answer(Decision::MarkActive, Reason::Existing, changed))
        }
        Event::Overridden { actor, to, note } => {
            require(actor, Permission::OptInManagement)?;
            let noted = note.as_ref().is_some_and(|note| !note.is_blank());
            let (decision, reason) = match to {
                Override::Active => turn.override_to_active(actor, noted)?,
                Override::OptedOut => turn.override_to_opted_out(),
            };
            Ok(turn.answer(decision, reason, changed))
        }
        Event::CarrierBlocked { .. } => Ok(turn.block()),
        Event::StatusRequested { crm } => {
            let reason = Reason::StatusRequested;
            turn.changed = turn.present && policy.syncs(*crm);
            let asked = turn.changed;
            Ok(turn.answer(Decision::None, reason, |told, _| asked && told == *crm))
        }
        Event::MessageRequested(message) if turn.present => turn.message(message),
        _ => Err(Refusal::NotOptedIn),
    }
}

fn require(actor: &Actor, permission: Permission) -> Result<(), Refusal> {
    match actor.may(permission) {
        true => Ok(()),
        false => Err(Refusal::Forbidden(permission)),
    }
}

fn crm(source: Source) -> Option<Crm> {
    match source {
        Source::Hubspot => Some(Crm::Hubspot),
        Source::Salesforce => Some(Crm::Salesforce),
        _ => None,
    }
}

impl Turn<'_> {
    fn add(mut self, source: Source, opted_out: Option<bool>) -> Answer {
        let by = match source {
            Source::User => OptOut::Staff,
            Source::Csv | Source::Api => OptOut::Import,
            _ => OptOut::Crm,
        };
        let (present, now) = (self.present, self.now);
        let before = present.then_some(!self.row.state.is_active());
        let is_out = present && matches!(self.row.state, State::OptedOut { .. });
        let reason = match opted_out {
            Some(true) if is_out => {
                self.opt_out_again(by, now);
                Reason::AlreadyPresent
            }
            Some(true) => {
                self.opt_out(by, now);
                Reason::AddedOptedOut
            }
            Some(false) | None if present => Reason::AlreadyPresent,
            Some(false) | None => {
                if self.policy.double_opt_in() {
                    self.set(State::Pending(Pending::default()));
                } else {
                    self.activate(OptIn::Added);
                }
                Reason::Added
            }
        };
        self.answer(Decision::None, reason, |told, holds| {
            match (crm(source) == Some(told), opted_out) {
                (true, Some(said)) => said != holds,
                (true, None) => !present,
                (false, _) => before != Some(holds),
            }
        })
    }

    fn override_to_active(
        &mut self,
        actor: &Actor,
        noted: bool,
    ) -> Result<(Decision, Reason), Refusal> {
        if !self.present {
            return Err(Refusal::UnknownContact);
        }
        match self.row.state {
            State::Active { .. } => return Ok((Decision::None, Reason::AlreadyActive)),
            State::Pending(_) => {}
            State::OptedOut { by: OptOut::Carrier, .. } => return Err(Refusal::CarrierBlocked),
            State::OptedOut { by: OptOut::Staff | OptOut::Import, .. } if noted => {}
            State::OptedOut { by: OptOut::Contact | OptOut::Crm, .. }
                if noted && actor.may(Permission::OverrideRevocation) => {}
            State::OptedOut { .. } => return Err(Refusal::Revoked),
        }
        self.activate(OptIn::Override);
        Ok((Decision::MarkActive, Reason::Overridden))
    }

    fn override_to_opted_out(&mut self) -> (Decision, Reason) {
        let now = self.now;
        if self.present && matches!(self.row.state, State::OptedOut { .. }) {
            self.opt_out_again(OptOut::Staff, now);
            return (Decision::None, Reason::AlreadyOptedOut);
        }
        self.opt_out(OptOut::Staff, now);
        (Decision::OptOut, Reason::Overridden)
    }

    fn block(mut self) -> Answer {
        let now = self.now;
        let before = self.present.then_some(!self.row.state.is_active());
        let changed = |_, opted_out| before != Some(opted_out);
        if self.present && matches!(self.row.state, State::OptedOut { by: OptOut::Carrier, .. }) {
            self.opt_out_again(OptOut::Carrier, now);
            return self.answer(Decision::None, Reason::AlreadyOptedOut, changed);
        }
        self.opt_out(OptOut::Carrier, now);
        self.answer(Decision::OptOut, Reason::CarrierBlock, changed)
    }

    fn message(mut self, message: &Message<'_>) -> Result<Answer, Refusal> {
        if !self.row.state.is_active() {
            return Err(Refusal::NotOptedIn);
        }
        self.changed = true;
        self.text = Some(Reply {
            kind: MessageKind::Message,
            from: message.inbox.clone(),
            body: message.body.as_str().into(),
            not_after: message.not_after.map_or_else(|| self.deadline(), to_millisecond),
            answers: None,
        });
        let answer = self.answer(Decision::Deliver, Reason::Active, |_, _| false);
        let remember = message.request.is_some();
        Ok(Answer { remember, ..answer })
    }

    fn settle(mut self, settled: &Settled) -> Answer {
        let reason = match &settled.ending {
            Ending::Blocked { .. } => return self.block(),
            Ending::Accepted { .. } => Reason::Accepted,
            Ending::NotSent { .. } => Reason::NotSent,
            Ending::Unknown => Reason::Unknown,
            Ending::Expired => Reason::Expired,
            Ending::Retry { .. } => Reason::Retry,
            Ending::SetAside => Reason::SetAside,
        };
        let waits = self.end_prompt(settled);
        let is_message = settled.kind == MessageKind::Message;
        let then = match settled.ending {
            Ending::Retry { at } if self.is_wanted(settled, waits) => Then::RetryAt(at),
            Ending::SetAside if is_message && self.is_wanted(settled, waits) => Then::SetAside,
            _ => Then::Finish,
        };
        let answer = self.answer(Decision::None, reason, |_, _| false);
        Answer { then, ..answer }
    }

    /// Whether the record waited for the prompt that the settlement names.
    fn end_prompt(&mut self, settled: &Settled) -> bool {
        let ended = to_millisecond(settled.ended);
        let State::Pending(pending) = &mut self.row.state else {
            return false;
        };
        let Some(before) = pending
            .outstanding
            .filter(|outstanding| outstanding.revision == settled.revision.number())
        else {
            return false;
        };
        self.changed = true;
        if let Ending::Retry { .. } = settled.ending {
            return true;
        }
        pending.outstanding = None;
        if let Ending::Accepted { .. } | Ending::Unknown = settled.ending {
            pending.last_prompt = Some(ended);
            pending.not_sent_in_row = 0;
            return true;
        }
        pending.prompts_used = before.prompts_used;
        pending.keywords_shown = before.keywords_shown;
        pending.last_prompt = before.last_prompt;
        if let Ending::NotSent { .. } | Ending::SetAside = settled.ending {
            pending.not_sent_in_row = pending.not_sent_in_row.saturating_add(1);
            if pending.not_sent_in_row >= 3 {
                pending.last_prompt = Some(ended);
            }
        }
        true
    }

    fn is_wanted(&self, settled: &Settled, waits: bool) -> bool {
        let in_time = settled.revision.number() >= self.row.cancelled_before;
        match settled.kind {
            MessageKind::Confirmation | MessageKind::Reminder => waits,
            MessageKind::Message => in_time && self.row.state.is_active(),
            _ => in_time && self.present,
        }
    }
}
