//! Putting rows in: what stands already is compared, the rest inserted in one transaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use super::{
    check_name,
    columns::{Column, Hidden},
    failure::Failure,
    session::{Bound, Session, bound},
    sql,
    take_out::{self, own_chain},
};
use crate::{
    consent::{contact::PhoneNumber, id::AccountId, outgoing::Outgoing, record::Record},
    ledger::{ChainId, Head, SealedRow},
    moving::{Key, PutIn, Row},
    storage::{Mark, Place},
    store::{
        moved::{self, NewEntry},
        prepared::{kind, mark_key, new_chain},
        row::{self, to_i64},
    },
};

/// Rows read at a time, to find those that stand already.
const PAGE: usize = 1_000;

pub(super) async fn put_in(
    session: &Session,
    account: &AccountId,
    rows: &[Row],
) -> Result<PutIn, Failure> {
    let stored = stored(session, account, rows).await?;
    let name = Hidden(account.as_str());
    // It may come with these rows.
    let own = rows.iter().find_map(|row| match row {
        Row::Account { head, .. } => head.map(|head| head.chain),
        Row::Settings { .. }
        | Row::Contact { .. }
        | Row::Erased { .. }
        | Row::Suppressed { .. }
        | Row::Entry { .. }
        | Row::Mark { .. }
        | Row::Outgoing { .. } => None,
    });
    let own = match own {
        Some(own) => Some(own),
        None => own_chain(session, &name).await?,
    };
    let mut new = New::default();
    for row in rows {
        let key = row.key();
        let is_in = match stored.get(&key) {
            Some(stored) => stored == row,
            None => new.add(account, own, row)?,
        };
        if !is_in {
            return Ok(PutIn::Refused(key));
        }
    }
    let statements = new.statements(&name);
    if !statements.is_empty() {
        session.begin(&[]).await?;
        session.commit(&statements).await?;
    }
    Ok(PutIn::Stored)
}

/// Of these rows, what stands under their keys.
async fn stored(
    session: &Session,
    account: &AccountId,
    rows: &[Row],
) -> Result<BTreeMap<Key, Row>, Failure> {
    let wanted: BTreeSet<Key> = rows.iter().map(Row::key).collect();
    let mut stored = BTreeMap::new();
    let mut from = wanted.first().cloned();
    while let Some(first) = from {
        let page = take_out::from(session, account, Some(&first), PAGE).await?;
        let next = page.last().filter(|_| page.len() == PAGE).map(Row::key);
        from = next.filter(|next| wanted.last().is_some_and(|last| next < last));
        let page = page.into_iter().map(|row| (row.key(), row));
        stored.extend(page.filter(|(key, _)| wanted.contains(key)));
    }
    Ok(stored)
}

/// What is inserted, table by table.
#[derive(Default)]
struct New<'a> {
    settings: Settings,
    own: Option<(Vec<u8>, i64, Vec<u8>, i64)>,
    contacts: Contacts,
    erased: Chains,
    suppressed: Column<&'a [u8]>,
    entries: Entries<'a>,
    marks: Marks<'a>,
    outgoing: Messages<'a>,
}

#[derive(Default)]
struct Settings {
    revision: Column<i64>,
    json: Column<String>,
}

#[derive(Default)]
struct Contacts {
    number: Column<i64>,
    state: Column<&'static str>,
    revision: Column<i64>,
    record: Column<String>,
    chains: Chains,
}

#[derive(Default)]
struct Chains {
    chain: Column<Vec<u8>>,
    length: Column<i64>,
    head: Column<Vec<u8>>,
}

#[derive(Default)]
struct Entries<'a> {
    chain: Column<Vec<u8>>,
    sequence: Column<i64>,
    leaf: Column<Option<i64>>,
    hash: Column<&'a [u8]>,
    sealed: Column<&'a [u8]>,
    at: Column<i64>,
    number: Column<Option<i64>>,
    json: Column<Option<&'a str>>,
    salts: Column<Option<Vec<u8>>>,
}

#[derive(Default)]
struct Marks<'a> {
    inbox: Column<&'a str>,
    id: Column<&'a str>,
    at: Column<i64>,
}

#[derive(Default)]
struct Messages<'a> {
    number: Column<i64>,
    destination: Column<&'a str>,
    revision: Column<i64>,
    n: Column<i64>,
    kind: Column<&'a str>,
    state: Column<&'a str>,
    decided_at: Column<i64>,
    due_at: Column<i64>,
    claims: Column<i64>,
    attempts: Column<i64>,
    lapsed_at: Column<Option<i64>>,
    json: Column<String>,
}

impl<'a> New<'a> {
    /// Adds a row; `false` where it cannot be one of this account.
    fn add(
        &mut self,
        account: &AccountId,
        own: Option<ChainId>,
        row: &'a Row,
    ) -> Result<bool, Failure> {
        match row {
            Row::Settings { revision, policy } => {
                self.settings.revision.push(to_i64(revision.number()));
                self.settings.json.push(row::encode("policy", &**policy)?);
            }
            Row::Account { head, log_size } => {
                let head = head.map_or_else(new_chain, Ok)?;
                let (chain, hash) = (head.chain.0.to_vec(), head.hash.0.to_vec());
                self.own = Some((chain, to_i64(head.length), hash, to_i64(*log_size)));
            }
            Row::Contact { number, record, head } => self.contacts.push(*number, record, head)?,
            Row::Erased { head } => self.erased.push(head),
            Row::Suppressed { mark } => self.suppressed.push(mark),
            Row::Entry { chain, sequence, sealed, pruned } => {
                let Some(entry) = NewEntry::of(*chain, sealed, pruned.as_ref(), own) else {
                    return Ok(false);
                };
                self.entries.push(*chain, *sequence, sealed, entry);
            }
            Row::Mark { mark, at } => {
                self.marks.push(mark, at.timestamp_millis())?;
            }
            Row::Outgoing { outgoing, place, set_aside } => {
                let state = moved::state(place, *set_aside);
                let state = state.filter(|_| outgoing.id.contact.account() == account);
                let Some(state) = state else { return Ok(false) };
                self.outgoing.push(outgoing, place, state)?;
            }
        }
        Ok(true)
    }

    fn statements<'s>(&'s self, account: &'s Hidden<&'s str>) -> Vec<Bound<'s>> {
        let mut statements = Vec::new();
        let it = &self.settings;
        if !it.revision.is_empty() {
            statements.push(bound!(sql::MOVE_SETTINGS, account, &it.revision, &it.json));
        }
        if let Some((chain, length, head, log_size)) = &self.own {
            statements.push(bound!(sql::MOVE_ACCOUNT, account, chain, length, head, log_size));
        }
        let it = &self.contacts;
        if !it.number.is_empty() {
            statements.push(bound!(
                sql::MOVE_CONTACTS,
                account,
                &it.number,
                &it.state,
                &it.revision,
                &it.record,
                &it.chains.chain,
                &it.chains.length,
                &it.chains.head,
            ));
        }
        let it = &self.erased;
        if !it.chain.is_empty() {
            statements.push(bound!(sql::MOVE_ERASED, account, &it.chain, &it.length, &it.head));
        }
        if !self.suppressed.is_empty() {
            statements.push(bound!(sql::MOVE_SUPPRESSED, account, &self.suppressed));
        }
        let it = &self.entries;
        if !it.chain.is_empty() {
            statements.push(bound!(
                sql::MOVE_ENTRIES,
                account,
                &it.chain,
                &it.sequence,
                &it.leaf,
                &it.hash,
                &it.sealed,
                &it.at,
                &it.number,
                &it.json,
                &it.salts,
            ));
        }
        let it = &self.marks;
        if !it.id.is_empty() {
            statements.push(bound!(sql::MOVE_MARKS, account, &it.inbox, &it.id, &it.at));
        }
        let it = &self.outgoing;
        if !it.number.is_empty() {
            statements.push(bound!(
                sql::MOVE_OUTGOING,
                account,
                &it.number,
                &it.destination,
                &it.revision,
                &it.n,
                &it.kind,
                &it.state,
                &it.decided_at,
                &it.due_at,
                &it.claims,
                &it.attempts,
                &it.lapsed_at,
                &it.json,
            ));
        }
        statements
    }
}

impl Contacts {
    fn push(&mut self, number: PhoneNumber, record: &Record, head: &Head) -> Result<(), Failure> {
        self.record.push(row::encode("record", record)?);
        self.number.push(to_i64(number.to_digits()));
        self.state.push(record.state.name());
        self.revision.push(to_i64(record.revision.number()));
        self.chains.push(head);
        Ok(())
    }
}

impl Chains {
    fn push(&mut self, head: &Head) {
        self.chain.push(head.chain.0.to_vec());
        self.length.push(to_i64(head.length));
        self.head.push(head.hash.0.to_vec());
    }
}

impl<'a> Entries<'a> {
    fn push(&mut self, chain: ChainId, sequence: u64, row: &'a SealedRow, entry: NewEntry<'a>) {
        self.chain.push(chain.0.to_vec());
        self.sequence.push(to_i64(sequence));
        self.leaf.push(row.leaf.map(to_i64));
        self.hash.push(&row.hash.0);
        self.sealed.push(&row.bytes);
        self.at.push(entry.at);
        self.number.push(entry.number);
        self.json.push(entry.json);
        self.salts.push(entry.salts);
    }
}

impl<'a> Marks<'a> {
    fn push(&mut self, mark: &'a Mark, at: i64) -> Result<(), Failure> {
        let (inbox, id) = mark_key(mark);
        check_name("the inbox", inbox)?;
        check_name("the message id", id)?;
        self.inbox.push(inbox);
        self.id.push(id);
        self.at.push(at);
        Ok(())
    }
}

impl Messages<'_> {
    fn push(
        &mut self,
        outgoing: &Outgoing,
        place: &Place,
        state: &'static str,
    ) -> Result<(), Failure> {
        let id = &outgoing.id;
        self.json.push(row::encode("message", outgoing)?);
        self.number.push(to_i64(id.contact.number().to_digits()));
        self.destination.push(outgoing.destination().name());
        self.revision.push(to_i64(id.revision.number()));
        self.n.push(id.n.into());
        self.kind.push(kind(outgoing));
        self.state.push(state);
        self.decided_at.push(outgoing.decided_at.timestamp_millis());
        self.due_at.push(place.due.timestamp_millis());
        self.claims.push(to_i64(place.claims));
        self.attempts.push(place.attempts.into());
        self.lapsed_at.push(place.lapsed.map(|lapsed| lapsed.timestamp_millis()));
        Ok(())
    }
}
