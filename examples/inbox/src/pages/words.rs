//! How things are said to people: times, states, what a text was for and what came of it.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use optin::{OptIn, OptOut, PhoneNumber, Standing};

/// A time, and how far it is from now.
pub(super) fn when(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    let far =
        if at > now { format!("in {}", span(at - now)) } else { format!("{} ago", span(now - at)) };
    html! { (moment(at)) " (" (far) ")" }
}

/// A time.
pub(super) fn moment(at: DateTime<Utc>) -> Markup {
    let exact = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    html! { time datetime=(exact) { (at.format("%a %-d %b, %H:%M")) " UTC" } }
}

/// A length of time, roughly.
pub(super) fn span(length: TimeDelta) -> String {
    let minutes = length.num_minutes();
    let (days, hours) = (minutes / 1_440, minutes / 60 % 24);
    match (days, hours, minutes % 60) {
        (0, 0, 0) => "less than a minute".into(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// A state as a badge.
pub(super) fn badge(standing: Standing) -> Markup {
    html! { span class={ "badge " (standing.name()) } { (state(standing)) } }
}

/// A state's name on the screen.
pub(super) fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Pending => "Pending",
        Standing::Active => "Active",
        Standing::OptedOut => "Opted out",
    }
}

/// The number in an address of ours.
pub(super) fn digits(number: PhoneNumber) -> String {
    number.to_digits().to_string()
}

/// What a text to a contact was for; with whether it was automated.
pub(super) fn kind(name: &str) -> (bool, &'static str) {
    match name {
        "confirmation" => (true, "Automated: asks to opt in"),
        "reminder" => (true, "Automated: reminder"),
        "opted_out" => (true, "Automated: answer to the opt-out"),
        "help" => (true, "Automated: help"),
        "confirmed" => (true, "Automated: welcome"),
        _ => (false, "Staff"),
    }
}

/// What came of a text, where it is worth a word.
pub(super) fn outcome(name: &str) -> Option<&'static str> {
    Some(match name {
        "new_contact" | "not_asked_yet" => "was asked to opt in",
        "keyword_matched" => "the keyword: opted in",
        "reminder_due" => "was reminded",
        "too_soon" => "too soon for a reminder",
        "reminders_used_up" => "no reminder is left",
        "opt_out_keyword" => "an opt-out word: opted out",
        "already_opted_out" | "opted_out" => "opted out: no answer",
        "restarted" => "asked to come back",
        "restart_limit" => "came back too often: stays opted out",
        "declined" => "a no: nobody is reminded in answer to a no",
        "reaction" => "a reaction: no answer",
        "suspected_opt_out" => "reads like an opt-out: please look at it",
        "double_opt_in_off" => "double opt-in is off",
        "help_keyword" => "asked for help",
        "on_its_way" => "on its way",
        "not_sent" => "not sent",
        "blocked" => "not sent: the carrier blocks the number",
        "unknown" => "nobody knows whether it arrived",
        _ => return None,
    })
}

/// How a contact opted in.
pub(super) fn opt_in(how: OptIn) -> &'static str {
    match how {
        OptIn::Keyword => "by replying with the keyword",
        OptIn::Override => "set by hand",
        OptIn::Existing => "declared a conversation from before",
        OptIn::Added => "added while double opt-in was off",
        OptIn::FirstText => "by the first text, while double opt-in was off",
        OptIn::Restart => "came back while double opt-in was off",
        _ => "in another way",
    }
}

/// Who opted a contact out.
pub(super) fn opt_out(by: OptOut) -> &'static str {
    match by {
        OptOut::Contact => "by the contact, with an opt-out word",
        OptOut::Staff => "by staff",
        OptOut::Import => "by an import",
        OptOut::Crm => "by a CRM",
        OptOut::Carrier => "by the carrier, which delivers nothing any more",
        _ => "by somebody else",
    }
}
