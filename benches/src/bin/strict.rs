//! The strict readings (R2.3, R2.4) beside a length check and `eq_ignore_ascii_case` by hand.

use std::{hint::black_box, io};

use optin::{Keyword, Policy};
use optin_benches::{
    peer::strict,
    rounds,
    texts::{ANSWERS, Texts},
};

fn main() -> io::Result<()> {
    let texts = Texts::given_or_made()?;
    let answers: Vec<String> = ANSWERS.iter().map(|&text| text.into()).collect();
    println!("{}: {}", texts.source, texts.list.len());
    compare(&texts.list, 1);
    println!("answers to a prompt: {}", answers.len());
    compare(&answers, 400);
    Ok(())
}

fn compare(texts: &[String], times: usize) {
    let policy = Policy::default();
    let restarts = &policy.settings().keywords.restart;
    for text in texts {
        assert_eq!(Keyword::strict(text), strict::keyword(text));
        let restart = policy.matcher().restarts(text);
        assert_eq!(restart, strict::restarts(restarts, text));
    }
    let each = |read: &mut dyn FnMut(&str)| {
        for _ in 0..times {
            for text in texts {
                read(black_box(text));
            }
        }
    };
    let rounds = rounds::run(
        201,
        &mut [
            (
                "Keyword::strict",
                Box::new(|| each(&mut |text| _ = black_box(Keyword::strict(text)))),
            ),
            (
                "keyword by hand",
                Box::new(|| each(&mut |text| _ = black_box(strict::keyword(text)))),
            ),
            (
                "KeywordMatcher::restarts",
                Box::new(|| each(&mut |text| _ = black_box(policy.matcher().restarts(text)))),
            ),
            (
                "restarts by hand",
                Box::new(|| each(&mut |text| _ = black_box(strict::restarts(restarts, text)))),
            ),
        ],
    );
    rounds.print(texts.len() * times, "text");
    rounds.print_ratio(0, 1, 1.0);
    rounds.print_ratio(2, 3, 1.0);
}
