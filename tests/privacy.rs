//! No number, text, note, id or setting shows in any `Debug`, error or its sources (G15).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::{error::Error, fmt::Debug, sync::Arc};

use optin::{
    Actor, ActorId, Archive, Body, CarrierCode, ClaimToken, Contact, Content, Crm, Dispatcher,
    Engine, Event, Handover, InboxId, Keyword, KeywordMatcher, KeywordSet, Message, MessageId,
    Note, Outbox, Outgoing, Override, Permission, PhoneNumber, Policy, PromptTemplate, Refusal,
    Role, Settings, Source, Storage, Text,
    erased::{BoxOutbox, BoxStorage},
    storage::{Change, Claim, Commit, CurrentPolicy, Mark, PolicyChange, Settlement, Task, Then},
    store::MemoryStorage,
};

use self::support::{Clock, START, account, now_or_never};

const NUMBER: &str = "+12065550142";
const WORD: &str = "quokka";

/// Nothing of the number that is longer than four digits, and not the word.
#[track_caller]
fn is_silent(shown: &str) {
    assert!(!shown.to_lowercase().contains(WORD), "{shown}");
    // Addresses of functions are numbers too, and nobody's.
    for token in shown.split_whitespace().filter(|token| !token.contains("0x")) {
        let digits = NUMBER.as_bytes()[1..].windows(5);
        for run in digits.map(|run| std::str::from_utf8(run).unwrap()) {
            assert!(!token.contains(run), "{shown}");
        }
    }
}

#[track_caller]
fn debug_is_silent(value: &dyn Debug) {
    is_silent(&format!("{value:?}"));
    is_silent(&format!("{value:#?}"));
}

#[track_caller]
fn error_is_silent(error: &(dyn Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        is_silent(&error.to_string());
        debug_is_silent(&error);
        next = error.source();
    }
}

fn contact() -> Contact {
    Contact::new(account(), PhoneNumber::parse(NUMBER).unwrap())
}

fn inbox() -> InboxId {
    InboxId::new(NUMBER).unwrap()
}

fn id(n: u8) -> MessageId {
    MessageId::new(&format!("{WORD}-{n}-{NUMBER}")).unwrap()
}

fn code() -> CarrierCode {
    CarrierCode::new(WORD).unwrap()
}

fn actor() -> Actor {
    let granted = [Permission::OptInManagement].into();
    Actor::new(ActorId::new(WORD).unwrap(), Role::Member(granted))
}

fn words() -> String {
    format!("my {WORD} is at {NUMBER}")
}

fn texted(n: u8, body: &str) -> Event<'_> {
    Event::Texted(Text::new(inbox(), id(n), body))
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.prompt.before = words();
    settings.prompt.after = words();
    settings.prompt.opt_out_notice = format!("STOP the {WORD}");
    settings.keywords.opt_out = vec![WORD.into()];
    settings.keywords.help = vec![format!("{WORD} aid")];
    settings.keywords.restart.push(format!("my {WORD} again"));
    settings.replies.opted_out = Some(words());
    settings.replies.opted_out_final = Some(words());
    settings.replies.help = Some(words());
    settings.replies.confirmed = Some(words());
    settings.keywords.help.clear();
    settings.keywords.restart.retain(|word| !word.contains(WORD));
    settings
}

fn events() -> Vec<Event<'static>> {
    let message = Message::new(inbox(), words());
    let message = message.with_actor(actor()).with_request(id(9));
    let note = Some(Note::new(words()).unwrap());
    let to = Override::Active;
    vec![
        Event::Texted(Text::new(inbox(), id(1), words())),
        Event::Added { source: Source::Csv, opted_out: None },
        Event::DeclaredExisting { actor: actor() },
        Event::Overridden { actor: actor(), to, note },
        Event::CarrierBlocked { code: code() },
        Event::MessageRequested(message),
    ]
}

#[derive(Debug)]
struct Refusing;

impl Outbox for Refusing {
    async fn send(&self, _: &Outgoing) -> Handover {
        Handover::Blocked { code: code() }
    }
}

#[derive(Debug)]
struct Taking;

impl Outbox for Taking {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        debug_is_silent(outgoing);
        Handover::Accepted { provider_id: Some(id(8)) }
    }
}

#[test]
fn what_is_said_and_by_whom_is_silent() {
    debug_is_silent(&contact());
    debug_is_silent(&contact().number());
    debug_is_silent(&(inbox(), id(1), code(), actor(), Body::from(words().as_str())));
    debug_is_silent(&Note::new(words()).unwrap());
    for event in events() {
        debug_is_silent(&event);
    }
}

#[test]
fn settings_are_silent() {
    let policy = Policy::new(settings()).unwrap();
    let matcher: &KeywordMatcher = policy.matcher();
    let prompt: &PromptTemplate = policy.prompt();
    debug_is_silent(&settings());
    debug_is_silent(&settings().prompt);
    debug_is_silent(&settings().keywords);
    debug_is_silent(&settings().replies);
    debug_is_silent(&policy);
    debug_is_silent(&matcher);
    debug_is_silent(&prompt);
    debug_is_silent(&prompt.segments());
}

/// Silent is not empty: a log can still tell settings apart.
#[test]
fn debug_tells_what_is_nobodys_secret() {
    let policy = Policy::new(settings()).unwrap();
    let shown = format!("{policy:?}");
    for part in [
        "Policy(Settings { double_opt_in: true",
        "PromptSettings(YES)",
        "KeywordSettings { opt_out: 1, help: 0, restart: 3 }",
        "\"replies.opted_out\"",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let (words, note) = (Body::from("Hello"), Note::new("by phone").unwrap());
    assert_eq!(format!("{words:?} {note:?}"), "Body(5 bytes) Note(8 bytes)");
    assert_eq!(format!("{:?} {:?}", account(), inbox()), "AccountId(\"acme\") InboxId(..)");
    assert_eq!(format!("{:?}", contact().number()), "PhoneNumber(..)");
    assert_eq!(format!("{:?}", policy.prompt()), "PromptTemplate(YES)");
    assert_eq!(format!("{:?}", policy.matcher()), "KeywordMatcher { .. }");
    let shown = KeywordSet::default().with(Keyword::Ok).with(Keyword::Yes);
    assert_eq!(format!("{shown:?}"), "{Yes, Ok}");
}

#[test]
fn a_storage_and_all_that_goes_through_it_is_silent() {
    let storage = Arc::new(MemoryStorage::new());
    let clock = Clock::at(START);
    let engine = Engine::new(storage.clone(), Taking, clock.reader());
    let edit = |_: &Policy| Policy::new(settings());
    debug_is_silent(&now_or_never(engine.change_policy(&account(), &support::owner(), edit)));
    for event in events() {
        debug_is_silent(&now_or_never(engine.handle(&contact(), event)));
    }
    for (n, body) in [(2, "START"), (3, "YES"), (4, "HELP"), (5, "STOP"), (6, WORD)] {
        debug_is_silent(&now_or_never(engine.handle(&contact(), texted(n, body))));
        debug_is_silent(&now_or_never(engine.permit(&contact())));
        debug_is_silent(&now_or_never(storage.load(&contact())));
        debug_is_silent(&storage);
    }
    for deferred in [false, true] {
        let engine = Engine::new(storage.clone(), Refusing, clock.reader());
        let engine = if deferred { engine.deferred() } else { engine };
        let whom = Contact::new(account(), PhoneNumber::parse("+442065550142").unwrap());
        let words = words();
        let event = texted(if deferred { 11 } else { 10 }, &words);
        debug_is_silent(&now_or_never(engine.handle(&whom, event)));
        debug_is_silent(&storage);
        debug_is_silent(&now_or_never(Dispatcher::new(&engine).run_once(9)));
    }
    let history = now_or_never(storage.history(&contact(), 0, 99)).unwrap();
    assert!(history.len() > 4);
    debug_is_silent(&history);
    debug_is_silent(&now_or_never(storage.account_history(&account(), 0, 99)));
    debug_is_silent(&now_or_never(storage.contacts(&account(), None, None, 9)));
    debug_is_silent(&now_or_never(storage.set_aside(&account(), 9)));
}

#[test]
fn what_a_storage_is_given_and_gives_is_silent() {
    let policy = Policy::new(settings()).unwrap();
    let words = words();
    let first = texted(1, &words);
    let transition = optin::decide(&policy, None, &first, START).unwrap();
    debug_is_silent(&transition);
    let outgoing = Outgoing::new(
        optin::OutgoingId::new(contact(), transition.record.unwrap().revision, 0),
        START,
        Content::Text(transition.text.clone().unwrap()),
    );
    let claim = Claim {
        outgoing: outgoing.clone(),
        token: ClaimToken::new(1),
        until: START,
        attempts: 0,
        task: Task::HandOver,
    };
    let revision = optin::Revision::default();
    let number = contact().number();
    let entry = optin::Entry::of_decision(number, &first, &transition, revision, START);
    let settle = Settlement::of(&claim, Then::Finish);
    let commit = Commit {
        change: Change::Put(transition.record.unwrap()),
        mark: Some(Mark::Text { inbox: inbox(), id: id(1) }),
        entry: entry.clone(),
        outgoing: vec![outgoing],
        settle: Some(settle),
        ..Commit::keep(contact(), None, START)
    };
    let change = PolicyChange {
        account: account(),
        expected: revision,
        policy: Some(policy.clone()),
        entry: entry.unwrap(),
    };
    debug_is_silent(&(claim, commit, change, Mark::Request { id: id(2) }));
    debug_is_silent(&CurrentPolicy { policy: Arc::new(policy), revision });
    debug_is_silent(&optin::Status::new(Crm::Hubspot, true));
    debug_is_silent(&(BoxStorage::new(MemoryStorage::new()), BoxOutbox::new(Refusing)));
    let clock: fn() -> chrono::DateTime<chrono::Utc> = || START;
    let engine = Engine::new(MemoryStorage::new(), Refusing, clock);
    now_or_never(engine.handle(&contact(), first)).unwrap();
    debug_is_silent(&engine);
    debug_is_silent(&Dispatcher::new(&engine));
}

#[test]
fn errors_are_silent() {
    for number in ["12065550142", "+12065550142x", "+1206555014212065550142", "quokka"] {
        error_is_silent(&PhoneNumber::parse(number).unwrap_err());
        let json = serde_json::to_string(number).unwrap();
        error_is_silent(&serde_json::from_str::<PhoneNumber>(&json).unwrap_err());
    }
    let long = words().repeat(60);
    error_is_silent(&MessageId::new(&long).unwrap_err());
    error_is_silent(&Note::new(&*long).unwrap_err());
    let json = serde_json::to_string(&long).unwrap();
    error_is_silent(&serde_json::from_str::<MessageId>(&json).unwrap_err());
    error_is_silent(&serde_json::from_str::<Note>(&json).unwrap_err());
    let mut settings = settings();
    settings.replies.help = Some(long);
    error_is_silent(&Policy::new(settings.clone()).unwrap_err());
    let json = serde_json::to_string(&settings).unwrap();
    error_is_silent(&serde_json::from_str::<Policy>(&json).unwrap_err());
    for refusal in [Refusal::Revoked, Refusal::Forbidden(Permission::OptInManagement)] {
        error_is_silent(&refusal);
    }
}

#[test]
fn errors_of_the_engine_are_silent() {
    let storage = BoxStorage::new(MemoryStorage::new());
    let engine = Engine::new(storage, Refusing, Clock::at(START).reader());
    for event in [events().remove(3), events().remove(5)] {
        error_is_silent(&now_or_never(engine.handle(&contact(), event)).unwrap_err());
    }
    let edit = |_: &Policy| {
        let mut settings = settings();
        settings.reminders.max = 9;
        Policy::new(settings)
    };
    for actor in [actor(), support::owner()] {
        let changed = now_or_never(engine.change_policy(&account(), &actor, edit));
        error_is_silent(&changed.unwrap_err());
    }
}

#[test]
fn a_number_written_as_an_integer_is_not_shown_by_the_error() {
    let error = serde_json::from_str::<PhoneNumber>("12065550142").unwrap_err();
    error_is_silent(&error);
}

#[test]
fn the_check_itself_sees_a_number_and_a_word() {
    for shown in ["x 12065550142", "(206)5550142", "a QUOKKA"] {
        let seen = std::panic::catch_unwind(|| is_silent(shown));
        assert!(seen.is_err(), "{shown}");
    }
}
