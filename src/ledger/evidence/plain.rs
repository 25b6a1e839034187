//! What was decided, and where a contact stands, in plain words beside their names.

use alloc::{format, string::String};

use crate::consent::{
    decision::{Decision, Reason},
    standing::Standing,
};

/// What was done and why: `asked to confirm (send_confirmation, new_contact)`.
pub(super) fn decided(decision: Decision, reason: Reason) -> String {
    let words = match decision {
        Decision::SendConfirmation => "asked to confirm",
        Decision::SendReminder => "asked again to confirm",
        Decision::SendHelp => "answered with help",
        Decision::Deliver => "to be sent",
        Decision::MarkActive | Decision::OptOut | Decision::None => because(reason),
    };
    format!("{words} {}", names(decision, reason))
}

/// The names alone, where the words before them say it: `(none, accepted)`.
pub(super) fn names(decision: Decision, reason: Reason) -> String {
    format!("({}, {})", decision.name(), reason.name())
}

/// Where the contact stands: `<strong>opted out</strong> (opted_out)`.
pub(super) fn stands(standing: Standing) -> String {
    let words = match standing {
        Standing::Pending => "not confirmed",
        Standing::Active => "may be messaged",
        Standing::OptedOut => "opted out",
    };
    format!("<strong>{words}</strong> ({})", standing.name())
}

fn because(reason: Reason) -> &'static str {
    match reason {
        Reason::Duplicate => "seen before",
        Reason::OptOutKeyword => "taken as an opt-out",
        Reason::AlreadyOptedOut => "was opted out before",
        Reason::HelpKeyword => "taken as a call for help",
        Reason::HelpTooSoon => "not answered: help was sent a short while before",
        Reason::Reaction => "taken as a reaction",
        Reason::SuspectedOptOut => "taken as a possible opt-out",
        Reason::Declined => "taken as a no",
        Reason::NewContact => "new",
        Reason::DoubleOptInOff => "not asked: double opt-in was off",
        Reason::KeywordMatched => "taken as a yes",
        Reason::NotAskedYet => "not asked yet",
        Reason::ReminderDue => "a reminder was due",
        Reason::TooSoon => "not asked again: too soon",
        Reason::RemindersUsedUp => "not asked again: no reminder was left",
        Reason::Active | Reason::AlreadyActive => "could be messaged before",
        Reason::Restarted => "taken as asking to come back",
        Reason::RestartLimit => "came back too often",
        Reason::OptedOut => "stays opted out",
        Reason::AddedOptedOut => "added as opted out",
        Reason::Added => "added",
        Reason::AlreadyPresent => "was there before",
        Reason::Existing => "taken as consent from before",
        Reason::Overridden => "set by hand",
        Reason::CarrierBlock => "blocked by the provider",
        Reason::StatusRequested => "the status is sent again",
        Reason::Accepted => "accepted by the provider",
        Reason::NotSent => "not sent",
        Reason::Unknown => "not known whether it was sent",
        Reason::Expired => "not sent: too late",
        Reason::Retry => "not sent yet",
        Reason::SetAside => "not sent, and set aside",
    }
}
