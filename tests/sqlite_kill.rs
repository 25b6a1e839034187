//! A writing process killed with `kill -9`: nothing acknowledged is lost, state and ledger agree.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use black_box::{Scratch, replay, replay_binary};
use chrono::{DateTime, Utc};
use optin::{
    AccountId, Archive, Contact, Decision, Engine, Event, Handover, InboxId, MessageId, Outbox,
    Outgoing, PhoneNumber, Reason, Storage, Text, blocking::block_on, store::SqliteStorage,
};

/// `OPTIN_KILLS` sets how often; the long run asks for thousands.
fn rounds() -> u64 {
    std::env::var("OPTIN_KILLS").map_or(50, |rounds| rounds.parse().unwrap())
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let scratch = Scratch::new("kill");
    let store = scratch.path("consent.db");
    let seed = std::env::var("OPTIN_SEED").map_or(20_261_123, |seed| seed.parse().unwrap());
    println!("OPTIN_SEED={seed}");
    let mut chance = Chance(seed);
    let mut acknowledged = 0;
    for round in 0..rounds() {
        let lines: Vec<Line> = (0..60).map(|n| Line::new(round, n, &mut chance)).collect();
        let acks = write_until_killed(&store, &lines, chance.below(50));
        acknowledged += acks.len();
        let in_memory: Vec<String> = lines.iter().map(Line::json).collect();
        let expected = replay(&[], &in_memory.join("\n"));
        let expected: Vec<&str> = expected.lines().take(acks.len()).collect();
        assert_eq!(acks, expected, "round {round}");
        check(&store, &lines[..acks.len()], &acks, round);
    }
    println!("{} kills, {acknowledged} texts acknowledged, 0 lost", rounds());
}

/// One text of one of five contacts of the round.
struct Line {
    number: String,
    id: String,
    text: &'static str,
    second: u64,
}

impl Line {
    fn new(round: u64, n: u64, chance: &mut Chance) -> Self {
        let texts = ["Hi", "YES", "STOP", "START", "What?", "no"];
        Self {
            number: format!("+1206{:07}", round * 5 + chance.below(5)),
            id: format!("{round}-{n}"),
            text: texts[usize::try_from(chance.below(6)).unwrap()],
            second: round * 100 + n,
        }
    }

    fn at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_000_000 + i64::try_from(self.second).unwrap(), 0).unwrap()
    }

    fn json(&self) -> String {
        let Self { number, id, text, .. } = self;
        let at = self.at().to_rfc3339();
        format!(
            r#"{{"type":"inbound","at":"{at}","account":"acme","contact":"{number}","inbox":"+18885550100","id":"{id}","text":"{text}"}}"#
        )
    }

    fn contact(&self) -> Contact {
        Contact::new(AccountId::new("acme").unwrap(), PhoneNumber::parse(&self.number).unwrap())
    }

    fn event(&self) -> Event<'static> {
        let inbox = InboxId::new("+18885550100").unwrap();
        Event::Texted(Text::new(inbox, MessageId::new(&self.id).unwrap(), self.text))
    }
}

/// Writes line by line, and kills the process with a line in the air once `after` came back.
fn write_until_killed(store: &Path, lines: &[Line], after: u64) -> Vec<String> {
    let mut process = start(store);
    let mut to = process.stdin.take().unwrap();
    let mut from = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut acks = Vec::new();
    for line in lines {
        writeln!(to, "{}", line.json()).unwrap();
        to.flush().unwrap();
        if acks.len() as u64 == after {
            break;
        }
        acks.push(from.next().unwrap().unwrap());
    }
    process.kill().unwrap();
    process.wait().unwrap();
    // What came back before the end came is acknowledged too.
    acks.extend(from.map_while(Result::ok).filter(|line| line.ends_with('}')));
    acks
}

fn start(store: &Path) -> Child {
    Command::new(replay_binary())
        .arg("--store")
        .arg(store)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn check(store: &Path, lines: &[Line], acks: &[String], round: u64) {
    let last = lines.last().map_or_else(Utc::now, Line::at);
    let engine = Engine::new(SqliteStorage::open(store).unwrap(), Nobody, move || last);
    for (line, ack) in lines.iter().zip(acks) {
        // What an active contact says without consequence need not be remembered (R4.1).
        let is_chat = !["YES", "STOP", "START"].contains(&line.text);
        if is_chat && ack.contains(r#""reason":"active""#) {
            continue;
        }
        let again = block_on(engine.handle(&line.contact(), line.event())).unwrap();
        assert_eq!(again.decision, Decision::None, "round {round}: {}", line.id);
        let known = again.reason == Reason::Duplicate || is_chat && again.reason == Reason::Active;
        assert!(known, "round {round}: {} {}", line.id, again.reason.name());
    }
    let account = AccountId::new("acme").unwrap();
    for (number, record) in block_on(engine.storage().contacts(&account, None, 10_000)).unwrap() {
        let contact = Contact::new(account.clone(), number);
        let entries = block_on(engine.storage().history(&contact, 0, 10_000)).unwrap();
        assert_eq!(optin::consent::ledger::fold(&entries).unwrap(), Some(record), "round {round}");
        let loaded = block_on(engine.storage().load(&contact)).unwrap();
        assert_eq!(loaded.record, Some(record));
    }
}

struct Nobody;

impl Outbox for Nobody {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        panic!("a duplicate sends nothing")
    }
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
