//! The gates: what may not get worse, in instructions and allocations, never in time.
//!
//! Counts under callgrind by running itself; fails when a gate does, and when it cannot count.

use std::{env, hint::black_box, io, process::ExitCode};

use optin::{Keyword, Policy};
use optin_benches::{
    allocations::{self, Counted},
    cases,
    instructions::{self, WORK, measured},
    peer::{phrases, strict},
    texts::{ANSWERS, NASTY, Texts},
};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Work that the crate may take at most so many times the instructions of its peer for.
const RATIOS: [(&str, f64); 8] = [
    ("keyword in texts", 1.0),
    ("restarts in texts", 1.0),
    ("keyword in answers", 1.0),
    ("restarts in answers", 1.0),
    ("reading", 2.0),
    ("texts in every situation", 1.5),
    ("a usual text of someone active", 1.5),
    ("other events in every situation", 1.5),
];

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some(WORK) {
        work(&arguments.next().unwrap_or_default());
        return Ok(ExitCode::SUCCESS);
    }
    let mut gates = Gates { failed: 0 };
    for (name, at_most) in RATIOS {
        gates.hold_ratio(name, ["crate", "peer"], at_most)?;
    }
    gates.hold_ratio("bytes strictly read", ["16000", "9"], 1.1)?;
    for (name, _) in NASTY {
        gates.hold_ratio(name, ["16 KiB of", "1 KiB of"], 16.1)?;
    }
    allocate(&mut gates);
    Ok(gates.verdict())
}

/// One piece of work, counted: of one side, or of one length.
fn work(named: &str) {
    if let Some((side, name)) = named.split_once(": ") {
        match side {
            "crate" | "peer" if name == "reading" => read(side == "crate"),
            "crate" | "peer" if name.contains(" in texts") || name.contains(" in answers") => {
                read_strictly(side == "crate", name);
            }
            "crate" | "peer" => decide(side == "crate", name),
            bytes if name == "bytes strictly read" => {
                let text = "y".repeat(bytes.parse().expect("a length"));
                let policy = Policy::default();
                measured(&mut || {
                    black_box(Keyword::strict(black_box(&text)));
                    black_box(policy.matcher().restarts(black_box(&text)));
                });
            }
            length => {
                let kib = length.trim_end_matches(" KiB of").parse::<usize>();
                read_long(kib.expect("a length") * 1_024, name);
            }
        }
    }
}

fn each(texts: &[String], read: &mut dyn FnMut(&str)) {
    measured(&mut || texts.iter().for_each(|text| read(black_box(text))));
}

fn read(ours: bool) {
    let texts = Texts::made().list;
    let policy = Policy::default();
    let machine = phrases::machine(None);
    if ours {
        each(&texts, &mut |text| _ = black_box(policy.matcher().read(text, false)));
    } else {
        each(&texts, &mut |text| _ = black_box(phrases::found(&machine, text)));
    }
}

fn read_strictly(ours: bool, name: &str) {
    let policy = Policy::default();
    let restarts = &policy.settings().keywords.restart;
    let texts = match name.ends_with("answers") {
        true => ANSWERS.map(String::from).into(),
        false => Texts::made().list,
    };
    match (name.starts_with("keyword"), ours) {
        (true, true) => each(&texts, &mut |text| _ = black_box(Keyword::strict(text))),
        (true, false) => each(&texts, &mut |text| _ = black_box(strict::keyword(text))),
        (false, true) => each(&texts, &mut |text| _ = black_box(policy.matcher().restarts(text))),
        (false, false) => each(&texts, &mut |text| _ = black_box(strict::restarts(restarts, text))),
    }
}

fn decide(ours: bool, group: &str) {
    let groups = cases::groups();
    let (_, cases, _) = groups.iter().find(|(name, ..)| *name == group).expect("a group");
    measured(&mut || {
        for case in cases {
            if ours {
                drop(black_box(black_box(case).decide()));
            } else {
                drop(black_box(black_box(case).decide_by_hand()));
            }
        }
    });
}

fn read_long(bytes: usize, nasty: &str) {
    let policy = Policy::default();
    let (_, part) = NASTY.iter().find(|(name, _)| *name == nasty).expect("a part");
    let text = part.repeat(bytes / part.len());
    measured(&mut || _ = black_box(policy.matcher().read(black_box(&text), false)));
}

fn allocate(gates: &mut Gates) {
    let policy = Policy::default();
    let texts = Texts::made();
    let count = allocations::made_by(|| {
        for text in texts.ascii() {
            black_box(policy.matcher().read(black_box(text), false));
        }
    });
    gates.hold("allocations reading ASCII", count as f64, 0.0);
    for (name, cases, _) in cases::groups() {
        let by = |decide: &dyn Fn(&cases::Case)| {
            allocations::made_by(|| cases.iter().for_each(decide)) as f64
        };
        let ours = by(&|case| drop(black_box(case.decide())));
        let hand = by(&|case| drop(black_box(case.decide_by_hand())));
        gates.hold(&format!("allocations deciding {name}"), ours, hand);
    }
}

/// Counts the gates that did not hold.
struct Gates {
    failed: u32,
}

impl Gates {
    fn hold_ratio(&mut self, name: &str, sides: [&str; 2], at_most: f64) -> io::Result<()> {
        let [one, other] = sides;
        let count = |side| instructions::count(&format!("{side}: {name}"));
        let ratio = count(one)? as f64 / count(other)? as f64;
        self.hold(&format!("{name}: {one} / {other}"), ratio, at_most);
        Ok(())
    }

    fn hold(&mut self, name: &str, figure: f64, at_most: f64) {
        let holds = figure <= at_most;
        self.failed += u32::from(!holds);
        let verdict = if holds { "holds" } else { "FAILS" };
        println!("{verdict}  {name}: {figure:.2} (at most {at_most:.2})");
    }

    fn verdict(&self) -> ExitCode {
        println!("{} failed", self.failed);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
