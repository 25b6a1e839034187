//! Committing: all who commit at once, in one transaction of two round trips.
//!
//! The first locks the contacts and reads what the verdicts rest on; then each commit has its
//! verdict and its seal here; the second writes what is applied, and `COMMIT` with it. So a mark,
//! an entry or a message hangs on the comparison: it is not even sent where that is lost.

use core::cmp::Ordering;
use std::{
    collections::{BTreeMap, HashMap},
    string::String,
    vec::Vec,
};

use tokio_postgres::Row;

use super::{
    PostgresError, check_name,
    columns::{Column, get, head_at},
    failure::Failure,
    session::{Session, bound},
    sql,
    writes::{AccountRow, Writes},
};
use crate::{
    consent::{contact::Contact, id::AccountId, outgoing::OutgoingId, record::Revision},
    ledger::Head,
    storage::{Change, Commit, Committed, Place},
    store::{
        prepared::{Prepared, mark_key, new_chain},
        row::{self, BadRow, to_i64},
    },
};

/// Refuses what PostgreSQL could not keep, before it costs others their batch.
pub(super) fn check(commit: &Commit) -> Result<(), PostgresError> {
    check_name("the account", commit.contact.account().as_str())?;
    if let Some(mark) = &commit.mark {
        let (inbox, id) = mark_key(mark);
        check_name("the inbox", inbox)?;
        check_name("the message id", id)?;
    }
    commit
        .settle
        .iter()
        .map(|settlement| &settlement.id)
        .chain(commit.outgoing.iter().map(|outgoing| &outgoing.id))
        .try_for_each(|id| check_name("the account", id.contact.account().as_str()))
}

/// What is stored of a contact and its message, while it is locked.
struct Stored {
    /// Whether its record is the one that must be, and the head of its chain.
    contact: Option<(bool, Head)>,
    mark_stands: bool,
    /// Where the message of the settlement goes, if its token is right.
    destination: Option<String>,
    /// Whether the erasure of the contact is remembered.
    is_suppressed: bool,
}

impl Stored {
    fn of(row: &Row, job: &Prepared) -> Result<Self, BadRow> {
        let revision: Option<i64> = get(row, 0, "record")?;
        let json: Option<&str> = get(row, 6, "record")?;
        let is_expected = |it| job.expects(it, json.unwrap_or_default());
        let contact = |it| head_at(row, 1).map(|head| (is_expected(it), head));
        Ok(Self {
            contact: revision.map(contact).transpose()?,
            mark_stands: get(row, 4, "mark")?,
            destination: get(row, 5, "message")?,
            is_suppressed: get(row, 7, "mark")?,
        })
    }

    /// Why the commit is not applied, if it is not.
    fn refuses(&self, job: &Prepared) -> Option<Committed> {
        let commit = &job.commit;
        let contact = self.contact.as_ref();
        let is_expected =
            contact.map_or(commit.expected.is_none(), |(is_expected, _)| *is_expected);
        let erased_since = job.erasure.is_some() && self.is_suppressed != commit.suppressed;
        if self.mark_stands {
            Some(Committed::Duplicate)
        } else if !is_expected || erased_since {
            Some(Committed::Conflict)
        } else if commit.settle.is_some() && self.destination.is_none() {
            Some(Committed::Stale)
        } else {
            None
        }
    }
}

/// Commits, of different contacts and marks; says what became of each.
pub(super) async fn commit(
    session: &Session,
    jobs: &[&Prepared],
) -> Result<Vec<Committed>, Failure> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by(|a, b| in_order(&jobs[*a].commit.contact, &jobs[*b].commit.contact));
    let sorted: Vec<&Prepared> = order.iter().map(|at| jobs[*at]).collect();

    let (stored, mut accounts) = lock(session, &sorted).await?;
    let mut writes = Writes::default();
    let mut verdicts = Vec::with_capacity(sorted.len());
    for (job, stored) in sorted.iter().zip(stored) {
        let refused = stored.refuses(job);
        if refused.is_none() {
            write(&mut writes, job, stored, &mut accounts)?;
        }
        verdicts.push(refused.unwrap_or(Committed::Applied { in_flight: Vec::new() }));
    }
    for (account, chain) in &accounts {
        if let Chain { row: Some(row), is_new, is_changed: true } = chain {
            writes.account(account, *is_new, row);
        }
    }
    if verdicts.iter().all(|verdict| !matches!(verdict, Committed::Applied { .. })) {
        session.roll_back().await?;
    } else {
        let rows = session.commit(&writes.statements()).await?;
        if let Some(claimed) = writes.cancel_at().and_then(|at| rows.get(at)) {
            name_claimed(&sorted, &mut verdicts, claimed)?;
        }
    }
    let mut answers: Vec<_> = order.into_iter().zip(verdicts).collect();
    answers.sort_by_key(|(at, _)| *at);
    Ok(answers.into_iter().map(|(_, verdict)| verdict).collect())
}

fn in_order(a: &Contact, b: &Contact) -> Ordering {
    a.account().cmp(b.account()).then(a.number().cmp(&b.number()))
}

/// An account's own chain, while it is locked.
struct Chain {
    row: Option<AccountRow>,
    is_new: bool,
    is_changed: bool,
}

type Chains<'a> = BTreeMap<&'a AccountId, Chain>;

/// Locks what the commits are about, in their order, and reads it.
async fn lock<'a>(
    session: &Session,
    jobs: &[&'a Prepared],
) -> Result<(Vec<Stored>, Chains<'a>), Failure> {
    let commits = || jobs.iter().map(|job| &job.commit);
    let marks = || commits().map(|commit| commit.mark.as_ref().map(mark_key));
    let settled = || commits().map(|commit| commit.settle.as_ref());
    let ids = || settled().map(|settlement| settlement.map(|it| &it.id));
    let accounts = Column::from_iter(commits().map(|it| it.contact.account().as_str()));
    let numbers = Column::from_iter(commits().map(|it| number(&it.contact)));
    let inboxes = Column::from_iter(marks().map(|mark| mark.map(|(inbox, _)| inbox)));
    let mark_ids = Column::from_iter(marks().map(|mark| mark.map(|(_, id)| id)));
    let settled_accounts =
        Column::from_iter(ids().map(|id| id.map(|id| id.contact.account().as_str())));
    let settled_numbers = Column::from_iter(ids().map(|id| id.map(|id| number(&id.contact))));
    let revisions = Column::from_iter(ids().map(|id| id.map(|id| to_i64(id.revision.number()))));
    let ns = Column::from_iter(ids().map(|id| id.map(|id| i64::from(id.n))));
    let tokens = Column::from_iter(settled().map(|it| it.map(|it| to_i64(it.token.number()))));
    let decided = settled().map(|it| it.map(|it| it.decided_at.timestamp_millis()));
    let decided = Column::from_iter(decided);

    let erasures: Column<Option<&[u8]>> =
        Column::from_iter(jobs.iter().map(|job| job.erasure.as_ref().map(<[u8; 32]>::as_slice)));

    let mut chains = Chains::new();
    for commit in commits().filter(|commit| names_no_record(commit)) {
        let chain = Chain { row: None, is_new: true, is_changed: false };
        chains.insert(commit.contact.account(), chain);
    }
    let chained = Column::from_iter(chains.keys().map(|account| account.as_str()));
    let mut statements = std::vec![bound!(
        sql::LOCK,
        &accounts,
        &numbers,
        &inboxes,
        &mark_ids,
        &settled_accounts,
        &settled_numbers,
        &revisions,
        &ns,
        &tokens,
        &decided,
        &erasures,
    )];
    if !chained.is_empty() {
        statements.push(bound!(sql::LOCK_ACCOUNTS, &chained));
    }
    let rows = session.begin(&statements).await?;
    let mut rows = rows.iter();
    let stored = rows.next().into_iter().flatten().zip(jobs);
    let stored: Vec<Stored> =
        stored.map(|(row, job)| Stored::of(row, job)).collect::<Result<_, _>>()?;
    if stored.len() != jobs.len() {
        return Err(BadRow::of("contact").into());
    }
    for row in rows.next().into_iter().flatten() {
        let name: &str = get(row, 0, "account")?;
        if let Some((_, chain)) = chains.iter_mut().find(|(account, _)| account.as_str() == name) {
            let log_size = get(row, 4, "account")?;
            chain.row = Some(AccountRow { head: head_at(row, 1)?, log_size });
            chain.is_new = false;
        }
    }
    Ok((stored, chains))
}

fn number(contact: &Contact) -> i64 {
    to_i64(contact.number().to_digits())
}

/// Whether the entry goes to the account's own chain, if the commit is applied.
fn names_no_record(commit: &Commit) -> bool {
    commit.expected.is_none() && commit.change == Change::Keep && commit.entry.is_some()
}

/// Adds what an applied commit writes.
fn write<'a>(
    writes: &mut Writes<'a>,
    job: &'a Prepared,
    stored: Stored,
    chains: &mut Chains<'a>,
) -> Result<(), Failure> {
    let commit = &job.commit;
    let (contact, account) = (&commit.contact, commit.contact.account());
    if let Some(mark) = &commit.mark {
        writes.mark(account, mark, commit.at.timestamp_millis());
    }
    if let (Some(settlement), Some(destination)) = (&commit.settle, stored.destination) {
        writes.settle(&settlement.id, destination, settlement.then);
    }
    let head = stored.contact.map(|(_, head)| head);
    if let (Some(mark), false) = (&job.erasure, stored.is_suppressed)
        && (matches!(commit.change, Change::Put(_)) || job.entry.is_some())
    {
        writes.unsuppressed(account, mark);
    }
    match (&commit.change, &job.record, &job.entry) {
        (Change::Put(record), Some(json), entry) => {
            let next = match entry {
                Some(entry) => writes.entry(account, entry, head),
                None => head.map_or_else(new_chain, Ok).map_err(PostgresError::from)?,
            };
            writes.record(contact, head.is_none(), Some((record, json)), &next);
        }
        (_, _, Some(entry)) if head.is_some() => {
            let next = writes.entry(account, entry, head);
            writes.record(contact, false, None, &next);
        }
        (_, _, Some(entry)) => {
            if let Some(chain) = chains.get_mut(account) {
                let head = chain.row.map(|row| row.head);
                let log_size = chain.row.map_or(0, |row| row.log_size);
                let head = writes.account_entry(account, entry, head);
                chain.row = Some(AccountRow { head, log_size });
                chain.is_changed = true;
            }
        }
        (_, _, None) => {}
    }
    writes.cancel(contact, commit.cancel);
    for (outgoing, json) in commit.outgoing.iter().zip(&job.outgoing) {
        writes.outgoing(outgoing, &Place::first(outgoing, commit.lease), json);
    }
    Ok(())
}

/// Puts the messages that a cancel found claimed into the answers of their commits.
fn name_claimed(
    jobs: &[&Prepared],
    verdicts: &mut [Committed],
    rows: &[Row],
) -> Result<(), BadRow> {
    let mut claimed: HashMap<(&str, i64), Vec<(i64, i64)>> = HashMap::new();
    for row in rows {
        let state: &str = get(row, 4, "message")?;
        if state == "claimed" {
            let line = (get(row, 0, "message")?, get(row, 1, "message")?);
            claimed
                .entry(line)
                .or_default()
                .push((get(row, 2, "message")?, get(row, 3, "message")?));
        }
    }
    for (job, verdict) in jobs.iter().zip(verdicts) {
        let contact = &job.commit.contact;
        let Some(ids) = claimed.get_mut(&(contact.account().as_str(), number(contact))) else {
            continue;
        };
        ids.sort_unstable();
        let ids = ids.iter().map(|(revision, n)| {
            let revision = Revision::new(row::from_i64("message", *revision)?);
            let n = u8::try_from(*n).map_err(|_| BadRow::of("message"))?;
            Ok(OutgoingId::new(contact.clone(), revision, n))
        });
        *verdict = Committed::Applied { in_flight: ids.collect::<Result<_, BadRow>>()? };
    }
    Ok(())
}
