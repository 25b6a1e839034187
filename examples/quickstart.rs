//! The shortest honest host: one contact, from the first text to the first message.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Contact, Content, Engine, Event, Handover, InboxId, Message, MessageId, Outbox,
    Outgoing, PhoneNumber, Text, blocking::block_on, store::SqliteStorage,
};

/// Where texts leave: a real host calls its SMS provider here.
struct Printer;

impl Outbox for Printer {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        if let Content::Text(text) = &outgoing.content {
            println!("   to contact | {}", text.body.as_str().replace('\n', " "));
        }
        Handover::Accepted { provider_id: None }
    }
}

/// The demo's own clock, from 2026-03-01T09:00:00Z on; a real host passes `Utc::now`.
static HOUR: AtomicI64 = AtomicI64::new(0);

fn clock() -> DateTime<Utc> {
    const BEGIN: DateTime<Utc> = DateTime::from_timestamp_nanos(1_772_355_600_000_000_000);
    BEGIN + chrono::TimeDelta::hours(HOUR.load(Ordering::Relaxed))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::temp_dir().join(format!("optin-quickstart-{}.db", std::process::id()));
    let engine = Engine::new(SqliteStorage::open(&file)?, Printer, clock);
    let contact = Contact::new(AccountId::new("acme")?, PhoneNumber::parse("+12065550100")?);
    let inbox = InboxId::new("+18885550100")?;

    for (hour, body) in [(0, "Hi!"), (1, "Hello?"), (13, "Yes please"), (14, "yes")] {
        HOUR.store(hour, Ordering::Relaxed);
        println!("{hour:>2} h contact | {body}");
        let id = MessageId::new(&format!("SM{hour}"))?;
        let text = Text::new(inbox.clone(), id, body);
        let outcome = block_on(engine.handle(&contact, Event::Texted(text)))?;
        println!("     decision | {} ({})", outcome.decision.name(), outcome.reason.name());
        if block_on(engine.permit(&contact))?.is_none() {
            println!("        staff | may not write yet");
        }
    }

    let permit = block_on(engine.permit(&contact))?.ok_or("the contact has not opted in")?;
    block_on(engine.send(permit, Message::new(inbox, "We are open until six.")))?;
    println!("the ledger and the contact are in {}", file.display());
    Ok(())
}
