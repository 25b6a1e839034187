//! Evidence as a page that a lawyer can read: one file of HTML, nothing to load.

use alloc::{
    format,
    string::{String, ToString},
};
use core::fmt::Write as _;

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, FixedOffset, Utc};

use super::{
    Evidence, Facts, Proof,
    plain::{decided, names, stands},
    visible::{name, visible},
};
use crate::consent::{
    decision::Decision,
    event::{Ending, Event, Override, Settled},
    id::CarrierCode,
    ledger::{Entry, Fact, Verdict},
    outgoing::{MessageKind, OutgoingText},
};
use crate::ledger::hash::Hash;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;\
padding:0 1rem;color:#1a1a1a;background:#fff}table{border-collapse:collapse;width:100%}\
td,th{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #ccc}\
th{font-size:.9rem}blockquote{margin:.2rem 0;padding:.2rem .8rem;border-left:3px solid #777;\
white-space:pre-wrap;overflow-wrap:anywhere}code,li,td:nth-child(3){overflow-wrap:anywhere}code{background:#eee}\
@media(max-width:40rem){td,th{padding:.4rem .2rem}}@media print{body{margin:0}}";

/// What a host that serves the page may say of it (`Content-Security-Policy`): its own style and
/// nothing else.
pub fn content_security_policy() -> String {
    let style = BASE64_STANDARD.encode(Hash::of(STYLE.as_bytes()).0);
    format!("default-src 'none'; style-src 'sha256-{style}'")
}

impl Evidence {
    /// The page: the conversation with times in this zone, what was proven and what was not, and
    /// how to verify it oneself.
    ///
    /// `proof` is what [`verify`](Self::verify) said of the same evidence.
    pub fn to_html(&self, proof: &Proof, zone: FixedOffset) -> String {
        let mut page =
            String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
        let _ = writeln!(
            page,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">",
            content_security_policy()
        );
        page.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n");
        let _ = write!(
            page,
            "<title>Evidence of consent</title><style>{STYLE}</style></head>\n<body><main>\n"
        );
        let number = proof.number.map_or_else(|| "not shown".into(), |number| number.to_e164());
        let _ = write!(
            page,
            "<h1>Evidence of consent</h1>\n<p>Account {}, contact <strong>{}</strong>. Times are \
             UTC{zone}.</p>\n",
            id(self.account.as_str()),
            escaped(&number),
        );
        page.push_str("<h2>What happened</h2>\n<table><thead><tr><th>Entry</th><th>When</th><th>What</th><th>Settings,<br>revision</th></tr></thead><tbody>\n");
        for ((n, entry), facts) in (0..).zip(&proof.entries).zip(&proof.facts) {
            match entry {
                Some(entry) => row(&mut page, n, entry, zone),
                None => hidden(&mut page, n, facts, zone),
            }
        }
        page.push_str("</tbody></table>\n");
        list(&mut page, "What was proven", &proof.proven());
        list(&mut page, "What was not proven", &proof.not_proven());
        self.how_to(&mut page, proof);
        page.push_str("</main></body></html>\n");
        page
    }

    fn how_to(&self, page: &mut String, proof: &Proof) {
        let _ = write!(
            page,
            "<h2>How to verify this</h2>\n<p>This page shows a file of evidence. Ask for that file, \
             and get the public key of whoever signed it from elsewhere. Then anyone can check it \
             with the program <code>verify</code> of the crate <code>optin</code>, or with one of \
             their own: the format is documented field by field.</p>\n<p>Chain <code>{}</code>, last \
             hash <code>{}</code>, {} entries.</p>\n",
            escaped(&self.chain),
            escaped(&self.head),
            self.entries.len(),
        );
        if let (Some(note), Some(checkpoint)) = (&self.checkpoint, &proof.checkpoint) {
            let _ = write!(
                page,
                "<p>Checkpoint of {}:</p>\n<blockquote>{}</blockquote>\n",
                id(&checkpoint.origin),
                escaped(note)
            );
        }
    }
}

fn list(page: &mut String, heading: &str, sentences: &[String]) {
    let _ = write!(page, "<h2>{heading}</h2>\n<ul>\n");
    for sentence in sentences {
        let _ = writeln!(page, "<li>{}</li>", escaped(sentence));
    }
    page.push_str("</ul>\n");
}

/// An entry of which there is no more than what was sealed in plain words.
fn hidden(page: &mut String, n: u64, facts: &Facts, zone: FixedOffset) {
    let Facts { at, kind, verdict, decision, reason, revision, actor, policy_revision } = facts;
    let _ = write!(
        page,
        "<tr><td>{n}</td><td>{}</td><td><em>Not shown: erased, pruned or left out.</em> Sealed of \
         it: {}, {}",
        time(*at, zone),
        id(kind),
        id(verdict)
    );
    for (before, sealed) in [(" ", decision), (", reason ", reason)] {
        if let Some(sealed) = sealed {
            let _ = write!(page, "{before}{}", id(sealed));
        }
    }
    if let Some(actor) = actor {
        let _ = write!(page, ", by {}", id(actor.as_str()));
    }
    if let Some(revision) = revision {
        let _ = write!(page, ", revision {revision} from then on");
    }
    if let Some(standing) = facts.standing() {
        let _ = write!(page, ": from then on {}", stands(standing));
    }
    let _ = writeln!(page, "</td><td>{policy_revision}</td></tr>");
}

fn row(page: &mut String, n: u64, entry: &Entry, zone: FixedOffset) {
    let _ = write!(page, "<tr><td>{n}</td><td>{}</td><td>{}", time(entry.at, zone), what(entry));
    match &entry.verdict {
        Verdict::Decided { decision, reason, record, text } => {
            if let Some(text) = text {
                page.push_str(&written(text));
            }
            // How a hand-over ended is said in words already.
            if is_settled(&entry.fact) && *decision == Decision::None {
                let _ = write!(page, " {}", names(*decision, *reason));
            } else {
                let _ = write!(page, "<br>{}", decided(*decision, *reason));
            }
            if let Some(record) = record {
                let _ = write!(page, ": from then on {}", stands(record.state.standing()));
            }
        }
        Verdict::PolicySet { revision, .. } => {
            let _ = write!(page, "<br>settings, revision {}", revision.number());
        }
        Verdict::Refused(refusal) => {
            let words = escaped(&refusal.to_string());
            let _ = write!(page, "<br>refused: {words} ({})", refusal.name());
        }
    }
    let _ = writeln!(page, "</td><td>{}</td></tr>", entry.policy_revision.number());
}

fn what(entry: &Entry) -> String {
    let event = match &entry.fact {
        Fact::Event(event) => event,
        Fact::PolicyChanged { actor } => {
            return format!("{} changed the settings", id(actor.id().as_str()));
        }
    };
    match &**event {
        Event::Texted(text) => format!(
            "The contact wrote, to {}:<blockquote>{}</blockquote>",
            id(text.inbox.as_str()),
            escaped(text.body.as_str())
        ),
        Event::Added { source, opted_out } => {
            let said = match opted_out {
                Some(true) => ", as opted out",
                Some(false) => ", as not opted out",
                None => "",
            };
            format!("Added by {}{said}", source.name())
        }
        Event::DeclaredExisting { actor } => {
            format!("{} declared an existing conversation", id(actor.id().as_str()))
        }
        Event::Overridden { actor, to, note } => {
            let to = match to {
                Override::Active => "active",
                Override::OptedOut => "opted out",
            };
            let note = note.as_ref().map_or_else(String::new, |note| {
                format!("<blockquote>{}</blockquote>", escaped(note.as_str()))
            });
            format!("{} set the contact {to}{note}", id(actor.id().as_str()))
        }
        Event::CarrierBlocked { code } => {
            format!("The provider said that the number is blocked ({})", id(code.as_str()))
        }
        Event::MessageRequested(message) => {
            let actor = message.actor.as_ref().map(|actor| id(actor.id().as_str()));
            format!("A message by {}", actor.unwrap_or_else(|| "the business".into()))
        }
        Event::StatusRequested { crm } => format!("{} asked for the status", crm.name()),
        Event::Settled(settled) => ended(settled),
    }
}

fn is_settled(fact: &Fact) -> bool {
    matches!(fact, Fact::Event(event) if matches!(**event, Event::Settled(_)))
}

fn ended(settled: &Settled) -> String {
    let what = kind(settled.kind);
    let coded = |code: &Option<CarrierCode>| {
        code.as_ref().map_or_else(String::new, |code| format!(" ({})", id(code.as_str())))
    };
    let ended = match &settled.ending {
        Ending::Accepted { provider_id } => {
            let taken = provider_id.as_ref().map(|taken| format!(" as {}", id(taken.as_str())));
            format!("was accepted by the provider{}", taken.unwrap_or_default())
        }
        Ending::NotSent { code } => format!("was not sent by the provider{}", coded(code)),
        Ending::Blocked { code } => {
            format!("was blocked by the provider ({})", id(code.as_str()))
        }
        Ending::Unknown => "may have been sent or not: nobody knows".into(),
        Ending::Expired => "was not sent: it was too late for it".into(),
        Ending::Retry { .. } => "was not sent by the provider yet".into(),
        Ending::SetAside => "was not sent by the provider, and was set aside".into(),
    };
    format!("{what} {ended}")
}

fn written(text: &OutgoingText) -> String {
    format!(
        "<br>{}, from {}: {}<blockquote>{}</blockquote>",
        if text.answers.is_some() { "Written in answer" } else { "Written" },
        id(text.from.as_str()),
        of_kind(text.kind),
        escaped(text.body.as_str())
    )
}

/// The same within a sentence.
fn of_kind(of: MessageKind) -> String {
    let (first, rest) = kind(of).split_at(1);
    first.to_lowercase() + rest
}

fn kind(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Confirmation => "The request to confirm",
        MessageKind::Reminder => "A reminder",
        MessageKind::OptedOut => "The answer to the opt-out",
        MessageKind::Help => "The answer to the call for help",
        MessageKind::Confirmed => "The answer to the confirmation",
        MessageKind::Message => "A message",
    }
}

fn time(at: DateTime<Utc>, zone: FixedOffset) -> String {
    format!("{}", at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S"))
}

/// A name that somebody chose, set apart from the words around it.
fn id(text: &str) -> String {
    format!("\u{201c}<code>{}</code>\u{201d}", escaped(&name(text)))
}

/// Text as HTML shows it, and nothing more: what cannot be seen is named instead.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in visible(text).chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(char),
        }
    }
    escaped
}
