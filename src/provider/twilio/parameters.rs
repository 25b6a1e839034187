//! The parameters of a webhook, and which part of the request its signature covers.

use alloc::{borrow::Cow, vec::Vec};

use http::header::CONTENT_TYPE;

use super::webhook::Webhook;
use crate::provider::webhook::{MAX_BODY, Unreadable};

/// More than any true webhook has: some thirty, and a few for each picture.
const MAX_PARAMETERS: usize = 1_000;

/// Bytes of the longest URL.
const MAX_URL: usize = 16 << 10;

const BODY_HASH: &str = "bodySHA256";

/// What the webhook is made of.
pub(super) enum Content<'a> {
    /// A form in the body: its parameters are signed behind the URL.
    Form(Parameters<'a>),
    /// No body: the parameters are in the query, signed with the URL.
    Query(Parameters<'a>),
    /// Any other body, whose hash stands in the query and is signed with the URL.
    Hashed(Cow<'a, str>),
    /// A body that no signature covers.
    Unsigned,
}

/// Beyond what is read.
pub(super) struct TooLong;

/// Parameters as they were written, decoded.
pub(super) struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// Looks at the request, as far as its bounds allow.
pub(super) fn content<'a>(webhook: &Webhook<'a>) -> Result<Content<'a>, TooLong> {
    if webhook.body.len() > MAX_BODY || webhook.url.len() > MAX_URL {
        return Err(TooLong);
    }
    if !webhook.body.is_empty() && is_form(webhook) {
        return Ok(Content::Form(Parameters::read(webhook.body)?));
    }
    let query = Parameters::read(query(webhook.url).as_bytes())?;
    if let Some((_, hash)) = query.0.iter().find(|(name, _)| name == BODY_HASH) {
        return Ok(Content::Hashed(hash.clone()));
    }
    Ok(if webhook.body.is_empty() { Content::Query(query) } else { Content::Unsigned })
}

impl<'a> Parameters<'a> {
    fn read(form: &'a [u8]) -> Result<Self, TooLong> {
        let parameters = form_urlencoded::parse(form).take(MAX_PARAMETERS + 1);
        let parameters: Vec<_> = parameters.collect();
        if parameters.len() > MAX_PARAMETERS { Err(TooLong) } else { Ok(Self(parameters)) }
    }

    /// In the order in which they are signed: by name, then by value, each pair once.
    pub(super) fn as_signed(&self) -> Vec<(&str, &str)> {
        let mut pairs: Vec<(&str, &str)> =
            self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// The value of a field, if it is there.
    pub(super) fn find(&self, field: &'static str) -> Result<Option<&str>, Unreadable> {
        let mut values = self.0.iter().filter(|(name, _)| name == field).map(|(_, value)| value);
        let first = values.next();
        // The signature does not say which of two values came first.
        if values.any(|value| Some(value) != first) {
            return Err(Unreadable::Repeated { field });
        }
        Ok(first.map(AsRef::as_ref))
    }

    /// The value of a field that must be there.
    pub(super) fn require(&self, field: &'static str) -> Result<&str, Unreadable> {
        self.find(field)?.ok_or(Unreadable::Missing { field })
    }
}

fn is_form(webhook: &Webhook<'_>) -> bool {
    let kind = webhook.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// What stands between `?` and `#`.
fn query(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or_default();
    url.split_once('?').map_or("", |(_, query)| query)
}
