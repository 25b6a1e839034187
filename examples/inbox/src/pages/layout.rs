//! What every page has: the bar above, who is looking, what they are told.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect},
};
use maud::{DOCTYPE, Markup, html};

use super::words;
use crate::{
    staff::{Person, STAFF},
    web::{App, Form, Problem, Shared, Visitor},
};

/// The pages that the bar leads to.
const BAR: [(&str, &str); 4] =
    [("/", "Inbox"), ("/settings", "Compliance"), ("/import", "Import"), ("/numbers", "Numbers")];

/// A whole page; `here` is the address in the bar that it belongs to.
pub(super) fn page(app: &App, visitor: &Visitor, title: &str, here: &str, main: Markup) -> Markup {
    app.sessions.told(visitor);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · inbox" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="/icon.svg";
                script src="/app.js" defer {}
            }
            body {
                a.skip href="#main" { "To the content" }
                header.bar {
                    strong { "inbox" }
                    nav aria-label="Pages" {
                        @for (address, name) in BAR {
                            a href=(address) aria-current=[(address == here).then_some("page")] {
                                (name)
                            }
                        }
                    }
                    (switcher(visitor))
                }
                main id="main" {
                    @if let Some(flash) = &visitor.flash {
                        p.flash.wrong[!flash.good] role="status" { (flash.text) }
                    }
                    (main)
                }
                footer {
                    "A demonstration of optin. The clock stands at "
                    (words::moment(app.host.clock.now())) "; the phone moves it."
                }
            }
        }
    }
}

/// The hidden field of every form.
pub(super) fn token(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name="token" value=(visitor.token); }
}

fn switcher(visitor: &Visitor) -> Markup {
    html! {
        form.person method="post" action="/person" {
            (token(visitor))
            label for="person" { "You are" }
            select id="person" name="person" {
                @for person in STAFF {
                    option value=(person.id) selected[person == visitor.person] { (person.title) }
                }
            }
            button { "Switch" }
        }
    }
}

/// `POST /person`: who one is from now on; a host has its login here.
pub(crate) async fn switch(
    State(app): Shared,
    visitor: Visitor,
    form: Form,
) -> Result<impl IntoResponse, Problem> {
    let person = Person::find(form.text("person"));
    let person = person.ok_or(Problem::wrong("There is nobody of that name."))?;
    app.sessions.switch(&visitor, person);
    app.sessions.tell(&visitor, true, format!("You are {} now.", person.title));
    Ok(Redirect::to("/"))
}
