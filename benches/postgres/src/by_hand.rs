//! The peer: a storage as a careful user would write it with sqlx. A pool, one transaction a
//! commit, one statement after the other, each prepared once a connection.
//!
//! It writes the same rows into the same tables and seals as the crate does. What no text from
//! someone new needs, it does not do.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Contact, Entry, Policy, Record, Storage,
    ledger::{ChainId, Hash, Head, Salts, Unsealed, stored},
    storage::{
        Change, Claim, Commit, Committed, CurrentPolicy, Mark, Place, PolicyChange,
        PolicyCommitted, Settlement, Snapshot, Then,
    },
};
use sqlx::{PgConnection, PgPool, Row};

/// A storage over a pool of connections.
#[derive(Clone, Debug)]
pub(crate) struct ByHand {
    pool: PgPool,
    policy: Arc<Policy>,
}

impl ByHand {
    /// Over this pool, whose database has the tables.
    pub(crate) fn over(pool: PgPool) -> Self {
        Self { pool, policy: Arc::default() }
    }
}

/// The connection failed, or the database.
pub(crate) type Error = sqlx::Error;

fn malformed<E: std::error::Error + Send + Sync + 'static>(error: E) -> Error {
    Error::Decode(Box::new(error))
}

fn number_of(contact: &Contact) -> i64 {
    contact.number().to_digits() as i64
}

impl Storage for ByHand {
    type Error = Error;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Error> {
        let row = sqlx::query(
            "SELECT (SELECT max(revision) FROM optin.policies WHERE account = $1),
                 (SELECT record FROM optin.contacts WHERE account = $1 AND number = $2),
                 EXISTS (SELECT 1 FROM optin.outgoing WHERE account = $1 AND number = $2
                     AND destination = 'phone' AND state <> 'set_aside')",
        )
        .bind(contact.account().as_str())
        .bind(number_of(contact))
        .fetch_one(&self.pool)
        .await?;
        let record: Option<&str> = row.try_get(1)?;
        let record = record.map(serde_json::from_str::<Record>).transpose().map_err(malformed)?;
        Ok(Snapshot {
            current: CurrentPolicy { policy: self.policy.clone(), ..CurrentPolicy::default() },
            record,
            text_unfinished: row.try_get(2)?,
            suppressed: false,
        })
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Error> {
        // What can be made beforehand is, so that no row is locked meanwhile.
        let entry = commit.entry.as_ref().map(Prepared::new).transpose()?;
        let mut transaction = self.pool.begin().await?;
        let committed = apply(&mut transaction, &commit, entry).await?;
        match committed {
            Committed::Applied { .. } => transaction.commit().await?,
            Committed::Conflict | Committed::Duplicate | Committed::Stale => {
                transaction.rollback().await?;
            }
        }
        Ok(committed)
    }

    /// Nothing here is left to a dispatcher.
    async fn claim(
        &self,
        _now: DateTime<Utc>,
        _until: DateTime<Utc>,
        _limit: usize,
    ) -> Result<Vec<Claim>, Error> {
        Ok(Vec::new())
    }

    async fn policy(&self, _account: &AccountId) -> Result<CurrentPolicy, Error> {
        Ok(CurrentPolicy { policy: self.policy.clone(), ..CurrentPolicy::default() })
    }

    /// Nothing here changes settings.
    async fn set_policy(&self, _change: PolicyChange) -> Result<PolicyCommitted, Error> {
        Ok(PolicyCommitted::Conflict)
    }
}

struct Prepared {
    at: i64,
    json: String,
    salts: Salts,
    unsealed: Unsealed,
}

impl Prepared {
    fn new(entry: &Entry) -> Result<Self, Error> {
        let json = stored::encode_entry(entry).map_err(malformed)?;
        let salts = Salts::draw().map_err(malformed)?;
        let unsealed = Unsealed::new(entry, &json, &salts);
        Ok(Self { at: entry.at.timestamp_millis(), json, salts, unsealed })
    }
}

async fn apply(
    connection: &mut PgConnection,
    commit: &Commit,
    entry: Option<Prepared>,
) -> Result<Committed, Error> {
    let (contact, account) = (&commit.contact, commit.contact.account().as_str());
    let stored = sqlx::query(
        "SELECT revision, chain, length, head FROM optin.contacts
         WHERE account = $1 AND number = $2 FOR UPDATE",
    )
    .bind(account)
    .bind(number_of(contact))
    .fetch_optional(&mut *connection)
    .await?;
    let revision = stored.as_ref().map(|row| row.try_get::<i64, _>(0)).transpose()?;
    if revision != commit.expected.map(|record| record.revision.number() as i64) {
        return Ok(Committed::Conflict);
    }
    if let Some(mark) = &commit.mark
        && !insert_mark(connection, account, mark, commit.at).await?
    {
        return Ok(Committed::Duplicate);
    }
    if let Some(settlement) = &commit.settle
        && !finish(connection, settlement).await?
    {
        return Ok(Committed::Stale);
    }
    let head = match stored {
        Some(row) => Head {
            chain: ChainId(row.try_get(1)?),
            length: row.try_get::<i64, _>(2)? as u64,
            hash: Hash(row.try_get(3)?),
        },
        None => Head::new(ChainId::draw().map_err(malformed)?),
    };
    let head = match entry {
        Some(entry) => append(connection, contact.account(), head, entry).await?,
        None => head,
    };
    put(connection, contact, &commit.change, revision.is_some(), &head).await?;
    for outgoing in &commit.outgoing {
        insert_outgoing(connection, outgoing, commit.lease).await?;
    }
    Ok(Committed::Applied { in_flight: Vec::new() })
}

async fn insert_mark(
    connection: &mut PgConnection,
    account: &str,
    mark: &Mark,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let (inbox, id) = match mark {
        Mark::Text { inbox, id } => (inbox.as_str(), id.as_str()),
        Mark::Request { id } => ("", id.as_str()),
    };
    let inserted = sqlx::query(
        "INSERT INTO optin.marks (account, inbox, id, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account, inbox, id) DO NOTHING",
    )
    .bind(account)
    .bind(inbox)
    .bind(id)
    .bind(at.timestamp_millis())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

async fn finish(connection: &mut PgConnection, settlement: &Settlement) -> Result<bool, Error> {
    if settlement.then != Then::Finish {
        return Ok(false);
    }
    let deleted = sqlx::query(
        "DELETE FROM optin.outgoing WHERE account = $1 AND number = $2 AND destination = 'phone'
         AND revision = $3 AND n = $4 AND claims = $5 AND decided_at = $6
         AND state = 'claimed'",
    )
    .bind(settlement.id.contact.account().as_str())
    .bind(number_of(&settlement.id.contact))
    .bind(settlement.id.revision.number() as i64)
    .bind(i64::from(settlement.id.n))
    .bind(settlement.token.number() as i64)
    .bind(settlement.decided_at.timestamp_millis())
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

async fn append(
    connection: &mut PgConnection,
    account: &AccountId,
    head: Head,
    entry: Prepared,
) -> Result<Head, Error> {
    let (bytes, next) = entry.unsealed.seal(account, &head);
    let (account, chain, sequence) = (account.as_str(), &head.chain.0[..], head.length as i64);
    sqlx::query(
        "INSERT INTO optin.entries (account, chain, sequence, leaf, hash, sealed)
         VALUES ($1, $2, $3, NULL, $4, $5)",
    )
    .bind(account)
    .bind(chain)
    .bind(sequence)
    .bind(&next.hash.0[..])
    .bind(bytes)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO optin.disclosed (account, chain, sequence, at, number, entry, salts)
         VALUES ($1, $2, $3, $4, NULL, $5, $6)",
    )
    .bind(account)
    .bind(chain)
    .bind(sequence)
    .bind(entry.at)
    .bind(entry.json)
    .bind(entry.salts.to_bytes())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO optin.unlogged (account, at, chain, sequence) VALUES ($1, $2, $3, $4)",
    )
    .bind(account)
    .bind(entry.at)
    .bind(chain)
    .bind(sequence)
    .execute(connection)
    .await?;
    Ok(next)
}

async fn put(
    connection: &mut PgConnection,
    contact: &Contact,
    change: &Change,
    stands: bool,
    head: &Head,
) -> Result<(), Error> {
    let (account, number) = (contact.account().as_str(), number_of(contact));
    let query = match change {
        Change::Keep => sqlx::query(
            "UPDATE optin.contacts SET length = $3, head = $4 WHERE account = $1 AND number = $2",
        )
        .bind(account)
        .bind(number)
        .bind(head.length as i64)
        .bind(&head.hash.0[..]),
        Change::Put(record) if stands => sqlx::query(
            "UPDATE optin.contacts SET length = $3, head = $4, state = $5, revision = $6,
                 record = $7
             WHERE account = $1 AND number = $2",
        )
        .bind(account)
        .bind(number)
        .bind(head.length as i64)
        .bind(&head.hash.0[..])
        .bind(record.state.name())
        .bind(record.revision.number() as i64)
        .bind(serde_json::to_string(record).map_err(malformed)?),
        Change::Put(record) => sqlx::query(
            "INSERT INTO optin.contacts (account, number, length, head, state, revision, record,
                 chain)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(account)
        .bind(number)
        .bind(head.length as i64)
        .bind(&head.hash.0[..])
        .bind(record.state.name())
        .bind(record.revision.number() as i64)
        .bind(serde_json::to_string(record).map_err(malformed)?)
        .bind(&head.chain.0[..]),
    };
    query.execute(connection).await?;
    Ok(())
}

async fn insert_outgoing(
    connection: &mut PgConnection,
    outgoing: &optin::Outgoing,
    lease: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let place = Place::first(outgoing, lease);
    let kind = match &outgoing.content {
        optin::Content::Text(text) => text.kind.name(),
        optin::Content::Status(_) => "status",
    };
    sqlx::query(
        "INSERT INTO optin.outgoing (account, number, destination, revision, n, kind, state,
             decided_at, due_at, claims, attempts, lapsed_at, message)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, NULL, $11)",
    )
    .bind(outgoing.id.contact.account().as_str())
    .bind(number_of(&outgoing.id.contact))
    .bind(outgoing.destination().name())
    .bind(outgoing.id.revision.number() as i64)
    .bind(i64::from(outgoing.id.n))
    .bind(kind)
    .bind(if place.claimed { "claimed" } else { "queued" })
    .bind(outgoing.decided_at.timestamp_millis())
    .bind(place.due.timestamp_millis())
    .bind(place.claims as i64)
    .bind(serde_json::to_string(outgoing).map_err(malformed)?)
    .execute(connection)
    .await?;
    Ok(())
}
