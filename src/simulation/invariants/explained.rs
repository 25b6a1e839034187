//! G6: every `active` is explained by an entry: who said what, and what they were asked.

use super::{Step, Trace};
use crate::{
    consent::{
        actor::Permission,
        event::{Event, Override, Text},
        keyword::{Keyword, Reading},
        outgoing::Content,
        policy::Policy,
        state::{ConsentState, OptIn},
    },
    simulation::{cast::CONTACTS, trace::state},
    storage::Mark,
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for (contact, life) in trace.lives.iter().enumerate() {
        for (at, step) in life.steps.iter().enumerate() {
            let Some(ConsentState::Active { how, since }) = state(step.after) else { continue };
            if let Some(before @ ConsentState::Active { .. }) = state(step.before) {
                if state(step.after) != Some(before) {
                    return Err("active became active otherwise");
                }
                continue;
            }
            let Some(policy) = trace.policy(contact, step) else {
                return Err("active without an entry");
            };
            if step.commit.entry.as_ref().is_none_or(|entry| entry.at != since) {
                return Err("active since another time than its entry's");
            }
            let explained = match step.event() {
                Some(Event::Texted(text)) => {
                    is_written(trace, contact, text)
                        && texted(trace, contact, at, text, how, policy)
                }
                Some(Event::Overridden { actor, to, .. }) => {
                    (how, *to) == (OptIn::Override, Override::Active)
                        && actor.may(Permission::OptInManagement)
                }
                Some(Event::DeclaredExisting { actor }) => {
                    how == OptIn::Existing
                        && actor.may(Permission::ComplianceSettings)
                        && !life.steps[..at].iter().any(is_of_text)
                }
                Some(Event::Added { opted_out, .. }) => {
                    how == OptIn::Added
                        && *opted_out != Some(true)
                        && step.before.is_none()
                        && !policy.double_opt_in()
                }
                Some(
                    Event::CarrierBlocked { .. }
                    | Event::MessageRequested(_)
                    | Event::StatusRequested { .. }
                    | Event::Settled(_),
                )
                | None => false,
            };
            if !explained {
                return Err("an `active` that its entry does not explain");
            }
        }
    }
    Ok(())
}

/// Whether a text from the contact led to it.
fn is_of_text(step: &Step) -> bool {
    matches!(step.commit.mark, Some(Mark::Text { .. }))
}

/// Whether the contact wrote exactly this.
fn is_written(trace: &Trace, contact: usize, text: &Text<'_>) -> bool {
    let index = trace.cast.text_index(&text.inbox, &text.id);
    let written = index.and_then(|index| trace.books[contact / CONTACTS].texts.get(index));
    written.is_some_and(|written| {
        (written.contact, written.body, written.media) == (contact, text.body.as_str(), text.media)
    })
}

fn texted(
    trace: &Trace,
    contact: usize,
    at: usize,
    text: &Text<'_>,
    how: OptIn,
    policy: &Policy,
) -> bool {
    let steps = &trace.lives[contact].steps;
    let asked = steps[at].before.and_then(|record| record.pending().map(|pending| pending.asked()));
    let reading = policy.matcher().read(text.body.as_str(), text.media);
    let (keyword, restart) = match reading {
        Reading::Answer { keyword, restart } => (keyword, restart),
        Reading::OptOut
        | Reading::Help
        | Reading::Reaction
        | Reading::SuspectedOptOut
        | Reading::Refusal
        | Reading::Other => (None, false),
    };
    match how {
        OptIn::Keyword => {
            let shown = shown(trace, contact, &steps[..at]);
            asked == Some(true)
                && keyword.is_some_and(|own| own == policy.keyword() || shown.contains(&Some(own)))
        }
        OptIn::FirstText => {
            let first = steps[at].before.is_none() || asked == Some(false);
            let says_no = matches!(
                reading,
                Reading::OptOut | Reading::Reaction | Reading::SuspectedOptOut | Reading::Refusal
            );
            first && !says_no && !policy.double_opt_in()
        }
        OptIn::Restart => {
            let comes_back = restart || keyword == Some(policy.keyword());
            let was_out = matches!(state(steps[at].before), Some(ConsentState::OptedOut { .. }));
            !policy.double_opt_in() && (was_out && comes_back || asked == Some(true) && restart)
        }
        OptIn::Override | OptIn::Existing | OptIn::Added => false,
    }
}

/// The keywords of the prompts that the cycle decided which these steps end in.
fn shown(trace: &Trace, contact: usize, steps: &[Step]) -> alloc::vec::Vec<Option<Keyword>> {
    let cycle = steps.last().map(|step| step.cycle);
    let of_cycle = steps.iter().rev().take_while(|step| Some(step.cycle) == cycle);
    let asks = |step: &&Step| {
        step.commit.outgoing.iter().any(|outgoing| match &outgoing.content {
            Content::Text(text) => text.kind.is_prompt(),
            Content::Status(_) => false,
        })
    };
    of_cycle
        .filter(asks)
        .map(|step| trace.policy(contact, step).map(|policy| policy.keyword()))
        .collect()
}
