//! `GET /contacts/{digits}/timeline`: the ledger of a contact, entry by entry.

use axum::extract::{Path, RawQuery, State};
use maud::{Markup, html};
use optin::{Ending, Entry, Event, Fact, Override, Verdict};

use super::{contact::number, layout::page, words};
use crate::web::{Form, Problem, Shared, Visitor};

/// Entries on a page.
const PAGE: usize = 100;

pub(crate) async fn show(
    State(app): Shared,
    Path(digits): Path<String>,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Result<Markup, Problem> {
    let number = number(&digits)?;
    let contact = app.host.contact(number);
    app.host.engine.contact(&contact).await?.ok_or_else(Problem::missing)?;
    let from = Form::of_query(query.as_deref()).text("from").parse().unwrap_or(0);
    let timeline = app.host.engine.timeline(&contact, from, PAGE).await?;
    let main = html! {
        section.narrow {
            p { a href={ "/contacts/" (digits) } { "Back to the conversation" } }
            h1 { "Timeline of " (number.to_e164()) }
            p.quiet { "The ledger: what happened, what the engine decided, and why. Nothing in it is "
                "ever changed. Texts that changed nothing are not in it." }
            p { "Evidence that nothing was changed: "
                a href={ "/contacts/" (digits) "/evidence" } { "as a page" } ", "
                a href={ "/contacts/" (digits) "/evidence.json" } { "as a file to verify" } "." }
            ol.timeline start=(from.saturating_add(1)) {
                @for entry in &timeline.entries { (shown(entry)) }
            }
            @if let Some(next) = timeline.next { p { a href={ "?from=" (next) } { "Later entries" } } }
        }
    };
    Ok(page(&app, &visitor, "Timeline", "/", main))
}

fn shown(entry: &Entry) -> Markup {
    html! {
        li {
            p.note { (words::moment(entry.at)) " · settings " (entry.policy_revision.number()) }
            p { (fact(&entry.fact)) }
            p { (verdict(&entry.verdict)) }
        }
    }
}

fn fact(fact: &Fact) -> Markup {
    match fact {
        Fact::Event(event) => happened(event),
        Fact::PolicyChanged { actor } => {
            html! { "The settings were changed by " (actor.id().as_str()) }
        }
        _ => html! { "Something else" },
    }
}

fn happened(event: &Event<'_>) -> Markup {
    match event {
        Event::Texted(text) => html! {
            "They wrote: " q dir="auto" { (text.body.as_str()) }
            @if text.media { " with media" }
        },
        Event::Added { source, opted_out } => html! {
            "They were added (" (source.name()) ")"
            @if *opted_out == Some(true) { " as opted out" }
        },
        Event::DeclaredExisting { actor } => html! {
            (actor.id().as_str()) " declared a conversation from before"
        },
        Event::Overridden { actor, to, note } => html! {
            (actor.id().as_str()) " set them "
            (match to { Override::Active => "active", Override::OptedOut => "opted out" })
            @if let Some(note) = note { ": " q dir="auto" { (note.as_str()) } }
        },
        Event::CarrierBlocked { code } => html! { "The carrier blocked them: " (code.as_str()) },
        Event::MessageRequested(message) => html! {
            @match &message.actor {
                Some(actor) => (actor.id().as_str()),
                None => "The host",
            }
            " wrote: " q dir="auto" { (message.body.as_str()) }
        },
        Event::StatusRequested { crm } => html! { "Their status was asked for by " (crm.name()) },
        Event::Settled(settled) => html! {
            "The " (settled.kind.name()) " text "
            (match &settled.ending {
                Ending::Accepted { .. } => "was taken by the provider",
                Ending::NotSent { .. } => "was not sent",
                Ending::Blocked { .. } => "was blocked by the carrier",
                Ending::Unknown => "may have arrived, nobody knows",
                Ending::Expired => "was too late, and not sent",
                Ending::Retry { .. } => "is to be tried again",
                Ending::SetAside => "waits for a person",
            })
        },
        _ => html! { (event.name()) },
    }
}

fn verdict(verdict: &Verdict) -> Markup {
    match verdict {
        Verdict::Decided { decision, reason, record, text } => html! {
            "Decided: " code { (decision.name()) } " because " code { (reason.name()) }
            @if let Some(record) = record { " " (words::badge(record.state.standing())) }
            @if let Some(text) = text { br; "To send: " q dir="auto" { (text.body.as_str()) } }
        },
        Verdict::PolicySet { revision, .. } => html! { "Settings " (revision.number()) },
        Verdict::Refused(refusal) => html! { "Refused: " code { (refusal.name()) } },
        _ => html! {},
    }
}
