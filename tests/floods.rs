//! What a flood of texts costs at most, a contact: in a window of restarts, and in any such time.
//!
//! `OPTIN_TEXTS` sets how many texts the crowd sends (20,000 unless told otherwise), from a tenth
//! as many numbers; `OPTIN_SEED` repeats one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "floods/bound.rs"]
mod bound;
#[path = "floods/flooder.rs"]
mod flooder;
#[path = "floods/host.rs"]
mod host;
mod support;

use chrono::TimeDelta;
use optin::{PhoneNumber, Policy, Settings, strategies};

use self::{
    bound::{Bound, Tally},
    flooder::Flooder,
    host::Host,
    support::{account, message_id},
};

/// Numbers that share a storage: memory is given back after them.
const NUMBERS: u64 = 10_000;
const TEXTS: u64 = 10 * NUMBERS;
const DAYS: i64 = 90;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

fn policy(change: impl Fn(&mut Settings)) -> Policy {
    let mut settings = Settings::default();
    change(&mut settings);
    Policy::new(settings).unwrap()
}

fn all_replies(settings: &mut Settings) {
    settings.replies.help = Some("Call us.".into());
    settings.replies.confirmed = Some("Thanks!".into());
}

/// Chance that a seed repeats: SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

const WORDS: [&str; 16] = [
    "Hi",
    "Hi",
    "Hi",
    "Are you open?",
    "START",
    "START",
    "START",
    "STOP",
    "STOP",
    "STOP",
    "HELP",
    "HELP",
    "YES",
    "unstop",
    "please stop",
    "no",
];

/// Some texts, at any times in three months; the lower a number, the more often it writes.
fn crowd(texts: u64, chance: &mut Chance, bound: &Bound, policy: &Policy) -> Vec<Tally> {
    let host = Host::new(policy.clone());
    let numbers = (texts / 10).max(1);
    let contacts: Vec<_> = (0..numbers)
        .map(|n| PhoneNumber::from_digits(12_065_550_000 + n).unwrap())
        .map(|number| optin::Contact::new(account(), number))
        .collect();
    let mut tallies = vec![Tally::default(); contacts.len()];
    let step = TimeDelta::days(DAYS).num_milliseconds() as u64 / texts;
    for n in 0..texts {
        host.clock.advance(TimeDelta::milliseconds(chance.below(2 * step) as i64));
        let who = (chance.below(numbers) * chance.below(numbers) / numbers) as usize;
        // Now and then a text is delivered again.
        let id = if chance.below(20) == 0 { chance.below(n + 1) } else { n };
        let taken =
            host.text(&contacts[who], &message_id(&format!("SM{id}")), chance.one_of(&WORDS));
        tallies[who].take(&taken, bound);
    }
    tallies
}

#[test]
fn a_crowd_costs_no_more_a_contact_than_stated() {
    let (texts, seed) =
        (from_environment("OPTIN_TEXTS", 20_000), from_environment("OPTIN_SEED", 7));
    println!("floods: OPTIN_SEED={seed}");
    let policy = policy(all_replies);
    let bound = Bound::of(&policy);
    let mut chance = Chance(seed);
    let (mut left, mut numbers, mut messages, mut replies) = (texts, 0, 0, 0);
    let (mut in_window, mut in_any) = (0, 0);
    while left > 0 {
        let some = left.min(TEXTS);
        left -= some;
        for tally in crowd(some, &mut chance, &bound, &policy) {
            in_window = in_window.max(tally.most_in_window);
            in_any = in_any.max(tally.most_in(bound.window));
            numbers += 1;
            messages += tally.times.len();
            replies += tally.help;
        }
    }
    assert!(in_any <= bound.in_any_time, "{in_any} of {}", bound.in_any_time);
    println!(
        "floods: {texts} texts from {numbers} numbers: {messages} messages and {replies} help \
         replies, a contact at most {in_window} of {} in a window and {in_any} of {} in any 30 days",
        bound.in_window, bound.in_any_time,
    );
}

#[test]
fn a_flooder_who_knows_the_rules_gets_exactly_what_is_stated() {
    let one_restart = |settings: &mut Settings| settings.restarts.max = 1;
    let eager = |settings: &mut Settings| {
        all_replies(settings);
        settings.restarts.max = 10;
        settings.restarts.window_days = 60;
        settings.reminders.max = 1;
    };
    let no_replies = |settings: &mut Settings| {
        (settings.replies.opted_out, settings.replies.opted_out_final) = (None, None);
    };
    let cases: [(&str, Policy); 7] = [
        ("defaults", Policy::default()),
        ("all replies", policy(all_replies)),
        ("1 restart", policy(one_restart)),
        ("10 restarts in 60 days", policy(eager)),
        ("no restart", policy(|settings| settings.restarts.max = 0)),
        ("no replies", policy(no_replies)),
        ("double opt-in off", policy(|settings| settings.double_opt_in = false)),
    ];
    let mut line = String::from("floods:");
    for (name, policy) in cases {
        let bound = Bound::of(&policy);
        let days = DAYS.max(3 * bound.window.num_days());
        let [mut in_window, mut in_any, mut texts] = [0; 3];
        for patience in [TimeDelta::zero(), bound.window / 3] {
            let (tally, count) = Flooder::new(policy.clone(), patience).flood(days, &bound);
            in_window = in_window.max(tally.most_in_window);
            in_any = in_any.max(tally.most_in(bound.window));
            texts += count;
        }
        let reached = (in_window, in_any);
        assert_eq!(reached, (bound.in_window, bound.in_any_time), "{name}");
        line += &format!(" {name} {in_window} and {in_any} ({texts} texts);");
    }
    println!("{line} each as stated");
}

#[test]
fn help_is_answered_every_ten_minutes_at_most() {
    let host = Host::new(policy(all_replies));
    let (whom, mut tally) = (strategies::contact(0), Tally::default());
    for n in 0..2 * 24 * 60 {
        let taken = host.text(&whom, &message_id(&format!("SM{n}")), "HELP");
        tally.take(&taken, &Bound::of(&Policy::default()));
        host.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!(tally.help, 2 * 144);
}
