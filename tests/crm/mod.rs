//! A CRM's server in memory, the host's accounts, and statuses to tell.
#![allow(dead_code, reason = "each test takes its own part")]
#![allow(clippy::unwrap_used, reason = "a test")]

pub(crate) mod host;
pub(crate) mod hubspot;
pub(crate) mod salesforce;

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::Poll,
    time::{Duration, Instant},
};

use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use optin::{
    AccountId, CarrierCode, Contact, Content, Crm, Handover, Outbox, Outgoing, OutgoingId,
    Revision, Status,
    client::{CallFailed, Client},
    sync::{Access, Accounts},
};
use serde_json::Value;

use super::support::{START, poll_once};

/// A request as the server got it.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

pub(crate) type Answer = Result<Response<Vec<u8>>, CallFailed>;

/// Answers by a function, at once or when its gate is opened.
pub(crate) struct Server<F> {
    answer: F,
    got: Mutex<Vec<Got>>,
    shut: AtomicBool,
}

impl<F: Fn(&Got) -> Answer + Send + Sync> Server<F> {
    pub(crate) fn new(answer: F) -> Self {
        Self { answer, got: Mutex::default(), shut: AtomicBool::new(false) }
    }

    pub(crate) fn shut(&self, shut: bool) {
        self.shut.store(shut, SeqCst);
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

impl<F: Fn(&Got) -> Answer + Send + Sync> Client for Server<F> {
    async fn call(&self, request: Request<Vec<u8>>) -> Answer {
        let (parts, body) = request.into_parts();
        let got = Got {
            method: parts.method.to_string(),
            uri: parts.uri.to_string(),
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap(),
        };
        self.got.lock().unwrap().push(got.clone());
        poll_fn(|_| if self.shut.load(SeqCst) { Poll::Pending } else { Poll::Ready(()) }).await;
        (self.answer)(&got)
    }
}

/// Each account's token is a number, one higher after each that expired.
#[derive(Default)]
pub(crate) struct Tokens {
    pub(crate) number: AtomicU64,
    pub(crate) away: AtomicBool,
    pub(crate) slow: AtomicBool,
}

pub(crate) const ADDRESS: &str = "https://crm.example";

impl Accounts for Tokens {
    async fn access(&self, account: &AccountId) -> Option<Access> {
        poll_fn(|_| if self.slow.load(SeqCst) { Poll::Pending } else { Poll::Ready(()) }).await;
        let token = format!("{}-{}", account.as_str(), self.number.load(SeqCst));
        (!self.away.load(SeqCst)).then(|| Access::new(ADDRESS, &token).unwrap())
    }

    fn expired(&self, _account: &AccountId, _access: &Access) {
        self.number.fetch_add(1, SeqCst);
    }
}

/// The token that a request showed.
pub(crate) fn token(got: &Got) -> String {
    let header = &got.headers[AUTHORIZATION];
    assert!(header.is_sensitive());
    header.to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
}

/// A clock of pauses, moved by hand.
#[derive(Clone)]
pub(crate) struct Pace(Arc<Mutex<Instant>>);

impl Pace {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    pub(crate) fn reader(&self) -> impl Fn() -> Instant + Send + Sync + use<> {
        let pace = self.0.clone();
        move || *pace.lock().unwrap()
    }
}

pub(crate) fn account_of(n: usize) -> AccountId {
    AccountId::new(["acme", "bravo", "carl"][n % 3]).unwrap()
}

/// Contact number `n` of the account: up to a thousand.
pub(crate) fn someone(account: &AccountId, n: usize) -> Contact {
    let number = format!("+1{}55501{:02}", 206 + n / 100, n % 100);
    Contact::new(account.clone(), number.parse().unwrap())
}

/// The status of contact number `n` of `acme`.
pub(crate) fn status(crm: Crm, n: usize, opted_out: bool) -> Outgoing {
    status_of(someone(&account_of(0), n), crm, opted_out)
}

pub(crate) fn status_of(contact: Contact, crm: Crm, opted_out: bool) -> Outgoing {
    let id = OutgoingId::new(contact, Revision::new(1), 0);
    Outgoing::new(id, START, Content::Status(Status::new(crm, opted_out)))
}

pub(crate) fn answer(status: u16, body: impl ToString) -> Answer {
    let body = body.to_string().into_bytes();
    Ok(Response::builder().status(status).body(body).unwrap())
}

pub(crate) const ACCEPTED: Handover = Handover::Accepted { provider_id: None };

fn code(code: &str) -> Option<CarrierCode> {
    (!code.is_empty()).then(|| CarrierCode::new(code).unwrap())
}

pub(crate) fn again(word: &str) -> Handover {
    Handover::NotSent { retry: true, code: code(word) }
}

pub(crate) fn refused(word: &str) -> Handover {
    Handover::NotSent { retry: false, code: code(word) }
}

/// `Debug` of codes is redacted: what a test shows instead.
pub(crate) fn shown(handover: &Handover) -> String {
    match handover {
        Handover::NotSent { retry, code } => {
            let code = code.as_ref().map_or("", CarrierCode::as_str);
            format!("not sent, {}: {code}", if *retry { "again" } else { "refused" })
        }
        other => other.name().to_owned(),
    }
}

type Sending<'a> = Pin<Box<dyn Future<Output = Handover> + Send + 'a>>;

/// Statuses that are told at the same moment, polled in their order.
pub(crate) struct AtOnce<'a> {
    sending: Vec<Option<Sending<'a>>>,
    pub(crate) ended: Vec<Option<Handover>>,
}

impl<'a> AtOnce<'a> {
    pub(crate) fn new(outbox: &'a impl Outbox, statuses: &'a [Outgoing]) -> Self {
        let sending: Vec<Option<Sending<'a>>> = statuses
            .iter()
            .map(|status| Some(Box::pin(outbox.send(status)) as Sending<'a>))
            .collect();
        let ended = statuses.iter().map(|_| None).collect();
        Self { sending, ended }
    }

    /// Polls each that is not over once.
    pub(crate) fn poll(&mut self) {
        for (sending, ended) in self.sending.iter_mut().zip(&mut self.ended) {
            if ended.is_none()
                && let Some(future) = sending
            {
                *ended = poll_once(future.as_mut());
            }
        }
    }

    /// Polls this one alone, once.
    pub(crate) fn poll_only(&mut self, n: usize) {
        if let Some(future) = &mut self.sending[n] {
            self.ended[n] = poll_once(future.as_mut());
        }
    }

    pub(crate) fn drop_one(&mut self, n: usize) {
        self.sending[n] = None;
    }

    /// Polls until all that were not dropped are over.
    pub(crate) fn finish(mut self) -> Vec<Option<Handover>> {
        for _ in 0..1_000 {
            self.poll();
            let over = self.sending.iter().zip(&self.ended);
            if over.into_iter().all(|(sending, ended)| sending.is_none() || ended.is_some()) {
                return self.ended;
            }
        }
        unreachable!("somebody waits for ever: {:?}", self.ended);
    }
}
