//! The demonstration's contacts, one in every state: made by playing their conversations.
//!
//! Nothing is written into a table: each line goes through the engine, at its own hour.

use std::sync::Arc;

use chrono::TimeDelta;
use optin::{
    CarrierCode, Event, InvalidId, InvalidNote, InvalidNumber, MessageId, Note, Override,
    PhoneNumber, Source, Text,
};

use crate::{
    host::{Host, HostError},
    staff::STAFF,
    store::StoreError,
};

/// What happens in a conversation.
enum Act {
    Says(&'static str),
    Reads(&'static str),
    Added,
    Activated(&'static str),
    Stopped(&'static str),
    Blocked,
}

use Act::{Activated, Added, Blocked, Reads, Says, Stopped};

const PEOPLE: [(&str, &str); 11] = [
    ("+12065550100", "Maya Chen"),
    ("+12065550101", "Noah Adler"),
    ("+12065550102", "Olga Petrova"),
    ("+12065550103", "Priya Nair"),
    ("+12065550104", "Quinn Doyle"),
    ("+12065550105", "Rosa Lima"),
    ("+12065550106", "Sam Okoro"),
    ("+12065550107", "Tariq Aziz"),
    ("+12065550108", "Uma Lindqvist"),
    ("+12065550109", "Vera Novak"),
    ("+12065550110", "Wes Tanaka"),
];

/// Hours before the demonstration begins, who, and what.
const PLAY: [(i64, usize, Act); 35] = [
    (120, 2, Says("Hi, do you deliver to Ballard?")),
    (118, 4, Says("What are your opening hours?")),
    (117, 4, Says("yes")),
    (116, 2, Says("YES")),
    (115, 2, Reads("Hi Olga! We do, every weekday. Anything else?")),
    (114, 2, Says("No, that is all. Thank you!")),
    (110, 4, Reads("Hi Quinn, we are open nine to six.")),
    (100, 3, Says("Hello?")),
    (96, 5, Says("Is the red one back in stock?")),
    (95, 5, Says("Yes")),
    (90, 6, Says("Hey, it is Sam")),
    (88, 3, Says("Anybody there?")),
    (80, 6, Says("yes")),
    (76, 3, Says("Hello hello")),
    (72, 9, Says("Can I book for four on Friday?")),
    (71, 9, Says("YES")),
    (70, 9, Reads("Booked for Friday at seven, Vera.")),
    (64, 3, Says("I give up")),
    (60, 6, Blocked),
    (52, 3, Says("Still here, still waiting")),
    (50, 4, Says("STOP")),
    (48, 8, Says("Called you this morning about my order")),
    (47, 8, Activated("Agreed on the phone, recorded in ticket 4711")),
    (46, 8, Reads("Hi Uma, your order is on its way.")),
    (40, 5, Stopped("Asked at the till not to be texted any more")),
    (30, 9, Says("please stop texting me about parties")),
    (26, 1, Says("Hi there")),
    (25, 1, Says("Are you open on Sunday?")),
    (24, 7, Added),
    (13, 1, Says("Hello? Sunday?")),
    (5, 10, Says("<script>alert(1)</script> & <img src=x onerror=alert(2)>")),
    (4, 10, Says("\u{202e}desrever si siht\u{202c} 🦀👩‍👩‍👧‍👦 שלום")),
    (3, 10, Says("yes")),
    (2, 0, Says("Hi! Do you have a table for two tonight?")),
    (1, 0, Says("Hello?")),
];

/// Why the conversations could not be played to their end.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The engine or the host's tables.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The host's tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A number of the script.
    #[error(transparent)]
    Number(#[from] InvalidNumber),
    /// An id of the script.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// A note of the script.
    #[error(transparent)]
    Note(#[from] InvalidNote),
}

/// Plays the conversations, if this file is new; says whether it was.
///
/// # Errors
/// [`SeedError`]: begin with a new file.
pub async fn play(host: &Arc<Host>) -> Result<bool, SeedError> {
    if host.store.clock().await?.is_some() {
        return Ok(false);
    }
    let numbers = PEOPLE.map(|(number, _)| PhoneNumber::parse(number));
    for (number, (_, name)) in numbers.into_iter().zip(PEOPLE) {
        host.store.name(number?, name.into()).await?;
    }
    for (line, (hours, who, act)) in PLAY.into_iter().enumerate() {
        host.clock.set_ahead(TimeDelta::hours(-hours));
        let number = numbers.get(who).copied().unwrap_or(numbers[0])?;
        perform(host, number, format!("seed-{line}"), act).await?;
    }
    host.clock.set_ahead(TimeDelta::zero());
    host.store.set_clock(TimeDelta::zero()).await?;
    Ok(true)
}

async fn perform(
    host: &Arc<Host>,
    number: PhoneNumber,
    line: String,
    act: Act,
) -> Result<(), SeedError> {
    let admin = STAFF[1];
    let by_hand = |to, note: &str| -> Result<Event<'static>, InvalidNote> {
        Ok(Event::Overridden { actor: admin.actor(), to, note: Some(Note::new(note)?) })
    };
    let event = match act {
        Says(body) => {
            let text = Text::new(host.inbox.clone(), MessageId::new(&line)?, body);
            host.texted(number, text).await?;
            return Ok(());
        }
        Reads(body) => {
            host.send(number, admin.actor(), body.into(), &line).await?;
            return Ok(());
        }
        Added => Event::Added { source: Source::User, opted_out: None },
        Activated(note) => by_hand(Override::Active, note)?,
        Stopped(note) => by_hand(Override::OptedOut, note)?,
        Blocked => Event::CarrierBlocked { code: CarrierCode::new("21610")? },
    };
    host.happened(number, event).await?;
    Ok(())
}
