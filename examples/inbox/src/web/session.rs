//! Who is looking: a random cookie, and what the server keeps under it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};

use super::Problem;
use crate::{
    import::Report,
    staff::{Person, STAFF},
};

/// Sessions that are kept; the oldest is forgotten.
const MAX_SESSIONS: usize = 1_000;

const COOKIE: &str = "inbox";

/// What is said once, on the next page.
#[derive(Clone, Debug)]
pub(crate) struct Flash {
    pub(crate) good: bool,
    pub(crate) text: String,
}

/// Somebody at a browser.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// The cookie's value.
    pub(crate) id: String,
    /// What each of the visitor's forms must show; no other site can read it.
    pub(crate) token: String,
    /// Who they are at the moment.
    pub(crate) person: Person,
    /// What they are to be told.
    pub(crate) flash: Option<Flash>,
    /// What came of their last file.
    pub(crate) report: Option<Arc<Report>>,
}

/// All that is kept of visitors; gone with the process.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<VecDeque<Visitor>>);

impl Sessions {
    /// The visitor of this request, and whether the cookie has to be set.
    pub(crate) fn visitor(&self, headers: &HeaderMap) -> (Visitor, bool) {
        let mut kept = self.kept();
        let id = cookie(headers);
        if let Some(visitor) = kept.iter().find(|visitor| Some(visitor.id.as_str()) == id) {
            return (visitor.clone(), false);
        }
        let visitor = Visitor {
            id: random_name(),
            token: random_name(),
            person: STAFF[0],
            flash: None,
            report: None,
        };
        kept.push_back(visitor.clone());
        if kept.len() > MAX_SESSIONS {
            kept.pop_front();
        }
        (visitor, true)
    }

    /// Makes the visitor somebody else.
    pub(crate) fn switch(&self, visitor: &Visitor, person: Person) {
        self.change(visitor, |kept| kept.person = person);
    }

    /// Tells the visitor something on the next page.
    pub(crate) fn tell(&self, visitor: &Visitor, good: bool, text: impl Into<String>) {
        self.change(visitor, |kept| kept.flash = Some(Flash { good, text: text.into() }));
    }

    /// Keeps what came of the visitor's file.
    pub(crate) fn keep(&self, visitor: &Visitor, report: Arc<Report>) {
        self.change(visitor, |kept| kept.report = Some(report));
    }

    /// What the visitor is to be told; once.
    pub(crate) fn told(&self, visitor: &Visitor) {
        if visitor.flash.is_some() {
            self.change(visitor, |kept| kept.flash = None);
        }
    }

    fn change(&self, visitor: &Visitor, change: impl FnOnce(&mut Visitor)) {
        let mut kept = self.kept();
        if let Some(kept) = kept.iter_mut().find(|kept| kept.id == visitor.id) {
            change(kept);
        }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Visitor>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor {
    /// The header that sets the cookie. `Secure` is left out: the loopback has no TLS.
    pub(super) fn cookie(&self) -> String {
        format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", self.id)
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, "There is no session."))
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// A name that nobody guesses: 128 bits of the system's chance, in hexadecimal digits.
///
/// # Panics
/// Where the system has no source of chance: nothing safe can be served there.
pub fn random_name() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has a source of chance");
    format!("{:032x}", u128::from_be_bytes(bytes))
}
