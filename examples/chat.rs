//! A conversation in the terminal: be the contact, be the staff, and move the clock.
//!
//! `cargo run --example chat`, and `/help` there. A conversation can be piped in.

use std::{
    io::{self, BufRead, IsTerminal},
    sync::atomic::{AtomicI64, Ordering::Relaxed},
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, ConsentState, Contact, Content, Engine, Event, Handover, InboxId, Message,
    MessageId, Outbox, Outgoing, PhoneNumber, Text, blocking::block_on, store::MemoryStorage,
};

const HELP: &str = "   Hi!         a text of the contact
   +12h        twelve hours pass; also +3d
   @Hello      a message of staff: only to who has opted in
   /as NUMBER  be another contact, from +12065550100 on
   /state      where the contact stands
   /quit       the end";

/// Minutes since the conversation began: its own clock, so that twelve hours pass at once.
static MINUTE: AtomicI64 = AtomicI64::new(0);

/// Minutes in a hundred years: later is no time of a conversation.
const LAST: i64 = 100 * 365 * 24 * 60;

fn clock() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(MINUTE.load(Relaxed))
}

/// The contact's phone.
struct Phone;

impl Outbox for Phone {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        if let Content::Text(text) = &outgoing.content {
            for line in text.body.as_str().lines() {
                println!("{:>10} | {line}", text.kind.name());
            }
        }
        Handover::Accepted { provider_id: None }
    }
}

struct Chat<C> {
    engine: Engine<MemoryStorage, Phone, C>,
    account: AccountId,
    inbox: InboxId,
    contact: Contact,
    texts: u32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = AccountId::new("acme")?;
    let mut chat = Chat {
        engine: Engine::new(MemoryStorage::new(), Phone, clock),
        contact: Contact::new(account.clone(), PhoneNumber::parse("+12065550100")?),
        account,
        inbox: InboxId::new("+18885550100")?,
        texts: 0,
    };
    let is_piped = !io::stdin().is_terminal();
    println!("You are +12065550100, and text a business. /help says what else you can be.");
    for line in io::stdin().lock().lines() {
        let line = line?;
        if is_piped {
            println!("> {line}");
        }
        match line.trim() {
            "/quit" => break,
            line => chat.follow(line)?,
        }
    }
    Ok(())
}

impl<C: Fn() -> DateTime<Utc> + Send + Sync> Chat<C> {
    fn follow(&mut self, line: &str) -> Result<(), Box<dyn std::error::Error>> {
        if line.is_empty() {
            Ok(())
        } else if let Some(minutes) = line.strip_prefix('+').and_then(minutes) {
            let now = MINUTE.load(Relaxed).saturating_add(minutes).min(LAST);
            MINUTE.store(now, Relaxed);
            println!("     clock | {}", clock().format("day %-j, %H:%M"));
            Ok(())
        } else if let Some(words) = line.strip_prefix('@') {
            self.staff_write(words)
        } else if let Some(command) = line.strip_prefix('/') {
            self.obey(command)
        } else {
            self.contact_writes(line)
        }
    }

    fn contact_writes(&mut self, words: &str) -> Result<(), Box<dyn std::error::Error>> {
        self.texts += 1;
        let id = MessageId::new(&format!("SM{}", self.texts))?;
        let text = Text::new(self.inbox.clone(), id, words);
        let outcome = block_on(self.engine.handle(&self.contact, Event::Texted(text)))?;
        println!("  decision | {} ({})", outcome.decision.name(), outcome.reason.name());
        Ok(())
    }

    fn staff_write(&self, words: &str) -> Result<(), Box<dyn std::error::Error>> {
        match block_on(self.engine.permit(&self.contact))? {
            Some(permit) => {
                let message = Message::new(self.inbox.clone(), words.trim());
                block_on(self.engine.send(permit, message))?;
            }
            None => println!("   refused | the contact has not opted in"),
        }
        Ok(())
    }

    fn obey(&mut self, command: &str) -> Result<(), Box<dyn std::error::Error>> {
        match command.split_once(' ').unwrap_or((command, "")) {
            ("state", _) => println!("     state | {}", self.state()?),
            ("as", number) => match PhoneNumber::parse(number.trim()) {
                Ok(number) => {
                    self.contact = Contact::new(self.account.clone(), number);
                    println!("     state | {}", self.state()?);
                }
                Err(error) => println!("     wrong | {error}"),
            },
            _ => println!("{HELP}"),
        }
        Ok(())
    }

    fn state(&self) -> Result<String, Box<dyn std::error::Error>> {
        let Some(contact) = block_on(self.engine.contact(&self.contact))? else {
            return Ok("absent: has never written".into());
        };
        let detail = match contact.state {
            ConsentState::Pending(pending) => match contact.next_reminder_at {
                Some(at) => format!(
                    "prompts {}, the next from {} on, in answer to a text",
                    pending.prompts_used,
                    at.format("day %-j, %H:%M"),
                ),
                None => format!("prompts {}, none is due", pending.prompts_used),
            },
            ConsentState::Active { how, .. } => format!("by {}", how.name()),
            ConsentState::OptedOut { by, .. } => format!("by {}", by.name()),
        };
        Ok(format!("{}: {detail}", contact.standing.name()))
    }
}

/// `12h`, `3d` or `30m`.
fn minutes(time: &str) -> Option<i64> {
    let unit = match time.bytes().last()? {
        b'm' => 1,
        b'h' => 60,
        b'd' => 24 * 60,
        _ => return None,
    };
    let count: u32 = time.get(..time.len() - 1)?.trim().parse().ok()?;
    Some(i64::from(count) * unit)
}
