//! One connection: its prepared statements, and what is sent over it in one go.

use core::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::Poll,
    time::Duration,
};
use std::{boxed::Box, collections::HashMap, sync::Arc, vec::Vec};

use futures_util::future::{LocalBoxFuture, MaybeDone, join_all, maybe_done};
use tokio::task::AbortHandle;
use tokio_postgres::{
    AsyncMessage, Client, Row, Socket, Statement,
    error::{Severity, SqlState},
    tls::MakeTlsConnect,
    types::ToSql,
};

use super::{PostgresError, failure::Failure, hosts::Place, sql::Sql};

/// A statement with its values.
pub(super) type Bound<'a> = (Sql, Vec<&'a (dyn ToSql + Sync)>);

/// What the server answers to a statement, which is sent when this is first polled.
type Answer<'s> = LocalBoxFuture<'s, Result<Vec<Row>, tokio_postgres::Error>>;

/// A statement with its values, each hidden.
macro_rules! bound {
    ($sql:expr $(, $value:expr)* $(,)?) => {
        ($sql, std::vec![$($value as &(dyn tokio_postgres::types::ToSql + Sync)),*])
    };
}
pub(super) use bound;

/// A statement as the server keeps it, with its plan.
struct Prepared {
    statement: Statement,
    uses: u32,
    /// After how many uses it is prepared again: the server keeps a plan that was made when a
    /// table was small until it analyses the table.
    renewed_after: u32,
}

const FIRST_USES: u32 = 64;
const MOST_USES: u32 = 1 << 16;

/// A connection that a worker has.
pub(super) struct Session {
    client: Client,
    statements: RefCell<HashMap<&'static str, Prepared>>,
    /// The server warned of something: that it committed without its standbys, for one.
    warned: Arc<AtomicBool>,
    in_transaction: Cell<bool>,
    /// How long an answer may take.
    patience: Duration,
    place: Place,
    /// What drives the connection, and holds its socket.
    driver: AbortHandle,
    /// Whether the database keeps every text there is: its encoding is UTF8.
    keeps_all: bool,
    /// Whether an answer is waited for, or was until nobody waited any more.
    awaits: Cell<bool>,
}

impl Session {
    /// Connects, and drives the connection on this runtime.
    pub(super) async fn open<T>(
        config: &tokio_postgres::Config,
        tls: T,
        patience: Duration,
        place: Place,
    ) -> Result<Self, tokio_postgres::Error>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let (client, mut connection) = config.connect(tls).await?;
        let keeps_all = connection.parameter("server_encoding") == Some("UTF8");
        let warned = Arc::new(AtomicBool::new(false));
        let warns = warned.clone();
        let driver = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await
            {
                if let AsyncMessage::Notice(notice) = message
                    && notice.parsed_severity() == Some(Severity::Warning)
                {
                    warns.store(true, Ordering::Release);
                }
            }
        });
        Ok(Self {
            client,
            statements: RefCell::default(),
            warned,
            in_transaction: Cell::new(false),
            patience,
            place,
            driver: driver.abort_handle(),
            awaits: Cell::new(false),
            keeps_all,
        })
    }

    /// Whether it is of no use any more, by itself or because its host fell silent.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed() || self.place.is_left()
    }

    /// Whether the database keeps every text there is.
    pub(super) fn keeps_all(&self) -> bool {
        self.keeps_all
    }

    /// The host that it is at.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Reads by one statement, outside of a transaction.
    pub(super) async fn read(&self, (sql, values): Bound<'_>) -> Result<Vec<Row>, Failure> {
        self.prepare(sql).await?;
        self.within(self.send(sql, &values)).await?.map_err(|error| Failure::of(&error))
    }

    /// Writes by one statement that is a transaction by itself.
    pub(super) async fn write(&self, (sql, values): Bound<'_>) -> Result<Vec<Row>, Failure> {
        self.prepare(sql).await?;
        self.warned.store(false, Ordering::Release);
        let rows = self.within(self.send(sql, &values)).await.map_err(|_| Failure::NotKnown)?;
        self.unwarned(rows.map_err(|error| Failure::of_commit(&error))?)
    }

    /// Begins a transaction with these statements, in one round trip; gives the rows of each.
    pub(super) async fn begin(&self, statements: &[Bound<'_>]) -> Result<Vec<Vec<Row>>, Failure> {
        self.prepare_all(statements).await?;
        self.in_transaction.set(true);
        let begin = self.simple("BEGIN");
        let all = core::iter::once(begin).chain(self.sent(statements));
        let mut answers = self.within(join_all(all)).await?.into_iter();
        let begun = answers.next().unwrap_or_else(|| Ok(Vec::new()));
        begun.map_err(|error| Failure::of(&error))?;
        answers.map(|rows| rows.map_err(|error| Failure::of(&error))).collect()
    }

    /// Ends the transaction with these statements, in one round trip: all of it is stored, or
    /// nothing is.
    pub(super) async fn commit(&self, statements: &[Bound<'_>]) -> Result<Vec<Vec<Row>>, Failure> {
        self.prepare_all(statements).await?;
        self.warned.store(false, Ordering::Release);
        let mut all = Vec::with_capacity(statements.len() + 1);
        for statement in self.sent(statements) {
            all.push(self.begun(statement).await?);
        }
        all.push(maybe_done(self.simple("COMMIT")));
        let done = all.into_iter().map(|mut sent| async move {
            Pin::new(&mut sent).await;
            Pin::new(&mut sent).take_output().unwrap_or_else(|| Ok(Vec::new()))
        });
        let mut answers = self.within(join_all(done)).await.map_err(|_| Failure::NotKnown)?;
        self.in_transaction.set(false);
        let committed = answers.pop().unwrap_or_else(|| Ok(Vec::new()));
        let mut rows = Vec::with_capacity(answers.len());
        for answer in answers {
            match answer {
                Ok(answer) => rows.push(answer),
                // What the server says of a statement before COMMIT means that COMMIT did nothing.
                Err(error) if error.code().is_some() => return Err(Failure::of(&error)),
                Err(_) => return Err(Failure::NotKnown),
            }
        }
        committed.map_err(|error| Failure::of_commit(&error))?;
        self.unwarned(rows)
    }

    /// A statement that was sent. One that cannot be, since it is too large for a message or the
    /// connection is closed, must keep `COMMIT` from being sent after the others.
    async fn begun<'s>(&self, statement: Answer<'s>) -> Result<MaybeDone<Answer<'s>>, Failure> {
        let mut sent = maybe_done(statement);
        poll_fn(|context| Poll::Ready(Pin::new(&mut sent).poll(context).is_ready())).await;
        match Pin::new(&mut sent).output_mut() {
            Some(Err(error)) if error.code().is_none() => Err(if self.client.is_closed() {
                Failure::Lost
            } else {
                let code = SqlState::PROGRAM_LIMIT_EXCEEDED;
                PostgresError::Server { code }.into()
            }),
            Some(Ok(_) | Err(_)) | None => Ok(sent),
        }
    }

    /// Ends a transaction that came to nothing, if one is open.
    pub(super) async fn roll_back(&self) -> Result<(), Failure> {
        if self.in_transaction.replace(false) {
            self.batch("ROLLBACK").await?;
        }
        Ok(())
    }

    /// Statements without values, as one transaction unless they begin others.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        let done = self.within(self.client.batch_execute(sql)).await?;
        done.map_err(|error| Failure::of(&error))
    }

    fn simple<'s>(&'s self, sql: &'static str) -> Answer<'s> {
        Box::pin(async { self.client.batch_execute(sql).await.map(|()| Vec::new()) })
    }

    /// The statements' futures; each is sent when it is first polled, and waits for no other.
    fn sent<'s>(&'s self, statements: &'s [Bound<'_>]) -> impl Iterator<Item = Answer<'s>> {
        statements
            .iter()
            .map(move |(sql, values)| -> Answer<'s> { Box::pin(self.send(*sql, values)) })
    }

    async fn send(
        &self,
        sql: Sql,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let prepared = self.statements.borrow_mut().get_mut(sql.name).map(Prepared::used);
        match prepared {
            Some(statement) => self.client.query(&statement, values).await,
            None => self.client.query(sql.text, values).await,
        }
    }

    async fn prepare_all(&self, statements: &[Bound<'_>]) -> Result<(), Failure> {
        for (sql, _) in statements {
            self.prepare(*sql).await?;
        }
        Ok(())
    }

    async fn prepare(&self, sql: Sql) -> Result<(), Failure> {
        let mut renewed_after = FIRST_USES;
        if let Some(prepared) = self.statements.borrow().get(sql.name) {
            if prepared.uses < prepared.renewed_after {
                return Ok(());
            }
            renewed_after = prepared.renewed_after.saturating_mul(2).min(MOST_USES);
        }
        let statement = self.within(self.client.prepare(sql.text)).await?;
        let statement = statement.map_err(|error| Failure::of(&error))?;
        let prepared = Prepared { statement, uses: 0, renewed_after };
        self.statements.borrow_mut().insert(sql.name, prepared);
        Ok(())
    }

    /// Waits, but not for ever: a network that swallows packets closes nothing.
    async fn within<T>(&self, answer: impl Future<Output = T>) -> Result<T, Failure> {
        self.awaits.set(true);
        let Ok(answer) = tokio::time::timeout(self.patience, answer).await else {
            self.place.fell_silent();
            return Err(Failure::Lost);
        };
        self.awaits.set(false);
        Ok(answer)
    }

    /// PostgreSQL warns, and says that all is well, where it was told to stop waiting for its
    /// standbys (`SyncRepWaitForLSN`): then a failover could lose what was stored.
    fn unwarned<T>(&self, answer: T) -> Result<T, Failure> {
        if self.warned.load(Ordering::Acquire) {
            self.place.avoid();
            return Err(Failure::NotKnown);
        }
        Ok(answer)
    }
}

/// A connection that is dropped says goodbye, but waits for what it asked before: where the server
/// stands still, for ever.
impl Drop for Session {
    fn drop(&mut self) {
        if self.awaits.get() {
            self.place.avoid();
            self.driver.abort();
        }
    }
}

impl Prepared {
    fn used(&mut self) -> Statement {
        self.uses = self.uses.saturating_add(1);
        self.statement.clone()
    }
}
