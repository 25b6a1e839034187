//! The ends of what a host may hand in: times, names, numbers and words.

use alloc::{format, string::String, vec, vec::Vec};

use crate::{
    conformance::{
        case::cases,
        failure::{Verdict, holds, only, same},
        probe::Probe,
        sample::{
            LEASE, account, at, contact, ends_of_time, inbox, keep, message_id, number, queue,
            queue_text, record, step, text, text_of_words, with_state,
        },
    },
    consent::{
        contact::Contact,
        outgoing::{Content, MessageKind, Outgoing},
        record::{Record, RestartWindow},
        state::{ConsentState, OptOut},
    },
    storage::{Change, Commit, Committed, Mark, Storage, Task, Then},
};

cases! { Storage:
    the_first_and_the_last_time_of_a_record_are_kept,
    the_first_and_the_last_time_of_a_message_are_kept,
    milliseconds_are_kept,
    a_claim_at_the_ends_of_time_holds,
    a_retry_at_the_end_of_time_waits,
    the_longest_names_are_kept,
    the_shortest_and_the_longest_number_are_kept,
    a_body_of_a_megabyte_is_kept,
    any_words_are_kept,
    a_claim_without_a_limit_takes_all,
}

fn the_first_and_the_last_time_of_a_record_are_kept<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for (n, time) in (1..).zip(ends_of_time()) {
        let state = ConsentState::OptedOut { by: OptOut::Contact, since: time };
        let record = Record {
            help_replied_at: Some(time),
            restarts: Some(RestartWindow { began: time, count: u8::MAX }),
            ..with_state(1, state)
        };
        let mark = Some(Mark::Text { inbox: inbox("in"), id: message_id(&format!("SM{n}")) });
        let commit = Commit { change: Change::Put(record), mark, ..keep(&contact(n), 0) };
        probe.applies(Commit { at: time, ..commit })?;
        probe.has(&contact(n), Some(record))?;
    }
    Ok(())
}

/// A text decided, and to be handed over, at this time at the latest.
fn text_until(n: u64, time: chrono::DateTime<chrono::Utc>) -> Outgoing {
    let mut message = Outgoing { decided_at: time, ..text(&contact(n), 1) };
    if let Content::Text(text) = &mut message.content {
        text.not_after = time;
    }
    message
}

fn the_first_and_the_last_time_of_a_message_are_kept<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let tasks = [Task::Expired, Task::HandOver];
    for ((n, time), task) in (1..).zip(ends_of_time()).zip(tasks) {
        let message = text_until(n, time);
        probe.applies(queue(&contact(n), 1, vec![message.clone()]))?;
        let claim = probe.only_due(0)?;
        same("the message", claim.outgoing, message)?;
        same("the task", claim.task, task)?;
    }
    Ok(())
}

fn milliseconds_are_kept<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for (n, millis) in (1..).zip([-1, 1, 999, 1_001, -999_999_999_999, -1_772_355_600_001]) {
        let state = ConsentState::OptedOut { by: OptOut::Contact, since: at(millis) };
        let record = with_state(1, state);
        let message = text_until(n, at(millis));
        let commit = queue(&contact(n), 1, vec![message.clone()]);
        probe.applies(Commit { change: Change::Put(record), ..commit })?;
        probe.has(&contact(n), Some(record))?;
        same("the message", probe.only_due(0)?.outgoing, message)?;
    }
    Ok(())
}

fn a_claim_at_the_ends_of_time_holds<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let [first, last] = ends_of_time();
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = only("due", probe.claim(first, last, 10)?)?;
    same("the task", claim.task, Task::HandOver)?;
    same("the end of the claim", claim.until, last)?;
    probe.nothing_due(1_000 * LEASE)?;
    let again = only("due at the end of time", probe.claim(last, last, 10)?)?;
    same("the task", again.task, Task::Unknown)?;
    same("the end of its lease", again.until, last)
}

fn a_retry_at_the_end_of_time_waits<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let [first, last] = ends_of_time();
    for n in 1..=2 {
        probe.applies(queue_text(&contact(n), 1))?;
    }
    for claim in probe.due(0)? {
        let never = claim.outgoing.id.contact == contact(1);
        probe.settles(&claim, Then::RetryAt(if never { last } else { first }))?;
    }
    same("due", probe.only_due(LEASE)?.outgoing, text(&contact(2), 1))
}

fn the_longest_names_are_kept<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let long = |end: &str| format!("{}{end}", "\u{1f4f1}".repeat(63) + "'\\\"");
    let contact = |end: &str| Contact::new(account(&long(end)), number(12_065_550_100));
    for end in ["a", "b"] {
        let contact = contact(end);
        for id in ["a", "b"] {
            let mark = Some(Mark::Text { inbox: inbox(&long("i")), id: message_id(&long(id)) });
            let commit = Commit { mark, ..keep(&contact, 0) };
            probe.applies(commit.clone())?;
            probe.answers(commit, Committed::Duplicate)?;
        }
        let mut message = text(&contact, 1);
        if let Content::Text(text) = &mut message.content {
            text.from = inbox(&long("i"));
            text.answers = Some(message_id(&long("a")));
        }
        probe.applies(queue(&contact, 1, vec![message.clone()]))?;
        let claim = probe.only_due(0)?;
        same("the message", &claim.outgoing, &message)?;
        probe.settles(&claim, Then::Finish)?;
    }
    Ok(())
}

fn the_shortest_and_the_longest_number_are_kept<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let numbers = [10, 99, 2_147_483_648, 4_294_967_306, 99_999_999_999_999, 999_999_999_999_999];
    let contacts = numbers.map(|digits| Contact::new(account("acme"), number(digits)));
    for contact in &contacts {
        probe.has(contact, None)?;
        probe.applies(queue_text(contact, 1))?;
    }
    for contact in &contacts {
        probe.has(contact, Some(record(1)))?;
    }
    let mut claimed: Vec<_> =
        probe.due(0)?.into_iter().map(|claim| claim.outgoing.id.contact).collect();
    claimed.sort();
    same("the contacts", claimed, contacts.into())
}

/// A text of these words comes back as it was.
fn comes_back<S: Storage>(probe: &Probe<'_, S>, n: u64, words: String) -> Verdict {
    let message = text_of_words(&contact(n), 1, MessageKind::Message, words);
    probe.applies(queue(&contact(n), 1, vec![message.clone()]))?;
    same("the message", probe.only_due(0)?.outgoing, message)
}

fn a_body_of_a_megabyte_is_kept<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    comes_back(probe, 1, "x\u{e9}\u{1f4f1}\n".repeat(131_072))
}

fn any_words_are_kept<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let words = [
        "",
        " ",
        "\u{feff}\u{200b}\u{202e}",
        "e\u{301} \u{e9} \u{1f468}\u{200d}\u{1f469}",
        "'; DROP TABLE outgoing; --",
        "\" \\ \\u0000 %s $1 ?1 {} </script>",
        "\r\n\t\u{7f}\u{85}\u{2028}\u{10ffff}",
        "null",
    ];
    for (n, words) in (1..).zip(words) {
        comes_back(probe, n, words.into())?;
    }
    Ok(())
}

fn a_claim_without_a_limit_takes_all<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for n in 1..=3 {
        probe.applies(step(&contact(n), 1))?;
        probe.applies(queue_text(&contact(n), 2))?;
    }
    let taken = probe.claim(at(0), at(LEASE), usize::MAX)?.len();
    holds(taken > 0, "a claim without a limit took nothing where 3 are due")?;
    same("claims", taken + probe.due(0)?.len(), 3)
}
