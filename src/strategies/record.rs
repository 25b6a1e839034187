//! Records: those that a few events lead to, and those that none does.

use alloc::vec;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use super::{
    event::events,
    handover::endings,
    settings::policies,
    time::{START, any_times},
};
use crate::consent::{
    decide::decide,
    event::{Ending, Event, Settled},
    keyword::{Keyword, KeywordSet},
    outgoing::MessageKind,
    policy::Policy,
    record::{Record, RestartWindow, Revision},
    state::{ConsentState, OptIn, OptOut, Outstanding, Pending},
};

/// Records that up to a dozen events led to from nothing, under one of [`policies`].
pub fn records() -> impl Strategy<Value = Record> {
    policies().prop_flat_map(records_under)
}

/// Records that up to a dozen events led to from nothing, hours to days apart from [`START`] on,
/// under this policy. A prompt that they decided on has ended somehow, or is still on its way.
pub fn records_under(policy: Policy) -> impl Strategy<Value = Record> {
    let wait = prop_oneof![0..120_i64, 43_000..44_000_i64, 0..4_000_000_i64];
    let ending = option::weighted(0.8, endings());
    vec((wait, events(), ending), 1..12).prop_filter_map("nothing is stored", move |happened| {
        let (mut record, mut now) = (None, START);
        for (wait, event, ending) in happened {
            now += TimeDelta::seconds(wait);
            record = after(&policy, record, &event, now);
            if let Some(settled) = record.and_then(|record| settled(&record, ending?, now)) {
                record = after(&policy, record, &Event::Settled(settled), now);
            }
        }
        record
    })
}

fn after(
    policy: &Policy,
    record: Option<Record>,
    event: &Event<'_>,
    now: DateTime<Utc>,
) -> Option<Record> {
    let decided = decide(policy, record.as_ref(), event, now);
    decided.ok().and_then(|transition| transition.record).or(record)
}

/// The end of the prompt that is on its way, if one is.
fn settled(record: &Record, ending: Ending, ended: DateTime<Utc>) -> Option<Settled> {
    let pending = record.pending()?;
    let kind =
        if pending.prompts_used > 1 { MessageKind::Reminder } else { MessageKind::Confirmation };
    Some(Settled { revision: pending.outstanding?.revision, kind, ended, ending })
}

/// Revisions small enough to meet, and the last two.
pub(super) fn any_revisions() -> impl Strategy<Value = Revision> {
    prop_oneof![0..9_u64, u64::MAX - 1..=u64::MAX].prop_map(Revision::new)
}

/// Records with anything in any field, most of which no history leads to.
pub fn any_records() -> impl Strategy<Value = Record> {
    let restarts = option::of((any_times(), any::<u8>()))
        .prop_map(|window| window.map(|(began, count)| RestartWindow { began, count }));
    (any_revisions(), any_states(), option::of(any_times()), restarts, any_revisions()).prop_map(
        |(revision, state, help_replied_at, restarts, cancelled_before)| Record {
            revision,
            state,
            help_replied_at,
            restarts,
            cancelled_before,
        },
    )
}

fn any_states() -> impl Strategy<Value = ConsentState> {
    let how = vec![
        OptIn::Keyword,
        OptIn::Override,
        OptIn::Existing,
        OptIn::Added,
        OptIn::FirstText,
        OptIn::Restart,
    ];
    let by = vec![OptOut::Staff, OptOut::Import, OptOut::Crm, OptOut::Contact, OptOut::Carrier];
    prop_oneof![
        3 => any_pending().prop_map(ConsentState::Pending),
        1 => (select(how), any_times()).prop_map(|(how, since)| ConsentState::Active { how, since }),
        2 => (select(by), any_times()).prop_map(|(by, since)| ConsentState::OptedOut { by, since }),
    ]
}

fn any_pending() -> impl Strategy<Value = Pending> {
    // Of any number, most often of those that a cycle can have.
    let prompts = || any::<u8>().prop_map(|any| any >> 4);
    let outstanding =
        (any_revisions(), any_times(), any::<u8>(), option::of(any_times()), keyword_sets())
            .prop_map(|(revision, until, prompts_used, last_prompt, keywords_shown)| Outstanding {
                revision,
                until,
                prompts_used,
                last_prompt,
                keywords_shown,
            });
    (
        prompts(),
        option::of(any_times()),
        keyword_sets(),
        option::of(outstanding),
        any::<u8>(),
        any::<bool>(),
    )
        .prop_map(
            |(prompts_used, last_prompt, keywords_shown, outstanding, not_sent_in_row, texted)| {
                Pending {
                    prompts_used,
                    last_prompt,
                    keywords_shown,
                    outstanding,
                    not_sent_in_row,
                    texted,
                }
            },
        )
}

fn keyword_sets() -> impl Strategy<Value = KeywordSet> {
    subsequence(Keyword::ALL.to_vec(), 0..=Keyword::ALL.len())
        .prop_map(|shown| shown.into_iter().fold(KeywordSet::default(), KeywordSet::with))
}
