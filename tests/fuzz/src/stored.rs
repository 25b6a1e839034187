//! Any stored JSON decodes or is refused; and whatever decodes can be decided over at any time.

use std::{fmt::Debug, sync::LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Actor, ActorId, CarrierCode, ConsentState, Crm, Decision, Entry, Event, InboxId, Message,
    MessageId, MessageKind, Note, Outgoing, Override, Policy, Record, Role, Settings, Source, Text,
    Transition, consent::ledger::fold, decide, storage::Place,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A record that could be stored, what happens then, and when.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Case {
    record: Option<Record>,
    event: Event<'static>,
    now: DateTime<Utc>,
}

/// Reads each stored form, and goes on from it.
pub fn target(bytes: &[u8]) {
    if let Some(record) = read::<Record>(bytes) {
        for now in times(&record) {
            events().iter().for_each(|event| goes_on(Some(&record), event, now));
        }
    }
    if let Some(Case { record, event, now }) = read::<Case>(bytes) {
        goes_on(record.as_ref(), &event, now);
    }
    if let Some(entries) = read::<Vec<Entry>>(bytes) {
        let _ = fold(&entries);
    }
    if let Some(outgoing) = read::<Outgoing>(bytes) {
        let mut place = Place::first(&outgoing, None);
        let claim = place.claim(outgoing.clone(), outgoing.decided_at, DateTime::<Utc>::MAX_UTC);
        assert!(place.is_claimed_as(claim.token));
    }
}

/// What decodes is stored again as the same.
fn read<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let read: T = serde_json::from_slice(bytes).ok()?;
    let stored = serde_json::to_vec(&read).expect("it has a stored form");
    let again = serde_json::from_slice(&stored).expect("a stored form can be read");
    assert_eq!(read, again);
    Some(read)
}

static POLICIES: LazyLock<[Policy; 3]> = LazyLock::new(|| {
    let mut reminding = Settings::default();
    reminding.replies.help = Some("Call us.".into());
    (reminding.sync.hubspot, reminding.sync.salesforce) = (true, true);
    let mut open = reminding.clone();
    open.double_opt_in = false;
    [Settings::default(), reminding, open].map(|settings| Policy::new(settings).expect("in bounds"))
});

/// An inbox and a message id.
pub(crate) fn names() -> (InboxId, MessageId) {
    let named = "they are short";
    (InboxId::new("+18885550100").expect(named), MessageId::new("SM1").expect(named))
}

fn events() -> Vec<Event<'static>> {
    let (inbox, id) = names();
    let actor = Actor::new(ActorId::new("ana").expect("it is short"), Role::Owner);
    let note = Some(Note::new("by phone").expect("it is short"));
    let code = CarrierCode::new("21610").expect("it is short");
    let texted = |body| Event::Texted(Text::new(inbox.clone(), id.clone(), body));
    let overridden = |to| Event::Overridden { actor: actor.clone(), to, note: note.clone() };
    let mut events: Vec<_> =
        ["Hi", "YES", "START", "STOP", "HELP", "no", "please stop", "Liked “Hi”"]
            .map(texted)
            .into();
    events.extend([
        Event::Added { source: Source::Hubspot, opted_out: Some(true) },
        Event::Added { source: Source::Csv, opted_out: None },
        Event::DeclaredExisting { actor: actor.clone() },
        overridden(Override::Active),
        overridden(Override::OptedOut),
        Event::CarrierBlocked { code },
        Event::MessageRequested(Message::new(inbox.clone(), "Your table is ready")),
        Event::StatusRequested { crm: Crm::Salesforce },
    ]);
    events
}

/// The ends of time, and what is near the times of the record.
fn times(record: &Record) -> Vec<DateTime<Utc>> {
    let (pending, restarts) = (record.pending(), record.restarts);
    let near = [
        record.help_replied_at,
        restarts.map(|restarts| restarts.began),
        pending.and_then(|pending| pending.last_prompt),
        pending.and_then(|pending| Some(pending.outstanding?.until)),
        Some(DateTime::UNIX_EPOCH),
    ];
    let later = [TimeDelta::zero(), TimeDelta::hours(12), TimeDelta::days(40)];
    let mut times = vec![DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC];
    for time in near.into_iter().flatten() {
        times.extend(later.iter().filter_map(|&later| time.checked_add_signed(later)));
    }
    times
}

fn goes_on(record: Option<&Record>, event: &Event<'_>, now: DateTime<Utc>) {
    for policy in POLICIES.iter() {
        let Ok(transition) = decide(policy, record, event, now) else { continue };
        assert_eq!(decide(policy, record, event, now).as_ref(), Ok(&transition));
        is_safe(record, event, &transition);
        if let Some(record) = &transition.record {
            let stored = serde_json::to_vec(record).expect("a record has a stored form");
            assert_eq!(serde_json::from_slice(&stored).ok().as_ref(), Some(record));
        }
    }
}

/// R1.1, R3.2, R4.11 to R5.6: what may change, and what may leave.
fn is_safe(record: Option<&Record>, event: &Event<'_>, transition: &Transition) {
    let before = record.map(|record| record.state);
    let after = transition.state;
    let opted_out = |state| matches!(state, Some(ConsentState::OptedOut { .. }));
    let active = |state| matches!(state, Some(ConsentState::Active { .. }));

    if let Some(text) = &transition.text {
        let answers = match event {
            Event::Texted(text) => Some(&text.id),
            _ => None,
        };
        assert_eq!(text.answers.as_ref(), answers, "each text has its cause");
        match text.kind {
            MessageKind::Message => assert!(active(before)),
            MessageKind::Confirmation | MessageKind::Reminder => {
                assert!(!active(before) && after.is_some_and(|after| after.opted_out()));
            }
            MessageKind::OptedOut => {
                assert!(opted_out(after) && transition.decision == Decision::OptOut)
            }
            MessageKind::Confirmed => assert!(active(after)),
            _ => {}
        }
    }
    if opted_out(before) && !opted_out(after) {
        let asked = match event {
            Event::Texted(text) => !text.media,
            Event::Overridden { to: Override::Active, .. } => true,
            _ => false,
        };
        assert!(asked, "nobody comes back unasked");
    }
    if let (Some(record), Some(next)) = (record, &transition.record) {
        assert_eq!(next.revision, record.revision.next());
    }
}
