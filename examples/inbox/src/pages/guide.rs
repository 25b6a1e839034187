//! What to try next, for somebody who has read nothing.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use optin::{ConsentState, ContactStatus};

/// The whole way, beside nobody's conversation.
pub(super) fn way() -> Markup {
    html! {
        section.guide aria-labelledby="way" {
            h1 id="way" { "See it work, in a minute" }
            ol {
                li { "On the phone, write as somebody new: press " b { "Hi!" } "." }
                li { "They are asked to opt in, by itself. Until they do, you cannot write to them." }
                li { "Move the clock by " b { "12 hours" } " and press " b { "Hello?" }
                    ": they are reminded. Sooner, or in answer to nothing, nobody is." }
                li { "Press " b { "YES" } ": they are active, and you may write." }
                li { "Press " b { "STOP" } " whenever you like." }
            }
            p { "Or open one of the contacts: there is one in every state." }
        }
    }
}

/// The next step with this contact.
pub(super) fn next(contact: &ContactStatus, keyword: &str, now: DateTime<Utc>) -> Markup {
    let step = match contact.state {
        ConsentState::Pending(pending) if !pending.asked() => html! {
            "Write anything on the phone: the answer asks them to opt in."
        },
        ConsentState::Pending(_) => match contact.next_reminder_at {
            Some(at) if at > now => html! {
                "Write on the phone: it is too soon, nothing comes back. Move the clock by 12 hours "
                "and write again: they are reminded. Or press " b { (keyword) } "."
            },
            Some(_) => html! {
                "A reminder is due: press " b { "Hello?" } " on the phone. Or press "
                b { (keyword) } "."
            },
            None => html! {
                "They were reminded as often as is allowed. " b { (keyword) } " still counts."
            },
        },
        ConsentState::Active { .. } => html! {
            "They opted in: write to them below, and see it on the phone. " b { "STOP" }
            " there ends it."
        },
        ConsentState::OptedOut { .. } => html! {
            "Press " b { "START" } " on the phone: whoever may come back is asked anew."
        },
    };
    html! { p.hint { b { "Try: " } (step) } }
}
