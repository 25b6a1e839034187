//! What holds of every history: any order of events, times, results and settings.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "support/run.rs"]
mod run;
mod support;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use optin::{
    ConsentState, Contact, Content, Decision, Entry, Event, Fact, Handover, MessageId, MessageKind,
    OutgoingId, OutgoingText, Pending, Policy, Reason, Record, Revision, Storage, Verdict,
    consent::ledger::fold,
    decide,
    strategies::{
        Step, any_events, any_records, any_times, histories, histories_of_any_clock, policies,
    },
};
use proptest::{
    prelude::*,
    test_runner::{FileFailurePersistence, TestCaseResult},
};

use self::{
    run::{Handed, Trace, run},
    support::{START, contact, now_or_never, texted},
};

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        // `PROPTEST_CASES` can only ask for more.
        cases: default.cases.max(1_024),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    // Red when reminder.rs lets one more through: is_left: prompts_used <= self.max + 1.
    #[test]
    fn no_cycle_has_more_than_one_confirmation_and_the_reminders_allowed(history in histories_of_any_clock()) {
        let trace = run(&history);
        for of in contacts() {
            let mut sent: BTreeMap<(usize, &str), Vec<OutgoingId>> = BTreeMap::new();
            for prompt in prompts(&trace, &of).filter(|prompt| prompt.handed.may_be_sent()) {
                let sent = sent.entry((prompt.cycle, prompt.text.kind.name())).or_default();
                if sent.last() != Some(&prompt.handed.outgoing.id) {
                    sent.push(prompt.handed.outgoing.id.clone());
                }
                let most = match prompt.text.kind {
                    MessageKind::Confirmation => 1,
                    _ => prompt.policy.settings().reminders.max as usize,
                };
                prop_assert!(sent.len() <= most, "{} of {most}", sent.len());
            }
        }
    }

    // Red when texted.rs skips the interval: (Due::NotYet(_), true) => self.prompt(...).
    #[test]
    fn no_reminder_begins_before_the_interval_after_the_former_prompt(history in histories()) {
        intervals_hold(&run(&history))?;
    }

    // Red when time.rs takes elapsed without its sign: now.signed_duration_since(then).abs().
    #[test]
    fn a_clock_that_jumps_shortens_no_interval(history in histories_of_any_clock()) {
        intervals_hold(&run(&history))?;
    }

    // Red when store/memory.rs drops marks: self.marks.extend(mark.filter(|_| false)...).
    #[test]
    fn each_prompt_names_one_text_and_no_text_has_two(history in histories_of_any_clock()) {
        let trace = run(&history);
        let mut answered: BTreeMap<MessageId, OutgoingId> = BTreeMap::new();
        for of in contacts() {
            for prompt in prompts(&trace, &of) {
                let id = prompt.text.answers.clone().unwrap();
                let asked = trace.taken.iter().any(|taken| {
                    matches!(&taken.event, Event::Texted(text) if text.id == id)
                });
                prop_assert!(asked, "no text has this id");
                let first = answered.entry(id).or_insert_with(|| prompt.handed.outgoing.id.clone());
                prop_assert_eq!(&*first, &prompt.handed.outgoing.id);
            }
        }
    }

    // Red when place.rs forgets that a lease ended: claim without lapsed.get_or_insert(self.due).
    #[test]
    fn no_text_leaves_twice_unless_it_certainly_was_not_sent(history in histories_of_any_clock()) {
        let trace = run(&history);
        let mut ended: BTreeMap<OutgoingId, bool> = BTreeMap::new();
        for (handed, text) in texts(&trace) {
            let before = ended.insert(handed.outgoing.id.clone(), handed.may_be_sent());
            prop_assert_ne!(before, Some(true), "{:?} left again", text.kind);
            prop_assert!(handed.begun <= text.not_after, "{:?} left too late", text.kind);
        }
    }

    // Red when state.rs lets pending be messaged: matches!(self, Active { .. } | Pending(_)).
    #[test]
    fn only_someone_active_is_messaged(history in histories_of_any_clock()) {
        let trace = run(&history);
        for (handed, text) in texts(&trace) {
            if text.kind == MessageKind::Message && handed.claimed_since.is_none() {
                let active = matches!(handed.record.state, ConsentState::Active { .. });
                prop_assert!(active, "messaged while {}", handed.record.state.name());
            }
        }
        for of in contacts() {
            let mut record = None;
            for entry in trace.entries(&of) {
                if let Verdict::Decided { decision: Decision::Deliver, .. } = entry.verdict {
                    let active = matches!(state(record), Some(ConsentState::Active { .. }));
                    prop_assert!(active, "decided for someone not active");
                }
                record = entry.record().copied().or(record);
            }
        }
    }

    // Red when decide.rs adds as active: put(Active { how: Added, .. }) while double opt-in is on.
    #[test]
    fn adding_raises_nobody_and_sends_nothing(history in histories_of_any_clock()) {
        for taken in run(&history).taken {
            let Event::Added { opted_out, .. } = taken.event else { continue };
            let outcome = taken.outcome.unwrap().unwrap();
            let (before, after) = (state(taken.before), state(taken.after).unwrap());
            prop_assert_eq!((outcome.decision, outcome.delivery), (Decision::None, None));
            prop_assert_eq!(taken.handed_over, 0);
            let expected = match (before, opted_out) {
                (_, Some(true)) => "opted_out",
                (Some(before), _) => before.name(),
                (None, _) if taken.double_opt_in => "pending",
                (None, _) => "active",
            };
            prop_assert_eq!(after.name(), expected);
        }
    }

    // Red when transition.rs leaves the queue at an opt-out: cancel: Cancel::Prompts.
    #[test]
    fn after_an_opt_out_nothing_leaves_but_its_own_reply_and_help(history in histories_of_any_clock()) {
        let trace = run(&history);
        for of in contacts() {
            let opt_outs = opt_outs(&trace.entries(&of))?;
            for (handed, text) in texts(&trace).filter(|(handed, _)| handed.outgoing.id.contact == of) {
                let now = handed.record.revision;
                let Some(&(opt_out, settled)) = opt_outs.iter().rfind(|(at, _)| *at <= now) else {
                    continue;
                };
                let decided = handed.outgoing.id.revision;
                let opted_out = matches!(handed.record.state, ConsentState::OptedOut { .. });
                let allowed = match text.kind {
                    MessageKind::OptedOut => decided == opt_out || !opted_out && decided > opt_out,
                    MessageKind::Help => decided > opt_out,
                    _ => decided > opt_out && !opted_out,
                };
                let was_claimed = handed.claimed_since.is_some_and(|since| since < opt_out);
                let named = settled || trace.in_flight.contains(&handed.outgoing.id);
                prop_assert!(allowed || was_claimed && named, "{:?} left", text.kind);
            }
        }
    }

    // Red when ledger.rs writes the settings' next revision: policy_revision.next().
    #[test]
    fn replaying_the_ledger_gives_the_stored_state(history in histories_of_any_clock()) {
        let trace = run(&history);
        for of in contacts() {
            let entries = trace.entries(&of);
            let stored = now_or_never(trace.storage.load(&of)).unwrap().record;
            prop_assert_eq!(fold(&entries), Ok(stored));
            let mut record = None;
            for entry in &entries {
                decides_again(&trace.policies, record.as_ref(), entry)?;
                record = entry.record().copied().or(record);
            }
        }
    }

    // Red when time.rs adds unchecked: after: time + delta.
    #[test]
    fn decide_answers_whatever_it_is_asked(
        policy in policies(),
        record in proptest::option::of(any_records()),
        event in any_events(),
        now in any_times(),
    ) {
        let decided = decide(&policy, record.as_ref(), &event, now);
        prop_assert_eq!(&decided, &decide(&policy, record.as_ref(), &event, now));
        if let Ok(transition) = decided {
            let state = transition.record.or(record).map(|record| record.state.name());
            prop_assert_eq!(transition.state.map(|state| state.name()), state);
            if let (Some(before), Some(after)) = (record, transition.record) {
                prop_assert_eq!(after.revision, before.revision.next());
            }
        }
    }
}

fn contacts() -> [Contact; 2] {
    [contact(0), contact(1)]
}

fn state(record: Option<Record>) -> Option<ConsentState> {
    record.map(|record| record.state)
}

fn texts(trace: &Trace) -> impl Iterator<Item = (&Handed, &OutgoingText)> {
    trace.handed.iter().filter_map(|handed| match &handed.outgoing.content {
        Content::Text(text) => Some((handed, text)),
        Content::Status(_) => None,
    })
}

/// A prompt handed over, the cycle it belongs to, and the settings it was decided under.
struct Prompt<'a> {
    handed: &'a Handed,
    text: &'a OutgoingText,
    cycle: usize,
    policy: &'a Policy,
}

fn prompts<'a>(trace: &'a Trace, of: &Contact) -> impl Iterator<Item = Prompt<'a>> {
    let entries = trace.entries(of);
    let of = of.clone();
    texts(trace)
        .filter(move |(handed, text)| handed.outgoing.id.contact == of && text.kind.is_prompt())
        .map(move |(handed, text)| {
            let records = entries.iter().filter_map(|entry| Some((entry, entry.record()?)));
            let until =
                records.take_while(|(_, record)| record.revision <= handed.outgoing.id.revision);
            let (mut cycle, mut last) = (0, None);
            for (entry, record) in until {
                cycle += usize::from(!matches!(record.state, ConsentState::Pending(_)));
                last = Some(entry);
            }
            let policy = &trace.policies[last.unwrap().policy_revision.number() as usize];
            Prompt { handed, text, cycle, policy }
        })
}

/// R6.1, by the clock's own readings; what seems to end before it was decided ended then.
fn intervals_hold(trace: &Trace) -> TestCaseResult {
    for of in contacts() {
        let prompts: Vec<_> = prompts(trace, &of).collect();
        for (index, reminder) in prompts.iter().enumerate() {
            if reminder.text.kind != MessageKind::Reminder {
                continue;
            }
            let begun = reminder.handed.begun.max(reminder.handed.outgoing.decided_at);
            let interval = reminder.policy.reminders().interval();
            let former = prompts[..index].iter().filter(|former| {
                former.cycle == reminder.cycle
                    && former.handed.outgoing.id != reminder.handed.outgoing.id
                    && former.handed.may_be_sent()
            });
            for former in former {
                let handed = former.handed;
                let lease_end = handed.lease_end;
                let ended = handed.end.as_ref().map_or(lease_end, |(at, _)| lease_end.min(*at));
                let spacing = begun - ended.max(handed.outgoing.decided_at);
                prop_assert!(spacing >= interval, "{spacing} after the former");
            }
        }
    }
    Ok(())
}

/// The revisions that opted someone out, and whether a settlement did; nobody comes back unasked.
fn opt_outs(entries: &[Entry]) -> Result<Vec<(Revision, bool)>, TestCaseError> {
    let mut opt_outs = Vec::new();
    let mut before = None;
    for entry in entries {
        let Verdict::Decided { reason, record: Some(record), .. } = &entry.verdict else {
            continue;
        };
        let opted_out = matches!(record.state, ConsentState::OptedOut { .. });
        if matches!(before, Some(ConsentState::OptedOut { .. })) && !opted_out {
            let asked = matches!(reason, Reason::Restarted | Reason::Overridden);
            prop_assert!(asked, "came back by {reason:?}");
        }
        before = Some(record.state);
        let opts_out = matches!(
            reason,
            Reason::OptOutKeyword
                | Reason::CarrierBlock
                | Reason::AddedOptedOut
                | Reason::Overridden
        );
        if opts_out && opted_out {
            let settled =
                matches!(&entry.fact, Fact::Event(event) if matches!(**event, Event::Settled(_)));
            opt_outs.push((record.revision, settled));
        }
    }
    Ok(opt_outs)
}

/// The entry's event, decided again under its settings at its time, has the entry's verdict.
fn decides_again(policies: &[Policy], record: Option<&Record>, entry: &Entry) -> TestCaseResult {
    let Fact::Event(event) = &entry.fact else {
        return Err(TestCaseError::fail("settings in a contact's ledger"));
    };
    let policy = &policies[entry.policy_revision.number() as usize];
    let again = match decide(policy, record, event, entry.at) {
        Ok(transition) => Verdict::Decided {
            decision: transition.decision,
            reason: transition.reason,
            record: transition.record.map(without_until),
            text: transition.text,
        },
        Err(refusal) => Verdict::Refused(refusal),
    };
    let mut written = entry.verdict.clone();
    if let Verdict::Decided { record, .. } = &mut written {
        *record = record.map(without_until);
    }
    prop_assert_eq!(again, written);
    Ok(())
}

/// How long a hand-over may last is the engine's to say, after the decision.
fn without_until(mut record: Record) -> Record {
    if let ConsentState::Pending(Pending { outstanding: Some(outstanding), .. }) = &mut record.state
    {
        outstanding.until = DateTime::UNIX_EPOCH;
    }
    record
}

#[test]
fn a_clock_set_back_during_a_hand_over_shortens_nothing() {
    let hello = |id, deferred| Step::Happen {
        who: 0,
        event: texted(id, "hello"),
        sent_ago: None,
        deferred,
    };
    let takes = |takes| Step::Answer {
        handover: Handover::Accepted { provider_id: None },
        takes,
        slow: false,
    };
    let minute = TimeDelta::minutes(1);
    let trace = run(&[
        hello("SM1", true),
        Step::Wait(minute * 2),
        takes(-minute),
        Step::Dispatch,
        takes(TimeDelta::zero()),
        Step::Wait(TimeDelta::hours(12)),
        hello("SM2", false),
        Step::Wait(minute),
        hello("SM3", false),
    ]);
    let begun: Vec<_> = trace.handed.iter().map(|handed| handed.begun).collect();
    let first = START + TimeDelta::minutes(2);
    assert_eq!(begun, [first, first + TimeDelta::hours(12)]);
}
