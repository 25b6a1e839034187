//! The web server: which address leads to which page, behind one guard.

mod form;
mod guard;
mod problem;
mod session;

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::header,
    middleware,
    response::IntoResponse,
    routing::{get, post},
};
use tokio::net::TcpListener;

pub use self::session::random_name;
pub(crate) use self::{
    form::{Form, check_token},
    guard::is_ours,
    problem::Problem,
    session::{Sessions, Visitor},
};
use crate::{host::Host, pages, webhook};

/// Bytes of the longest form.
const MAX_FORM: usize = 64 << 10;

/// What every request finds.
pub(crate) struct App {
    pub(crate) host: Arc<Host>,
    pub(crate) sessions: Sessions,
}

pub(crate) type Shared = axum::extract::State<Arc<App>>;

/// Serves the pages of this host until `end` comes, and then what was asked before it.
///
/// # Errors
/// The listener's.
pub async fn serve(
    listener: TcpListener,
    host: Arc<Host>,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(host)).with_graceful_shutdown(end).await
}

/// All pages of this host.
pub fn router(host: Arc<Host>) -> Router {
    // Signed by the provider, under whatever name it knows this host by.
    let webhooks = Router::new()
        .route("/webhooks/twilio", post(webhook::twilio))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(middleware::from_fn(guard::in_time))
        .with_state(Arc::clone(&host));
    // With what a browser puts around the file.
    let limit = DefaultBodyLimit::max(pages::import::MAX_FILE + 1_024);
    let uploads = post(pages::import::upload).layer(limit);
    let app = Arc::new(App { host, sessions: Sessions::default() });
    Router::new()
        .route("/", get(pages::inbox::show))
        .route("/contacts/{digits}", get(pages::contact::show))
        .route("/contacts/{digits}/messages", post(pages::contact::send))
        .route("/contacts/{digits}/status", post(pages::contact::change_status))
        .route("/contacts/{digits}/timeline", get(pages::timeline::show))
        .route("/contacts/{digits}/evidence", get(pages::evidence::page))
        .route("/contacts/{digits}/evidence.json", get(pages::evidence::file))
        .route("/settings", get(pages::settings::show).post(pages::settings::save))
        .route("/settings/preview", post(pages::settings::preview))
        .route("/import", get(pages::import::show).merge(uploads))
        .route("/numbers", get(pages::numbers::show))
        .route("/phone/texts", post(pages::phone::text))
        .route("/phone/clock", post(pages::phone::jump))
        .route("/phone/network", post(pages::phone::network))
        .route("/person", post(pages::layout::switch))
        .route("/style.css", get(|| file("text/css", include_str!("../assets/style.css"))))
        .route("/app.js", get(|| file("text/javascript", include_str!("../assets/app.js"))))
        .route("/icon.svg", get(|| file("image/svg+xml", include_str!("../assets/icon.svg"))))
        .fallback(async || Problem::missing())
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard::guard))
        .with_state(app)
        .merge(webhooks)
}

async fn file(kind: &'static str, content: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], content)
}
