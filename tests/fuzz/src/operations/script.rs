//! A script: bytes as steps, a kind and its arguments each.

use std::sync::LazyLock;

use chrono::TimeDelta;
use optin::{
    AccountId, Actor, ActorId, CarrierCode, Contact, Event, Handover, InboxId, Keyword, Message,
    MessageId, Note, Override, Permission, PhoneNumber, Policy, Role, Settings, Source, Text,
};

/// Longer scripts find nothing that shorter ones do not.
const MAX_STEPS: usize = 120;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Wait(TimeDelta),
    Happen {
        who: usize,
        event: Event<'static>,
        deferred: bool,
    },
    /// A message of the host under a permit.
    Send {
        who: usize,
        message: Message<'static>,
    },
    Settings {
        account: usize,
        policy: usize,
    },
    /// From here on the outbox answers so, and takes so long.
    Answer(Handover, TimeDelta),
    Dispatch,
    /// What becomes of a call of the storage or the outbox, that many calls from here.
    Fault(u8, Fault),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It fails, undone or done.
    Fails { done: bool },
    /// The machine stops there.
    Crashes { done: bool },
}

pub(super) const BODIES: [&str; 10] =
    ["Hi", "YES", "START", "STOP", "HELP", "CONFIRM", "no", "please stop", "Liked “Hi”", "Stop!"];

const WAITS: [i64; 10] = [
    1,
    1_000,
    31_000,
    299_999,
    300_000,
    600_000,
    43_199_999,
    43_200_000,
    86_400_000,
    2_592_000_000,
];

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> Option<usize> {
        Some(usize::from(self.next()?) % end)
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        Some(all[self.below(all.len())?].clone())
    }
}

pub(super) fn steps(bytes: &[u8]) -> Vec<Step> {
    let mut bytes = Bytes(bytes);
    std::iter::from_fn(|| step(&mut bytes)).take(MAX_STEPS).collect()
}

fn step(bytes: &mut Bytes<'_>) -> Option<Step> {
    Some(match bytes.below(16)? {
        0 => Step::Wait(TimeDelta::milliseconds(i64::from(bytes.next()?) * 7_919)),
        1 | 2 => Step::Wait(TimeDelta::milliseconds(bytes.one_of(&WAITS)?)),
        3..=6 => happen(bytes, text)?,
        7 => happen(bytes, requested)?,
        8 => Step::Send { who: bytes.below(3)?, message: message(bytes)? },
        9 => happen(bytes, added)?,
        10 => happen(bytes, by_hand)?,
        11 => happen(bytes, |_| Some(Event::CarrierBlocked { code: code() }))?,
        12 => Step::Settings { account: bytes.below(2)?, policy: bytes.below(POLICIES.len())? },
        13 => {
            let takes = bytes.one_of(&[0, 10, 29_000, 31_000])?;
            Step::Answer(bytes.one_of(&answers())?, TimeDelta::milliseconds(takes))
        }
        14 => Step::Dispatch,
        _ => {
            let done = bytes.below(2)? == 1;
            let fault = bytes.one_of(&[Fault::Fails { done }, Fault::Crashes { done }])?;
            Step::Fault(bytes.next()? % 12, fault)
        }
    })
}

fn happen(
    bytes: &mut Bytes<'_>,
    event: impl FnOnce(&mut Bytes<'_>) -> Option<Event<'static>>,
) -> Option<Step> {
    let who = bytes.below(6)?;
    Some(Step::Happen { who: who % 3, event: event(bytes)?, deferred: who >= 3 })
}

fn text(bytes: &mut Bytes<'_>) -> Option<Event<'static>> {
    let body = bytes.one_of(&BODIES)?;
    let shape = bytes.next()?;
    let text = Text::new(inbox(), id("SM", shape & 63), body);
    Some(Event::Texted(text.with_media(shape & 0xC0 == 0xC0).with_provider_replied(shape > 0xF0)))
}

fn requested(bytes: &mut Bytes<'_>) -> Option<Event<'static>> {
    message(bytes).map(Event::MessageRequested)
}

fn message(bytes: &mut Bytes<'_>) -> Option<Message<'static>> {
    Some(Message::new(inbox(), "Your table is ready").with_request(id("R", bytes.next()? & 15)))
}

fn added(bytes: &mut Bytes<'_>) -> Option<Event<'static>> {
    let source = bytes.one_of(&[Source::User, Source::Csv, Source::Hubspot, Source::Salesforce])?;
    Some(Event::Added { source, opted_out: bytes.one_of(&[None, Some(true), Some(false)])? })
}

fn by_hand(bytes: &mut Bytes<'_>) -> Option<Event<'static>> {
    let manages = Role::Member([Permission::OptInManagement].into());
    let role = bytes.one_of(&[Role::Owner, manages, Role::Member([].into())])?;
    let actor = Actor::new(ActorId::new("bo").expect("it is short"), role);
    let note = Note::new("by phone").ok();
    Some(match bytes.below(4)? {
        0 => Event::DeclaredExisting { actor },
        1 => Event::Overridden { actor, to: Override::OptedOut, note: None },
        2 => Event::Overridden { actor, to: Override::Active, note: None },
        _ => Event::Overridden { actor, to: Override::Active, note },
    })
}

fn answers() -> Vec<Handover> {
    let not_sent = |retry| Handover::NotSent { retry, code: None };
    let accepted = Handover::Accepted { provider_id: None };
    vec![
        accepted,
        not_sent(true),
        not_sent(false),
        Handover::Unknown,
        Handover::Blocked { code: code() },
    ]
}

/// The settings that scripts change between; all tell both CRMs.
pub(super) static POLICIES: LazyLock<[Policy; 5]> = LazyLock::new(|| {
    let with = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        (settings.sync.hubspot, settings.sync.salesforce) = (true, true);
        change(&mut settings);
        Policy::new(settings).expect("the settings are within RULES 3")
    };
    [
        with(|_| {}),
        with(|settings| settings.double_opt_in = false),
        with(|settings| {
            settings.prompt.keyword = Keyword::Confirm;
            settings.replies.help = Some("Call us.".into());
            settings.replies.confirmed = Some("Thanks!".into());
        }),
        with(|settings| (settings.reminders.max, settings.reminders.interval_hours) = (1, 24)),
        with(|settings| (settings.reminders.max, settings.restarts.max) = (0, 10)),
    ]
});

/// Two contacts of one account, and the first one's number in another.
pub(super) fn contact(who: usize) -> Contact {
    let number = ["+12065550100", "+12065550101", "+12065550100"][who];
    Contact::new(account(who / 2), PhoneNumber::parse(number).expect("it is E.164"))
}

pub(super) fn account(n: usize) -> AccountId {
    AccountId::new(["acme", "zenith"][n]).expect("it is short")
}

fn inbox() -> InboxId {
    InboxId::new("+18885550100").expect("it is short")
}

fn id(prefix: &str, n: u8) -> MessageId {
    MessageId::new(&format!("{prefix}{n}")).expect("it is short")
}

fn code() -> CarrierCode {
    CarrierCode::new("21610").expect("it is short")
}
