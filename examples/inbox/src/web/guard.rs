//! What holds for every request: who may ask, for how long, and what a browser may do with it.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{App, Problem};

/// How long a request may take; what it began goes on.
const MAX_TIME: Duration = Duration::from_secs(10);

/// Scripts and styles only from files of ours, nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Stands before every page.
pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match check(request.headers()) {
        Ok(()) => answer(&app, request, next).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // A page of its own style says which.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Pages hold numbers and texts.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn answer(app: &App, mut request: Request, next: Next) -> Response {
    let (visitor, is_new) = app.sessions.visitor(request.headers());
    let cookie = is_new.then(|| visitor.cookie());
    request.extensions_mut().insert(visitor);
    let mut response = in_time(request, next).await;
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// What a request began goes on after its time is over.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(MAX_TIME, next.run(request)).await.unwrap_or_else(|_| {
        let text = "That took too long. It may still happen: look before you repeat it.";
        Problem::new(StatusCode::GATEWAY_TIMEOUT, text).into_response()
    })
}

/// Whether a request without a signature comes from this machine, and from no other site's page.
pub(crate) fn is_ours(headers: &HeaderMap) -> bool {
    check(headers).is_ok()
}

/// Only under a name of this machine, so that no other name can be pointed at it (DNS rebinding),
/// and only from pages of ours.
fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let host = text(headers, &header::HOST).unwrap_or_default();
    if !is_loopback(host) {
        let text = "This server answers under 127.0.0.1 and localhost alone.";
        return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, text));
    }
    let foreign = match text(headers, &header::ORIGIN) {
        Some(origin) => origin.strip_prefix("http://") != Some(host),
        None => false,
    };
    if foreign {
        return Err(Problem::new(StatusCode::FORBIDDEN, "That came from another site."));
    }
    Ok(())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // What cannot be read is as wrong as what is another's.
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}
