//! The full reading (R2.7) beside one `aho-corasick` pass with R2.5's phrases.

use std::{hint::black_box, io};

use optin::Policy;
use optin_benches::{
    peer::phrases,
    rounds::{self, Contender},
    texts::{NASTY, Texts},
};

const KIB: usize = 1_024;

fn main() -> io::Result<()> {
    let texts = Texts::given_or_made()?;
    println!("{}: {}, {} bytes", texts.source, texts.list.len(), texts.bytes());
    compare(&texts.list);
    println!("long texts, ns a byte at 1, 2, 4, 8 and 16 KiB");
    for (name, part) in NASTY {
        grow(name, part);
    }
    Ok(())
}

fn compare(texts: &[String]) {
    let policy = Policy::default();
    let matcher = policy.matcher();
    let machines = phrases::machines();
    let mut contenders: Vec<Contender<'_>> = vec![(
        "KeywordMatcher::read",
        Box::new(|| {
            for text in texts {
                black_box(matcher.read(black_box(text), false));
            }
        }),
    )];
    for (name, machine) in &machines {
        let pass = || {
            for text in texts {
                black_box(phrases::found(machine, black_box(text)));
            }
        };
        contenders.push((*name, Box::new(pass)));
    }
    let rounds = rounds::run(101, &mut contenders);
    rounds.print(texts.len(), "text");
    let fastest = rounds.fastest(1..1 + machines.len());
    rounds.print_ratio(0, fastest, 2.0);
}

fn grow(name: &str, part: &str) {
    let policy = Policy::default();
    let lengths = [1, 2, 4, 8, 16].map(|kib| kib * KIB);
    let texts = lengths.map(|bytes| part.repeat(bytes / part.len()));
    let mut contenders: Vec<Contender<'_>> = Vec::new();
    for text in &texts {
        let read = || _ = black_box(policy.matcher().read(black_box(text), false));
        contenders.push(("", Box::new(read)));
    }
    let rounds = rounds::run(51, &mut contenders);
    let each = lengths.iter().enumerate();
    let medians = each.map(|(at, &bytes)| format!("{:6.2}", rounds.nanos_each(at, bytes).median));
    println!("  {name:<34} {}", medians.collect::<Vec<_>>().join(" "));
}
