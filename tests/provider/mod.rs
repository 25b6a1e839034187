//! What the tests of both providers share: a client in memory, the table of a module's
//! documentation, messages, flipped bits.
#![allow(dead_code, reason = "each test takes its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{collections::VecDeque, sync::Mutex};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{KeyInit, Mac};
use http::{HeaderMap, Request, Response};
use optin::{
    AccountId, CarrierCode, Contact, Content, Crm, Handover, InboxId, MessageId, MessageKind,
    Outgoing, OutgoingId, OutgoingText, PhoneNumber, Revision, Status,
    client::{CallFailed, Client},
};

pub(crate) type Answer = Result<Response<Vec<u8>>, CallFailed>;

/// Gives its answers in order and keeps the requests.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<Request<Vec<u8>>>>,
}

impl Wire {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), requests: Mutex::default() }
    }

    pub(crate) fn requests(&self) -> Vec<Request<Vec<u8>>> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

impl Client for Wire {
    async fn call(&self, request: Request<Vec<u8>>) -> Answer {
        self.requests.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().expect("one request more than answers")
    }
}

pub(crate) fn answer(status: u16, body: &str) -> Answer {
    Ok(Response::builder().status(status).body(body.into()).unwrap())
}

pub(crate) fn contact() -> Contact {
    let number = PhoneNumber::parse("+12065550100").unwrap();
    Contact::new(AccountId::new("acme").unwrap(), number)
}

pub(crate) fn message(from: &str, body: &str, at: DateTime<Utc>, until: DateTime<Utc>) -> Outgoing {
    let inbox = InboxId::new(from).unwrap();
    let text = OutgoingText::new(MessageKind::Message, inbox, body.to_owned(), until);
    Outgoing::new(OutgoingId::new(contact(), Revision::new(7), 0), at, Content::Text(text))
}

pub(crate) fn status(at: DateTime<Utc>) -> Outgoing {
    let content = Content::Status(Status::new(Crm::Hubspot, true));
    Outgoing::new(OutgoingId::new(contact(), Revision::new(7), 1), at, content)
}

/// The rows of a module's table of answers: the answer, and the hand-over it is taken for.
pub(crate) fn table(module: &str) -> Vec<(Answer, Handover)> {
    let (_, table) = module.split_once("//! | status | body | hand-over |\n").unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with("//! |"));
    rows.map(row).collect()
}

fn row(line: &str) -> (Answer, Handover) {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let [_, status, body, handover, _] = cells.try_into().unwrap();
    let bare = |cell: &str| cell.trim_matches('`').to_owned();
    let answered = match status {
        "no connection" => Err(CallFailed::NotSent),
        "time-out, cut connection" => Err(CallFailed::Unknown),
        status => answer(bare(status).parse().unwrap(), &bare(body)),
    };
    (answered, handover_of(handover))
}

fn handover_of(cell: &str) -> Handover {
    let quoted = cell.split('`').nth(1);
    let code = || quoted.map(|code| CarrierCode::new(code).unwrap());
    match cell.split(['`', ',']).next().unwrap().trim() {
        "accepted as" => {
            Handover::Accepted { provider_id: quoted.map(|id| MessageId::new(id).unwrap()) }
        }
        "not sent" => Handover::NotSent { retry: false, code: code() },
        "not sent for now" => Handover::NotSent { retry: true, code: code() },
        "blocked" => Handover::Blocked { code: code().unwrap() },
        "unknown" => Handover::Unknown,
        other => panic!("{other}"),
    }
}

/// Twilio's signature of a form, written here for the second time.
pub(crate) fn sign<M: Mac + KeyInit>(secret: &str, url: &str, form: &str) -> String {
    let mut pairs: Vec<(String, String)> =
        form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs.dedup();
    let signed: String = pairs.into_iter().map(|(name, value)| name + &value).collect();
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{url}{signed}").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Each of the bytes with each of its bits flipped.
pub(crate) fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + use<'_> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

/// The headers with each bit of their names and values flipped, where the result is a header.
pub(crate) fn flipped_headers(headers: &HeaderMap) -> Vec<(String, HeaderMap)> {
    let mut all = Vec::new();
    for (name, value) in headers {
        for changed in flipped(value.as_bytes()) {
            if let Ok(changed) = http::HeaderValue::from_bytes(&changed) {
                let mut headers = headers.clone();
                headers.insert(name, changed);
                all.push((name.to_string(), headers));
            }
        }
        for changed in flipped(name.as_str().as_bytes()) {
            // A name in capitals is the same name.
            if let Ok(changed) = http::HeaderName::from_bytes(&changed)
                && changed != name
            {
                let mut headers = headers.clone();
                headers.remove(name);
                headers.insert(changed, value.clone());
                all.push((name.to_string(), headers));
            }
        }
    }
    all
}
