//! Loading: contacts' records and their accounts' settings, of all who ask at once.

use std::{string::String, vec::Vec};

use super::{
    PostgresError, check_name,
    columns::{Column, get},
    failure::Failure,
    session::{Session, bound},
    sql,
};
use crate::{
    consent::{contact::Contact, record::Record},
    storage::{CurrentPolicy, Snapshot},
    store::row::{self, BadRow},
};

/// Who is asked for.
pub(super) struct Wanted {
    contact: Contact,
    /// The mark of its erasure, where the host has a key for it.
    mark: Option<[u8; 32]>,
}

/// What stands in the row.
pub(super) struct Loaded {
    pub(super) policy_revision: Option<i64>,
    record: Option<String>,
    revision: Option<i64>,
    text_unfinished: bool,
    suppressed: bool,
}

impl Wanted {
    pub(super) fn new(contact: &Contact, mark: Option<[u8; 32]>) -> Result<Self, PostgresError> {
        check_name("the account", contact.account().as_str())?;
        Ok(Self { contact: contact.clone(), mark })
    }
}

impl Loaded {
    pub(super) fn snapshot(&self, current: CurrentPolicy) -> Result<Snapshot, PostgresError> {
        let record: Option<Record> =
            self.record.as_deref().map(|json| row::decode("record", json)).transpose()?;
        if record.map(|record| row::to_i64(record.revision.number())) != self.revision {
            return Err(PostgresError::BadRow { what: "record" });
        }
        let suppressed = record.is_none() && self.suppressed;
        Ok(Snapshot { current, record, text_unfinished: self.text_unfinished, suppressed })
    }
}

/// One statement for all of them.
pub(super) async fn load(session: &Session, jobs: &[&Wanted]) -> Result<Vec<Loaded>, Failure> {
    let contacts = jobs.iter().map(|job| &job.contact);
    let accounts: Column<&str> =
        Column::from_iter(contacts.clone().map(|contact| contact.account().as_str()));
    let numbers =
        Column::from_iter(contacts.map(|contact| row::to_i64(contact.number().to_digits())));
    let marks: Column<Option<&[u8]>> =
        Column::from_iter(jobs.iter().map(|job| job.mark.as_ref().map(<[u8; 32]>::as_slice)));
    let rows = session.read(bound!(sql::LOAD, &accounts, &numbers, &marks)).await?;
    if rows.len() != jobs.len() {
        return Err(BadRow::of("contact").into());
    }
    let loaded = rows.iter().map(|row| {
        Ok(Loaded {
            policy_revision: get(row, 0, "policy")?,
            record: get(row, 1, "record")?,
            revision: get(row, 2, "record")?,
            text_unfinished: get(row, 3, "message")?,
            suppressed: get(row, 4, "mark")?,
        })
    });
    loaded.collect()
}
