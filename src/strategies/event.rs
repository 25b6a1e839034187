//! What can happen to a contact, and who acts.

use alloc::{vec, vec::Vec};

use proptest::{option, prelude::*, sample::select};

use super::{
    handover::endings,
    name::{actor_id, code, inbox, request_id},
    record::any_revisions,
    text::{any_texts, texts},
    time::any_times,
};
use crate::consent::{
    actor::{Actor, Permission, Role},
    body::Note,
    event::{Event, Message, Override, Settled, Source},
    outgoing::{Crm, MessageKind},
};

/// Owners, and members with each set of permissions.
pub fn actors() -> impl Strategy<Value = Actor> {
    let permissions = vec![
        Permission::ComplianceSettings,
        Permission::OptInManagement,
        Permission::OverrideRevocation,
    ];
    let granted = proptest::sample::subsequence(permissions, 0..=3);
    let role = prop_oneof![
        select(vec![Role::Owner, Role::Admin]),
        granted.prop_map(|granted: Vec<_>| Role::Member(granted.into_iter().collect())),
    ];
    role.prop_map(|role| Actor::new(actor_id(), role))
}

/// Messages of staff and host: some without a request id, the others with one of four.
pub fn messages() -> impl Strategy<Value = Message<'static>> {
    (option::of(0..4_u8), option::of(actors())).prop_map(|(request, actor)| Message {
        request: request.map(request_id),
        actor,
        ..Message::new(inbox(), "Your table is ready")
    })
}

/// What a host hears of, texts above all; the ends of hand-overs are the engine's to tell.
pub fn events() -> impl Strategy<Value = Event<'static>> {
    let sources = vec![Source::User, Source::Csv, Source::Api, Source::Hubspot, Source::Salesforce];
    let added = (select(sources), any::<Option<bool>>())
        .prop_map(|(source, opted_out)| Event::Added { source, opted_out });
    let to = select(vec![Override::Active, Override::OptedOut]);
    let overridden = (actors(), to, any::<bool>()).prop_map(|(actor, to, noted)| {
        let note = noted.then(|| Note::new("by phone").expect("8 characters are a note"));
        Event::Overridden { actor, to, note }
    });
    prop_oneof![
        32 => texts().prop_map(Event::Texted),
        4 => added,
        2 => actors().prop_map(|actor| Event::DeclaredExisting { actor }),
        4 => overridden,
        2 => Just(Event::CarrierBlocked { code: code("40300") }),
        6 => messages().prop_map(Event::MessageRequested),
        1 => select(Crm::ALL.as_slice()).prop_map(|crm| Event::StatusRequested { crm }),
    ]
}

/// Ends of hand-overs, of any decision, at any time.
pub fn settlements() -> impl Strategy<Value = Settled> {
    let kind = select(vec![
        MessageKind::Confirmation,
        MessageKind::Reminder,
        MessageKind::OptedOut,
        MessageKind::Help,
        MessageKind::Confirmed,
        MessageKind::Message,
    ]);
    (any_revisions(), kind, any_times(), endings())
        .prop_map(|(revision, kind, ended, ending)| Settled { revision, kind, ended, ending })
}

/// [`events`], texts of any characters, and [`settlements`].
pub fn any_events() -> impl Strategy<Value = Event<'static>> {
    prop_oneof![
        4 => any_texts().prop_map(Event::Texted),
        3 => settlements().prop_map(Event::Settled),
        3 => events(),
    ]
}
