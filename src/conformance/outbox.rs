//! What can be seen of an outbox's contract from outside, before a provider that plays its part.

mod scene;

use alloc::{boxed::Box, format};
use core::{fmt, future::Future, task::Poll, time::Duration};
use std::{
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Instant, SystemTime},
};

use chrono::{DateTime, TimeDelta, Utc};

pub use self::scene::{Rig, Scene};
use super::{
    end_of,
    failure::{Failure, Verdict, holds, same},
    probe::Polled,
    report::{CaseEnd, Report},
    sample::{contact, text},
};
use crate::{
    blocking::block_on,
    consent::outgoing::{Content, Handover, Outgoing},
    outbox::Outbox,
};

/// The lease that an outbox must stay below, unless the host sets another.
const LEASE: Duration = Duration::from_secs(30);

/// The suite over an outbox for texts, before a provider that the host plays.
///
/// The host gives for each [`Scene`] a [`Rig`]: its outbox, connected to a server of its own on this
/// machine that answers so, and the number of requests which that server has received. For a scene
/// that it cannot set it gives `None`, and the report says so.
///
/// What is checked: what each answer is taken for; that no request is repeated and none is made
/// after `not_after`; that a call ends within the lease, counted on the real clock. What cannot be
/// seen from outside, and is left to the host: that a code of the provider is rightly read as final
/// or as a block, that the words and numbers sent are the message's, and anything about statuses.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
/// use optin::{CarrierCode, Content, Handover, Outbox, Outgoing};
/// use optin::conformance::{OutboxSuite, Rig, Scene};
///
/// // An outbox and its provider in one; a real one makes a request of a server.
/// struct Provider {
///     scene: Scene,
///     requests: Arc<AtomicU64>,
/// }
///
/// impl Outbox for Provider {
///     async fn send(&self, outgoing: &Outgoing) -> Handover {
///         if let Content::Text(text) = &outgoing.content
///             && chrono::Utc::now() > text.not_after
///         {
///             return Handover::NotSent { retry: false, code: None };
///         }
///         self.requests.fetch_add(1, Ordering::Relaxed);
///         match self.scene {
///             Scene::Accepts => Handover::Accepted { provider_id: None },
///             Scene::Refuses => Handover::NotSent { retry: false, code: None },
///             Scene::RefusesForNow => Handover::NotSent { retry: true, code: None },
///             Scene::Blocks => match CarrierCode::new("21610") {
///                 Ok(code) => Handover::Blocked { code },
///                 Err(_) => Handover::Unknown,
///             },
///             _ => Handover::Unknown,
///         }
///     }
/// }
///
/// let suite = OutboxSuite::new(|scene| {
///     let requests = Arc::new(AtomicU64::new(0));
///     let received = Arc::clone(&requests);
///     Some(Rig::new(Provider { scene, requests }, move || received.load(Ordering::Relaxed)))
/// });
/// suite.run().ok()?;
/// # Ok::<(), optin::conformance::FailedCases>(())
/// ```
pub struct OutboxSuite<'a, O> {
    set: Box<dyn Fn(Scene) -> Option<Rig<'a, O>> + 'a>,
    poll: Box<dyn Fn(Polled<'_>) + 'a>,
    lease: Duration,
}

/// What a case finds after one call: the answer, and how many requests there were.
struct Seen {
    handover: Handover,
    requests: u64,
}

type Check = fn(&Seen) -> Verdict;

/// Each case: its claim, its scene, whether the text is late already, and what must be seen.
const CASES: [(&str, Scene, bool, Check); 9] = [
    ("an_accepted_text_is_accepted", Scene::Accepts, false, is_accepted),
    ("a_text_past_its_deadline_is_not_sent", Scene::Accepts, true, is_not_tried),
    ("a_refusal_is_not_sent", Scene::Refuses, false, is_not_sent),
    ("a_refusal_for_now_is_not_sent", Scene::RefusesForNow, false, is_not_sent),
    ("a_block_is_blocked", Scene::Blocks, false, is_blocked),
    ("a_server_error_is_unknown", Scene::ServerError, false, is_unknown),
    ("a_cut_connection_is_unknown", Scene::CutsTheConnection, false, is_unknown),
    ("no_answer_is_unknown_within_the_lease", Scene::NeverAnswers, false, is_unknown),
    ("an_answer_that_is_none_is_unknown", Scene::AnswersNonsense, false, is_unknown),
];

impl<'a, O: Outbox> OutboxSuite<'a, O> {
    /// A suite over the outboxes that `set` makes for each scene; `None` leaves its cases out.
    pub fn new(set: impl Fn(Scene) -> Option<Rig<'a, O>> + 'a) -> Self {
        Self { set: Box::new(set), poll: Box::new(|future| block_on(future)), lease: LEASE }
    }

    /// The same suite, whose futures are run by `poll`, for an outbox that needs its runtime:
    /// `|future| runtime.block_on(future)`. Default: [`block_on`].
    #[must_use]
    pub fn polled_by(self, poll: impl Fn(Polled<'_>) + 'a) -> Self {
        Self { poll: Box::new(poll), ..self }
    }

    /// The same suite with another lease: how long a call may take. Default: 30 seconds.
    ///
    /// A call that blocks its thread, instead of waiting, is waited for even so.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Runs every case whose scene the host sets.
    pub fn run(&self) -> Report {
        let mut report = Report::default();
        for (name, scene, is_late, check) in CASES {
            let mut end = CaseEnd::Skipped;
            let ran = end_of(|| {
                let Some(rig) = (self.set)(scene) else { return Ok(()) };
                end = CaseEnd::Passed;
                check(&self.see(&rig, is_late)?)
            });
            report.add(name, if ran == CaseEnd::Passed { end } else { ran });
        }
        report
    }

    /// Hands one text over, and sees what comes of it.
    fn see(&self, rig: &Rig<'a, O>, is_late: bool) -> Result<Seen, Failure> {
        let message = message(is_late);
        let mut answer = None;
        let send = within(self.lease, rig.outbox.send(&message));
        (self.poll)(Box::pin(async { answer = send.await }));
        let handover = answer.ok_or_else(|| {
            Failure::new(format!("no answer within the lease of {:?}", self.lease))
        })?;
        let requests = (rig.requests)();
        holds(requests <= 1, &format!("{requests} requests for one text: it retried by itself"))?;
        Ok(Seen { handover, requests })
    }
}

impl<O> fmt::Debug for OutboxSuite<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxSuite").field("lease", &self.lease).finish_non_exhaustive()
    }
}

/// A text decided a moment ago, or too long ago.
fn message(is_late: bool) -> Outgoing {
    let now = DateTime::<Utc>::from(SystemTime::now());
    let minutes = TimeDelta::minutes(5);
    let (decided_at, not_after) =
        if is_late { (now - minutes * 2, now - minutes) } else { (now, now + minutes) };
    let mut message = Outgoing { decided_at, ..text(&contact(1), 1) };
    if let Content::Text(text) = &mut message.content {
        text.not_after = not_after;
    }
    message
}

/// What the future comes to, if it does so in time.
async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = core::pin::pin!(future);
    let deadline = Instant::now() + limit;
    let mut alarm = None;
    core::future::poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready((Instant::now() <= deadline).then_some(output));
        }
        if Instant::now() >= deadline {
            return Poll::Ready(None);
        }
        // Ends at the deadline, or with this future, which drops the sender.
        let (ended, ends) = channel::<()>();
        let waker = context.waker().clone();
        thread::spawn(move || {
            let left = deadline.saturating_duration_since(Instant::now());
            if ends.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
                waker.wake();
            }
        });
        alarm = Some(ended);
        Poll::Pending
    })
    .await
}

fn is_accepted(seen: &Seen) -> Verdict {
    let accepted = matches!(seen.handover, Handover::Accepted { .. });
    holds(accepted, &format!("{:?} where the provider took the text", seen.handover))?;
    same("requests", seen.requests, 1)
}

fn is_not_tried(seen: &Seen) -> Verdict {
    let accepted = matches!(seen.handover, Handover::Accepted { .. });
    holds(!accepted, "accepted, and it was too late to send")?;
    same("requests after the deadline", seen.requests, 0)
}

fn is_not_sent(seen: &Seen) -> Verdict {
    let not_sent = matches!(seen.handover, Handover::NotSent { .. });
    holds(not_sent, &format!("{:?} where the provider refused the text", seen.handover))
}

fn is_blocked(seen: &Seen) -> Verdict {
    let blocked = matches!(seen.handover, Handover::Blocked { .. });
    holds(blocked, &format!("{:?} where the number has opted out", seen.handover))
}

fn is_unknown(seen: &Seen) -> Verdict {
    same("the answer to what nobody knows", &seen.handover, &Handover::Unknown)
}
