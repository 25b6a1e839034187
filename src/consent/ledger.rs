//! The ledger: one entry for every change and every refused attempt, only ever appended to.

use alloc::boxed::Box;

use chrono::{DateTime, Utc};

use super::{
    actor::Actor,
    body::Body,
    contact::PhoneNumber,
    decide::Transition,
    decision::{Decision, Reason, Refusal},
    event::Event,
    outgoing::OutgoingText,
    policy::Policy,
    record::{Record, Revision},
};

/// What happened, under which settings, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Entry {
    /// The host's time of it.
    pub at: DateTime<Utc>,
    /// Whom it is about; absent when it is about the account's settings.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub number: Option<PhoneNumber>,
    /// The settings in force; 0 is the defaults of an account that never set any.
    pub policy_revision: Revision,
    /// What happened.
    pub fact: Fact,
    /// What came of it.
    pub verdict: Verdict,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Fact {
    /// Something happened to a contact.
    Event(Box<Event<'static>>),
    /// Somebody changed the account's settings, or tried to.
    PolicyChanged {
        /// Who.
        actor: Actor,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Verdict {
    /// A decision.
    Decided {
        /// What was done.
        decision: Decision,
        /// Why.
        reason: Reason,
        /// The record from then on; absent when it stayed.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        record: Option<Record>,
        /// The text that it led to, as it was written. The entry of its settlement says whether it
        /// left; one that was cancelled has none.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        text: Option<OutgoingText>,
    },
    /// The settings had this revision from then on.
    PolicySet {
        /// The revision.
        revision: Revision,
        /// The settings; absent in entries of a time when they were not written down.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        settings: Option<Box<Policy>>,
    },
    /// The attempt was refused, and nothing changed.
    Refused(Refusal),
}

impl Entry {
    /// The entry of a decision, where there is something to write down: a record that changed, or
    /// a text whose hand-over ended.
    pub fn of_decision(
        number: PhoneNumber,
        event: &Event<'_>,
        transition: &Transition,
        policy_revision: Revision,
        at: DateTime<Utc>,
    ) -> Option<Self> {
        let settled = matches!(event, Event::Settled(_));
        (settled || transition.record.is_some()).then(|| Self {
            at,
            number: Some(number),
            policy_revision,
            fact: Fact::Event(Box::new(event.clone().into_owned())),
            verdict: Verdict::Decided {
                decision: transition.decision,
                reason: transition.reason,
                record: transition.record,
                text: transition.text.clone(),
            },
        })
    }

    /// The entry of an attempt that was refused.
    pub fn of_refusal(
        number: PhoneNumber,
        event: &Event<'_>,
        refusal: Refusal,
        policy_revision: Revision,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            at,
            number: Some(number),
            policy_revision,
            fact: Fact::Event(Box::new(event.clone().into_owned())),
            verdict: Verdict::Refused(refusal),
        }
    }

    /// The entry of a change of settings from `policy_revision` to these, or of an attempt at one.
    pub fn of_policy_change(
        actor: Actor,
        set: Result<&Policy, Refusal>,
        policy_revision: Revision,
        at: DateTime<Utc>,
    ) -> Self {
        let revision = policy_revision.next();
        let set = set.map(|policy| Verdict::PolicySet {
            revision,
            settings: Some(Box::new(policy.clone())),
        });
        Self {
            at,
            number: None,
            policy_revision,
            fact: Fact::PolicyChanged { actor },
            verdict: set.unwrap_or_else(Verdict::Refused),
        }
    }

    /// The same entry without what anybody wrote or was sent: texts are empty, notes gone.
    #[must_use]
    pub fn without_words(self) -> Self {
        let fact = match self.fact {
            Fact::Event(event) => Fact::Event(Box::new(event.without_words())),
            Fact::PolicyChanged { actor } => Fact::PolicyChanged { actor },
        };
        let verdict = match self.verdict {
            Verdict::Decided { decision, reason, record, text } => {
                let text = text.map(|text| OutgoingText { body: Body::from(""), ..text });
                Verdict::Decided { decision, reason, record, text }
            }
            verdict @ (Verdict::PolicySet { .. } | Verdict::Refused(_)) => verdict,
        };
        Self { fact, verdict, ..self }
    }

    /// The record that the entry left, where it changed one.
    pub fn record(&self) -> Option<&Record> {
        match &self.verdict {
            Verdict::Decided { record, .. } => record.as_ref(),
            Verdict::PolicySet { .. } | Verdict::Refused(_) => None,
        }
    }
}

/// A ledger whose revisions do not follow one another: an entry is missing, or too many.
///
/// The storage lost or changed something; go back to a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger goes from revision {} to {}", .before.number(), .after.number())]
#[non_exhaustive]
pub struct BrokenLedger {
    /// The revision before the break.
    pub before: Revision,
    /// The revision after it.
    pub after: Revision,
}

/// The record that a contact's entries, in their order, lead to.
///
/// # Errors
/// [`BrokenLedger`] at the first entry whose revision does not follow.
pub fn fold<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Result<Option<Record>, BrokenLedger> {
    entries.into_iter().filter_map(Entry::record).try_fold(
        None,
        |before: Option<Record>, &record| {
            let before = before.map_or_else(Revision::default, |record| record.revision);
            if record.revision == before.next() {
                Ok(Some(record))
            } else {
                Err(BrokenLedger { before, after: record.revision })
            }
        },
    )
}
