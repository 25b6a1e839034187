//! What was sealed of an entry beside its commitments: no personal data, and never hidden.

use alloc::string::String;
use core::fmt;

use chrono::{DateTime, Utc};

use super::visible::name;
use crate::{
    consent::{decision::Reason, id::ActorId, standing::Standing},
    ledger::encoding::Sealed,
};

/// What was sealed of an entry in plain words, of those too whose text is not shown.
///
/// Names are those of the version that sealed it: a reader may meet one that it does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// When, by the host's clock.
    pub at: DateTime<Utc>,
    /// The settings in force; 0 is the defaults.
    pub policy_revision: u64,
    /// What happened: `texted`, `overridden`, ...
    pub kind: String,
    /// `decided`, `policy_set` or `refused`.
    pub verdict: String,
    /// What was done, where something was decided: `opt_out`, ...
    pub decision: Option<String>,
    /// Why, or why not: `opt_out_keyword`, ...
    pub reason: Option<String>,
    /// The record's revision from then on, where it changed.
    pub revision: Option<u64>,
    /// Who acted, where somebody did: the host's id of them.
    pub actor: Option<ActorId>,
}

impl Facts {
    /// The facts of a sealed entry; `None` where a time or an id is none that was ever sealed.
    pub(super) fn of(sealed: &Sealed<'_>) -> Option<Self> {
        Some(Self {
            at: DateTime::from_timestamp_millis(sealed.at)?,
            policy_revision: sealed.policy_revision,
            kind: sealed.kind.into(),
            verdict: sealed.verdict.into(),
            decision: sealed.decision.map(Into::into),
            reason: sealed.reason.map(Into::into),
            revision: sealed.revision,
            actor: sealed.actor.map(ActorId::new).transpose().ok()?,
        })
    }

    /// Whether the record changed.
    pub(super) fn is_change(&self) -> bool {
        self.verdict == "decided" && self.revision.is_some()
    }

    /// Where the contact stood from then on, as far as the sealed names tell: `None` where nothing
    /// changed, or that depends on what is not sealed in plain words.
    pub fn standing(&self) -> Option<Standing> {
        if !self.is_change() {
            return None;
        }
        let reasons = [
            Reason::AddedOptedOut,
            Reason::AlreadyOptedOut,
            Reason::CarrierBlock,
            Reason::OptedOut,
        ];
        let by_reason = || {
            let reason = self.reason.as_deref();
            let opted_out = reasons.iter().any(|known| Some(known.name()) == reason);
            opted_out.then_some(Standing::OptedOut)
        };
        match self.decision.as_deref() {
            Some("opt_out") => Some(Standing::OptedOut),
            Some("mark_active") => Some(Standing::Active),
            Some("send_confirmation" | "send_reminder") => Some(Standing::Pending),
            Some(_) | None => by_reason(),
        }
    }

    /// Where the contact stood after it, if it stood there before: R4 and R5 name each change of
    /// standing, but for that of who is added, which depends on the settings.
    pub(super) fn after(&self, before: Option<Standing>) -> Option<Standing> {
        let keeps = matches!(self.decision.as_deref(), Some("none" | "send_help" | "deliver"))
            && self.reason.as_deref() != Some(Reason::Added.name());
        if !self.is_change() || (keeps && self.standing().is_none()) {
            before
        } else {
            self.standing()
        }
    }

    /// Whether the contact was opted out by it, or once more.
    pub fn is_opt_out(&self) -> bool {
        self.standing() == Some(Standing::OptedOut)
    }
}

/// In words, by the names that were sealed.
impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, {}", utc(self.at), name(&self.kind), name(&self.verdict))?;
        if let Some(decision) = &self.decision {
            write!(f, " {}", name(decision))?;
        }
        if let Some(reason) = &self.reason {
            write!(f, " ({})", name(reason))?;
        }
        if let Some(revision) = self.revision {
            write!(f, ", revision {revision} from then on")?;
        }
        if let Some(actor) = &self.actor {
            write!(f, ", by \u{201c}{}\u{201d}", name(actor.as_str()))?;
        }
        write!(f, ", under settings {}", self.policy_revision)
    }
}

/// A moment as sentences have it.
pub(super) fn utc(at: DateTime<Utc>) -> impl fmt::Display {
    at.format("%Y-%m-%d %H:%M:%S UTC")
}
