//! The engine: load, decide, commit, again on conflict; then hand over and settle.

mod administration;
mod commit;
mod counters;
mod delivery;
mod error;
mod outcome;
mod permit;
mod policy;
mod span;
mod upkeep;

use alloc::vec::Vec;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use self::span::Span;
pub use self::{
    administration::{AccountSettings, ContactPage, ContactStatus, StatusChange, Timeline},
    counters::{Counters, HandOvers},
    error::{ChangePolicyError, HandleError, SendError},
    outcome::{Delivery, Outcome},
    permit::Permit,
};
use self::{
    commit::{claim_of, commit_of, is_silent, keep},
    counters::Tally,
    outcome::{duplicate, outcome},
};
use crate::{
    consent::{
        contact::Contact,
        decide::{Transition, decide, decide_suppressed},
        decision::Refusal,
        event::{Event, Message},
        ledger::Entry,
        outgoing::{Content, Then},
        record::Record,
        time,
    },
    outbox::Outbox,
    storage::{Claim, Commit, Committed, Snapshot, Storage},
};

/// How long a hand-over may take, unless the host says otherwise.
const LEASE: TimeDelta = TimeDelta::seconds(30);

/// How often a decision is made again because another one came first. Each time that other one was
/// stored, so that this many have to be about one contact at once.
const MAX_TRIES: usize = 1_000;

/// Drives the rules over a host's storage and outbox, by the host's clock.
///
/// Has no runtime and no thread of its own: each call does its work where it is polled. Share it
/// by reference or `Arc`; all calls may run at once, on any number of machines over one storage.
///
/// ```
/// use optin::{
///     AccountId, Contact, Decision, Engine, Event, Handover, InboxId, MessageId, Outbox, Outgoing,
///     PhoneNumber, Text, blocking::block_on, store::MemoryStorage,
/// };
///
/// struct Printer;
///
/// impl Outbox for Printer {
///     async fn send(&self, _outgoing: &Outgoing) -> Handover {
///         Handover::Accepted { provider_id: None }
///     }
/// }
///
/// let engine = Engine::new(MemoryStorage::new(), Printer, chrono::Utc::now);
/// let contact = Contact::new(AccountId::new("acme")?, PhoneNumber::parse("+12065550100")?);
/// let text = Text::new(InboxId::new("+18885550100")?, MessageId::new("SM1")?, "Hi");
/// let outcome = block_on(engine.handle(&contact, Event::Texted(text)))?;
/// assert_eq!(outcome.decision, Decision::SendConfirmation);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Engine<S, O, C> {
    storage: S,
    outbox: O,
    clock: C,
    lease: TimeDelta,
    deferred: bool,
    tally: Tally,
}

/// A committed decision, and its text if it is ours to hand over.
struct Step {
    outcome: Outcome,
    claim: Option<Claim>,
}

/// What a commit is bound to beside the contact's own record.
#[derive(Clone, Copy)]
enum Bound<'a> {
    Nothing,
    Permit(&'a Record),
    Claim(&'a Claim),
}

impl<S, O, C> Engine<S, O, C>
where
    S: Storage,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// An engine over this storage and outbox, by this clock: `chrono::Utc::now`, say.
    ///
    /// To name its type in a struct, take `fn() -> DateTime<Utc>` for the clock, and
    /// `Utc::now as fn() -> DateTime<Utc>`.
    pub fn new(storage: S, outbox: O, clock: C) -> Self {
        Self { storage, outbox, clock, lease: LEASE, deferred: false, tally: Tally::new() }
    }

    /// The same engine, which leaves all texts to a [`Dispatcher`](crate::Dispatcher).
    ///
    /// For hosts whose webhook must answer before a provider does.
    #[must_use]
    pub fn deferred(self) -> Self {
        Self { deferred: true, ..self }
    }

    /// The same engine with another lease: how long one hand-over may take. Default: 30 seconds.
    ///
    /// Must be longer than the outbox ever takes: a hand-over that outlasts it may be settled as
    /// unknown meanwhile. Less than a second counts as one.
    #[must_use]
    pub fn with_lease(self, lease: TimeDelta) -> Self {
        Self { lease: lease.max(TimeDelta::seconds(1)), ..self }
    }

    /// The outbox.
    pub fn outbox(&self) -> &O {
        &self.outbox
    }

    /// The storage.
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// Decides what an event leads to, stores it, and hands over the text it leads to.
    ///
    /// Statuses are left to a [`Dispatcher`](crate::Dispatcher), and so is the text while an
    /// earlier one to the contact is unfinished.
    ///
    /// A future dropped before it ends is as a crash there: nothing is stored half, and a text
    /// whose hand-over had begun counts as unknown. Spawn it where the caller may go away, or use
    /// [`deferred`](Self::deferred).
    ///
    /// # Errors
    /// [`HandleError`]: refused by the rules, or the storage failed. After a failure of the storage
    /// call again with the same event: what was stored is not done twice.
    pub async fn handle(
        &self,
        contact: &Contact,
        event: Event<'_>,
    ) -> Result<Outcome, HandleError<S::Error>> {
        let span = Span::handle(event.name());
        let handled = span.around(async {
            let step = self.step(contact, &event, Bound::Nothing).await?;
            self.hand_over(step.ok_or(HandleError::Contended)?).await
        });
        let handled = handled.await;
        self.tell(&span, &handled);
        handled
    }

    /// Asks whether the contact may be messaged now: the answer is good once, for 30 seconds.
    ///
    /// `None` when the contact has not opted in.
    ///
    /// # Errors
    /// [`HandleError::Storage`]; try again.
    pub async fn permit(&self, contact: &Contact) -> Result<Option<Permit>, HandleError<S::Error>> {
        let snapshot = self.load(contact).await?;
        let active = snapshot.record.filter(|record| record.state.may_be_messaged());
        Ok(active.map(|record| Permit::new(contact.clone(), record, self.now())))
    }

    /// Hands over a message of staff or the host, under a permit.
    ///
    /// `Ok` says that it was committed, not that it arrived: see [`Outcome::delivery`].
    ///
    /// # Errors
    /// [`SendError`]: nothing is sent. Ask for a new permit, unless the contact has not opted in.
    /// Of two permits for one contact the first that is used ends the other.
    pub async fn send(
        &self,
        permit: Permit,
        message: Message<'_>,
    ) -> Result<Outcome, SendError<S::Error>> {
        let (contact, record) = permit.open(self.now()).ok_or(SendError::PermitEnded)?;
        let event = Event::MessageRequested(message);
        let span = Span::handle(event.name());
        let handled = span.around(async {
            match self.step(&contact, &event, Bound::Permit(&record)).await? {
                Some(step) => self.hand_over(step).await.map(Some),
                None => Ok(None),
            }
        });
        let handled = handled.await;
        match handled.transpose() {
            None => {
                span.say("error", "permit_ended");
                Err(SendError::PermitEnded)
            }
            Some(handled) => {
                self.tell(&span, &handled);
                Ok(handled?)
            }
        }
    }

    /// The host's time, to the millisecond.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        time::to_millisecond((self.clock)())
    }

    /// When a hand-over that begins by `start` is over at the latest.
    pub(crate) fn lease_from(&self, start: DateTime<Utc>) -> DateTime<Utc> {
        time::after(start, self.lease)
    }

    /// Counts what came of an event, and says so to its span.
    fn tell(&self, span: &Span, handled: &Result<Outcome, HandleError<S::Error>>) {
        match handled {
            Ok(outcome) => {
                self.tally.decided(outcome.reason);
                span.say("decision", outcome.decision.name());
                span.say("reason", outcome.reason.name());
            }
            Err(error) => {
                if matches!(error, HandleError::Refused(_)) {
                    self.tally.refused();
                }
                span.say("error", error.name());
            }
        }
    }

    async fn load(&self, contact: &Contact) -> Result<Snapshot, HandleError<S::Error>> {
        self.storage.load(contact).await.map_err(HandleError::Storage)
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, HandleError<S::Error>> {
        self.storage.commit(commit).await.map_err(HandleError::Storage)
    }

    /// Hands over the text of a step that is ours, and tells how it stands after that.
    async fn hand_over(&self, step: Step) -> Result<Outcome, HandleError<S::Error>> {
        let Some(claim) = step.claim else {
            return Ok(step.outcome);
        };
        let delivered = self.deliver(claim).await?;
        let mut outcome = Outcome { delivery: Some(delivered.delivery), ..step.outcome };
        if let Some(settled) = delivered.settled {
            outcome.state = settled.state;
            outcome.next_reminder_at = settled.next_reminder_at;
            // A number that the provider blocks is opted out.
            outcome.in_flight.extend(settled.in_flight);
        }
        Ok(outcome)
    }

    /// Load, decide, commit; again on conflict. `None`: what it was bound to is no more.
    async fn step(
        &self,
        contact: &Contact,
        event: &Event<'_>,
        bound: Bound<'_>,
    ) -> Result<Option<Step>, HandleError<S::Error>> {
        for _ in 0..MAX_TRIES {
            let snapshot = self.load(contact).await?;
            let now = self.now();
            let current = &snapshot.current;
            let decided = if snapshot.suppressed {
                decide_suppressed(&current.policy, event, now)
            } else {
                decide(&current.policy, snapshot.record.as_ref(), event, now)
            };
            let mut transition = match decided {
                Ok(transition) => transition,
                Err(refusal) => {
                    let commit = self.refused(contact, event, refusal, &snapshot, now);
                    match self.commit(commit).await? {
                        Committed::Conflict => continue,
                        Committed::Applied { .. } | Committed::Duplicate | Committed::Stale => {
                            return Err(HandleError::Refused(refusal));
                        }
                    }
                }
            };
            let stored = snapshot.record.as_ref();
            if matches!(bound, Bound::Permit(record) if stored != Some(record)) {
                return Ok(None);
            }
            if is_silent(event, &transition, bound) {
                return Ok(Some(Step { outcome: outcome(transition, Vec::new()), claim: None }));
            }
            let lease = self.lease_of(&mut transition, bound, &snapshot, now);
            let commit = commit_of(contact, event, &transition, bound, &snapshot, lease, now);
            let claim = claim_of(&commit);
            return match self.commit(commit).await? {
                Committed::Conflict => continue,
                Committed::Applied { in_flight } => {
                    let outcome = outcome(transition, in_flight);
                    Ok(Some(Step { outcome, claim }))
                }
                Committed::Duplicate => {
                    let outcome = duplicate(&snapshot);
                    Ok(Some(Step { outcome, claim: None }))
                }
                Committed::Stale => Ok(None),
            };
        }
        Err(HandleError::Contended)
    }

    /// Until when the decision's text is ours, where it is; and says so to the record.
    fn lease_of(
        &self,
        transition: &mut Transition,
        bound: Bound<'_>,
        snapshot: &Snapshot,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let policy = &snapshot.current.policy;
        if let (Bound::Claim(claim), Then::RetryAt(_)) = (bound, transition.then)
            && let Content::Text(text) = &claim.outgoing.content
        {
            let until = self.lease_from(text.not_after);
            transition.hold_until(claim.outgoing.id.revision, until, policy);
        }
        let text = transition.text.as_ref()?;
        let ours = !self.deferred && !snapshot.text_unfinished;
        let start = if ours { now } else { text.not_after };
        let until = self.lease_from(start);
        if let Some(record) = transition.record {
            transition.hold_until(record.revision, until, policy);
        }
        ours.then_some(until)
    }

    fn refused(
        &self,
        contact: &Contact,
        event: &Event<'_>,
        refusal: Refusal,
        snapshot: &Snapshot,
        now: DateTime<Utc>,
    ) -> Commit {
        let revision = snapshot.current.revision;
        let entry = Entry::of_refusal(contact.number(), event, refusal, revision, now);
        Commit { entry: Some(entry), ..keep(contact, snapshot, now) }
    }
}
