//! A contact: the conversation, the composer that opens when they opted in, the status by hand.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect},
};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use optin::{
    ConsentState, ContactStatus, Delivery, Entry, Event, Fact, Handover, Note, Override,
    PhoneNumber, Policy, Refusal, StatusChange,
};

use super::{
    guide,
    layout::{page, token},
    list::{Filter, list},
    phone::{PATIENCE, phone, to_contact},
    words,
};
use crate::{
    host::HostError,
    store::{ON_ITS_WAY, Said},
    web::{App, Form, Problem, Shared, Visitor, random_name},
};

/// Texts of a conversation that are shown.
const SHOWN: usize = 200;
/// Characters of the longest message.
const MAX_MESSAGE: usize = 1_600;

/// `GET /contacts/{digits}`
pub(crate) async fn show(
    State(app): Shared,
    Path(digits): Path<String>,
    visitor: Visitor,
) -> Result<Markup, Problem> {
    let number = number(&digits)?;
    let contact = app.host.engine.contact(&app.host.contact(number)).await?;
    let contact = contact.ok_or_else(Problem::missing)?;
    let policy = app.host.engine.policy(&app.host.account).await?.policy;
    let said = app.host.store.conversation(number, SHOWN).await?;
    let name = app.host.store.glance(vec![number]).await?.pop().and_then(|(name, _)| name);
    let title = name.clone().unwrap_or_else(|| number.to_e164());
    let by_hand = last_by_hand(&app, number).await?;
    let now = app.host.clock.now();
    let main = html! {
        div.desk.open {
            (list(&app, Filter::default(), Some(number)).await?)
            section.conversation aria-labelledby="contact" {
                header {
                    h1 id="contact" { bdi { (title) } " " (words::badge(contact.standing)) }
                    p.quiet { (number.to_e164()) " · "
                        a href={ "/contacts/" (digits) "/timeline" } { "Timeline" } }
                    (standing(&contact, by_hand.as_ref(), now))
                }
                (guide::next(&contact, policy.keyword().as_str(), now))
                ol.texts tabindex="0" aria-label="Conversation" { @for text in &said { (bubble(text)) } }
                (composer(&visitor, &digits, &contact, &policy, now))
                (status_form(&visitor, &digits, &contact))
            }
            (phone(&app, &visitor, Some(number)).await?)
        }
    };
    Ok(page(&app, &visitor, &title, "/", main))
}

fn bubble(text: &Said) -> Markup {
    let (automated, kind) = words::kind(text.kind.as_deref().unwrap_or_default());
    let outcome = text.outcome.as_deref().and_then(words::outcome);
    html! {
        li.mine[!text.inbound].automated[!text.inbound && automated] {
            p.words dir="auto" { (text.body) }
            p.note {
                @if !text.inbound { (kind) " · " }
                (words::moment(text.at))
                @if let Some(outcome) = outcome { " · " (outcome) }
                @if text.outcome.as_deref() == Some(ON_ITS_WAY) { ": " a href="" { "look again" } }
            }
        }
    }
}

/// Since when the contact stands where it does, and through whom.
fn standing(contact: &ContactStatus, by_hand: Option<&Entry>, now: DateTime<Utc>) -> Markup {
    let (text, since) = match contact.state {
        ConsentState::Pending(_) => return html! {},
        ConsentState::Active { how, since } => (format!("Opted in {}", words::opt_in(how)), since),
        ConsentState::OptedOut { by, since } => {
            (format!("Opted out {}", words::opt_out(by)), since)
        }
    };
    let hand = by_hand.filter(|entry| entry.at == since).and_then(|entry| match &entry.fact {
        Fact::Event(event) => match &**event {
            Event::Overridden { actor, note, .. } => Some((actor, note)),
            _ => None,
        },
        _ => None,
    });
    html! {
        p.standing {
            (text) ", " (words::when(since, now)) "."
            @if let Some((actor, note)) = hand {
                " It was " (actor.id().as_str())
                @if let Some(note) = note { ": “" bdi { (note.as_str()) } "”" }
                "."
            }
        }
    }
}

/// The composer; shut until the contact has opted in, and then it says why.
fn composer(
    visitor: &Visitor,
    digits: &str,
    contact: &ContactStatus,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Markup {
    let shut = why_shut(contact, policy, now);
    let is_shut = shut.is_some();
    html! {
        form.composer method="post" action={ "/contacts/" (digits) "/messages" } {
            (token(visitor))
            input type="hidden" name="request" value=(random_name());
            label for="message" { "Message" }
            @if let Some(why) = shut { p id="why" .why { (why) } }
            textarea id="message" name="body" rows="2" required maxlength=(MAX_MESSAGE)
                disabled[is_shut] aria-describedby=[is_shut.then_some("why")] {}
            button.main disabled[is_shut] { "Send" }
        }
    }
}

fn why_shut(contact: &ContactStatus, policy: &Policy, now: DateTime<Utc>) -> Option<Markup> {
    let pending = match contact.state {
        ConsentState::Active { .. } => return None,
        ConsentState::OptedOut { .. } => {
            return Some(
                html! { "You cannot write: they opted out. Only they can change that, or "
                "somebody with the permission, by hand." },
            );
        }
        ConsentState::Pending(pending) => pending,
    };
    let keyword = policy.keyword().as_str();
    Some(html! {
        "You cannot write yet: "
        @if !policy.double_opt_in() {
            "they have not opted in. Double opt-in is off: their next text opts them in, "
            "unless they were asked already; then the keyword does."
        } @else if !pending.asked() {
            "they have not been asked. Their next text is answered with the question."
        } @else {
            "they have not replied " b { (keyword) } ". They were asked "
            (times(pending.prompts_used)) ". "
            @match contact.next_reminder_at {
                Some(at) if at > now => { "The next reminder could go " (words::when(at, now))
                    ", in answer to a text." }
                Some(at) => { "The next reminder could go since " (words::moment(at))
                    ": in answer to their next text." }
                None => "No reminder is left.",
            }
        }
    })
}

fn times(count: u8) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        count => format!("{count} times"),
    }
}

fn status_form(visitor: &Visitor, digits: &str, contact: &ContactStatus) -> Markup {
    let active = contact.state.may_be_messaged();
    html! {
        details.by-hand {
            summary { "Change the status by hand" }
            form method="post" action={ "/contacts/" (digits) "/status" } {
                (token(visitor))
                p.quiet { "Needs the permission to manage opt-ins; where somebody opted out, a note "
                    "too. Attempts without are refused, and go on the ledger." }
                label for="note" { "Note: why, and how you know" }
                textarea id="note" name="note" rows="2" maxlength="1600" {}
                @if active { button name="to" value="opted_out" { "Set opted out" } }
                @else {
                    button name="to" value="active" { "Set active" }
                    " "
                    button name="to" value="opted_out" { "Set opted out" }
                }
            }
        }
    }
}

/// `POST /contacts/{digits}/messages`
pub(crate) async fn send(
    State(app): Shared,
    Path(digits): Path<String>,
    visitor: Visitor,
    form: Form,
) -> Result<Redirect, Problem> {
    let number = number(&digits)?;
    let body = form.text("body").trim();
    if body.is_empty() || body.chars().count() > MAX_MESSAGE {
        app.sessions.tell(&visitor, false, "A message has 1 to 1,600 characters.");
        return Ok(to_contact(number));
    }
    let actor = visitor.person.actor();
    let sent = app.host.send(number, actor, body.to_owned(), form.text("request"));
    let (good, told) = match tokio::time::timeout(PATIENCE, sent).await {
        Err(_) => (true, "Your message is on its way."),
        Ok(Err(HostError::NotOptedIn)) => {
            (false, "Not sent: they have not opted in, or have opted out meanwhile.")
        }
        Ok(Err(error)) => return Err(error.into()),
        Ok(Ok(outcome)) => match outcome.delivery {
            Some(Delivery::HandedOver(Handover::Accepted { .. })) => (true, "Sent."),
            Some(Delivery::Queued) => (true, "Your message waits for an earlier one."),
            Some(_) => (false, "Your message was not sent, or nobody knows: see below."),
            None => (false, "That message was sent already."),
        },
    };
    app.sessions.tell(&visitor, good, told);
    Ok(to_contact(number))
}

/// `POST /contacts/{digits}/status`
pub(crate) async fn change_status(
    State(app): Shared,
    Path(digits): Path<String>,
    visitor: Visitor,
    form: Form,
) -> Result<impl IntoResponse, Problem> {
    let number = number(&digits)?;
    let to = match form.text("to") {
        "active" => Override::Active,
        "opted_out" => Override::OptedOut,
        _ => return Err(Problem::wrong("A status is active or opted out.")),
    };
    let note = Some(form.text("note")).filter(|note| !note.trim().is_empty()).map(Note::new);
    let Ok(note) = note.transpose() else {
        app.sessions.tell(&visitor, false, "A note has at most 1,600 characters.");
        return Ok(to_contact(number));
    };
    let change = StatusChange { to, note }.by(visitor.person.actor());
    let (good, told) = match app.host.happened(number, change).await {
        Ok(_) => (true, "The status is changed."),
        Err(HostError::Engine(optin::HandleError::Refused(refusal))) => {
            (false, refusal_in_words(refusal))
        }
        Err(error) => return Err(error.into()),
    };
    app.sessions.tell(&visitor, good, told);
    Ok(to_contact(number))
}

fn refusal_in_words(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Forbidden(_) => "Refused: you lack the permission to manage opt-ins.",
        Refusal::Revoked => {
            "Refused: they opted out. It takes a note, and where they said so themselves the \
             permission to override that."
        }
        Refusal::CarrierBlocked => {
            "Refused: the carrier blocks the number. Only they can lift that, by START."
        }
        Refusal::UnknownContact => "Refused: there is no such contact.",
        _ => "Refused.",
    }
}

pub(super) fn number(digits: &str) -> Result<PhoneNumber, Problem> {
    PhoneNumber::parse(&format!("+{digits}")).map_err(|_| Problem::missing())
}

/// The ledger's last entry of a status set by hand.
async fn last_by_hand(app: &App, number: PhoneNumber) -> Result<Option<Entry>, Problem> {
    let (contact, mut from, mut last) = (app.host.contact(number), 0, None);
    loop {
        let page = app.host.engine.timeline(&contact, from, 1_000).await?;
        let by_hand = |entry: &Entry| {
            entry.record().is_some()
                && matches!(&entry.fact, Fact::Event(event)
                    if matches!(**event, Event::Overridden { .. }))
        };
        last = page.entries.into_iter().rfind(by_hand).or(last);
        match page.next {
            Some(next) => from = next,
            None => return Ok(last),
        }
    }
}
