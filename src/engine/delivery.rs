//! One claimed message: hand it over, settle it.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Bound, Delivery, Engine, HandleError, MAX_TRIES, Outcome, Span, keep};
use crate::{
    consent::{
        contact::Contact,
        event::{Ending, Event, Settled},
        outgoing::{Content, Handover, MessageKind, OutgoingText, Status},
        record::Record,
        time,
    },
    outbox::Outbox,
    storage::{Claim, Commit, Committed, Settlement, Storage, Task, Then},
};

/// A status is set aside after this many attempts: after about four days.
const MAX_STATUS_ATTEMPTS: u32 = 100;

/// A text is given up after this many: it holds up the contact's others, who wait behind it.
const MAX_TEXT_ATTEMPTS: u32 = 9;

/// What became of a claimed message.
pub(crate) struct Delivered {
    pub(crate) delivery: Delivery,
    /// How the contact stands after the settlement, where it has one.
    pub(crate) settled: Option<Outcome>,
}

impl<S, O, C> Engine<S, O, C>
where
    S: Storage,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// Does with a claimed message what is to be done, and settles it.
    pub(crate) async fn deliver(&self, claim: Claim) -> Result<Delivered, HandleError<S::Error>> {
        let span = Span::hand_over(match &claim.outgoing.content {
            Content::Text(text) => text.kind.name(),
            Content::Status(status) => status.crm.name(),
        });
        let delivered = span.around(async {
            match &claim.outgoing.content {
                Content::Text(text) => self.deliver_text(&claim, text).await,
                Content::Status(status) => self.deliver_status(&claim, *status).await,
            }
        });
        let delivered = delivered.await;
        match &delivered {
            Ok(delivered) => span.say("result", delivered.delivery.name()),
            Err(error) => span.say("error", error.name()),
        }
        delivered
    }

    async fn deliver_text(
        &self,
        claim: &Claim,
        text: &OutgoingText,
    ) -> Result<Delivered, HandleError<S::Error>> {
        let begun = self.now();
        let (delivery, ending, ended) = match claim.task {
            Task::Unknown => (Delivery::Lapsed, Ending::Unknown, claim.until),
            // Paused past the lease, and nobody else took it over so far: it was certainly not sent.
            Task::HandOver if begun >= claim.until && begun <= text.not_after => {
                (Delivery::Queued, Ending::Retry { at: claim.outgoing.decided_at }, begun)
            }
            Task::HandOver if begun <= text.not_after => {
                let handover = self.outbox.send(&claim.outgoing).await;
                // A clock set back meanwhile must not shorten what follows.
                let ended = self.now().max(begun);
                let ending = ending(&handover, claim.attempts, text, ended);
                (Delivery::HandedOver(handover), ending, ended)
            }
            Task::HandOver | Task::Expired => {
                let ending = if claim.attempts > 0 {
                    Ending::NotSent { code: None }
                } else {
                    Ending::Expired
                };
                (Delivery::Expired, ending, begun)
            }
        };
        self.tally.delivered(&delivery);
        let event = Event::Settled(Settled {
            revision: claim.outgoing.id.revision,
            kind: text.kind,
            ended: ended.max(claim.outgoing.decided_at),
            ending,
        });
        let contact = &claim.outgoing.id.contact;
        let step = self.step(contact, &event, Bound::Claim(claim)).await?;
        let step = match (step, &delivery) {
            // Too late for the settlement, never for what the provider said of the number (R5.5).
            (None, Delivery::HandedOver(Handover::Blocked { code })) => {
                let blocked = Event::CarrierBlocked { code: code.clone() };
                self.step(contact, &blocked, Bound::Nothing).await?
            }
            (step, _) => step,
        };
        Ok(Delivered { delivery, settled: step.map(|step| step.outcome) })
    }

    async fn deliver_status(
        &self,
        claim: &Claim,
        status: Status,
    ) -> Result<Delivered, HandleError<S::Error>> {
        let contact = &claim.outgoing.id.contact;
        // Before the hand-over: where the record cannot be read nothing can be settled, and the
        // CRM would be told again without end.
        let mut snapshot = self.load(contact).await?;
        if self.now() >= claim.until {
            // Somebody else hands it over.
            return Ok(Delivered { delivery: Delivery::Queued, settled: None });
        }
        let handover = self.outbox.send(&claim.outgoing).await;
        let then = match &handover {
            Handover::Accepted { .. } => Then::Finish,
            Handover::NotSent { retry: false, .. } | Handover::Blocked { .. } => Then::SetAside,
            Handover::NotSent { retry: true, .. } | Handover::Unknown => {
                if claim.attempts.saturating_add(1) >= MAX_STATUS_ATTEMPTS {
                    Then::SetAside
                } else {
                    Then::RetryAt(retry_at(claim.attempts, self.now()))
                }
            }
        };
        let delivery = Delivery::HandedOver(handover);
        self.tally.delivered(&delivery);
        for _ in 0..MAX_TRIES {
            let commit = Commit {
                settle: Some(Settlement::of(claim, then)),
                ..keep(contact, &snapshot, self.now())
            };
            match self.commit(commit).await? {
                Committed::Conflict => snapshot = self.load(contact).await?,
                Committed::Applied { .. } | Committed::Duplicate
                    if is_said(snapshot.record.as_ref(), status) =>
                {
                    return Ok(Delivered { delivery, settled: None });
                }
                Committed::Applied { .. } | Committed::Duplicate | Committed::Stale => {
                    self.tell_again(contact, status).await?;
                    return Ok(Delivered { delivery, settled: None });
                }
            }
        }
        Err(HandleError::Contended)
    }

    /// Where a CRM was told something else than what holds, what holds is queued again (R6.5): the
    /// hand-over may have outlasted its lease and come after a newer status, or the CRM itself said
    /// what holds while an older status waited.
    async fn tell_again(
        &self,
        contact: &Contact,
        said: Status,
    ) -> Result<(), HandleError<S::Error>> {
        let record = self.load(contact).await?.record;
        if !is_said(record.as_ref(), said) {
            let again = Event::StatusRequested { crm: said.crm };
            self.step(contact, &again, Bound::Nothing).await?;
        }
        Ok(())
    }
}

/// Whether a status says what holds.
fn is_said(record: Option<&Record>, status: Status) -> bool {
    record.is_none_or(|record| record.state.opted_out() == status.opted_out)
}

fn ending(handover: &Handover, attempts: u32, text: &OutgoingText, now: DateTime<Utc>) -> Ending {
    match handover {
        Handover::Accepted { provider_id } => Ending::Accepted { provider_id: provider_id.clone() },
        Handover::Blocked { code } => Ending::Blocked { code: code.clone() },
        Handover::Unknown => Ending::Unknown,
        Handover::NotSent { retry, code } => {
            let at = retry_at(attempts, now);
            let again = *retry && at <= text.not_after;
            let used_up = attempts.saturating_add(1) >= MAX_TEXT_ATTEMPTS;
            match (again, used_up) {
                (true, false) => Ending::Retry { at },
                (true, true) if text.kind == MessageKind::Message => Ending::SetAside,
                (true | false, _) => Ending::NotSent { code: code.clone() },
            }
        }
    }
}

/// Back-off: 1 second, then twice as long each time, up to an hour.
fn retry_at(attempts: u32, now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = 1_i64.checked_shl(attempts.min(12)).unwrap_or(3_600).min(3_600);
    time::after(now, TimeDelta::seconds(seconds))
}
