//! One machine: takes texts, sends messages of staff and dispatches, as chance has it.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use fastrand::Rng;
use optin::{
    Content, Decision, Dispatcher, Engine, Event, HandleError, Handover, InboxId, Message,
    MessageId, Outbox, Outgoing, SendError, Storage, Text, blocking::block_on,
};

use super::{
    controls::{CONTACTS, Controls, FIRST, contact},
    journal::{Begun, Journal, Line, Sms, What},
};

/// What some contacts write; the others never come to an end.
const BODIES: [&str; 8] = ["Hi", "What?", "YES", "STOP", "START", "START", "HELP", "no"];
const CHAT: [&str; 4] = ["Hi", "What?", "HELP", "no"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Hands texts over itself.
    Inline,
    /// Leaves them to dispatchers.
    Deferred,
    /// Only hands over what others left.
    Dispatching,
    /// All of these.
    Mixed,
}

impl Role {
    pub(crate) const ALL: [Self; 4] =
        [Self::Inline, Self::Deferred, Self::Dispatching, Self::Mixed];
}

type Clock = Box<dyn Fn() -> DateTime<Utc> + Send + Sync>;

pub(crate) struct Machine<S: Storage> {
    number: u64,
    role: Role,
    inline: Engine<S, Arc<Provider>, Clock>,
    deferred: Engine<S, Arc<Provider>, Clock>,
    controls: Arc<Controls>,
    journal: Arc<Journal>,
    chance: Rng,
    taken: Vec<Sms>,
    messages: u64,
    survives: Option<Box<Survives<S>>>,
}

/// What is done where the storage fails, before the machine goes on.
type Survives<S> = dyn Fn(&<S as Storage>::Error) + Send;

impl<S: Storage + Clone> Machine<S> {
    pub(crate) fn new(storage: S, directory: &Path, number: u64, role: Role, seed: u64) -> Self {
        let controls = Arc::new(Controls::open(directory));
        let journal = Arc::new(Journal::open(directory));
        let mut chance = Rng::with_seed(seed);
        let provider = Arc::new(Provider {
            machine: number,
            chance: Some(Mutex::new(chance.fork())),
            controls: controls.clone(),
            journal: journal.clone(),
        });
        let clock = |controls: Arc<Controls>| -> Clock { Box::new(move || controls.now()) };
        let engine = |storage| Engine::new(storage, provider.clone(), clock(controls.clone()));
        Self {
            number,
            role,
            inline: engine(storage.clone()),
            deferred: engine(storage).deferred(),
            controls,
            journal,
            chance,
            taken: Vec::new(),
            messages: 0,
            survives: None,
        }
    }

    /// The same machine, which goes on where the storage fails: what it took it does not answer.
    pub(crate) fn surviving(self, failed: impl Fn(&S::Error) + Send + 'static) -> Self {
        Self { survives: Some(Box::new(failed)), ..self }
    }

    /// What the storage answered; absent where it failed and the machine goes on.
    fn survived<T>(&self, answer: Result<T, HandleError<S::Error>>) -> Option<T> {
        match (answer, &self.survives) {
            (Err(HandleError::Storage(error)), Some(failed)) => {
                failed(&error);
                None
            }
            (answer, _) => Some(answer.unwrap()),
        }
    }

    /// Works until the test says pause.
    pub(crate) fn work(&mut self) {
        while !self.controls.is_paused() {
            self.step();
        }
    }

    fn step(&mut self) {
        let dispatches = match self.role {
            Role::Inline | Role::Deferred => false,
            Role::Dispatching => true,
            Role::Mixed => self.chance.u8(..10) < 3,
        };
        if dispatches {
            let limit = self.chance.usize(1..4);
            let round = block_on(Dispatcher::new(&self.inline).run_once(limit));
            self.survived(round);
        } else if self.chance.u8(..10) == 0 {
            self.send();
        } else {
            let sms = self.next_text();
            self.take(&sms);
        }
    }

    fn next_text(&mut self) -> Sms {
        if !self.taken.is_empty() && self.chance.u8(..20) == 0 {
            // The provider delivers it again.
            return self.chance.choice(&self.taken).unwrap().clone();
        }
        let number = self.any_number();
        let bodies = if number.is_multiple_of(3) { &CHAT[..] } else { &BODIES };
        let body = (*self.chance.choice(bodies).unwrap()).into();
        let sms = Sms { id: format!("{}-{}", self.number, self.taken.len()), number, body };
        self.taken.push(sms.clone());
        sms
    }

    fn any_number(&mut self) -> u64 {
        FIRST + self.controls.generation() * CONTACTS + self.chance.u64(..CONTACTS)
    }

    /// Takes a text in, and answers.
    pub(crate) fn take(&mut self, sms: &Sms) {
        let defers = match self.role {
            Role::Inline | Role::Dispatching => false,
            Role::Deferred => true,
            Role::Mixed => self.chance.bool(),
        };
        let engine = if defers { &self.deferred } else { &self.inline };
        let at = self.controls.now().timestamp_millis();
        self.journal.append(&Line::Arrived { sms: sms.clone(), at });
        let outcome = block_on(engine.handle(&contact(sms.number), event(sms)));
        let Some(outcome) = self.survived(outcome) else { return };
        self.journal.append(&Line::Answered {
            id: sms.id.clone(),
            number: sms.number,
            decision: outcome.decision.name().into(),
            reason: outcome.reason.name().into(),
            in_flight: outcome.in_flight.iter().map(|id| id.revision.number()).collect(),
            at: self.controls.now().timestamp_millis(),
        });
    }

    /// A message of staff, where the contact may be messaged.
    fn send(&mut self) {
        let whom = contact(self.any_number());
        let engine = if self.role == Role::Deferred { &self.deferred } else { &self.inline };
        let permit = block_on(engine.permit(&whom));
        if let Some(Some(permit)) = self.survived(permit) {
            self.messages += 1;
            let request = MessageId::new(&format!("{}-m{}", self.number, self.messages)).unwrap();
            let message = Message::new(inbox(), "Your table is ready").with_request(request);
            match block_on(engine.send(permit, message)) {
                Ok(outcome) => assert_eq!(outcome.decision, Decision::Deliver),
                // Somebody opted out meanwhile, or was sent something else.
                Err(SendError::PermitEnded | SendError::Handle(HandleError::Refused(_))) => {}
                Err(SendError::Handle(error)) => drop(self.survived::<()>(Err(error))),
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}

pub(crate) fn event(sms: &Sms) -> Event<'_> {
    Event::Texted(Text::new(inbox(), MessageId::new(&sms.id).unwrap(), sms.body.as_str()))
}

fn inbox() -> InboxId {
    InboxId::new("+18885550100").unwrap()
}

/// The way out, which writes down what leaves; it takes everything, or answers as chance has it.
pub(crate) struct Provider {
    machine: u64,
    chance: Option<Mutex<Rng>>,
    controls: Arc<Controls>,
    journal: Arc<Journal>,
}

impl Provider {
    /// One that takes everything.
    pub(crate) fn reliable(directory: &Path) -> Self {
        Self {
            machine: 0,
            chance: None,
            controls: Arc::new(Controls::open(directory)),
            journal: Arc::new(Journal::open(directory)),
        }
    }

    /// How long it takes, and what it answers.
    fn draw(&self, outgoing: &Outgoing) -> (Duration, Handover) {
        let accepted = Handover::Accepted { provider_id: None };
        let Some(chance) = &self.chance else {
            return (Duration::ZERO, accepted);
        };
        let mut chance = chance.lock().unwrap();
        let answer = match (chance.u8(..100), &outgoing.content) {
            (0..80, _) => accepted,
            (80..88, _) => Handover::NotSent { retry: true, code: None },
            (88..92, Content::Text(_)) => Handover::NotSent { retry: false, code: None },
            (88.., _) => Handover::Unknown,
        };
        // A while in which a kill finds it.
        (Duration::from_micros(chance.u64(..400)), answer)
    }
}

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let id = &outgoing.id;
        let name = (id.contact.number().to_digits(), id.revision.number(), id.n);
        let what = match &outgoing.content {
            Content::Text(text) => What::Text {
                kind: text.kind.name().into(),
                answers: text.answers.as_ref().map(|id| id.as_str().into()),
                not_after: text.not_after.timestamp_millis(),
            },
            Content::Status(status) => What::Status { opted_out: status.opted_out },
        };
        let (takes, answer) = self.draw(outgoing);
        let (machine, at) = (self.machine, self.controls.last_read());
        self.journal.append(&Line::Begun(Begun { machine, name, at, what }));
        std::thread::sleep(takes);
        let sent = match answer {
            Handover::Accepted { .. } => Some(true),
            Handover::NotSent { .. } | Handover::Blocked { .. } => Some(false),
            Handover::Unknown => None,
        };
        let at = self.controls.now().timestamp_millis();
        self.journal.append(&Line::Ended { machine, name, sent, at });
        answer
    }
}
