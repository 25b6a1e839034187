//! Plays a script on an engine of its own, by a virtual clock, and compares every line.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Actor, Archive, ConsentState, Contact, Content, Dispatcher, Engine, Entry, Event,
    HandleError, Outcome, Outgoing, Policy, Record, Refusal, Verdict, consent::ledger::fold,
    engine::ChangePolicyError, store::MemoryStorage,
};
use serde_json::Value;

use crate::events::{contact, event, merge};
use crate::recorder::Recorder;
use crate::script::{Expected, INBOX, Line, Script, Step};

type Clock = Box<dyn Fn() -> DateTime<Utc> + Send + Sync>;
type Host = Engine<MemoryStorage, Arc<Recorder>, Clock>;

pub(crate) struct Stage {
    time: Arc<AtomicI64>,
    recorder: Arc<Recorder>,
    host: Host,
    deferred: bool,
    /// The inbox of each text and message, by the id that an answer to it names.
    inboxes: BTreeMap<String, String>,
}

/// What came of a line, as far as a host can see it.
#[derive(Default)]
struct Seen {
    head: String,
    outcome: Option<Outcome>,
    /// Texts before those that the dispatcher handed over.
    sent_at_once: usize,
}

/// Where a contact stands, as a script writes it.
struct Standing {
    name: &'static str,
    by: Option<String>,
    since: Option<DateTime<Utc>>,
    next: Option<DateTime<Utc>>,
}

/// All is in memory, so that what does not end at once is a crash in the outbox.
fn run<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn at_once<F: Future>(future: F) -> F::Output {
    run(future).expect("nothing else waits")
}

impl Stage {
    fn new(deferred: bool) -> Self {
        let time = Arc::new(AtomicI64::new(0));
        let recorder = Arc::new(Recorder::new(time.clone()));
        let clock = time.clone();
        let clock: Clock = Box::new(move || {
            DateTime::from_timestamp_micros(clock.load(Ordering::SeqCst)).expect("a time")
        });
        let host = Engine::new(MemoryStorage::new(), recorder.clone(), clock);
        Self {
            host: if deferred { host.deferred() } else { host },
            time,
            recorder,
            deferred,
            inboxes: BTreeMap::new(),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.time.load(Ordering::SeqCst)).expect("a time")
    }

    /// Plays a whole script; an answer for each line that went otherwise.
    pub(crate) fn play(script: &Script) -> Vec<(usize, String)> {
        let deferred =
            matches!(script.lines.first(), Some(line) if matches!(line.step, Step::Deferred));
        let mut stage = Self::new(deferred);
        let lines = script.lines.iter().skip(usize::from(deferred));
        lines.filter_map(|line| stage.line(line).err().map(|wrong| (line.number, wrong))).collect()
    }

    fn line(&mut self, line: &Line) -> Result<(), String> {
        self.time.store(line.at.timestamp_micros(), Ordering::SeqCst);
        let contact = contact(line)?;
        let (before, entries) = (self.record(&contact), self.entries(&contact).len());
        let seen = match &line.step {
            Step::Outbox(answer, takes) => {
                let mut state = self.recorder.state();
                (state.answer, state.takes) = (answer.clone(), *takes);
                return Ok(());
            }
            Step::Deferred => return Err("`deferred` comes first".into()),
            Step::Tick => {
                self.dispatch();
                Seen { head: "none tick".into(), ..Seen::default() }
            }
            Step::Settings(actor, change) => Seen {
                head: self.change_settings(contact.account(), actor, change),
                ..Seen::default()
            },
            Step::Texts(_)
            | Step::Added(..)
            | Step::Existing(_)
            | Step::Override(..)
            | Step::CarrierBlock(_)
            | Step::Send(..) => self.handle(&contact, &line.step)?,
        };
        let decides_for_contact = !matches!(line.step, Step::Tick | Step::Settings(..));
        self.compare(&contact, &line.expected, &seen, decides_for_contact)?;
        self.check_ledger(&contact)?;
        let refused = seen.head.starts_with("refused ");
        if refused && (self.record(&contact) != before || self.entries(&contact).len() <= entries) {
            return Err("a refusal changed the record, or is not on the ledger".into());
        }
        Ok(())
    }

    fn handle(&mut self, contact: &Contact, step: &Step) -> Result<Seen, String> {
        let event = event(step).map_err(|name| format!("{name} is out of bounds"))?;
        if let Event::Texted(text) = &event {
            self.inboxes.insert(text.id.as_str().into(), text.inbox.as_str().into());
        }
        let Some(handled) = run(self.host.handle(contact, event)) else {
            return Ok(Seen { head: "crashed".into(), ..Seen::default() });
        };
        let sent_at_once = self.recorder.state().texts.len();
        if !self.deferred {
            self.dispatch();
        }
        let (head, outcome) = match handled {
            Ok(outcome) => {
                let names = (outcome.decision.name(), outcome.reason.name());
                (format!("{} {}", names.0, names.1), Some(outcome))
            }
            Err(HandleError::Refused(refusal)) => (format!("refused {}", refusal.name()), None),
            Err(error) => return Err(error.to_string()),
        };
        Ok(Seen { head, outcome, sent_at_once })
    }

    fn dispatch(&self) {
        loop {
            match run(Dispatcher::new(&self.host).run_once(100)) {
                Some(Ok(round)) if round.claimed > 0 => {}
                Some(Ok(_) | Err(_)) | None => return,
            }
        }
    }

    fn change_settings(&self, account: &AccountId, actor: &Actor, change: &Value) -> String {
        let edit = |policy: &Policy| {
            let mut settings = serde_json::to_value(policy.settings())?;
            merge(&mut settings, change);
            serde_json::from_value::<Policy>(settings)
        };
        match at_once(self.host.change_policy(account, actor, edit)) {
            Ok(_) => "none settings".into(),
            Err(ChangePolicyError::Refused(refusal)) => format!("refused {}", refusal.name()),
            Err(ChangePolicyError::Invalid(_)) => {
                format!("refused {}", Refusal::BadSettings.name())
            }
            Err(error) => error.to_string(),
        }
    }

    fn compare(
        &self,
        contact: &Contact,
        expected: &Expected,
        seen: &Seen,
        with_state: bool,
    ) -> Result<(), String> {
        let record = self.record(contact);
        let standing = self.standing(contact, record.as_ref());
        let (texts, mut statuses) = {
            let mut state = self.recorder.state();
            (std::mem::take(&mut state.texts), std::mem::take(&mut state.statuses))
        };
        statuses.sort_by_key(|status| status.crm.name());
        let synced: Vec<String> = statuses
            .iter()
            .map(|status| format!("{}:{}", status.crm.name(), status.opted_out))
            .collect();
        let sent: Vec<(String, String)> = texts
            .iter()
            .filter_map(|outgoing| match &outgoing.content {
                Content::Text(text) => Some((text.kind.name().into(), text.body.as_str().into())),
                Content::Status(_) => None,
            })
            .collect();

        let state_fits = if with_state {
            expected.state.as_deref() == Some(standing.name)
                && expected.next == standing.next
                && (expected.by.is_none() || expected.by == standing.by)
                && (expected.since.is_none() || expected.since == standing.since)
        } else {
            expected.state.is_none()
        };
        let sent_fits = sent.len() == expected.sent.len()
            && sent.iter().zip(&expected.sent).all(|(sent, expected)| {
                sent.0 == expected.0 && expected.1.as_ref().is_none_or(|body| *body == sent.1)
            });
        let in_flight = seen.outcome.as_ref().map_or(0, |outcome| outcome.in_flight.len());
        let rest_fits = seen.head == expected.head
            && synced == expected.synced
            && in_flight == expected.in_flight;
        if !state_fits || !sent_fits || !rest_fits {
            let state = with_state.then_some(&standing);
            let seen = describe(&seen.head, state, &sent, &synced);
            return Err(format!("{seen}; in_flight {in_flight}"));
        }

        let active = record.is_some_and(|record| record.state.may_be_messaged());
        let permitted = at_once(self.host.permit(contact)).is_ok_and(|permit| permit.is_some());
        if active != permitted {
            return Err("who is active, and nobody else, gets a permit".into());
        }
        if let Some(outcome) = seen.outcome.as_ref().filter(|_| seen.sent_at_once == texts.len())
            && (outcome.state != record.map(|record| record.state)
                || outcome.next_reminder_at != standing.next)
        {
            return Err(format!("the outcome tells another state: {outcome:?}"));
        }
        texts.iter().try_for_each(|outgoing| self.check_text(outgoing))
    }

    /// R6.1, R6.3, RULES 0: what every text that leaves must be.
    fn check_text(&self, outgoing: &Outgoing) -> Result<(), String> {
        let Content::Text(text) = &outgoing.content else {
            return Ok(());
        };
        let inbox = match &text.answers {
            Some(id) => self.inboxes.get(id.as_str()).map(String::as_str),
            None if text.kind.name() == "message" => Some(INBOX),
            None => return Err("an automated text answers nothing".into()),
        };
        if inbox != Some(text.from.as_str()) {
            return Err("it left from another inbox".into());
        }
        if text.not_after != outgoing.decided_at + TimeDelta::minutes(5) {
            return Err("its deadline is not five minutes after its cause".into());
        }
        if self.now() > text.not_after + self.recorder.state().takes {
            return Err("it left after its deadline".into());
        }
        Ok(())
    }

    /// R6.6: what the ledger leads to is what is stored.
    fn check_ledger(&self, contact: &Contact) -> Result<(), String> {
        let history = at_once(self.host.storage().history(contact, 0, usize::MAX));
        let history = history.map_err(|error| error.to_string())?;
        match fold(&history) {
            Ok(record) if record == self.record(contact) => Ok(()),
            Ok(_) => Err("the ledger leads to another record".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The refusals on the ledgers of the contact and of its account.
    fn entries(&self, contact: &Contact) -> Vec<Entry> {
        let storage = self.host.storage();
        let own = at_once(storage.history(contact, 0, usize::MAX));
        let all = at_once(storage.account_history(contact.account(), 0, usize::MAX));
        let entries = own.into_iter().chain(all).flatten();
        entries.filter(|entry| matches!(entry.verdict, Verdict::Refused(_))).collect()
    }

    fn record(&self, contact: &Contact) -> Option<Record> {
        let stored =
            at_once(self.host.storage().contacts(contact.account(), None, None, usize::MAX));
        let mut stored = stored.into_iter().flatten();
        stored.find(|(number, _)| *number == contact.number()).map(|(_, record)| record)
    }

    fn standing(&self, contact: &Contact, record: Option<&Record>) -> Standing {
        let policy = at_once(self.host.policy(contact.account()));
        let next = policy
            .ok()
            .and_then(|current| record.and_then(|record| record.next_reminder_at(&current.policy)));
        let (by, since) = match record.map(|record| record.state) {
            None | Some(ConsentState::Pending(_)) => (None, None),
            Some(ConsentState::Active { how, since }) => {
                (serde_json::to_value(how).ok(), Some(since))
            }
            Some(ConsentState::OptedOut { by, since }) => {
                (serde_json::to_value(by).ok(), Some(since))
            }
        };
        Standing {
            name: record.map_or("absent", |record| record.state.name()),
            by: by.and_then(|name| name.as_str().map(String::from)),
            since,
            next,
        }
    }
}

fn describe(
    head: &str,
    standing: Option<&Standing>,
    sent: &[(String, String)],
    synced: &[String],
) -> String {
    let mut seen = format!("saw {head}");
    if let Some(standing) = standing {
        let by = standing.by.as_deref().map(|by| format!(" by {by}"));
        let since = standing.since.map(|since| format!(" since {}", offset(since)));
        let next = standing.next.map(|next| format!("; next {}", offset(next)));
        let parts = [by, since, next].into_iter().flatten().collect::<String>();
        seen = format!("{seen}; {}{parts}", standing.name);
    }
    for (kind, body) in sent {
        seen = format!("{seen}; sent {kind} {body:?}");
    }
    for status in synced {
        seen = format!("{seen}; synced {status}");
    }
    seen
}

/// The time as a script writes it.
fn offset(at: DateTime<Utc>) -> String {
    let millis = at.timestamp_millis() - 1_772_355_600_000;
    let (hours, rest) = (millis / 3_600_000, millis % 3_600_000);
    format!("{hours}h{rest:+}ms")
}
