//! What happens: contacts write, staff and CRMs act, settings change.

use super::{
    cast::{CONTACTS, Cast},
    chance::Chance,
    clock::{DAY, HOUR, MINUTE, SECOND, date},
    fault::Fault,
    trace::Written,
    world::State,
};
use crate::consent::{
    body::Note,
    event::{Event, Message, Override, Source, Text},
    id::CarrierCode,
    outgoing::Crm,
};

/// Something that a host is to give to a machine, perhaps more than once.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) contact: usize,
    pub(super) what: What,
    /// How often it may still be given again after an error.
    pub(super) again: u8,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// For [`Host::handle`](super::Host::handle).
    Event(Event<'static>),
    /// For [`Host::send`](super::Host::send).
    Message(Message<'static>),
    /// A change of settings, to this policy of the cast, by this actor of it.
    Settings { policy: usize, actor: usize },
}

/// What the contacts of a seed are like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mood {
    /// They write, and say neither yes nor no.
    Patient,
    /// They write anything.
    Mixed,
    /// They come and go.
    Restless,
}

impl Mood {
    pub(super) const ALL: [Self; 3] = [Self::Patient, Self::Mixed, Self::Restless];

    /// What a contact writes.
    fn body(self, chance: &mut Chance) -> &'static str {
        let words = match self {
            Self::Patient => [93, 1, 1, 1, 1, 1, 1, 1],
            Self::Mixed => [45, 18, 8, 10, 7, 4, 4, 4],
            Self::Restless => [14, 26, 26, 22, 5, 3, 2, 2],
        };
        let mut drawn = chance.below(100);
        for (bodies, parts) in BODIES.into_iter().zip(words) {
            match drawn.checked_sub(parts) {
                Some(rest) => drawn = rest,
                None => return chance.pick(bodies),
            }
        }
        "Hi"
    }
}

/// Texts of no list, keywords, restart words, opt-outs, help, refusals, reactions, and what reads
/// like an opt-out.
const BODIES: [&[&str]; 8] = [
    &["Hi", "Hello there", "Are you open?", "ok thanks", "YES.", "Yes please", "💬", ""],
    &["YES", "yes", " Yes\r\n", "CONFIRM", "confirm", "OK", "y", "APPROVE"],
    &["START", "start", "UNSTOP"],
    &["STOP", "Stop!", "STOP ALL", "opt-out"],
    &["HELP", "info"],
    &["no", "No, thanks"],
    &["Liked “Hi”", "Laughed at \"x\""],
    &["please stop", "wrong number"],
];

/// Something that happens now, with what a host makes of it.
pub(super) fn draw(state: &mut State, contact: usize) -> Given {
    let given = |what| Given { contact, what, again: 5 };
    let chance = &mut state.chance;
    match chance.below(100) {
        0..=71 => given(What::Event(text(state, contact))),
        72..=75 => given(What::Event(added(chance))),
        76..=77 => {
            let actor = state.trace.cast.actor(chance);
            given(What::Event(Event::DeclaredExisting { actor }))
        }
        78..=82 => given(What::Event(overridden(state))),
        83 => given(What::Event(Event::CarrierBlocked { code: code() })),
        84..=87 => given(What::Event(Event::StatusRequested { crm: chance.pick(&Crm::ALL) })),
        88..=91 => {
            let message = message(state, contact);
            given(What::Event(Event::MessageRequested(message)))
        }
        92..=97 => {
            let message = message(state, contact);
            given(What::Message(message))
        }
        98 => {
            let what = What::Settings {
                policy: chance.below(state.trace.cast.policies.len()),
                actor: chance.below(state.trace.cast.actors.len()),
            };
            state.seen.struck(Fault::SettingsChanged);
            given(what)
        }
        _ => given(What::Event(text(state, contact))),
    }
}

/// Settings that an account begins with, set by its owner.
pub(super) fn settings(chance: &mut Chance, contact: usize, policies: usize) -> Given {
    let what = What::Settings { policy: chance.below(policies), actor: 0 };
    Given { contact, what, again: 5 }
}

/// The account's contact writes something of its own.
fn text(state: &mut State, contact: usize) -> Event<'static> {
    let chance = &mut state.chance;
    let texts = &mut state.trace.books[contact / CONTACTS].texts;
    // Some repeat themselves.
    let same = texts.iter().rfind(|text| text.contact == contact).filter(|_| chance.one_in(6));
    let body = same.map_or_else(|| state.mood.body(chance), |text| text.body);
    let media = chance.one_in(20);
    let written = Written { contact, body, media, given: false, marked: 0, decided: 0 };
    texts.push(written);
    state.seen.texts += 1;
    let (inbox, id) = state.trace.cast.text(texts.len() - 1);
    let text = Text::new(inbox.clone(), id, body)
        .with_media(media)
        .with_provider_replied(chance.one_in(12));
    Event::Texted(match chance.below(3) {
        0 => text,
        1 => text.with_sent_at(date(state.clocks.now())),
        _ => {
            // A provider's clock may be ahead.
            let before = chance.pick(&[0, 1, SECOND, 6 * MINUTE, 13 * HOUR, 3 * DAY, -13 * HOUR]);
            text.with_sent_at(date(state.clocks.now() - before))
        }
    })
}

fn added(chance: &mut Chance) -> Event<'static> {
    let sources = [Source::User, Source::Csv, Source::Api, Source::Hubspot, Source::Salesforce];
    Event::Added {
        source: chance.pick(&sources),
        opted_out: chance.pick(&[None, None, Some(false), Some(true)]),
    }
}

fn overridden(state: &mut State) -> Event<'static> {
    let chance = &mut state.chance;
    let actor = state.trace.cast.actor(chance);
    let to = chance.pick(&[Override::Active, Override::Active, Override::OptedOut]);
    let note = chance.pick(&[None, Some("by phone"), Some(" \u{200b}")]);
    let note = note.and_then(|note| Note::new(note).ok());
    Event::Overridden { actor, to, note }
}

/// Half of them under a request's id, new or one from before, perhaps for somebody else.
fn message(state: &mut State, contact: usize) -> Message<'static> {
    let chance = &mut state.chance;
    let inbox = state.trace.cast.inboxes[chance.below(2)].clone();
    let message = Message::new(inbox, "Your table is ready");
    let message = match chance.below(6) {
        0 => {
            let lasts = chance.pick(&[1, SECOND, 31 * SECOND, 13 * HOUR]);
            message.with_not_after(date(state.clocks.now() + lasts))
        }
        _ => message,
    };
    let requests = &mut state.trace.books[contact / CONTACTS].requests;
    match chance.below(8) {
        0..=2 => message,
        3 if !requests.is_empty() => {
            message.with_request(Cast::request(chance.below(requests.len())))
        }
        _ => {
            requests.push(0);
            message.with_request(Cast::request(requests.len() - 1))
        }
    }
}

fn code() -> CarrierCode {
    CarrierCode::new("40300").expect("a short name")
}
