//! The simulated handset: write as anybody, move the clock, see what arrives.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect},
};
use chrono::TimeDelta;
use maud::{Markup, html};
use optin::{MessageId, PhoneNumber, Text};

use super::{layout::token, words};
use crate::{
    host::HostError,
    outbox::SLOW,
    store::Said,
    web::{App, Form, Problem, Shared, Visitor, random_name},
};

/// Whose phone it is when nobody's conversation is open: a number kept for fiction.
const SOMEBODY_NEW: &str = "+12065550142";

/// How long a page waits for a text to arrive; on its way it is in spite of that.
pub(super) const PATIENCE: Duration = Duration::from_millis(1_500);

/// Hours that the clock can be moved by.
const JUMPS: [(u16, &str); 3] = [(1, "+1 hour"), (12, "+12 hours"), (24, "+1 day")];

/// Texts that the phone shows.
const SHOWN: usize = 50;

/// The phone of this contact, or of somebody new.
pub(super) async fn phone(
    app: &App,
    visitor: &Visitor,
    number: Option<PhoneNumber>,
) -> Result<Markup, Problem> {
    let said = match number {
        Some(number) => app.host.store.conversation(number, SHOWN).await?,
        None => Vec::new(),
    };
    let policy = app.host.engine.policy(&app.host.account).await?.policy;
    let keyword = policy.keyword().as_str();
    let number = number.map_or_else(|| SOMEBODY_NEW.into(), PhoneNumber::to_e164);
    let is_slow = app.host.engine.outbox().outbox().is_slow();
    Ok(html! {
        section.phone aria-labelledby="phone" {
            h2 id="phone" { "A phone" }
            p.quiet { "What the contact sees." }
            ol.texts tabindex="0" aria-label="Texts on the phone" {
                @for text in said.iter().filter(|text| has_arrived(text)) {
                    li.mine[text.inbound] { p.words dir="auto" { (text.body) } }
                }
            }
            form method="post" action="/phone/texts" {
                (token(visitor))
                label for="number" { "Write as" }
                input id="number" name="number" type="tel" required value=(number)
                    autocomplete="off" maxlength="16";
                label for="text" { "Text" }
                textarea id="text" name="body" rows="2" {}
                button.main { "Send" }
                p.quick {
                    @for quick in ["Hi!", "Hello?", keyword, "STOP", "START"] {
                        button name="quick" value=(quick) { (quick) }
                    }
                }
            }
            form method="post" action="/phone/clock" {
                (token(visitor))
                input type="hidden" name="number" value=(number);
                p { "Clock: " b { (words::moment(app.host.clock.now())) } }
                p.quick {
                    @for (hours, name) in JUMPS { button name="hours" value=(hours) { (name) } }
                }
            }
            form method="post" action="/phone/network" {
                (token(visitor))
                input type="hidden" name="number" value=(number);
                @if is_slow {
                    p { "A text takes " (SLOW.as_secs()) " seconds. " button { "Make it fast" } }
                } @else {
                    p { "A text arrives at once. "
                        button name="slow" value="1" { "Make it slow" } }
                }
            }
        }
    })
}

/// `POST /phone/texts`: a text from whoever it says; a provider's webhook in a real host.
pub(crate) async fn text(
    State(app): Shared,
    visitor: Visitor,
    form: Form,
) -> Result<impl IntoResponse, Problem> {
    let quick = form.text("quick");
    let body = if quick.is_empty() { form.text("body") } else { quick };
    let Ok(number) = PhoneNumber::parse(form.text("number").trim()) else {
        app.sessions.tell(&visitor, false, "That is no number: a plus and 2 to 15 digits.");
        return Ok(Redirect::to("/"));
    };
    let id = MessageId::new(&random_name()).map_err(HostError::from)?;
    let text = Text::new(app.host.inbox.clone(), id, body.to_owned());
    match tokio::time::timeout(PATIENCE, app.host.texted(number, text)).await {
        Ok(outcome) => {
            let in_flight = outcome?.in_flight.len();
            if in_flight > 0 {
                let text = format!(
                    "They opted out while {in_flight} text was on its way to them. It may arrive; \
                     nothing follows it."
                );
                app.sessions.tell(&visitor, false, text);
            }
        }
        Err(_) => app.sessions.tell(&visitor, true, "The answer is on its way."),
    }
    Ok(to_contact(number))
}

/// `POST /phone/clock`: hours pass.
pub(crate) async fn jump(
    State(app): Shared,
    visitor: Visitor,
    form: Form,
) -> Result<impl IntoResponse, Problem> {
    let hours = form.text("hours").parse::<u16>().ok();
    let hours = hours.filter(|hours| JUMPS.iter().any(|(jump, _)| jump == hours));
    let hours = hours.ok_or(Problem::wrong("The clock goes by 1, 12 or 24 hours."))?;
    app.host.jump(TimeDelta::hours(hours.into())).await?;
    app.sessions.tell(&visitor, true, format!("{hours} h passed."));
    back(&app, &form).await
}

/// `POST /phone/network`: slow, or fast again.
pub(crate) async fn network(State(app): Shared, form: Form) -> Result<impl IntoResponse, Problem> {
    app.host.engine.outbox().outbox().set_slow(form.is_on("slow"));
    back(&app, &form).await
}

/// From the phone, or taken by the network.
fn has_arrived(text: &Said) -> bool {
    text.inbound || text.outcome.as_deref() == Some("accepted")
}

/// To the conversation of the phone's contact, if there is one yet.
async fn back(app: &App, form: &Form) -> Result<Redirect, Problem> {
    let Ok(number) = PhoneNumber::parse(form.text("number")) else { return Ok(Redirect::to("/")) };
    let known = app.host.engine.contact(&app.host.contact(number)).await?;
    Ok(known.map_or_else(|| Redirect::to("/"), |_| to_contact(number)))
}

pub(super) fn to_contact(number: PhoneNumber) -> Redirect {
    Redirect::to(&format!("/contacts/{}", words::digits(number)))
}
