//! A contest: in each round every contender has its turn, with so many callers at once.

use std::{
    error::Error,
    fs::OpenOptions,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use optin::Storage;
use optin_benches::{
    engines::{self, Driven},
    rounds::Spread,
};
use tokio::{runtime::Runtime, task::JoinHandle};

type Run<'a> = Box<dyn Fn(&Runtime, usize, usize) -> Result<f64, Box<dyn Error>> + 'a>;

/// Who does the same as others, by name: so much a second, with so many callers each of whom does
/// so much.
pub(crate) struct Contender<'a> {
    pub(crate) name: &'static str,
    pub(crate) rate: Run<'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(
        name: &'static str,
        rate: impl Fn(&Runtime, usize, usize) -> Result<f64, Box<dyn Error>> + 'a,
    ) -> Self {
        Self { name, rate: Box::new(rate) }
    }

    /// Texts through an engine over this storage, each from someone new.
    pub(crate) fn engine<S: Storage + 'static>(name: &'static str, storage: S) -> Self {
        let engine = Arc::new(Driven::over(storage));
        let next = Arc::new(AtomicUsize::new(0));
        Self::new(name, move |runtime, callers, texts| {
            let calls = |_| {
                let (engine, next) = (engine.clone(), next.clone());
                runtime.spawn(async move {
                    for _ in 0..texts {
                        let number = next.fetch_add(1, Relaxed);
                        let text = engines::text(number, 0, "Hi, are you open?");
                        let handled = engine.0.handle(&engines::contact(number), text).await;
                        handled.expect("the storage works");
                    }
                })
            };
            rate(runtime, callers * texts, (0..callers).map(calls))
        })
    }

    /// Appends of so many bytes, each on the disk before the next, whatever the callers.
    pub(crate) fn appends(path: &Path, bytes: usize) -> Result<Self, Box<dyn Error>> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let block = vec![b'x'; bytes];
        Ok(Self::new("append and fdatasync", move |_, _, _| {
            const APPENDS: usize = 200;
            let began = Instant::now();
            for _ in 0..APPENDS {
                (&file).write_all(&block)?;
                file.sync_data()?;
            }
            Ok(APPENDS as f64 / began.elapsed().as_secs_f64())
        }))
    }
}

/// How much a second was done, from when the first of these tasks began to when all are done.
pub(crate) fn rate(
    runtime: &Runtime,
    done: usize,
    tasks: impl Iterator<Item = JoinHandle<()>>,
) -> Result<f64, Box<dyn Error>> {
    let began = Instant::now();
    for task in tasks.collect::<Vec<_>>() {
        runtime.block_on(task)?;
    }
    Ok(done as f64 / began.elapsed().as_secs_f64())
}

/// Rounds of all contenders for each number of callers, after one that does not count; prints how
/// many times as much the first did as each other. `OPTIN_ONLY` names one to run alone.
pub(crate) fn run(
    runtime: &Runtime,
    what: &str,
    rounds: usize,
    callers: &[(usize, usize)],
    mut contenders: Vec<Contender<'_>>,
) -> Result<(), Box<dyn Error>> {
    if let Ok(only) = std::env::var("OPTIN_ONLY") {
        contenders.retain(|contender| contender.name == only);
    }
    for &(callers, each) in callers {
        let mut rates = vec![Vec::new(); contenders.len()];
        for round in 0..=rounds {
            for turn in 0..contenders.len() {
                let at = (round + turn) % contenders.len();
                let rate = (contenders[at].rate)(runtime, callers, each)?;
                if round > 0 {
                    rates[at].push(rate);
                }
            }
        }
        println!("{callers} callers, {what} a second, {rounds} rounds:");
        for (contender, rates) in contenders.iter().zip(&rates) {
            println!("  {:<24} {:.0}", contender.name, Spread::of(rates.clone()));
        }
        for (at, contender) in contenders.iter().enumerate().skip(1) {
            let ratios = rates[0].iter().zip(&rates[at]).map(|(first, other)| first / other);
            let ratio = Spread::of(ratios.collect());
            println!("  {} / {}: {ratio:.2}", contenders[0].name, contender.name);
        }
    }
    Ok(())
}
