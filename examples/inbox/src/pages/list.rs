//! The contacts beside the conversation: by state, with badges, in pages.

use maud::{Markup, html};
use optin::{Archive, PhoneNumber, Standing};

use super::words;
use crate::web::{App, Problem};

/// Contacts on a page.
const PAGE: usize = 30;

/// Which contacts are listed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filter {
    pub(super) standing: Option<Standing>,
    pub(super) after: Option<PhoneNumber>,
}

impl Filter {
    fn query(self) -> String {
        let standing = self.standing.map(|standing| format!("state={}", standing.name()));
        let after = self.after.map(|number| format!("after={}", words::digits(number)));
        let parts: Vec<_> = [standing, after].into_iter().flatten().collect();
        if parts.is_empty() { "/".into() } else { format!("/?{}", parts.join("&")) }
    }
}

/// The list; `here` is the contact that is shown beside it.
pub(super) async fn list(
    app: &App,
    filter: Filter,
    here: Option<PhoneNumber>,
) -> Result<Markup, Problem> {
    let (engine, account) = (&app.host.engine, &app.host.account);
    let counts = engine.storage().counts(account).await?;
    let page = engine.contacts(account, filter.standing, filter.after, PAGE).await?;
    let numbers = page.contacts.iter().map(|contact| contact.number).collect();
    let glances = app.host.store.glance(numbers).await?;
    let all = counts.pending + counts.active + counts.opted_out;
    let tabs = [
        (None, "All", all),
        (Some(Standing::Pending), words::state(Standing::Pending), counts.pending),
        (Some(Standing::Active), words::state(Standing::Active), counts.active),
        (Some(Standing::OptedOut), words::state(Standing::OptedOut), counts.opted_out),
    ];
    Ok(html! {
        section.list aria-label="Contacts" {
            nav.tabs aria-label="Contacts by state" {
                @for (standing, name, count) in tabs {
                    a href=(Filter { standing, after: None }.query())
                        aria-current=[(standing == filter.standing).then_some("true")] {
                        (name) " " span.count { (count) }
                    }
                }
            }
            @if page.contacts.is_empty() { p.quiet { "Nobody." } }
            ul {
                @for (contact, (name, last)) in page.contacts.iter().zip(&glances) {
                    li { a href={ "/contacts/" (words::digits(contact.number)) }
                        aria-current=[(Some(contact.number) == here).then_some("true")] {
                        span.name { bdi {
                            @match name {
                                Some(name) => (name),
                                None => (contact.number.to_e164()),
                            }
                        } }
                        (words::badge(contact.standing))
                        span.last dir="auto" {
                            @match last {
                                Some(last) => (shortened(&last.body)),
                                None => "no texts yet",
                            }
                        }
                    } }
                }
            }
            @if let Some(next) = page.next {
                p { a href=(Filter { after: Some(next), ..filter }.query()) { "Next contacts" } }
            }
        }
    })
}

/// The beginning of a text; the style cuts it to a line.
fn shortened(body: &str) -> String {
    body.chars().take(80).collect()
}
