//! `decide` beside the same table by hand, the reading given.

use std::hint::black_box;

use optin_benches::{
    cases::{self, Case},
    rounds,
};

fn main() {
    for (name, cases, times) in cases::groups() {
        println!("{name}: {}", cases.len());
        compare(&cases, times);
    }
}

fn compare(cases: &[Case], times: usize) {
    let rounds = rounds::run(
        101,
        &mut [
            (
                "decide",
                Box::new(|| {
                    for _ in 0..times {
                        for case in cases {
                            let _ = black_box(black_box(case).decide());
                        }
                    }
                }),
            ),
            (
                "by hand",
                Box::new(|| {
                    for _ in 0..times {
                        for case in cases {
                            let _ = black_box(black_box(case).decide_by_hand());
                        }
                    }
                }),
            ),
        ],
    );
    rounds.print(cases.len() * times, "event");
    rounds.print_ratio(0, 1, 1.5);
}
