//! What a form sends: fields by name, after the token was looked at.

use std::hint::black_box;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::StatusCode,
};

use super::{Problem, Visitor};

/// The fields of a form of ours; another site's never gets here.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// The fields of the part of an address after `?`.
    pub(crate) fn of_query(query: Option<&str>) -> Self {
        Self::parse(query.unwrap_or_default().as_bytes())
    }

    /// The field, empty where it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Whether a box is ticked.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let bytes = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let bytes = bytes.map_err(|_| {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "That is longer than a form may be.")
        })?;
        let form = Self::parse(&bytes);
        check_token(&visitor, form.text("token"))?;
        Ok(form)
    }
}

/// Refuses what another site made the visitor's browser send.
pub(crate) fn check_token(visitor: &Visitor, shown: &str) -> Result<(), Problem> {
    let (shown, token) = (shown.as_bytes(), visitor.token.as_bytes());
    let differences = shown.iter().zip(token).fold(0, |sum, (a, b)| sum | black_box(a ^ b));
    if shown.len() == token.len() && differences == 0 {
        Ok(())
    } else {
        let text = "This form is not of this session. Open the page again and repeat.";
        Err(Problem::new(StatusCode::FORBIDDEN, text))
    }
}
