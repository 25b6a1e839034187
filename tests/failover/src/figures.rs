//! What is printed of each failover, and of the whole.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use optin::Reason;

use crate::{
    check::Report,
    conversation::contact,
    probe::Row,
    writer::{Answered, Log},
};

/// A leader that was taken away, as run.sh told it.
#[derive(Clone, Debug)]
pub(crate) struct Failover {
    pub(crate) scenario: String,
    pub(crate) old: String,
    pub(crate) taken: Instant,
    pub(crate) leader: Option<(String, Instant)>,
    pub(crate) back: Option<Instant>,
    pub(crate) whole: Option<Instant>,
}

/// What one node's bare writer saw.
pub(crate) struct Bare {
    pub(crate) node: String,
    pub(crate) acknowledged: Vec<Row>,
    pub(crate) lost: Vec<Row>,
}

/// The longest time in which nothing was answered, if any.
#[derive(Clone, Copy)]
pub(crate) struct Gap {
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
}

impl Gap {
    fn seconds(self) -> f64 {
        seconds(self.began, self.ended)
    }
}

fn seconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64()
}

impl Failover {
    /// Whether the old leader goes on as one for a while, whose commits nobody acknowledges any
    /// more, but who can be read.
    pub(crate) fn leaves_two(&self) -> bool {
        self.scenario == "patroni" || self.scenario == "pause"
    }
}

/// Whether something was stored of it.
pub(crate) fn is_write(writer: usize, answered: &Answered) -> bool {
    contact(writer, answered.index).is_ok_and(|(_, course)| !course[answered.step].is_silent())
}

/// When a writer's events were answered, in order.
fn writes(writer: usize, log: &Log) -> Vec<Instant> {
    let writes = log.answered.iter().filter(|answered| is_write(writer, answered));
    writes.map(|answered| answered.at).collect()
}

/// The longest gap that ended within this time.
pub(crate) fn longest_gap(times: &[Instant], from: Instant, until: Instant) -> Option<Gap> {
    times
        .windows(2)
        .filter(|pair| pair[1] > from && pair[1] <= until)
        .map(|pair| Gap { began: pair[0], ended: pair[1] })
        .max_by_key(|gap| gap.ended - gap.began)
}

/// All writes, in order.
pub(crate) fn all_writes(logs: &[Log]) -> Vec<Instant> {
    let mut all: Vec<Instant> =
        logs.iter().enumerate().flat_map(|(writer, log)| writes(writer, log)).collect();
    all.sort();
    all
}

fn within(times: &[Instant], from: Instant, until: Instant) -> usize {
    times.iter().filter(|at| **at >= from && **at < until).count()
}

/// Prints what one failover came to; `from` and `until` are the failovers beside it.
pub(crate) fn print_failover(
    failover: &Failover,
    (from, until): (Instant, Instant),
    logs: &[Log],
    bare: &[Bare],
) {
    let taken = failover.taken;
    println!("\nfailover: {} of {}", failover.scenario, failover.old);
    if let Some((leader, at)) = &failover.leader {
        println!("  leader {leader} after {:.1} s", seconds(taken, *at));
    }
    if let (Some(back), Some(whole)) = (failover.back, failover.whole) {
        let (back, took) = (seconds(taken, back), seconds(back, whole));
        println!("  {} brought back after {back:.1} s, in step {took:.1} s later", failover.old);
    }
    let times = all_writes(logs);
    if let Some(gap) = longest_gap(&times, taken, until) {
        let before = within(&times, from, taken);
        let between = within(&times, taken, gap.ended);
        let after = within(&times, gap.ended, until);
        println!("  writes: {before} before, {between} until the gap, {after} after it");
        let (began, ended) = (seconds(taken, gap.began), seconds(taken, gap.ended));
        println!("  longest gap: {:.1} s, from {began:.1} s to {ended:.1} s", gap.seconds());
    }
    for (writer, log) in logs.iter().enumerate() {
        let own = writes(writer, log);
        let gap = longest_gap(&own, taken, until).map_or(0.0, Gap::seconds);
        let after = within(&own, taken, until);
        println!("  writer {writer}: longest gap {gap:.1} s, {after} writes from then on");
    }
    print_failures(logs, taken, until);
    for one in bare {
        print_bare(one, failover, until, bare);
    }
}

/// What was not answered at first, and what it turned out to be.
fn print_failures(logs: &[Log], from: Instant, until: Instant) {
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let mut longest = Duration::ZERO;
    for answered in logs.iter().flat_map(|log| &log.answered) {
        if answered.at < from || answered.at >= until || answered.failures.is_empty() {
            continue;
        }
        longest = longest.max(answered.at - answered.began);
        let mut tries: Vec<String> = Vec::new();
        for failed in &answered.failures {
            let settling = if failed.handed_over { " at the settlement" } else { "" };
            let what = format!("{:?}{settling}", failed.failure);
            if tries.last() != Some(&what) {
                tries.push(what);
            }
        }
        let stored = if answered.reason == Reason::Duplicate { "stored" } else { "not stored" };
        *kinds.entry(format!("{} -> was {stored}", tries.join(", "))).or_default() += 1;
    }
    println!("  events not answered at first, the longest for {:.1} s:", longest.as_secs_f64());
    for (kind, count) in kinds {
        println!("    {count} {kind}");
    }
}

/// What a node acknowledged to its bare writer, beside the leader that came after it.
fn print_bare(one: &Bare, failover: &Failover, until: Instant, all: &[Bare]) {
    let taken = failover.taken;
    let is_in = |row: &&Row| row.at >= taken && row.at < until;
    let lost = one.lost.iter().filter(is_in).count();
    let acknowledged = one.acknowledged.iter().filter(is_in).count();
    if one.node != failover.old {
        println!("  bare rows to {}: {acknowledged}, {lost} lost", one.node);
        return;
    }
    let new = failover.leader.as_ref().map(|(leader, _)| leader);
    let new = all.iter().find(|bare| Some(&bare.node) == new);
    let first = new.and_then(|new| new.acknowledged.iter().find(is_in)).map(|row| row.at);
    let twice = first.map_or(0, |first| {
        one.acknowledged.iter().filter(is_in).filter(|row| row.at >= first).count()
    });
    let last = one.acknowledged.iter().rfind(|row| row.at < first.unwrap_or(until));
    let last = last.map_or(0.0, |row| seconds(taken, row.at));
    println!(
        "  bare rows to {}, the old leader: {acknowledged}, the last after {last:.1} s, \
         {twice} since another leader's first, {lost} lost",
        one.node
    );
}

/// Prints what holds at the end.
pub(crate) fn print_report(report: &Report) {
    println!("\nat the end");
    println!("  {} contacts, {} ledger entries", report.contacts, report.entries);
    println!("  {} events acknowledged as stored, each with its one entry", report.stored);
    println!("  {} chains audited", report.audited);
    println!(
        "  {} texts decided: {} handed over, {} taken back, {} expired, {} of unknown end (of \
         which {} handed over)",
        report.outgoing,
        report.handed_over,
        report.taken_back,
        report.expired,
        report.unknown,
        report.unknown_handed_over
    );
    println!("  {} texts delivered again, to see that they are known", report.repeated);
    println!("  {} wrong", report.wrong.len());
    for wrong in report.wrong.iter().take(20) {
        println!("    {wrong}");
    }
}
