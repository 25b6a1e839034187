//! Walks every history up to a depth, the engine and the reference side by side.

use std::{
    pin::pin,
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Actor, CarrierCode, ConsentState, Contact, Content, Engine, Event, HandleError, Handover,
    Keyword, Message, MessageId, MessageKind, Note, OptOut, Outbox, Outgoing, Override, Policy,
    Record, Settings, Source, Text,
};

use super::{
    letters::{Ending, Letter, Rules, Stage},
    reference::{Person, Said},
    shelf::Shelf,
    support::{START, contact, inbox, message_id, owner, poll_once},
};

const HOUR: i64 = 3_600_000;
const STEPS: [i64; 4] = [0, 12 * HOUR - 1, 12 * HOUR, 12 * HOUR + 1];

/// What is compared after each letter.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    said: Said,
    stage: Stage,
    opted_out: Option<bool>,
    next_reminder_at: Option<i64>,
}

/// One path from nothing to here.
#[derive(Clone)]
struct Path {
    rules: Rules,
    person: Person,
    now: i64,
    texts: usize,
    last_text: Option<Letter>,
}

/// Takes what it is handed, and answers as it is told.
struct Provider(Mutex<(Handover, Option<&'static str>)>);

impl Outbox for &Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let mut state = self.0.lock().unwrap();
        let Content::Text(text) = &outgoing.content else { return Handover::Unknown };
        let is_final = text.kind == MessageKind::OptedOut && !text.body.as_str().contains("START");
        let kind = if is_final { "opted_out_final" } else { text.kind.name() };
        assert_eq!(state.1.replace(kind), None, "one event, two texts");
        state.0.clone()
    }
}

/// Every history over this alphabet from these rules, the shorter ones included: how many.
pub(crate) fn walk(alphabet: &[Letter], rules: Rules, depth: usize) -> u64 {
    let (shelf, clock) = (Shelf::default(), AtomicI64::new(0));
    let provider = Provider(Mutex::new((answer(rules.outbox), None)));
    let walker = Walker {
        alphabet,
        rules,
        shelf: &shelf,
        provider: &provider,
        engine: Engine::new(&shelf, &provider, || time(clock.load(Ordering::Relaxed))),
        clock: &clock,
        whom: contact(0),
        owner: owner(),
        note: Note::new("by phone").unwrap(),
        ids: (0..depth).map(|n| message_id(&format!("SM{n}"))).collect(),
        policies: [(false, false), (false, true), (true, false), (true, true)]
            .map(|(double_opt_in, yes_is_keyword)| {
                policy(&Rules { double_opt_in, yes_is_keyword, ..rules })
            })
            .into(),
    };
    shelf.set(policy(&rules));
    let first = Path { rules, person: Person::default(), now: 0, texts: 0, last_text: None };
    walker.go_on(&first, depth, &mut Vec::new())
}

struct Walker<'a, C> {
    alphabet: &'a [Letter],
    /// At first.
    rules: Rules,
    shelf: &'a Shelf,
    provider: &'a Provider,
    engine: Engine<&'a Shelf, &'a Provider, C>,
    clock: &'a AtomicI64,
    whom: Contact,
    owner: Actor,
    note: Note,
    ids: Vec<MessageId>,
    policies: Vec<Policy>,
}

type History = Vec<(i64, Letter)>;

impl<C: Fn() -> DateTime<Utc> + Send + Sync> Walker<'_, C> {
    fn go_on(&self, path: &Path, depth: usize, history: &mut History) -> u64 {
        if depth == 0 {
            return 0;
        }
        let contents = self.shelf.contents();
        let mut count = 0;
        for &letter in self.alphabet {
            // Where nothing can depend on how long it took, it took no time.
            let idle = history.is_empty() || path.rules.switched(letter).is_some();
            if letter == Letter::Again && path.last_text.is_none() {
                continue;
            }
            for &step in if idle { &STEPS[..1] } else { &STEPS } {
                let mut path = Path { now: path.now + step, ..path.clone() };
                history.push((step, letter));
                if let Some(rules) = path.rules.switched(letter) {
                    path.rules = rules;
                    self.shelf.set(self.policy(&rules).clone());
                } else {
                    let seen = self.happen(&mut path, letter);
                    let expected = self.expected(&mut path, letter);
                    if seen != expected {
                        panic!("{}", self.conversation(history, &seen, &expected));
                    }
                }
                count += 1 + self.go_on(&path, depth - 1, history);
                history.pop();
                self.shelf.put_back(contents.clone());
            }
        }
        count
    }

    fn policy(&self, rules: &Rules) -> &Policy {
        let [double, yes] = [rules.double_opt_in, rules.yes_is_keyword].map(usize::from);
        &self.policies[double * 2 + yes]
    }

    fn expected(&self, path: &mut Path, letter: Letter) -> Seen {
        let said = path.person.meet(letter, path.now, &path.rules);
        let stage = path.person.stage;
        Seen {
            said,
            stage,
            opted_out: (stage != Stage::Absent).then_some(stage != Stage::Active),
            next_reminder_at: path.person.next_reminder_at(&path.rules),
        }
    }

    fn happen(&self, path: &mut Path, letter: Letter) -> Seen {
        let event = self.event(path, letter);
        self.clock.store(path.now, Ordering::Relaxed);
        *self.provider.0.lock().unwrap() = (answer(path.rules.outbox), None);
        let handled = poll_once(pin!(self.engine.handle(&self.whom, event)));
        let sent = self.provider.0.lock().unwrap().1;
        let record = self.shelf.record();
        let policy = self.policy(&path.rules);
        let next = record.and_then(|record| record.next_reminder_at(policy));
        let (decision, reason) = match handled.unwrap() {
            Ok(outcome) => {
                assert_eq!(outcome.state, record.map(|record| record.state));
                assert_eq!(outcome.next_reminder_at, next);
                (outcome.decision.name(), outcome.reason.name())
            }
            Err(HandleError::Refused(refusal)) => ("refused", refusal.name()),
            Err(error) => panic!("{error}"),
        };
        Seen {
            said: (decision, reason, sent),
            stage: stage(record),
            opted_out: record.map(|record| record.state.opted_out()),
            next_reminder_at: next.map(|at| (at - START).num_milliseconds()),
        }
    }

    fn event(&self, path: &mut Path, letter: Letter) -> Event<'static> {
        let letter = if letter == Letter::Again {
            path.last_text.unwrap()
        } else {
            path.texts += usize::from(words(letter).is_some());
            letter
        };
        let actor = self.owner.clone();
        if let Some(words) = words(letter) {
            path.last_text = Some(letter);
            return Event::Texted(Text::new(inbox(), self.ids[path.texts - 1].clone(), words));
        }
        match letter {
            Letter::Added => Event::Added { source: Source::User, opted_out: None },
            Letter::Existing => Event::DeclaredExisting { actor },
            Letter::SetActive => {
                Event::Overridden { actor, to: Override::Active, note: Some(self.note.clone()) }
            }
            Letter::SetOptedOut => Event::Overridden { actor, to: Override::OptedOut, note: None },
            Letter::CarrierBlock => Event::CarrierBlocked { code: code() },
            _ => Event::MessageRequested(Message::new(inbox(), "Your table is ready")),
        }
    }

    /// The history as it went before they differed, then what each says.
    fn conversation(&self, history: &History, seen: &Seen, expected: &Seen) -> String {
        let mut lines = String::from("the engine and the reference differ\n");
        let (mut person, mut rules, mut now) = (Person::default(), self.rules, 0);
        for (step, letter) in history {
            now += step;
            let words = words(*letter).map_or(format!("{letter:?}"), |words| format!("{words:?}"));
            let led_to = if let Some(switched) = rules.switched(*letter) {
                rules = switched;
                String::new()
            } else {
                let (decision, reason, sent) = person.meet(*letter, now, &rules);
                format!("=> {decision} ({reason}) {}", sent.unwrap_or(""))
            };
            lines += &format!("{:>10} {words} {led_to}\n", hours(now));
        }
        lines + &format!("engine:    {seen:?}\nreference: {expected:?}")
    }
}

/// `12h`, `24h-1ms`: waits are near multiples of twelve hours.
fn hours(millis: i64) -> String {
    let near = (millis + 6 * HOUR) / (12 * HOUR) * 12;
    match millis - near * HOUR {
        0 => format!("{near}h"),
        rest => format!("{near}h{rest:+}ms"),
    }
}

fn time(millis: i64) -> DateTime<Utc> {
    START + TimeDelta::milliseconds(millis)
}

fn words(letter: Letter) -> Option<&'static str> {
    match letter {
        Letter::Hi => Some("Hi"),
        Letter::Yes => Some("YES"),
        Letter::Start => Some("START"),
        Letter::Stop => Some("STOP"),
        Letter::Help => Some("HELP"),
        Letter::No => Some("no"),
        Letter::PleaseStop => Some("please stop"),
        Letter::Liked => Some("Liked “Hi”"),
        _ => None,
    }
}

fn stage(record: Option<Record>) -> Stage {
    match record.map(|record| record.state) {
        None => Stage::Absent,
        Some(ConsentState::Pending(_)) => Stage::Pending,
        Some(ConsentState::Active { .. }) => Stage::Active,
        Some(ConsentState::OptedOut { by: OptOut::Contact, .. }) => Stage::OutByContact,
        Some(ConsentState::OptedOut { by: OptOut::Carrier, .. }) => Stage::OutByCarrier,
        Some(ConsentState::OptedOut { .. }) => Stage::OutByStaff,
    }
}

fn code() -> CarrierCode {
    CarrierCode::new("21610").unwrap()
}

fn answer(ending: Ending) -> Handover {
    match ending {
        Ending::Accepted => Handover::Accepted { provider_id: None },
        Ending::NotSent => Handover::NotSent { retry: false, code: None },
        Ending::Unknown => Handover::Unknown,
        Ending::Blocked => Handover::Blocked { code: code() },
    }
}

fn policy(rules: &Rules) -> Policy {
    let mut settings = Settings { double_opt_in: rules.double_opt_in, ..Settings::default() };
    settings.prompt.keyword = if rules.yes_is_keyword { Keyword::Yes } else { Keyword::Ok };
    settings.reminders.max = rules.reminders.into();
    settings.restarts.max = rules.restarts.into();
    settings.restarts.window_days = u32::try_from(rules.window / (24 * HOUR)).unwrap();
    settings.replies.help = rules.help_reply.then(|| "Call us.".into());
    settings.replies.confirmed = rules.confirmed_reply.then(|| "Thanks!".into());
    Policy::new(settings).unwrap()
}
