//! What is not shown of evidence is said to be there: what was sealed of it, and where it leads.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use chrono::{FixedOffset, TimeDelta};
use optin::{
    Actor, ActorId, Archive, CarrierCode, Engine, Event, Handover, Note, Outbox, Outgoing,
    Override, Role, Source, Standing, Storage,
    blocking::block_on,
    ledger::{Evidence, Proof},
    store::MemoryStorage,
};

use self::support::{Clock, START, contact, owner, texted};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

/// Contact 1 is asked, confirms, opts out: entry 3 is the opt-out, 4 the end of its answer.
fn played() -> (MemoryStorage, Evidence) {
    let (storage, clock) = (MemoryStorage::new(), Clock::at(START));
    let engine = Engine::new(&storage, Provider, clock.reader());
    for (n, words) in ["Hi", "YES", "stop"].into_iter().enumerate() {
        block_on(engine.handle(&contact(1), texted(&format!("in{n}"), words))).unwrap();
        clock.advance(TimeDelta::hours(1));
    }
    let evidence = block_on(Evidence::gather(&storage, &contact(1))).unwrap().unwrap();
    (storage, evidence)
}

/// The evidence as somebody passes it on who leaves out what these entries say.
fn without(evidence: &Evidence, entries: &[usize]) -> Evidence {
    let mut blacked = evidence.clone();
    for n in entries {
        (blacked.entries[*n].entry, blacked.entries[*n].salts) = (None, None);
    }
    blacked
}

fn page(evidence: &Evidence, proof: &Proof) -> String {
    evidence.to_html(proof, FixedOffset::east_opt(0).unwrap())
}

#[test]
fn an_opt_out_that_was_left_out_is_named_with_its_time_everywhere() {
    let (_, evidence) = played();
    let whole = evidence.verify(&[]).unwrap();
    let opt_out = whole.facts.iter().position(optin::ledger::evidence::Facts::is_opt_out);
    assert_eq!((whole.entries.len(), opt_out), (5, Some(3)));
    let evidence = without(&evidence, &[3]);
    let proof = evidence.verify(&[]).unwrap();
    assert_eq!((proof.record, &proof.facts), (None, &whole.facts));
    let hidden: Vec<_> = proof.hidden().map(|(n, facts)| (n, facts.to_string())).collect();
    let sealed = "2026-03-01 11:00:00 UTC: texted, decided opt_out (opt_out_keyword), revision 4 \
                  from then on, under settings 0";
    assert_eq!(hidden, [(3, sealed.to_string())]);
    let proven = proof.proven();
    for said in [
        "entry 3, not shown, is an opt-out (opt_out_keyword) at 2026-03-01 11:00:00 UTC",
        "by what was sealed the contact is opted out, and may not be messaged (opted_out, \
         revision 4): entry 3, which made the last change, is not shown",
        "4 entries are about the number +12065550001: they say so, and it is what was sealed",
    ] {
        assert!(proven.iter().any(|it| it == said), "{said}\n{proven:#?}");
    }
    let said = "what entry 3 says, and about which number: not shown: erased, pruned or left out";
    assert!(proof.not_proven().iter().any(|it| it == said), "{:#?}", proof.not_proven());
    let page = page(&evidence, &proof);
    let row = "<tr><td>3</td><td>2026-03-01 11:00:00</td><td><em>Not shown: erased, pruned or left \
               out.</em> Sealed of it: \u{201c}<code>texted</code>\u{201d}, \
               \u{201c}<code>decided</code>\u{201d} \u{201c}<code>opt_out</code>\u{201d}, reason \
               \u{201c}<code>opt_out_keyword</code>\u{201d}, revision 4 from then on: from then on \
               <strong>opted out</strong> (opted_out)</td><td>0</td></tr>";
    assert!(page.contains(row), "{page}");
}

#[test]
fn what_was_pruned_is_not_shown_and_the_rest_holds() {
    let (storage, whole) = played();
    let words = whole.verify(&[]).unwrap();
    block_on(storage.prune_texts(START + TimeDelta::hours(1))).unwrap();
    let evidence = block_on(Evidence::gather(&storage, &contact(1))).unwrap().unwrap();
    assert!(!evidence.to_json().unwrap().contains("\\\"Hi\\\""));
    let proof = evidence.verify(&[]).unwrap();
    let shown: Vec<_> = proof.entries.iter().map(Option::is_some).collect();
    assert_eq!(shown, [false, false, true, true, true]);
    // The last change is shown, and says what the record is from then on.
    assert_eq!(proof.record, block_on(storage.load(&contact(1))).unwrap().record);
    assert_eq!((proof.record, &proof.facts), (words.record, &words.facts));
    let said =
        "what entries 0 to 1 say, and about which number: not shown: erased, pruned or left out";
    assert!(proof.not_proven().iter().any(|it| it == said), "{:#?}", proof.not_proven());
}

#[test]
fn a_chain_of_which_nothing_is_shown_still_says_where_it_leads() {
    let (_, evidence) = played();
    let evidence = without(&evidence, &[0, 1, 2, 3, 4]);
    let proof = evidence.verify(&[]).unwrap();
    assert_eq!((proof.number, proof.record), (None, None));
    let standings: Vec<_> = proof.facts.iter().map(|facts| facts.standing()).collect();
    let (pending, active) = (Some(Standing::Pending), Some(Standing::Active));
    assert_eq!(standings, [pending, None, active, Some(Standing::OptedOut), None]);
    let last = proof.not_proven().pop().unwrap();
    assert_eq!(last, "whose number it is, and who held the phone");
    assert!(page(&evidence, &proof).contains("contact <strong>not shown</strong>"));
    // Cut before the opt-out: where it ended then.
    let mut cut = without(&evidence, &[0, 1, 2]);
    cut.entries.truncate(3);
    cut.head = cut.entries[2].hash.clone();
    let cut = cut.verify(&[]).unwrap();
    let said = "by what was sealed the contact may be messaged (active, revision 3): entry 2, \
                which made the last change, is not shown";
    assert!(cut.proven().iter().any(|it| it == said));
    assert_eq!((proof.standing(), cut.standing()), (Some(Standing::OptedOut), active));
}

#[test]
fn no_letter_of_the_page_is_hidden_and_no_id_poses_as_its_words() {
    let storage = MemoryStorage::new();
    let engine = Engine::new(&storage, Provider, || START);
    let words = "<script>\u{202e}a\u{61c}b\u{200b}c\u{0}d\u{1b}[31me\u{2028}f\u{feff}g\u{e0041}h\
                 \u{ad}i\u{3164}j \u{1f469}\u{200d}\u{1f52c} \u{2764}\u{fe0f} S\u{200d}T\u{fe0f}";
    block_on(engine.handle(&contact(1), texted("a", words))).unwrap();
    let id = "ana\u{201d} did nothing.\n\n What was proven: \u{201c}<img src=x>";
    let actor = Actor::new(ActorId::new(id).unwrap(), Role::Owner);
    let note = Some(Note::new(words).unwrap());
    let event = Event::Overridden { actor, to: Override::OptedOut, note };
    block_on(engine.handle(&contact(1), event)).unwrap();
    let code = CarrierCode::new("<b>\u{200b}\"'").unwrap();
    block_on(engine.handle(&contact(1), Event::CarrierBlocked { code })).unwrap();
    let evidence = block_on(Evidence::gather(&storage, &contact(1))).unwrap().unwrap();
    let shown = page(&evidence, &evidence.verify(&[]).unwrap());
    let words = "&lt;script&gt;[U+202E]a[U+061C]b[U+200B]c[U+0000]d[U+001B][31me[U+2028]f[U+FEFF]g\
                 [U+E0041]h[U+00AD]i[U+3164]j \u{1f469}\u{200d}\u{1f52c} \u{2764}\u{fe0f} \
                 S[U+200D]T[U+FE0F]";
    assert_eq!(shown.matches(words).count(), 2, "{shown}");
    let id = "\u{201c}<code>ana[U+201D] did nothing.[U+000A][U+000A] What was proven: [U+201C]\
              &lt;img src=x&gt;</code>\u{201d}";
    assert!(shown.contains(&format!("{id} set the contact opted out")), "{shown}");
    assert!(shown.contains("\u{201c}<code>&lt;b&gt;[U+200B]&quot;&#39;</code>\u{201d}"));
    // Nor where the entries are not shown, or in sentences.
    let hidden = without(&evidence, &[0, 1, 2, 3]);
    let proof = hidden.verify(&[]).unwrap();
    assert!(page(&hidden, &proof).contains(&format!(", by {id}")));
    let sealed: String = proof.hidden().map(|(_, facts)| facts.to_string()).collect();
    assert!(sealed.contains("by \u{201c}ana[U+201D] did nothing.[U+000A]"), "{sealed}");
}

/// Whatever is left out, the seals lead where the record does, or say that they do not tell.
#[test]
fn the_seals_of_any_history_lead_where_its_record_does() {
    let (mut told, mut total) = (0, 0);
    for seed in 0..100_u64 {
        let (storage, clock) = (MemoryStorage::new(), Clock::at(START));
        let engine = Engine::new(&storage, Provider, clock.reader());
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for n in 0..12 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let said = [None, Some(true), Some(false)][(random >> 8) as usize % 3];
            let event = match random % 9 {
                0 => Event::Added { source: Source::Csv, opted_out: said },
                1 => Event::CarrierBlocked { code: CarrierCode::new("21610").unwrap() },
                2 => Event::DeclaredExisting { actor: owner() },
                3 => {
                    let to = if said.is_none() { Override::Active } else { Override::OptedOut };
                    let note = Some(Note::new("by phone").unwrap());
                    Event::Overridden { actor: owner(), to, note }
                }
                4 => texted(&format!("{n}"), "STOP"),
                5 => texted(&format!("{n}"), "START"),
                6 => texted(&format!("{n}"), "yes"),
                7 => texted(&format!("{n}"), "HELP"),
                _ => texted(&format!("{n}"), "How much?"),
            };
            let _ = block_on(engine.handle(&contact(1), event));
            clock.advance(TimeDelta::hours(13));
            let gathered = block_on(Evidence::gather(&storage, &contact(1))).unwrap();
            let Some(evidence) = gathered else { continue };
            let record = block_on(storage.load(&contact(1))).unwrap().record.unwrap();
            let shown = evidence.verify(&[]).unwrap();
            assert_eq!(shown.standing(), Some(record.state.standing()), "{seed}");
            let all: Vec<usize> = (0..evidence.entries.len()).collect();
            let hidden = without(&evidence, &all).verify(&[]).unwrap().standing();
            assert!(hidden.is_none() || hidden == shown.standing(), "{seed}: {:#?}", shown.facts);
            told += usize::from(hidden.is_some());
            total += 1;
        }
    }
    println!("{told} of {total}");
    assert!(told > total * 3 / 4, "{told} of {total}");
}
