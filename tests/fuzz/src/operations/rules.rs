//! The rules of safety, a second time, from what is seen outside: what could be, and what must not.
//!
//! Where a call ended unknown both may be; then only what neither allows is wrong.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Actor, ConsentState, Content, Crm, Event, Handover, MessageId, MessageKind, OutgoingId,
    OutgoingText, Override, Permission, Policy, Reason, consent::ledger::fold,
};

use super::{
    script::{POLICIES, contact},
    trace::{HandedOver, How, Seen, Trace},
};

/// What is known of a contact without asking the engine.
#[derive(Default)]
struct Known {
    /// Whether something happened that can have opted it in, since it is known to have opted out.
    may_be_active: bool,
    may_be_opted_out: bool,
    /// It is opted out, and nobody has asked to come back.
    is_opted_out: bool,
    /// The prompts that may have been sent since a cycle can have begun.
    prompts: Vec<(MessageKind, DateTime<Utc>)>,
    /// Whether a text of it can have been answered with a prompt since then.
    may_be_asked: bool,
    /// The most reminders that settings allowed since then, and the shortest interval.
    reminders: u32,
    interval: Option<TimeDelta>,
    /// When each text of it was handled, and what was sent in answer.
    texts: BTreeMap<MessageId, (BTreeSet<DateTime<Utc>>, Option<OutgoingId>)>,
    crms: BTreeMap<&'static str, Told>,
}

/// What a CRM takes for the contact's status.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    OptedOut(bool),
    /// It said something itself then; an older status may yet be on its way to it.
    Said(DateTime<Utc>),
}

pub(super) struct Rules {
    contacts: [Known; 3],
    /// The settings that can be in force, by account.
    policies: [BTreeSet<usize>; 2],
    /// The result of each text's last hand-over.
    handed_over: BTreeMap<OutgoingId, bool>,
    /// The messages that the host asked for, and those that left, by account.
    requested: BTreeSet<(usize, MessageId)>,
    messages: BTreeSet<(usize, OutgoingId)>,
}

impl Rules {
    pub(super) fn check(trace: &Trace) {
        let mut rules = Self {
            contacts: Default::default(),
            policies: [BTreeSet::from([0]), BTreeSet::from([0])],
            handed_over: BTreeMap::new(),
            requested: BTreeSet::new(),
            messages: BTreeSet::new(),
        };
        for seen in &trace.seen {
            match seen {
                Seen::Began { at, who, event } => rules.began(*who, event, *at),
                Seen::Handled { at, who, event, how } => rules.handled(*who, event, how, *at),
                Seen::PolicyBegan { account, policy } => {
                    rules.policies[*account].insert(*policy);
                }
                Seen::PolicySet { account, policy } => {
                    rules.policies[*account] = BTreeSet::from([*policy]);
                }
                Seen::HandedOver(handed_over) => rules.handed_over(handed_over),
            }
        }
        rules.ended(trace);
    }

    fn in_force(&self, who: usize) -> impl Iterator<Item = &Policy> {
        self.policies[who / 2].iter().map(|&policy| &POLICIES[policy])
    }

    /// What an event can lead to.
    fn began(&mut self, who: usize, event: &Event<'_>, at: DateTime<Utc>) {
        let open = self.in_force(who).any(|policy| !policy.double_opt_in());
        let reminders = self.in_force(who).map(|policy| policy.settings().reminders.max).max();
        let interval = self.in_force(who).map(|policy| policy.reminders().interval()).min();
        // A text that was given to the engine before may be a duplicate, and begin nothing.
        let is_new = |id: &MessageId| {
            let of_account = self.contacts.iter().enumerate().filter(|(of, _)| of / 2 == who / 2);
            !of_account.into_iter().any(|(_, known)| known.texts.contains_key(id))
        };
        let may_begin = matches!(event, Event::Texted(text) if is_new(&text.id));
        let known = &mut self.contacts[who];
        match event {
            Event::Texted(text) => {
                let (handled, _) = known.texts.entry(text.id.clone()).or_default();
                handled.insert(at);
                let comes_back =
                    matches!(text.body.as_str(), "YES" | "CONFIRM" | "START") && !text.media;
                if comes_back && known.may_be_opted_out {
                    if may_begin && known.is_opted_out {
                        (known.reminders, known.interval) = (0, None);
                    }
                    known.is_opted_out = false;
                    known.prompts.clear();
                }
                known.reminders = known.reminders.max(reminders.unwrap_or(3));
                known.interval = known.interval.into_iter().chain(interval).min();
                match text.body.as_str() {
                    "STOP" | "Stop!" => known.may_be_opted_out = true,
                    "no" | "please stop" | "Liked “Hi”" => {}
                    _ if comes_back => known.may_be_active |= open || known.may_be_asked,
                    _ => known.may_be_active |= open && !known.is_opted_out,
                }
                known.may_be_asked |= !known.is_opted_out;
            }
            Event::Added { opted_out: Some(true), .. } | Event::CarrierBlocked { .. } => {
                known.may_be_opted_out = true;
            }
            Event::Added { .. } => known.may_be_active |= open && !known.is_opted_out,
            Event::DeclaredExisting { actor } => {
                let may = actor.may(Permission::ComplianceSettings) && !known.is_opted_out;
                known.may_be_active |= may;
            }
            Event::Overridden { actor, to, .. } if actor.may(Permission::OptInManagement) => {
                match to {
                    Override::OptedOut => known.may_be_opted_out = true,
                    Override::Active => {
                        known.may_be_active = true;
                        known.is_opted_out = false;
                    }
                }
            }
            Event::MessageRequested(message) => {
                let id = message.request.clone().expect("scripts name their requests");
                self.requested.insert((who / 2, id));
            }
            _ => {}
        }
    }

    /// What is known once an event was handled.
    fn handled(&mut self, who: usize, event: &Event<'_>, how: &How, at: DateTime<Utc>) {
        let known = &mut self.contacts[who];
        let decided = match how {
            How::Decided(outcome) if outcome.reason != Reason::Duplicate => Some(outcome),
            How::Decided(_) | How::Refused(_) | How::Unknown => None,
        };
        let opts_out = match event {
            Event::Texted(text) => matches!(text.body.as_str(), "STOP" | "Stop!"),
            Event::Added { opted_out, .. } => *opted_out == Some(true),
            Event::CarrierBlocked { .. } => true,
            Event::Overridden { to, .. } => *to == Override::OptedOut,
            _ => false,
        };
        if let Some(outcome) = decided.filter(|_| opts_out) {
            let state = outcome.state.expect("it has a record");
            assert!(matches!(state, ConsentState::OptedOut { .. }), "{event:?} led to {outcome:?}");
            (known.may_be_active, known.is_opted_out) = (false, true);
            known.may_be_asked = false;
        }
        if let Event::Added { source, opted_out: Some(said) } = event
            && let Some(crm) = source.crm()
        {
            let holds = decided.and_then(|outcome| outcome.state).map(|state| state.opted_out());
            let is_wrong = holds.is_some_and(|holds| holds != *said);
            let told = if is_wrong { Told::OptedOut(*said) } else { Told::Said(at) };
            known.crms.insert(crm.name(), told);
        }
        if let Some(actor) = actor_of(event)
            && !may(actor, event)
        {
            assert!(!matches!(how, How::Decided(_)), "{event:?} needs a permission: {how:?}");
        }
    }

    fn handed_over(&mut self, seen: &HandedOver) {
        let who = (0..3).find(|&who| contact(who) == seen.contact).expect("one of the script's");
        match &seen.outgoing.content {
            Content::Status(status) => {
                if let Some((_, Handover::Accepted { .. })) = seen.ended {
                    let told = self.contacts[who].crms.entry(status.crm.name());
                    let told = told.or_insert(Told::OptedOut(status.opted_out));
                    if !matches!(told, Told::Said(at) if *at >= seen.outgoing.decided_at) {
                        *told = Told::OptedOut(status.opted_out);
                    }
                }
            }
            Content::Text(text) => self.text(who, seen, text),
        }
    }

    fn text(&mut self, who: usize, seen: &HandedOver, text: &OutgoingText) {
        assert!(seen.begun <= text.not_after, "R6.3, after its time: {seen:?}");
        let may_repeat = matches!(seen.ended, Some((_, Handover::NotSent { retry: true, .. })));
        let before = self.handed_over.insert(seen.outgoing.id.clone(), may_repeat);
        assert_ne!(before, Some(false), "R6.2, twice: {seen:?}");
        self.answers_one_text(who, seen, text);

        let known = &mut self.contacts[who];
        let state = seen.record.map(|record| record.state);
        match text.kind {
            MessageKind::Message => {
                assert!(known.may_be_active, "R5.6, without consent: {seen:?}");
                assert!(state.is_some_and(|state| state.may_be_messaged()), "R5.6: {seen:?}");
                self.messages.insert((who / 2, seen.outgoing.id.clone()));
                let of_account = |account: &usize| *account == who / 2;
                let left = self.messages.iter().filter(|(account, _)| of_account(account)).count();
                let asked = self.requested.iter().filter(|(account, _)| of_account(account));
                assert!(left <= asked.count(), "R6.2, a request acts twice: {seen:?}");
            }
            MessageKind::OptedOut => assert!(known.may_be_opted_out, "R4.2: {seen:?}"),
            MessageKind::Confirmed => assert!(!known.is_opted_out, "R4.12: {seen:?}"),
            MessageKind::Confirmation | MessageKind::Reminder => {
                assert!(!known.is_opted_out, "R4.12, after an opt-out: {seen:?}");
                assert!(matches!(state, Some(ConsentState::Pending(_))), "R6.4: {seen:?}");
                if let Some((_, last)) = known.prompts.last() {
                    let interval = known.interval.expect("a text came");
                    assert!(seen.begun >= *last + interval, "R6.1, too soon: {seen:?}");
                }
                let sent = known.prompts.iter().filter(|(kind, _)| *kind == text.kind).count();
                let most = if text.kind == MessageKind::Reminder { known.reminders } else { 1 };
                assert!(sent < most as usize, "R6.1, too many: {seen:?}");
                if seen.may_be_sent() {
                    known.prompts.push((text.kind, seen.end()));
                }
            }
            _ => {}
        }
        if let Some((_, Handover::Blocked { .. })) = seen.ended {
            known.may_be_opted_out = true;
        }
    }

    /// G3, R6.3: every text but a message has one text of the contact as its cause, which has no
    /// other answer, and five minutes from there.
    fn answers_one_text(&mut self, who: usize, seen: &HandedOver, text: &OutgoingText) {
        let Some(answers) = &text.answers else {
            assert_eq!(text.kind, MessageKind::Message, "without a cause: {seen:?}");
            return;
        };
        let known = &mut self.contacts[who];
        let (handled, answer) = known.texts.get_mut(answers).expect("the contact sent the text");
        let answer = answer.get_or_insert(seen.outgoing.id.clone());
        assert_eq!(answer, &seen.outgoing.id, "a text has two answers: {seen:?}");
        let caused_at = text.not_after - TimeDelta::minutes(5);
        assert!(handled.contains(&caused_at), "R6.3, its time: {seen:?}");
    }

    /// R6.5, G10: in the end CRMs know what is stored, and the ledger explains it.
    fn ended(&self, trace: &Trace) {
        for (known, (record, entries)) in self.contacts.iter().zip(&trace.left) {
            assert_eq!(fold(entries).as_ref(), Ok(record), "the ledger does not lead there");
            let Some(record) = record else { continue };
            for crm in Crm::ALL {
                let told = known.crms.get(crm.name()).copied();
                let holds = Told::OptedOut(record.state.opted_out());
                assert!(
                    told == Some(holds) || matches!(told, Some(Told::Said(_))),
                    "{} does not know: {record:?}",
                    crm.name()
                );
            }
        }
    }
}

fn actor_of<'a>(event: &'a Event<'_>) -> Option<&'a Actor> {
    match event {
        Event::DeclaredExisting { actor } | Event::Overridden { actor, .. } => Some(actor),
        _ => None,
    }
}

fn may(actor: &Actor, event: &Event<'_>) -> bool {
    actor.may(match event {
        Event::DeclaredExisting { .. } => Permission::ComplianceSettings,
        _ => Permission::OptInManagement,
    })
}
