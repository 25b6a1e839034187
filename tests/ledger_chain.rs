//! A chain is what was sealed, or the first bad entry is named.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use chrono::TimeDelta;
use optin::{
    Archive, Engine, Entry, Event, Handover, Outbox, Outgoing, Override,
    ledger::{BadEntry, ChainId, Field, Flaw, Hash, Head, Salts, Sealed, Verifier, encoding, seal},
    store::MemoryStorage,
};

use self::support::{Clock, START, account, contact, now_or_never, owner, texted};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let n = outgoing.id.revision.number();
        Handover::Accepted { provider_id: Some(support::message_id(&format!("out{n}"))) }
    }
}

/// A contact's entries over some conversations.
fn entries(count: usize) -> Vec<Entry> {
    let clock = Clock::at(START);
    let engine = Engine::new(MemoryStorage::new(), Provider, clock.reader());
    let history = || now_or_never(engine.storage().history(&contact(1), 0, count)).unwrap();
    for n in 0.. {
        if history().len() == count {
            break;
        }
        let words = ["Hi", "yes", "stop", "START", "what?", "Yes", "stop"][n % 7];
        now_or_never(engine.handle(&contact(1), texted(&format!("in{n}"), words))).unwrap();
        if n % 7 == 6 {
            let note = Some(optin::Note::new("by phone").unwrap());
            let event = Event::Overridden { actor: owner(), to: Override::Active, note };
            now_or_never(engine.handle(&contact(1), event)).unwrap();
        }
        clock.advance(TimeDelta::hours(13));
    }
    history()
}

struct Row {
    bytes: Vec<u8>,
    hash: Hash,
    json: String,
    entry: Entry,
    salts: Salts,
}

fn salts(n: usize) -> Salts {
    Salts([0, 1, 2, 3].map(|field| Hash::of(&[n as u8, (n >> 8) as u8, field]).0))
}

const CHAIN: ChainId = ChainId([7; 16]);

fn sealed(count: usize) -> (Vec<Row>, Head) {
    let mut head = Head::new(CHAIN);
    let rows = entries(count).into_iter().enumerate().map(|(n, entry)| {
        let (json, salts) = (serde_json::to_string(&entry).unwrap(), salts(n));
        let (bytes, next) = seal(&account(), &head, &entry, &json, &salts);
        head = next;
        Row { bytes, hash: head.hash, json, entry, salts }
    });
    let rows = rows.collect();
    (rows, head)
}

fn verify<'a>(rows: impl IntoIterator<Item = &'a Row>, head: &Head) -> Result<(), BadEntry> {
    let mut verifier = Verifier::new("acme").of_chain(CHAIN);
    for row in rows {
        let sealed = verifier.entry(&row.bytes, row.hash)?;
        sealed.discloses(&row.json, &row.entry, &row.salts)?;
    }
    verifier.end(head)
}

fn bad(sequence: u64, flaw: Flaw) -> BadEntry {
    BadEntry::new(sequence, flaw)
}

/// How many entries have each of their bytes flipped: `OPTIN_ENTRIES`, else 100.
fn size() -> usize {
    std::env::var("OPTIN_ENTRIES").map_or(100, |size| size.parse().unwrap())
}

#[test]
fn every_byte_flipped_is_found_and_its_entry_named() {
    let (mut rows, head) = sealed(size());
    verify(&rows, &head).unwrap();
    // What was verified of the entries before stays so.
    let mut before = Verifier::new("acme").of_chain(CHAIN);
    let mut flips = 0;
    for n in 0..rows.len() {
        let sequence = n as u64;
        for at in 0..rows[n].bytes.len() {
            rows[n].bytes[at] ^= 0x20;
            let found = before.clone().entry(&rows[n].bytes, rows[n].hash).unwrap_err();
            assert_eq!(found, bad(sequence, Flaw::Changed));
            // Whoever changes the stored hash too is found here, by what follows, or by the head.
            let forged = Hash::of(&rows[n].bytes);
            let hash = std::mem::replace(&mut rows[n].hash, forged);
            let mut verifier = before.clone();
            let rest = rows[n..].iter().take(2);
            let mut read = rest.map(|row| verifier.entry(&row.bytes, row.hash).err());
            let found = read.find_map(|error| error);
            let found = found.or_else(|| verifier.end(&head).err()).unwrap();
            assert!((sequence..=sequence + 1).contains(&found.sequence), "{found} for {n}");
            rows[n].hash = hash;
            rows[n].bytes[at] ^= 0x20;
            flips += 1;
        }
        let row = &rows[n];
        let sealed = before.entry(&row.bytes, row.hash).unwrap();
        for at in 0..row.json.len() {
            let mut changed = row.json.clone().into_bytes();
            changed[at] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            let found = sealed.discloses(&changed, &row.entry, &row.salts).unwrap_err();
            assert_eq!(found, bad(sequence, Flaw::NotCommitted { field: Field::Entry }));
            flips += 1;
        }
    }
    before.end(&head).unwrap();
    println!("{flips} flips in {} entries, each found", rows.len());
}

#[test]
fn entries_dropped_inserted_swapped_and_cut_off_are_found() {
    let (rows, head) = sealed(20);
    let without = |n: usize| rows.iter().enumerate().filter(move |(m, _)| *m != n).map(|(_, r)| r);
    for n in 0..20 {
        let expected = if n == 19 {
            bad(19, Flaw::CutOff { length: 20 })
        } else {
            bad(n as u64, Flaw::OutOfPlace { found: n as u64 + 1 })
        };
        assert_eq!(verify(without(n), &head), Err(expected));
        let cut = verify(&rows[..n], &head);
        assert_eq!(cut, Err(bad(n as u64, Flaw::CutOff { length: 20 })));
        let twice = rows[..=n].iter().chain(&rows[n..]);
        let found = Flaw::OutOfPlace { found: n as u64 };
        assert_eq!(verify(twice, &head), Err(bad(n as u64 + 1, found)));
    }
    for n in 0..19 {
        let mut order: Vec<_> = rows.iter().collect();
        order.swap(n, n + 1);
        let found = Flaw::OutOfPlace { found: n as u64 + 1 };
        assert_eq!(verify(order, &head), Err(bad(n as u64, found)));
    }
    let shorter = Head { length: 19, ..head };
    assert_eq!(verify(&rows, &shorter), Err(bad(19, Flaw::NotTheHead)));
    let other = Head { hash: Hash::of(b"other"), ..head };
    assert_eq!(verify(&rows, &other), Err(bad(19, Flaw::NotTheHead)));
    let other = Head { chain: ChainId([8; 16]), ..head };
    assert_eq!(verify(&rows, &other), Err(bad(19, Flaw::NotTheHead)));
}

/// Somebody who can seal makes the rest of the chain anew: only the head, kept elsewhere, tells.
#[test]
fn a_chain_made_anew_has_another_head() {
    let (rows, head) = sealed(10);
    let mut forged = Head::new(CHAIN);
    let mut others = Vec::new();
    for (n, row) in rows.into_iter().enumerate().filter(|(n, _)| *n != 4) {
        let (bytes, next) = seal(&account(), &forged, &row.entry, &row.json, &salts(n));
        forged = next;
        others.push(Row { bytes, hash: forged.hash, ..row });
    }
    verify(&others, &forged).unwrap();
    assert_eq!(verify(&others, &head), Err(bad(9, Flaw::CutOff { length: 10 })));
}

#[test]
fn an_entry_of_another_account_or_chain_is_found() {
    let (rows, _) = sealed(2);
    let mut verifier = Verifier::new("bolt");
    let error = verifier.entry(&rows[0].bytes, rows[0].hash).unwrap_err();
    assert_eq!(error.flaw, Flaw::OtherAccount);
    let mut verifier = Verifier::new("acme").of_chain(ChainId([8; 16]));
    let error = verifier.entry(&rows[0].bytes, rows[0].hash).unwrap_err();
    assert_eq!(error.flaw, Flaw::OtherChain);
    let mut verifier = Verifier::new("acme");
    verifier.entry(&rows[0].bytes, rows[0].hash).unwrap();
    let stray = Sealed { sequence: 1, ..Sealed::decode(&rows[0].bytes).unwrap() }.encode();
    let error = verifier.entry(&stray, Hash::of(&stray)).unwrap_err();
    assert_eq!(error.flaw, Flaw::DoesNotFollow);
}

#[test]
fn what_is_sealed_holds_no_number_and_no_text() {
    let (rows, _) = sealed(30);
    for row in &rows {
        let readable = String::from_utf8_lossy(&row.bytes);
        for secret in ["2065550", "YES", "STOP", "Thanks", "stop", "what?", "in0", "out1", "phone"]
        {
            assert!(!readable.contains(secret), "{secret} in {readable}");
        }
        let digits = row.entry.number.unwrap().to_digits();
        for bytes in [digits.to_be_bytes(), digits.to_le_bytes()] {
            assert!(
                !row.bytes.windows(5).any(|window| window == &bytes[..5] || window == &bytes[3..])
            );
        }
        let kept = row.entry.clone();
        let sealed = Sealed::decode(&row.bytes).unwrap();
        // Each field of an entry is hidden by a salt of its own.
        for field in Field::ALL {
            let commitment = sealed.commitment(field);
            assert!(
                commitment
                    .is_none_or(|it| it != Hash::of(kept.number.unwrap().to_e164().as_bytes()))
            );
        }
    }
}

#[test]
fn what_is_disclosed_must_be_what_was_committed_to() {
    let (rows, _) = sealed(3);
    let sealed = Sealed::decode(&rows[0].bytes).unwrap();
    let Row { json, entry, salts, .. } = &rows[0];
    assert_eq!(sealed.discloses(json, entry, salts), Ok(()));
    // The same facts in other bytes are other bytes.
    let spaced = json.replacen(':', ": ", 1);
    let error = sealed.discloses(&spaced, entry, salts).unwrap_err();
    assert_eq!(error.flaw, Flaw::NotCommitted { field: Field::Entry });
    for field in Field::ALL {
        let mut wrong = salts.clone();
        wrong.0[field as usize][31] ^= 1;
        let error = sealed.discloses(json, entry, &wrong).unwrap_err();
        assert_eq!(error.flaw, Flaw::NotCommitted { field });
    }
    let mut other = entry.clone();
    other.number = Some(contact(2).number());
    let error = sealed.discloses(json, &other, salts).unwrap_err();
    assert_eq!(error.flaw, Flaw::NotCommitted { field: Field::Number });
    let mut other = entry.clone();
    other.at = START + TimeDelta::hours(1);
    assert_eq!(sealed.discloses(json, &other, salts).unwrap_err().flaw, Flaw::AtOdds);
}

#[test]
fn the_bytes_are_those_of_the_specification() {
    let (rows, _) = sealed(1);
    let row = &rows[0];
    let mut expected = b"optin ledger entry 1\n".to_vec();
    let mut field = |content: Option<&[u8]>| match content {
        None => expected.extend([0xff; 4]),
        Some(content) => {
            expected.extend((content.len() as u32).to_be_bytes());
            expected.extend(content);
        }
    };
    field(Some(b"acme"));
    field(Some(&[7; 16]));
    field(Some(&0_u64.to_be_bytes()));
    field(Some(&[0; 32]));
    field(Some(&START.timestamp_millis().to_be_bytes()));
    field(Some(&0_u64.to_be_bytes()));
    field(Some(b"texted"));
    field(Some(b"decided"));
    field(Some(b"send_confirmation"));
    field(Some(b"new_contact"));
    field(Some(&1_u64.to_be_bytes()));
    field(None);
    let sent = optin::Policy::default();
    let number = contact(1).number().to_e164();
    let texts = [number.as_str(), "Hi", sent.prompt().text(), row.json.as_str()];
    for (text, salt) in texts.into_iter().zip(salts(0).0) {
        field(Some(&Hash::of(&[&salt[..], text.as_bytes()].concat()).0));
    }
    assert_eq!(row.bytes, expected);
    assert!(encoding::SPECIFICATION.contains("optin ledger entry 1"));
}

#[test]
fn bytes_that_are_no_entry_are_refused() {
    let (rows, _) = sealed(1);
    let bytes = &rows[0].bytes;
    assert!(Sealed::decode(bytes).is_ok());
    for cut in 0..bytes.len() {
        assert!(Sealed::decode(&bytes[..cut]).is_err());
    }
    assert!(Sealed::decode(&[&bytes[..], b"x"].concat()).is_err());
    let mut huge = bytes.clone();
    huge[21..25].copy_from_slice(&[0xff, 0xff, 0xff, 0xfe]);
    assert!(Sealed::decode(&huge).is_err());
}

#[test]
fn salts_are_silent_and_come_back_whole() {
    let salts = salts(3);
    assert_eq!(Salts::from_bytes(&salts.to_bytes()), Some(salts.clone()));
    assert_eq!(Salts::from_bytes(&salts.to_bytes()[1..]), None);
    assert_eq!(format!("{salts:?}"), "Salts(..)");
}
