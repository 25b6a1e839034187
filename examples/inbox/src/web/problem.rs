//! What is shown when a request cannot be answered.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, html};

use crate::{host::HostError, store::StoreError};

/// A page that says what is wrong and what to do. It holds nothing that was sent in.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    text: &'static str,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, text: &'static str) -> Self {
        Self { status, text }
    }

    pub(crate) fn missing() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is no such page.")
    }

    pub(crate) fn wrong(text: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(crate) fn broken() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The ledger does not hold. Audit it.")
    }

    fn storage() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The storage did not answer. Try again.")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Problem");
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " · inbox" }
                    link rel="stylesheet" href="/style.css";
                }
                body { main.problem {
                    h1 { (title) }
                    p { (self.text) }
                    p { a href="/" { "To the inbox" } }
                } }
            }
        };
        (self.status, page).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(_: StoreError) -> Self {
        Self::storage()
    }
}

impl From<optin::store::SqliteError> for Problem {
    fn from(_: optin::store::SqliteError) -> Self {
        Self::storage()
    }
}

impl<E> From<optin::HandleError<E>> for Problem {
    fn from(_: optin::HandleError<E>) -> Self {
        Self::storage()
    }
}

impl From<HostError> for Problem {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Engine(_) | HostError::Store(_) => Self::storage(),
            HostError::NotOptedIn => {
                Self::new(StatusCode::CONFLICT, "The contact has not opted in.")
            }
            HostError::Id(_) => Self::wrong("An id is empty or too long."),
            HostError::Stopping => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server is stopping.")
            }
        }
    }
}
