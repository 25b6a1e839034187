//! What runs on a machine: made anew from its past for each step.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use chrono::{DateTime, Utc};
use optin::{
    ClaimToken, Outcome, Outgoing,
    simulation::{Host, Machine},
    storage::{Committed, CurrentPolicy},
};

use super::{
    history::{Air, Texts, bit},
    input::{Input, Names},
    script::{Answer, Call, Script, Segment},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Task {
    pub(super) job: Job,
    past: Vec<Segment>,
    /// When it looked at its clock last, if it then paused.
    paused: Option<DateTime<Utc>>,
    /// What it hands over.
    pub(super) air: Option<Air>,
    /// What its outcome must name as being handed over.
    pub(super) owed: Texts,
    /// Of a task with a permit: how often the contact had opted out when it got that.
    pub(super) opt_outs: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Job {
    /// What came in is handled.
    Handle { input: u8, deferred: bool },
    /// A message of staff goes out under a permit.
    Send { input: u8, deferred: bool },
    /// A round of the dispatcher.
    Dispatch,
}

/// What a step came to.
pub(super) enum Step {
    /// It waits for the outbox.
    Sends(Outgoing, Task),
    /// It was answered, and goes on.
    Answered(Answer, Task),
    /// It ended, on this answer if there was one; with what its outcome names, if it has one.
    Ended(Option<Answer>, Option<Texts>),
}

impl Task {
    pub(super) fn new(job: Job, opt_outs: u8) -> Self {
        let opt_outs = match job {
            Job::Handle { .. } | Job::Dispatch => None,
            Job::Send { .. } => Some(opt_outs),
        };
        Self { job, past: Vec::new(), paused: None, air: None, owed: 0, opt_outs }
    }

    /// Whether what it did already can be seen by others.
    pub(super) fn has_acted(&self) -> bool {
        self.past.iter().any(|segment| match &segment.answer {
            Answer::Committed(Committed::Applied { .. }) => true,
            Answer::Claimed(claims) => !claims.is_empty(),
            Answer::Committed(Committed::Conflict | Committed::Duplicate | Committed::Stale)
            | Answer::Loaded { .. }
            | Answer::Policy { .. }
            | Answer::Sent(_)
            | Answer::Lost => false,
        })
    }

    /// The claim that it holds: a dispatcher's, or the first, of what it decided itself.
    pub(super) fn token(&self) -> Option<ClaimToken> {
        self.past.iter().rev().find_map(|segment| match &segment.answer {
            Answer::Claimed(claims) => claims.first().map(|claim| claim.token),
            Answer::Committed(Committed::Applied { .. }) => Some(ClaimToken::new(1)),
            Answer::Committed(Committed::Conflict | Committed::Duplicate | Committed::Stale)
            | Answer::Loaded { .. }
            | Answer::Policy { .. }
            | Answer::Sent(_)
            | Answer::Lost => None,
        })
    }

    /// Whether it may look at its clock now and go on later. What hands over does not: the pause
    /// counts into the hand-over, which keeps within the lease.
    pub(super) fn can_pause(&self) -> bool {
        let last = self.past.last().map(|segment| &segment.answer);
        self.air.is_none()
            && self.paused.is_none()
            && matches!(last, Some(Answer::Loaded { .. } | Answer::Sent(_)))
    }

    pub(super) fn paused(&self, now: DateTime<Utc>) -> Self {
        Self { paused: Some(now), ..self.clone() }
    }

    /// Whether its next call may be a commit.
    pub(super) fn may_commit(&self) -> bool {
        matches!(self.past.last(), Some(Segment { answer: Answer::Loaded { .. }, .. }))
    }

    pub(super) fn sending(self, air: Option<Air>) -> Self {
        Self { air, ..self }
    }

    pub(super) fn owing(self, owed: Texts) -> Self {
        Self { owed, ..self }
    }

    /// The same, its hand-over ended.
    pub(super) fn sent(&self, answer: Answer) -> Self {
        Self { air: None, ..self.after(self.paused, answer) }
    }

    /// The same, one answer on.
    fn after(&self, read: Option<DateTime<Utc>>, answer: Answer) -> Self {
        let mut past = Vec::with_capacity(self.past.len() + 1);
        past.extend_from_slice(&self.past);
        let paused = if answer == Answer::Committed(Committed::Conflict) && self.begins_anew() {
            let mut paused = read;
            while let Some(segment) = past.pop_if(|segment| is_load(segment)) {
                paused = segment.read;
            }
            paused
        } else {
            past.push(Segment { read, answer });
            None
        };
        Self { past, paused, ..self.clone() }
    }

    /// Whether a conflict leads it back to where it was before it loaded. So it does in the engine,
    /// but for a permit that was not used yet: a conflict ends it.
    fn begins_anew(&self) -> bool {
        match self.job {
            Job::Handle { .. } | Job::Dispatch => true,
            Job::Send { .. } => self.has_acted(),
        }
    }

    /// Goes on until it is answered one call more; a future that then ends without another look at
    /// the clock has ended.
    pub(super) fn step<H: Host>(
        &self,
        host: &H,
        (names, inputs, policies): (&Names, &[Input], &[CurrentPolicy]),
        now: DateTime<Utc>,
        answer: impl FnOnce(Call) -> Answer,
    ) -> Step {
        let script = Script::new(&self.past, policies, self.paused.unwrap_or(now));
        let machine = |deferred| Machine {
            storage: &script,
            outbox: &script,
            clock: || script.time(),
            deferred,
        };
        let contact = &names.contact;
        match self.job {
            Job::Handle { input, deferred } => {
                let event = names.event(input, inputs[usize::from(input)].what);
                let future = async {
                    let handled = host.handle(machine(deferred), contact, event).await;
                    handled.ok().map(|outcome| named(&outcome))
                };
                self.poll(&script, future, answer)
            }
            Job::Send { input, deferred } => {
                let future = async {
                    let sent = host.send(machine(deferred), contact, names.message(input)).await;
                    sent.ok().flatten().map(|outcome| named(&outcome))
                };
                self.poll(&script, future, answer)
            }
            Job::Dispatch => {
                let future = async {
                    let _ = host.dispatch(machine(false), 1).await;
                    None
                };
                self.poll(&script, future, answer)
            }
        }
    }

    fn poll(
        &self,
        script: &Script<'_>,
        future: impl Future<Output = Option<Texts>>,
        answer: impl FnOnce(Call) -> Answer,
    ) -> Step {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(named) = future.as_mut().poll(&mut context) {
            return Step::Ended(None, named);
        }
        let read = script.read();
        match script.call().expect("a task waits for storage and outbox alone") {
            Call::Send(outgoing) => Step::Sends(outgoing, Self { paused: read, ..self.clone() }),
            call @ (Call::Load | Call::Policy | Call::Commit(_) | Call::Claim { .. }) => {
                let answer = answer(call);
                if !matches!(answer, Answer::Loaded { .. }) {
                    script.answer(answer.clone());
                    if let Poll::Ready(named) = future.as_mut().poll(&mut context)
                        && !script.was_read_again()
                    {
                        return Step::Ended(Some(answer), named);
                    }
                }
                let task = self.after(read, answer.clone());
                Step::Answered(answer, task)
            }
        }
    }
}

fn named(outcome: &Outcome) -> Texts {
    outcome.in_flight.iter().fold(0, |named, id| named | bit(id.revision))
}

fn is_load(segment: &Segment) -> bool {
    matches!(segment.answer, Answer::Loaded { .. })
}
