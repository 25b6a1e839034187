//! What must hold at the end: state = ledger = outgoing = acknowledged.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    error::Error,
};

use optin::{
    Archive, Contact, Decision, Ending, Entry, Event, Fact, OutgoingId, Reason, Standing, Storage,
    Verdict, blocking::block_on, consent::ledger::fold, ledger::audit,
};

use crate::{
    conversation::{Step, account, contact, id, texted},
    storage::Store,
    writer::{Answered, Log, Writing},
};

/// What was looked at, and all that does not hold.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) contacts: u64,
    pub(crate) entries: u64,
    /// Events answered as stored, each of which has its entry.
    pub(crate) stored: u64,
    /// Texts that an event led to.
    pub(crate) outgoing: u64,
    pub(crate) handed_over: u64,
    /// Texts of which the ledger says that nobody knows, and how many of them were handed over.
    pub(crate) unknown: u64,
    pub(crate) unknown_handed_over: u64,
    /// Texts that a later event took back before they were handed over.
    pub(crate) taken_back: u64,
    /// Texts that waited beyond their deadline.
    pub(crate) expired: u64,
    pub(crate) audited: u64,
    pub(crate) repeated: u64,
    pub(crate) wrong: Vec<String>,
}

/// Looks at every contact that a writer came to.
pub(crate) fn check(
    storage: &Store,
    logs: &[Log],
    taken: &HashMap<OutgoingId, u32>,
) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    let mut known = HashSet::new();
    let mut last = 0;
    for (writer, log) in logs.iter().enumerate() {
        let mut steps: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for answered in &log.answered {
            steps.entry(answered.index).or_default().push(answered.step);
        }
        for (index, steps) in steps {
            last = last.max(index);
            let (contact, course) = contact(writer, index)?;
            let history = block_on(storage.history(&contact, 0, 1_000))?;
            let record = block_on(storage.load(&contact))?.record;
            let place = format!("{writer}-{index}");
            if fold(&history) != Ok(record) {
                report.wrong.push(format!("{place}: the record is not what the ledger says"));
            }
            let mut wanted = Vec::new();
            for step in steps.into_iter().filter(|step| !course[*step].is_silent()) {
                wanted.push((id(writer, index, step)?.as_str().to_owned(), course[step]));
            }
            let standing = record.map(|record| record.state.standing());
            if standing != wanted.last().map(|(_, step)| standing_after(*step)) {
                report.wrong.push(format!("{place}: stands {standing:?}"));
            }
            let acted = acted(&history);
            let wanted: Vec<_> =
                wanted.into_iter().map(|(id, step)| (id, step.decision, step.reason)).collect();
            if acted != wanted {
                report.wrong.push(format!("{place}: acknowledged {wanted:?}, stored {acted:?}"));
            }
            report.contacts += 1;
            report.entries += history.len() as u64;
            report.stored += wanted.len() as u64;
            left(&contact, &history, taken, &mut known, &mut report);
        }
    }
    for (id, times) in taken {
        if *times != 1 || !known.contains(id) {
            let which = (id.revision, times, known.contains(id));
            report.wrong.push(format!("handed over, times, has an entry: {which:?}"));
        }
    }
    report.handed_over = taken.len() as u64;
    look_at_the_rest(storage, last, &mut report)?;
    Ok(report)
}

fn standing_after(step: Step) -> Standing {
    match step.decision {
        Decision::SendConfirmation | Decision::SendReminder | Decision::SendHelp => {
            Standing::Pending
        }
        Decision::MarkActive | Decision::Deliver | Decision::None => Standing::Active,
        Decision::OptOut => Standing::OptedOut,
    }
}

/// What the ledger says of a contact's texts and of messages to it.
fn acted(history: &[Entry]) -> Vec<(String, Decision, Reason)> {
    let mut acted = Vec::new();
    for entry in history {
        let Fact::Event(event) = &entry.fact else { continue };
        let id = match &**event {
            Event::Texted(text) => text.id.as_str(),
            Event::MessageRequested(message) => {
                message.request.as_ref().map_or("", |request| request.as_str())
            }
            _ => continue,
        };
        if let Verdict::Decided { decision, reason, .. } = &entry.verdict {
            acted.push((id.to_owned(), *decision, *reason));
        } else {
            acted.push((format!("{id} refused"), Decision::None, Reason::Duplicate));
        }
    }
    acted
}

/// How each text ended, beside how often it was handed over.
fn left(
    contact: &Contact,
    history: &[Entry],
    taken: &HashMap<OutgoingId, u32>,
    known: &mut HashSet<OutgoingId>,
    report: &mut Report,
) {
    let mut endings = BTreeMap::new();
    for entry in history {
        if let Fact::Event(event) = &entry.fact
            && let Event::Settled(settled) = &**event
        {
            let before = endings.insert(settled.revision, &settled.ending);
            if before.is_some_and(|before| !matches!(before, Ending::Retry { .. })) {
                report.wrong.push(format!("{:?} settled twice", settled.revision));
            }
        }
    }
    for entry in history {
        let Verdict::Decided { text: Some(_), record: Some(record), .. } = &entry.verdict else {
            continue;
        };
        let id = OutgoingId::new(contact.clone(), record.revision, 0);
        let times = taken.get(&id).copied().unwrap_or_default();
        let ending = endings.remove(&record.revision);
        report.outgoing += 1;
        let holds = match ending {
            Some(Ending::Accepted { .. }) => times == 1,
            Some(Ending::Unknown) => {
                report.unknown += 1;
                report.unknown_handed_over += u64::from(times);
                times <= 1
            }
            Some(Ending::Expired) => {
                report.expired += 1;
                times == 0
            }
            None => {
                report.taken_back += 1;
                times == 0
            }
            Some(_) => false,
        };
        if !holds {
            report.wrong.push(format!("ended {ending:?}, handed over {times} times"));
        }
        known.insert(id);
    }
    if !endings.is_empty() {
        report.wrong.push(format!("settled without a decision: {endings:?}"));
    }
}

/// Nothing waits, the states add up, and every chain is whole.
fn look_at_the_rest(storage: &Store, last: u64, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let queue = block_on(storage.queue())?;
    if (queue.waiting, queue.claimed, queue.set_aside) != (0, 0, 0) {
        report.wrong.push(format!("not drained: {queue:?}"));
    }
    let mut accounts: Vec<_> = (0..=last).step_by(1_000).map(account).collect::<Result<_, _>>()?;
    accounts.push(account(last)?);
    accounts.dedup();
    let (mut contacts, mut entries) = (0, 0);
    for account in accounts {
        let counts = block_on(storage.counts(&account))?;
        contacts += counts.pending + counts.active + counts.opted_out;
        let audit = block_on(audit::storage(storage, &account, None))?;
        report.audited += audit.chains;
        entries += audit.entries;
    }
    if (contacts, entries) != (report.contacts, report.entries) {
        let found = (contacts, entries);
        report.wrong.push(format!("contacts and entries of nobody: {found:?} in all"));
    }
    Ok(())
}

/// Delivers texts once more, which must be known.
pub(crate) fn repeat<'a>(
    engine: &Writing<'_>,
    texts: impl Iterator<Item = (usize, &'a Answered)>,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    for (writer, answered) in texts {
        let (contact, course) = contact(writer, answered.index)?;
        let step = course[answered.step];
        let Some(body) = step.body.filter(|_| !step.is_silent()) else { continue };
        let id = id(writer, answered.index, answered.step)?;
        let outcome = block_on(engine.handle(&contact, texted(body, id)?))?;
        // A text that changes nothing for who is active need not be remembered (R4.1).
        let reason = outcome.reason;
        if reason != Reason::Duplicate && (reason != Reason::Active || body != "Hi") {
            report.wrong.push(format!("{writer}-{} is not known any more", answered.index));
        }
        report.repeated += 1;
    }
    Ok(())
}
