//! What may cross threads: every public type, and every future of the engine.
#![allow(clippy::unwrap_used, reason = "a test")]

use chrono::{DateTime, Utc};
use optin::{
    erased::{BoxOutbox, BoxStorage, BoxedStorageError},
    storage::{
        Change, Claim, Commit, Committed, Counts, CurrentPolicy, Mark, Place, PolicyChange,
        PolicyCommitted, Settlement, Snapshot, Task, Then,
    },
    store::{MemoryStorage, SqliteError, SqliteStorage, sqlite},
    *,
};

fn crosses_threads<T: Send + Sync + Unpin + 'static>() {}

macro_rules! cross_threads {
    ($($type:ty),* $(,)?) => { $(crosses_threads::<$type>();)* };
}

type Clock = fn() -> DateTime<Utc>;
type BoxedEngine = Engine<BoxStorage, BoxOutbox, Clock>;

#[test]
fn what_is_moved_and_the_move_itself_cross_threads() {
    use optin::moving::{Key, Move, MoveError, Moved, Progress, Pruned, PutIn, Row, Step};

    type Storages = Move<'static, MemoryStorage, SqliteStorage>;
    type Failed = MoveError<core::convert::Infallible, SqliteError>;
    cross_threads![Key, Storages, Failed, Moved, Progress, Pruned, PutIn, Row, Step];
    fn is_sent(future: impl Future + Send) {
        drop(future);
    }
    let (from, to) = (MemoryStorage::new(), MemoryStorage::new());
    is_sent(Move::new(&from, &to).run(|_| {}));
}

#[test]
fn every_public_type_crosses_threads() {
    cross_threads![
        AccountId,
        Actor,
        ActorId,
        Body<'static>,
        BrokenLedger,
        Cancel,
        CarrierCode,
        ClaimToken,
        ConsentState,
        Contact,
        Content,
        Crm,
        Decision,
        Destination,
        Due,
        Encoding,
        Ending,
        Entry,
        Event<'static>,
        Fact,
        Handover,
        InboxId,
        InvalidId,
        InvalidNote,
        InvalidNumber,
        InvalidPolicy,
        Keyword,
        KeywordMatcher,
        KeywordSet,
        KeywordSettings,
        Message<'static>,
        MessageId,
        MessageKind,
        Note,
        OptIn,
        OptOut,
        Outgoing,
        OutgoingId,
        OutgoingText,
        Outstanding,
        Override,
        Pending,
        Permission,
        PhoneNumber,
        Policy,
        Problem,
        PromptSettings,
        PromptTemplate,
        Reading,
        Reason,
        Record,
        Refusal,
        ReminderPolicy,
        ReminderSettings,
        ReplySettings,
        RestartSettings,
        RestartWindow,
        Revision,
        Role,
        Segments,
        Settings,
        Settled,
        Source,
        Status,
        SyncSettings,
        Text<'static>,
        Transition,
        Verdict,
    ];
    cross_threads![
        Change,
        Place,
        Claim,
        Commit,
        Committed,
        Counts,
        CurrentPolicy,
        Mark,
        PolicyChange,
        PolicyCommitted,
        Settlement,
        Snapshot,
        Task,
        Then,
    ];
    cross_threads![
        BoxOutbox, BoxStorage, BoxedEngine, BoxedStorageError, Delivery, MemoryStorage, Outcome,
        Permit, SqliteError, SqliteStorage, sqlite::Durability, sqlite::Options, Round, Engine<MemoryStorage, BoxOutbox, Clock>,
        Dispatcher<'static, BoxStorage, BoxOutbox, Clock>,
        HandleError<BoxedStorageError>, SendError<BoxedStorageError>,
        ChangePolicyError<BoxedStorageError, InvalidPolicy>,
    ];
}

#[test]
fn every_error_is_an_error() {
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_error::<BrokenLedger>();
    is_error::<InvalidId>();
    is_error::<InvalidNote>();
    is_error::<InvalidNumber>();
    is_error::<InvalidPolicy>();
    is_error::<Problem>();
    is_error::<Refusal>();
    is_error::<SqliteError>();
    is_error::<BoxedStorageError>();
    is_error::<HandleError<BoxedStorageError>>();
    is_error::<SendError<BoxedStorageError>>();
    is_error::<ChangePolicyError<BoxedStorageError, InvalidPolicy>>();
}

/// Has `CLONES` false for every type, unless the type is `Clone`: an inherent one wins.
trait ClonesUnlessInherent {
    const CLONES: bool = false;
}

struct Asked<T>(std::marker::PhantomData<T>);

impl<T> ClonesUnlessInherent for Asked<T> {}

impl<T: Clone> Asked<T> {
    const CLONES: bool = true;
}

#[test]
fn a_permit_cannot_be_cloned() {
    const { assert!(!Asked::<Permit>::CLONES) };
    const { assert!(Asked::<Contact>::CLONES) };
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

/// Compiled, never run: a bound on futures is checked without them.
#[allow(dead_code, reason = "compiling it is the test")]
async fn every_future_of_the_engine_is_send<S: Storage, O: Outbox>(
    engine: &Engine<S, O, Clock>,
    contact: &Contact,
    event: Event<'_>,
    message: Message<'_>,
    actor: &Actor,
) {
    let _ = is_send(engine.handle(contact, event)).await;
    if let Ok(Some(permit)) = is_send(engine.permit(contact)).await {
        let _ = is_send(engine.send(permit, message)).await;
    }
    let _ = is_send(engine.policy(contact.account())).await;
    let same = |policy: &Policy| Ok::<_, InvalidPolicy>(policy.clone());
    let _ = is_send(engine.change_policy(contact.account(), actor, same)).await;
    let _ = is_send(Dispatcher::new(engine).run_once(1)).await;
}

#[cfg(feature = "postgres")]
#[test]
fn what_postgres_adds_crosses_threads() {
    use optin::store::{PostgresError, PostgresStorage, postgres::Options};

    cross_threads![Options, PostgresError, PostgresStorage];
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_error::<PostgresError>();
    fn crosses<T: Send>(future: T) -> T {
        future
    }
    let made = |storage: &PostgresStorage, contact: &Contact| {
        drop(crosses(Storage::load(storage, contact)));
        drop(crosses(storage.migrate()));
    };
    let _ = made;
}
