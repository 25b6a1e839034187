//! What one transaction writes, column by column: one statement a table, whatever the number.

use std::{string::String, vec::Vec};

use super::{
    columns::Column,
    session::{Bound, bound},
    sql,
};
use crate::{
    consent::{
        contact::Contact,
        decision::Cancel,
        id::AccountId,
        outgoing::{Content, Outgoing, OutgoingId},
        record::Record,
    },
    ledger::Head,
    storage::{Mark, Place, Then},
    store::{
        prepared::{PreparedEntry, kind, mark_key},
        row::to_i64,
    },
};

/// The rows to be written, by statement.
#[derive(Debug, Default)]
pub(super) struct Writes<'a> {
    contacts: Contacts<'a>,
    entries: Entries<'a>,
    accounts: Accounts<'a>,
    marks: Marks<'a>,
    finished: Keys<'a>,
    put_back: Keys<'a>,
    put_back_at: Column<Option<i64>>,
    cancelled: Lines<'a>,
    prompts_alone: Column<bool>,
    unsuppressed: Erasures<'a>,
    outgoing: Messages<'a>,
    told: Lines<'a>,
}

#[derive(Debug, Default)]
struct Contacts<'a> {
    account: Column<&'a str>,
    number: Column<i64>,
    is_new: Column<bool>,
    state: Column<Option<&'a str>>,
    revision: Column<Option<i64>>,
    record: Column<Option<&'a str>>,
    chain: Column<Vec<u8>>,
    length: Column<i64>,
    head: Column<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Entries<'a> {
    account: Column<&'a str>,
    chain: Column<Vec<u8>>,
    sequence: Column<i64>,
    hash: Column<Vec<u8>>,
    sealed: Column<Vec<u8>>,
    at: Column<i64>,
    number: Column<Option<i64>>,
    entry: Column<&'a str>,
    salts: Column<&'a [u8]>,
}

#[derive(Debug, Default)]
struct Accounts<'a> {
    inserted: Column<&'a str>,
    inserted_chain: Column<Vec<u8>>,
    inserted_length: Column<i64>,
    inserted_head: Column<Vec<u8>>,
    inserted_log_size: Column<i64>,
    updated: Column<&'a str>,
    updated_length: Column<i64>,
    updated_head: Column<Vec<u8>>,
    updated_log_size: Column<i64>,
}

#[derive(Debug, Default)]
struct Marks<'a> {
    account: Column<&'a str>,
    inbox: Column<&'a str>,
    id: Column<&'a str>,
    at: Column<i64>,
}

#[derive(Debug, Default)]
struct Keys<'a> {
    account: Column<&'a str>,
    number: Column<i64>,
    destination: Column<String>,
    revision: Column<i64>,
    n: Column<i64>,
}

#[derive(Debug, Default)]
struct Erasures<'a> {
    account: Column<&'a str>,
    mark: Column<&'a [u8]>,
}

#[derive(Debug, Default)]
struct Lines<'a> {
    account: Column<&'a str>,
    number: Column<i64>,
}

#[derive(Debug, Default)]
struct Messages<'a> {
    account: Column<&'a str>,
    number: Column<i64>,
    destination: Column<&'a str>,
    revision: Column<i64>,
    n: Column<i64>,
    kind: Column<&'a str>,
    state: Column<&'a str>,
    decided_at: Column<i64>,
    due_at: Column<i64>,
    claims: Column<i64>,
    message: Column<&'a str>,
}

/// An account's own chain, and its log, as they stand or are to stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccountRow {
    pub(super) head: Head,
    pub(super) log_size: i64,
}

impl<'a> Writes<'a> {
    /// A contact's record, new or instead of the one there was, and how far its chain goes.
    pub(super) fn record(
        &mut self,
        contact: &'a Contact,
        is_new: bool,
        record: Option<(&'a Record, &'a str)>,
        head: &Head,
    ) {
        let to = &mut self.contacts;
        to.account.push(contact.account().as_str());
        to.number.push(to_i64(contact.number().to_digits()));
        to.is_new.push(is_new);
        to.state.push(record.map(|(record, _)| record.state.name()));
        to.revision.push(record.map(|(record, _)| to_i64(record.revision.number())));
        to.record.push(record.map(|(_, json)| json));
        to.chain.push(head.chain.0.to_vec());
        to.length.push(to_i64(head.length));
        to.head.push(head.hash.0.to_vec());
    }

    /// An entry as the next of a contact's chain; says how far the chain goes then.
    pub(super) fn entry(
        &mut self,
        account: &'a AccountId,
        entry: &'a PreparedEntry,
        head: Option<Head>,
    ) -> Head {
        self.sealed(account, entry, head, None)
    }

    /// An entry as the next of an account's own chain; says how far the chain goes then.
    pub(super) fn account_entry(
        &mut self,
        account: &'a AccountId,
        entry: &'a PreparedEntry,
        head: Option<Head>,
    ) -> Head {
        self.sealed(account, entry, head, entry.number)
    }

    fn sealed(
        &mut self,
        account: &'a AccountId,
        entry: &'a PreparedEntry,
        head: Option<Head>,
        number: Option<i64>,
    ) -> Head {
        let (bytes, before, next) = entry.seal(account, head);
        let to = &mut self.entries;
        to.account.push(account.as_str());
        to.chain.push(before.chain.0.to_vec());
        to.sequence.push(to_i64(before.length));
        to.hash.push(next.hash.0.to_vec());
        to.sealed.push(bytes);
        to.at.push(entry.at);
        to.number.push(number);
        to.entry.push(&entry.json);
        to.salts.push(&entry.salts);
        next
    }

    /// How far an account's own chain and its log go.
    pub(super) fn account(&mut self, account: &'a AccountId, is_new: bool, row: &AccountRow) {
        let to = &mut self.accounts;
        let (length, head) = (to_i64(row.head.length), row.head.hash.0.to_vec());
        if is_new {
            to.inserted.push(account.as_str());
            to.inserted_chain.push(row.head.chain.0.to_vec());
            to.inserted_length.push(length);
            to.inserted_head.push(head);
            to.inserted_log_size.push(row.log_size);
        } else {
            to.updated.push(account.as_str());
            to.updated_length.push(length);
            to.updated_head.push(head);
            to.updated_log_size.push(row.log_size);
        }
    }

    pub(super) fn mark(&mut self, account: &'a AccountId, mark: &'a Mark, at: i64) {
        let (inbox, id) = mark_key(mark);
        self.marks.account.push(account.as_str());
        self.marks.inbox.push(inbox);
        self.marks.id.push(id);
        self.marks.at.push(at);
    }

    /// That no erasure by this mark comes between what was read and what is written.
    pub(super) fn unsuppressed(&mut self, account: &'a AccountId, mark: &'a [u8; 32]) {
        self.unsuppressed.account.push(account.as_str());
        self.unsuppressed.mark.push(mark);
    }

    /// The end of a claim on the message in this line.
    pub(super) fn settle(&mut self, id: &'a OutgoingId, destination: String, then: Then) {
        let (to, at) = match then {
            Then::Finish => (&mut self.finished, None),
            Then::RetryAt(at) => (&mut self.put_back, Some(Some(at.timestamp_millis()))),
            Then::SetAside => (&mut self.put_back, Some(None)),
        };
        to.account.push(id.contact.account().as_str());
        to.number.push(to_i64(id.contact.number().to_digits()));
        to.destination.push(destination);
        to.revision.push(to_i64(id.revision.number()));
        to.n.push(id.n.into());
        if let Some(at) = at {
            self.put_back_at.push(at);
            self.told.push(&id.contact);
        }
    }

    pub(super) fn cancel(&mut self, contact: &'a Contact, cancel: Cancel) {
        let prompts_alone = match cancel {
            Cancel::Nothing => return,
            Cancel::Prompts => true,
            Cancel::AllQueued => false,
        };
        self.cancelled.push(contact);
        self.prompts_alone.push(prompts_alone);
    }

    pub(super) fn outgoing(&mut self, outgoing: &'a Outgoing, place: &Place, json: &'a str) {
        let (id, to) = (&outgoing.id, &mut self.outgoing);
        to.account.push(id.contact.account().as_str());
        to.number.push(to_i64(id.contact.number().to_digits()));
        to.destination.push(outgoing.destination().name());
        to.revision.push(to_i64(id.revision.number()));
        to.n.push(id.n.into());
        to.kind.push(kind(outgoing));
        to.state.push(if place.claimed { "claimed" } else { "queued" });
        to.decided_at.push(outgoing.decided_at.timestamp_millis());
        to.due_at.push(place.due.timestamp_millis());
        to.claims.push(to_i64(place.claims));
        to.message.push(json);
        if let Content::Status(_) = outgoing.content {
            self.told.push(&id.contact);
        }
    }

    /// The place of the cancel's rows among those of [`statements`](Self::statements).
    pub(super) fn cancel_at(&self) -> Option<usize> {
        let named = |(sql, _): &Bound<'_>| sql.name == sql::CANCEL.name;
        self.statements().iter().position(named)
    }

    /// The statements, in an order that is right.
    pub(super) fn statements(&self) -> Vec<Bound<'_>> {
        let mut statements = Vec::new();
        let it = &self.unsuppressed;
        if !it.account.is_empty() {
            statements.push(bound!(sql::HOLD_ERASURES, &it.account, &it.mark));
            statements.push(bound!(sql::FREE_ERASURES, &it.account, &it.mark));
        }
        let (contact, entry, mark) = (&self.contacts, &self.entries, &self.marks);
        let is_empty = [&contact.account, &entry.account, &mark.account].map(Column::is_empty);
        if is_empty != [true; 3] {
            statements.push(bound!(
                sql::PUT,
                &contact.account,
                &contact.number,
                &contact.is_new,
                &contact.state,
                &contact.revision,
                &contact.record,
                &contact.chain,
                &contact.length,
                &contact.head,
                &entry.account,
                &entry.chain,
                &entry.sequence,
                &entry.hash,
                &entry.sealed,
                &entry.at,
                &entry.number,
                &entry.entry,
                &entry.salts,
                &mark.account,
                &mark.inbox,
                &mark.id,
                &mark.at,
            ));
        }
        let it = &self.accounts;
        if !it.inserted.is_empty() {
            statements.push(bound!(
                sql::INSERT_ACCOUNTS,
                &it.inserted,
                &it.inserted_chain,
                &it.inserted_length,
                &it.inserted_head,
                &it.inserted_log_size,
            ));
        }
        if !it.updated.is_empty() {
            statements.push(bound!(
                sql::UPDATE_ACCOUNTS,
                &it.updated,
                &it.updated_length,
                &it.updated_head,
                &it.updated_log_size,
            ));
        }
        self.lines(&mut statements);
        statements
    }

    /// Of the lines: what ended first, then what is taken back, then what is new.
    fn lines<'s>(&'s self, statements: &mut Vec<Bound<'s>>) {
        let it = &self.finished;
        if !it.account.is_empty() {
            statements.push(bound!(
                sql::FINISH,
                &it.account,
                &it.number,
                &it.destination,
                &it.revision,
                &it.n,
            ));
        }
        let it = &self.put_back;
        if !it.account.is_empty() {
            statements.push(bound!(
                sql::PUT_BACK,
                &it.account,
                &it.number,
                &it.destination,
                &it.revision,
                &it.n,
                &self.put_back_at,
            ));
        }
        let it = &self.cancelled;
        if !it.account.is_empty() {
            statements.push(bound!(sql::CANCEL, &it.account, &it.number, &self.prompts_alone));
            statements.push(bound!(sql::DELETE_CANCELLED, &it.account, &it.number));
        }
        let it = &self.outgoing;
        if !it.account.is_empty() {
            statements.push(bound!(
                sql::INSERT_OUTGOING,
                &it.account,
                &it.number,
                &it.destination,
                &it.revision,
                &it.n,
                &it.kind,
                &it.state,
                &it.decided_at,
                &it.due_at,
                &it.claims,
                &it.message,
            ));
        }
        let it = &self.told;
        if !it.account.is_empty() {
            statements.push(bound!(sql::REPLACE_STATUSES, &it.account, &it.number));
        }
    }
}

impl<'a> Lines<'a> {
    fn push(&mut self, contact: &'a Contact) {
        self.account.push(contact.account().as_str());
        self.number.push(to_i64(contact.number().to_digits()));
    }
}
