//! `decide_text`, the reading given, beside the same table as a machine of `statig`, of `smlang`, and
//! by hand: in time, in instructions and in allocations.

use std::{env, hint::black_box, io};

use optin_benches::{
    allocations::{self, Counted},
    cases::{self, Case},
    instructions::{self, WORK, measured},
    rounds,
};
use optin_benches_peers::{smlang, statig};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

const SIDES: [&str; 4] = ["decide_text", "statig", "smlang", "by hand"];

fn main() -> io::Result<()> {
    let groups = cases::groups();
    let texts = || groups.iter().filter(|(name, ..)| name.contains("text"));
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some(WORK) {
        let work = arguments.next().unwrap_or_default();
        let (side, group) = work.split_once(": ").unwrap_or_default();
        let side = SIDES.iter().position(|name| *name == side).expect("a side");
        let (_, cases, _) = texts().find(|(name, ..)| *name == group).expect("a group");
        measured(&mut || decide(side, cases));
        return Ok(());
    }
    for (name, cases, times) in texts() {
        cases.iter().for_each(agree);
        println!("{name}: {}", cases.len());
        compare(cases, *times);
        count(name, cases)?;
    }
    Ok(())
}

/// All decisions, each made and dropped.
fn decide(side: usize, cases: &[Case]) {
    match side {
        0 => each(cases, Case::decide),
        1 => each(cases, |case| case.decide_text_by(statig::decide_text)),
        2 => each(cases, |case| case.decide_text_by(smlang::decide_text)),
        _ => each(cases, Case::decide_by_hand),
    }
}

#[inline(always)]
fn each<T>(cases: &[Case], decide: impl Fn(&Case) -> T) {
    for case in cases {
        drop(black_box(decide(black_box(case))));
    }
}

/// Crate and hand were held against one another when the cases were made.
fn agree(case: &Case) {
    let by_hand = case.decide_by_hand().ok();
    assert_eq!(case.decide_text_by(statig::decide_text), by_hand, "statig: {}", case.name());
    assert_eq!(case.decide_text_by(smlang::decide_text), by_hand, "smlang: {}", case.name());
}

fn compare(cases: &[Case], times: usize) {
    let contender = |side: usize| -> rounds::Contender<'_> {
        (SIDES[side], Box::new(move || (0..times).for_each(|_| decide(side, cases))))
    };
    let mut contenders: Vec<_> = (0..SIDES.len()).map(contender).collect();
    let rounds = rounds::run(101, &mut contenders);
    rounds.print(cases.len() * times, "text");
    rounds.print_ratio(0, 1, 1.1);
    rounds.print_ratio(0, 2, 1.1);
}

fn count(group: &str, cases: &[Case]) -> io::Result<()> {
    let mut instructions = [0; 4];
    for (side, name) in SIDES.iter().enumerate() {
        instructions[side] = instructions::count(&format!("{name}: {group}"))?;
        let allocations = allocations::made_by(|| decide(side, cases));
        let each = instructions[side] / cases.len() as u64;
        println!("  {name:<34} {each} instructions a text, {allocations} allocations in all");
    }
    for peer in [1, 2] {
        let ratio = instructions[0] as f64 / instructions[peer] as f64;
        println!("  instructions, {} / {}: {ratio:.2} (at most 1.1)", SIDES[0], SIDES[peer]);
    }
    Ok(())
}
