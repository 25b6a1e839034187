//! The first page stays small and quick with 100,000 contacts in the file.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use optin::{Event, PhoneNumber, Source};
use support::{Browser, host};

const CONTACTS: u64 = 100_000;
const AT_ONCE: u64 = 500;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_is_small_and_quick_with_100_000_contacts() {
    let host = host("first_page").await;
    let began = Instant::now();
    let adding: Vec<_> = (0..AT_ONCE)
        .map(|first| {
            let host = Arc::clone(&host);
            tokio::spawn(async move {
                for n in (first..CONTACTS).step_by(AT_ONCE as usize) {
                    let number = PhoneNumber::from_digits(1_212_555_000_000 + n).unwrap();
                    let opted_out = (n % 3 == 0).then_some(true);
                    let added = Event::Added { source: Source::Csv, opted_out };
                    host.engine.handle(&host.contact(number), added).await.unwrap();
                }
            })
        })
        .collect();
    for adding in adding {
        adding.await.unwrap();
    }
    let added = began.elapsed();

    let mut browser = Browser::of(&host);
    let mut files = 0;
    for file in ["/style.css", "/app.js", "/icon.svg"] {
        files += browser.get(file).await.text.len();
    }
    for page in ["/", "/?state=opted_out", "/?state=pending&after=1212555050000"] {
        let mut took = Vec::new();
        let mut size = 0;
        for _ in 0..21 {
            let began = Instant::now();
            size = browser.get(page).await.text.len();
            took.push(began.elapsed());
        }
        size += files;
        let first = took[0];
        took.sort();
        println!(
            "{page}: {size} bytes with its files, first {first:?}, median {:?}; {CONTACTS} contacts added in {added:?}",
            took[10]
        );
        assert!(size < 50_000, "{page}: {size} bytes");
        assert!(took[10] < Duration::from_millis(50), "{page}: {:?}", took[10]);
    }
}
