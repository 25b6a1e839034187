//! Four writers over three PostgreSQL whose leader is taken away; run.sh starts it and says when.
//!
//! `optin-failover NODE=PORT...`. Standard input has a line for what is done to the nodes:
//! `taken SCENARIO NODE`, `leader NODE`, `back`, `whole`; its end ends the run. Then everything is
//! checked, and the figures are printed. Exit status 1 when something does not hold.

mod check;
mod conversation;
mod figures;
mod outbox;
mod probe;
mod storage;
mod writer;

use std::{
    error::Error,
    io::stdin,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};
use optin::{Archive, Dispatcher, Engine, blocking::block_on};
use tokio_postgres::{Config, config::TargetSessionAttrs};

use crate::{
    figures::{Bare, Failover},
    outbox::Counting,
    probe::Row,
    storage::{Failure, Store, open},
    writer::{Answered, Log, Writing},
};

const WRITERS: usize = 4;

/// Short, so that what a failover leaves behind is settled within the run.
const LEASE: TimeDelta = TimeDelta::seconds(5);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let nodes = std::env::args().skip(1).map(|argument| {
        let (name, port) = argument.split_once('=').ok_or("NODE=PORT")?;
        Ok((name.to_owned(), port.parse::<u16>()?))
    });
    let nodes: Vec<(String, u16)> = nodes.collect::<Result<_, Box<dyn Error>>>()?;
    let leader = config(nodes.iter().map(|(_, port)| *port));
    probe::run(probe::create(&leader))??;
    block_on(open(&leader)?.migrate())?;
    let outbox = Counting::default();
    let engines: Vec<Writing<'_>> = (0..WRITERS)
        .map(|_| Ok(engine(open(&leader)?, &outbox)))
        .collect::<Result<_, Box<dyn Error>>>()?;
    let began = Instant::now();
    let (logs, rows, failovers) = run(&engines, &nodes)?;
    let ended = Instant::now();
    drop(engines);

    let engine = engine(open(&leader)?, &outbox);
    drain(&engine)?;
    let mut report = check::check(engine.storage(), &logs, &outbox.taken())?;
    report.wrong.extend(logs.iter().flat_map(|log| log.wrong.iter().cloned()));
    report.wrong.extend(read_stale(&logs, &failovers));
    check::repeat(&engine, worth_repeating(&logs, &failovers, ended), &mut report)?;
    let mut bare = Vec::new();
    for ((node, _), acknowledged) in nodes.iter().zip(rows) {
        let lost = probe::run(probe::lost(&leader, node, &acknowledged))??;
        bare.push(Bare { node: node.clone(), acknowledged, lost });
    }
    for (n, failover) in failovers.iter().enumerate() {
        let from = n.checked_sub(1).map_or(began, |before| failovers[before].taken);
        let until = failovers.get(n + 1).map_or(ended, |next| next.taken);
        figures::print_failover(failover, (from, until), &logs, &bare);
    }
    figures::print_report(&report);
    Ok(if report.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whichever of these nodes takes writes.
fn config(ports: impl Iterator<Item = u16>) -> Config {
    let mut config = Config::new();
    config.user("postgres").dbname("postgres").connect_timeout(Duration::from_secs(2));
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    for port in ports {
        config.host("127.0.0.1").port(port);
    }
    config
}

fn engine(storage: Store, outbox: &Counting) -> Writing<'_> {
    Engine::new(storage, outbox, Utc::now as fn() -> _).with_lease(LEASE)
}

type Seen = (Vec<Log>, Vec<Vec<Row>>, Vec<Failover>);

/// All of them at once, until standard input ends.
fn run(engines: &[Writing<'_>], nodes: &[(String, u16)]) -> Result<Seen, Box<dyn Error>> {
    let (stop, stop_all) = (&AtomicBool::new(false), &AtomicBool::new(false));
    thread::scope(|scope| {
        let writers: Vec<_> = engines
            .iter()
            .enumerate()
            .map(|(writer, engine)| scope.spawn(move || writer::write(writer, engine, stop)))
            .collect();
        for engine in engines {
            scope.spawn(move || writer::dispatch(engine, stop_all));
        }
        let probes: Vec<_> = nodes
            .iter()
            .map(|(node, port)| {
                let mut config = config([*port].into_iter());
                config.target_session_attrs(TargetSessionAttrs::Any);
                scope.spawn(move || probe::run(probe::write(node, &config, stop)))
            })
            .collect();
        let failovers = listen();
        stop.store(true, Relaxed);
        let logs = writers.into_iter().map(|writer| writer.join().map_err(|_| "a writer panicked"));
        let logs = logs.collect::<Result<Vec<Log>, _>>();
        let rows = probes.into_iter().map(|probe| match probe.join() {
            Ok(rows) => rows.map_err(|error| error.to_string()),
            Err(_) => Err("a bare writer panicked".into()),
        });
        let rows = rows.collect::<Result<_, String>>();
        stop_all.store(true, Relaxed);
        Ok((logs?, rows?, failovers?))
    })
}

/// What run.sh says, and when.
fn listen() -> Result<Vec<Failover>, std::io::Error> {
    let mut failovers: Vec<Failover> = Vec::new();
    for line in stdin().lines() {
        let (line, now) = (line?, Instant::now());
        let words: Vec<&str> = line.split(' ').collect();
        match (&words[..], failovers.last_mut()) {
            (["taken", scenario, old], _) => failovers.push(Failover {
                scenario: (*scenario).to_owned(),
                old: (*old).to_owned(),
                taken: now,
                leader: None,
                back: None,
                whole: None,
            }),
            (["leader", leader], Some(last)) => last.leader = Some(((*leader).to_owned(), now)),
            (["back"], Some(last)) => last.back = Some(now),
            (["whole"], Some(last)) => last.whole = Some(now),
            _ => eprintln!("not understood: {line}"),
        }
    }
    Ok(failovers)
}

/// Contacts that were read as they had been, where no old leader was left to read from.
fn read_stale(logs: &[Log], failovers: &[Failover]) -> Vec<String> {
    let all = logs.iter().flat_map(|log| &log.answered);
    let stale = all.filter(|it| it.failures.iter().any(|it| it.failure == Failure::Stale));
    stale
        .filter(|answered| {
            let last = failovers.iter().rfind(|failover| failover.taken <= answered.at);
            !last.is_some_and(Failover::leaves_two)
        })
        .map(|answered| format!("contact {} was read as it had been", answered.index))
        .collect()
}

/// Until nothing waits: what a failover left behind is due once its lease is over.
fn drain(engine: &Writing<'_>) -> Result<(), Box<dyn Error>> {
    for _ in 0..120 {
        block_on(Dispatcher::new(engine).run_once(10_000))?;
        let queue = block_on(engine.storage().queue())?;
        if queue.waiting + queue.claimed == 0 {
            break;
        }
        thread::sleep(Duration::from_millis(500));
    }
    Ok(())
}

/// Events that were not answered at first, and the last ones before each gap.
fn worth_repeating<'a>(
    logs: &'a [Log],
    failovers: &[Failover],
    ended: Instant,
) -> impl Iterator<Item = (usize, &'a Answered)> {
    let times = figures::all_writes(logs);
    let gaps: Vec<Instant> = failovers
        .iter()
        .filter_map(|failover| figures::longest_gap(&times, failover.taken, ended))
        .map(|gap| gap.began)
        .collect();
    logs.iter().enumerate().flat_map(move |(writer, log)| {
        let gaps = gaps.clone();
        let worth = log.answered.iter().filter(move |answered| {
            let just_before =
                |gap: &Instant| answered.at <= *gap && *gap - answered.at < Duration::from_secs(3);
            !answered.failures.is_empty() || gaps.iter().any(just_before)
        });
        worth.map(move |answered| (writer, answered))
    })
}
