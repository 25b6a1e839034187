//! Many rows are under way at once and the report is the same each time; an import that ended midway
//! is run again with the same result.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod imports;
mod support;

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Contact, PhoneNumber, Storage,
    import::{Import, ImportError},
    storage::{Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot},
    store::MemoryStorage,
};

use self::{
    imports::{acme, contacts, import, memory, over, reports},
    support::poll_once,
};

fn number(n: u64) -> PhoneNumber {
    PhoneNumber::from_digits(12_065_550_100 + n).unwrap()
}

/// Waits as chance wills, and counts who is under way.
struct Jittery {
    storage: Arc<MemoryStorage>,
    chance: Mutex<fastrand::Rng>,
    under_way: Mutex<HashSet<Contact>>,
    most: AtomicU32,
    /// After so many calls each one fails.
    good_calls: AtomicU32,
}

#[derive(Debug, thiserror::Error)]
#[error("it is broken")]
struct Broken;

impl Jittery {
    fn new(storage: Arc<MemoryStorage>, seed: u64, good_calls: u32) -> Self {
        Self {
            storage,
            chance: Mutex::new(fastrand::Rng::with_seed(seed)),
            under_way: Mutex::default(),
            most: AtomicU32::new(0),
            good_calls: AtomicU32::new(good_calls),
        }
    }

    async fn around<T>(
        &self,
        contact: &Contact,
        call: impl Future<Output = T>,
    ) -> Result<T, Broken> {
        let good = self.good_calls.fetch_update(Relaxed, Relaxed, |calls| calls.checked_sub(1));
        good.map_err(|_| Broken)?;
        {
            let mut under_way = self.under_way.lock().unwrap();
            assert!(under_way.insert(contact.clone()), "a number is under way twice");
            self.most.fetch_max(under_way.len() as u32, Relaxed);
        }
        self.wait().await;
        let answer = call.await;
        self.wait().await;
        self.under_way.lock().unwrap().remove(contact);
        Ok(answer)
    }

    async fn wait(&self) {
        let mut left = self.chance.lock().unwrap().u8(..20);
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            left = left.saturating_sub(1);
            if left == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

impl Storage for Jittery {
    type Error = Broken;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Broken> {
        Ok(self.around(contact, self.storage.load(contact)).await?.unwrap())
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Broken> {
        let contact = commit.contact.clone();
        Ok(self.around(&contact, self.storage.commit(commit)).await?.unwrap())
    }

    async fn claim(
        &self,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
        _: usize,
    ) -> Result<Vec<Claim>, Broken> {
        Ok(Vec::new())
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Broken> {
        Ok(self.storage.policy(account).await.unwrap())
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Broken> {
        Ok(self.storage.set_policy(change).await.unwrap())
    }
}

/// 600 rows of 250 numbers, opted out now and then.
fn repeating() -> String {
    let rows = (0..600_u64).map(|row| {
        let status = if row % 7 == 0 { "yes" } else { "" };
        format!("{},{status}\n", number(row * row % 250).to_e164())
    });
    format!("phone,opted_out\n{}", rows.collect::<String>())
}

#[test]
fn many_rows_are_under_way_but_of_a_number_one_and_the_report_is_always_the_same() {
    let file = repeating();
    let first = reports(&file);
    for seed in 0..20 {
        let engine = over(Jittery::new(Arc::default(), seed, u32::MAX));
        let (found, totals) = import(&engine, file.as_bytes());
        assert_eq!(found, first, "seed {seed}");
        assert_eq!(totals.unwrap().rows, 600);
        let most = engine.storage().most.load(Relaxed);
        assert!(most > 40, "{most} at once");
    }
}

#[test]
fn an_import_that_a_failing_storage_ended_is_run_again_with_the_same_result() {
    let file = repeating();
    let whole = memory();
    let (all, totals) = import(&whole, file.as_bytes());
    let whole_totals = totals.unwrap();
    for calls in (0..760).step_by(13) {
        let storage = Arc::new(MemoryStorage::new());
        let failing = over(Jittery::new(storage.clone(), u64::from(calls), calls));
        let (before, failed) = import(&failing, file.as_bytes());
        let failed = failed.unwrap_err();
        assert!(matches!(&failed, ImportError::Engine { line, .. }
            if *line == before.len() as u64 + 2));
        assert_eq!(failed.totals().unwrap().rows, before.len() as u64);
        assert_eq!(before, all[..before.len()], "what is reported is what would have been");
        let (again, totals) = import(&over(storage.clone()), file.as_bytes());
        assert_eq!((again.len(), totals.unwrap().rejected), (all.len(), whole_totals.rejected));
        assert_eq!(contacts(&*storage), contacts(whole.storage()), "after {calls} calls");
    }
}

#[test]
fn an_import_whose_future_was_dropped_is_run_again_with_the_same_result() {
    let file = repeating();
    let whole = memory();
    import(&whole, file.as_bytes()).1.unwrap();
    let mut began = HashSet::new();
    for polls in (0..6_000).step_by(97) {
        let storage = Arc::new(MemoryStorage::new());
        let engine = over(Jittery::new(storage.clone(), polls, u32::MAX));
        let import_once = Import::new(&engine, acme());
        let mut future = Box::pin(import_once.csv(file.as_bytes(), |_| {}));
        let ended = (0..polls).any(|_| poll_once(future.as_mut()).is_some());
        drop(future);
        if ended {
            break;
        }
        began.insert(contacts(&*storage).len());
        import(&over(storage.clone()), file.as_bytes()).1.unwrap();
        assert_eq!(contacts(&*storage), contacts(whole.storage()), "after {polls} polls");
    }
    assert!(began.len() > 5, "dropped at {began:?}");
}
