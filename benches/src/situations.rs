//! Contacts in every situation, made by the engine itself: what `decide` is measured over.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering::Relaxed},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Actor, ActorId, Archive, CarrierCode, Contact, Crm, Engine, Event, Fact, Handover,
    InboxId, Message, MessageId, Note, Outbox, Outgoing, Override, PhoneNumber, Policy, Record,
    Role, Settings, Source, Storage, Text, blocking::block_on, storage::PolicyChange,
    store::MemoryStorage,
};

/// An event, and what it meets.
#[derive(Debug)]
pub struct Situation {
    /// The settings.
    pub policy: Arc<Policy>,
    /// Where the contact stands, as a word.
    pub stands: &'static str,
    /// What is stored of the contact.
    pub record: Option<Record>,
    /// What happens, as a word.
    pub happens: &'static str,
    /// What happens.
    pub event: Event<'static>,
    /// When.
    pub now: DateTime<Utc>,
}

/// Every kind of text and event, of contacts that stand everywhere, under three settings.
pub fn all() -> Vec<Situation> {
    policies().into_iter().flat_map(under).collect()
}

fn policies() -> [Policy; 3] {
    let off = Settings { double_opt_in: false, ..Settings::default() };
    let mut everything = Settings::default();
    everything.replies.help = Some("We answer from nine to five.".into());
    everything.replies.confirmed = Some("Thank you, you are in.".into());
    everything.sync.hubspot = true;
    everything.sync.salesforce = true;
    [Settings::default(), off, everything].map(|settings| Policy::new(settings).expect("in bounds"))
}

/// An outbox whose every hand-over ends the same way.
struct Ends(Handover);

impl Outbox for Ends {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        self.0.clone()
    }
}

fn text(body: &'static str) -> Event<'static> {
    static IDS: AtomicU32 = AtomicU32::new(0);
    let id = format!("SM{:032}", IDS.fetch_add(1, Relaxed));
    let id = MessageId::new(&id).expect("short");
    Event::Texted(Text::new(inbox(), id, body))
}

fn inbox() -> InboxId {
    InboxId::new("+18885550100").expect("short")
}

fn actor(role: Role) -> Actor {
    Actor::new(ActorId::new("ana").expect("short"), role)
}

fn overridden(to: Override) -> Event<'static> {
    let note = Some(Note::new("by phone").expect("short"));
    Event::Overridden { actor: actor(Role::Owner), to, note }
}

fn added(source: Source, opted_out: Option<bool>) -> Event<'static> {
    Event::Added { source, opted_out }
}

/// Whom nothing was handed over to yet.
const DEFERRED: &str = "asked, not yet handed over";

/// What happens to a contact, each an hour count after the step before, until it stands somewhere.
type History = (&'static str, Vec<(i64, Event<'static>)>);

fn histories() -> Vec<History> {
    let hi = || text("Hi, are you open?");
    vec![
        ("absent", vec![]),
        ("added", vec![(0, added(Source::Csv, None))]),
        ("asked", vec![(0, hi())]),
        (DEFERRED, vec![(0, hi()), (12, hi())]),
        ("asked thirteen hours ago", vec![(0, hi()), (13, text("STOPALL or not?"))]),
        ("reminded thrice", vec![(0, hi()), (13, hi()), (13, hi()), (13, hi())]),
        ("active", vec![(0, overridden(Override::OptedOut)), (1, overridden(Override::Active))]),
        ("opted out", vec![(0, hi()), (1, text("STOP"))]),
        ("opted out by staff", vec![(0, overridden(Override::OptedOut))]),
        (
            "restarted thrice",
            (0..3)
                .flat_map(|_| [(1, text("STOP")), (1, text("START"))])
                .chain([(1, text("STOP"))])
                .collect(),
        ),
    ]
}

fn events() -> Vec<(&'static str, Event<'static>)> {
    let code = CarrierCode::new("21610").expect("short");
    let member = actor(Role::Member(BTreeSet::new()));
    vec![
        ("a text", text("Hi, is the blue one still there?")),
        ("YES", text("Yes")),
        ("STOP", text("STOP")),
        ("START", text("start")),
        ("HELP", text("Help!")),
        ("a refusal", text("no thanks.")),
        ("nope", text("Nope")),
        ("a reaction", text("Liked \u{201c}ok\u{201d}")),
        ("suspected", text("please stop texting me")),
        ("added", added(Source::Hubspot, None)),
        ("added as opted out", added(Source::Csv, Some(true))),
        ("added as opted in", added(Source::Salesforce, Some(false))),
        ("declared existing", Event::DeclaredExisting { actor: actor(Role::Admin) }),
        ("overridden to active", overridden(Override::Active)),
        ("overridden to opted out", overridden(Override::OptedOut)),
        (
            "overridden by someone who may not",
            Event::Overridden { actor: member, to: Override::Active, note: None },
        ),
        ("a status", Event::StatusRequested { crm: Crm::Hubspot }),
        ("carrier block", Event::CarrierBlocked { code }),
        ("a message", Event::MessageRequested(Message::new(inbox(), "Your table is ready"))),
    ]
}

fn under(policy: Policy) -> Vec<Situation> {
    let policy = Arc::new(policy);
    let code = CarrierCode::new("30007").expect("short");
    let endings = [
        Handover::Accepted { provider_id: None },
        Handover::NotSent { retry: false, code: Some(code) },
        Handover::Unknown,
    ];
    let mut situations = Vec::new();
    for ending in endings {
        let usual = matches!(ending, Handover::Accepted { .. });
        for (stands, history) in histories() {
            let lived = live(&policy, ending.clone(), stands == DEFERRED, history);
            let hour = |(happens, event)| Situation {
                policy: policy.clone(),
                stands,
                record: lived.record,
                happens,
                event,
                now: lived.now + TimeDelta::hours(1),
            };
            if usual {
                situations.extend(events().into_iter().map(hour));
            }
            let settled = lived.settled.map(|event| ("settled", event));
            situations.extend(settled.map(hour));
        }
    }
    situations
}

/// What a history leads to.
struct Lived {
    record: Option<Record>,
    /// The last settlement, if there was one.
    settled: Option<Event<'static>>,
    now: DateTime<Utc>,
}

fn live(
    policy: &Policy,
    ending: Handover,
    deferred: bool,
    history: Vec<(i64, Event<'static>)>,
) -> Lived {
    let start = DateTime::from_timestamp_millis(1_772_355_600_000).expect("in March 2026");
    let clock = AtomicI64::new(start.timestamp_millis());
    let now = || DateTime::from_timestamp_millis(clock.load(Relaxed)).expect("this year");
    let engine = Engine::new(MemoryStorage::new(), Ends(ending), now);
    let engine = if deferred { engine.deferred() } else { engine };
    let account = AccountId::new("acme").expect("short");
    set(engine.storage(), &account, policy, start);
    let number = PhoneNumber::parse("+12065550100").expect("E.164");
    let contact = Contact::new(account, number);
    for (hours, event) in history {
        clock.fetch_add(TimeDelta::hours(hours).num_milliseconds(), Relaxed);
        block_on(engine.handle(&contact, event)).expect("memory never fails, and all may do it");
    }
    let Ok(snapshot) = block_on(engine.storage().load(&contact));
    let Ok(entries) = block_on(engine.storage().history(&contact, 0, 100));
    let settled = entries.into_iter().rev().find_map(|entry| match entry.fact {
        Fact::Event(event) => Some(*event).filter(|event| matches!(event, Event::Settled(_))),
        _ => None,
    });
    Lived { record: snapshot.record, settled, now: now() }
}

fn set(storage: &MemoryStorage, account: &AccountId, policy: &Policy, at: DateTime<Utc>) {
    let revision = optin::Revision::default();
    let change = PolicyChange {
        account: account.clone(),
        expected: revision,
        policy: Some(policy.clone()),
        entry: optin::Entry::of_policy_change(actor(Role::Owner), Ok(policy), revision, at),
    };
    let Ok(_) = block_on(storage.set_policy(change));
}
