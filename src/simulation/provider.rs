//! The provider as a task sees it: it takes its time, and does not always say what it did.

use super::{
    clock::{HOUR, MINUTE, SECOND, millis},
    fault::Fault,
    trace::{End, Handed},
    world::{Here, State, stand},
};
use crate::{
    consent::{
        id::CarrierCode,
        outgoing::{Content, Handover, MessageKind, Outgoing},
    },
    outbox::Outbox,
};

#[derive(Debug)]
pub(super) struct Provider<'w, S>(pub(super) Here<'w, S>);

impl<S: Send + Sync> Outbox for Provider<'_, S> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let index = self.begin(outgoing);
        self.wait(Fault::Slow);
        stand().await;
        let handover = self.answer(outgoing);
        self.wait(Fault::Late);
        stand().await;
        let mut state = self.0.state();
        let (at, there) = (state.clocks.now(), state.clocks.read(self.0.machine));
        state.trace.handed[index].end = Some(End { at, there, handover: handover.clone() });
        state.tasks[self.0.task].handing = None;
        handover
    }
}

impl<S> Provider<'_, S> {
    fn begin(&self, outgoing: &Outgoing) -> usize {
        let mut state = self.0.state();
        let state = &mut *state;
        let Some(contact) = state.trace.cast.index(&outgoing.id.contact) else {
            state.trace.breaks("apart", "something left for somebody whom nothing happened to");
            return 0;
        };
        state.seen.handed_over += 1;
        if let Content::Text(text) = &outgoing.content {
            state.seen.prompts += u64::from(text.kind.is_prompt());
            state.seen.messages += u64::from(text.kind == MessageKind::Message);
        }
        let index = state.trace.handed.len();
        state.seen.note(contact as u64 ^ outgoing.id.revision.number() << 16);
        let held = state.tasks[self.0.task].held.iter().rfind(|held| held.id == outgoing.id);
        state.trace.handed.push(Handed {
            contact,
            outgoing: outgoing.clone(),
            machine: self.0.machine,
            begun: state.clocks.now(),
            begun_there: state.clocks.read(self.0.machine),
            position: state.trace.lives[contact].steps.len(),
            decided: state.trace.decided(contact, &outgoing.id),
            claim: held.cloned(),
            end: None,
            dropped: None,
        });
        state.tasks[self.0.task].handing = Some(index);
        index
    }

    fn wait(&self, fault: Fault) {
        let mut state = self.0.state();
        if state.strikes(fault) {
            let takes = [1, SECOND, 29_999, 30 * SECOND, 30_001, 5 * MINUTE, 6 * MINUTE, 13 * HOUR];
            let takes = state.chance.pick(&takes);
            drop(state);
            self.0.sleep(takes);
        }
    }

    /// As the contract of an outbox has it: nothing is sent after its time.
    fn answer(&self, outgoing: &Outgoing) -> Handover {
        let mut state = self.0.state();
        if state.strikes(Fault::ClockSet) {
            let state = &mut *state;
            state.clocks.set(self.0.machine, &mut state.chance);
        }
        let now = state.clocks.read(self.0.machine);
        let over = match &outgoing.content {
            Content::Text(text) => now > millis(text.not_after),
            Content::Status(_) => false,
        };
        if over {
            return Handover::NotSent { retry: false, code: None };
        }
        draw(&mut state)
    }
}

fn draw(state: &mut State) -> Handover {
    if state.strikes(Fault::Unknown) {
        Handover::Unknown
    } else if state.strikes(Fault::NotSentYet) {
        Handover::NotSent { retry: true, code: None }
    } else if state.strikes(Fault::NotSent) {
        Handover::NotSent { retry: false, code: None }
    } else if state.strikes(Fault::Blocked) {
        match CarrierCode::new("21610") {
            Ok(code) => Handover::Blocked { code },
            Err(_) => Handover::Unknown,
        }
    } else {
        Handover::Accepted { provider_id: None }
    }
}
