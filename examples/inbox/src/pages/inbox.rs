//! `GET /`: the contacts, what to try, and the phone.

use axum::extract::{RawQuery, State};
use maud::{Markup, html};
use optin::{PhoneNumber, Standing};

use super::{
    guide,
    layout::page,
    list::{Filter, list},
    phone::phone,
};
use crate::web::{Form, Problem, Shared, Visitor};

pub(crate) async fn show(
    State(app): Shared,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Result<Markup, Problem> {
    let query = Form::of_query(query.as_deref());
    let state = query.text("state");
    let filter = Filter {
        standing: Standing::ALL.into_iter().find(|standing| standing.name() == state),
        after: PhoneNumber::parse(&format!("+{}", query.text("after"))).ok(),
    };
    let main = html! {
        div.desk {
            (list(&app, filter, None).await?)
            (guide::way())
            (phone(&app, &visitor, None).await?)
        }
    };
    Ok(page(&app, &visitor, "Contacts", "/", main))
}
