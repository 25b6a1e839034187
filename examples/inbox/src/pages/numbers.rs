//! `GET /numbers`: texts, prompts, conversion, opt-outs, as small charts.

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use rusqlite::Connection;

use super::layout::page;
use crate::web::{Problem, Shared, Visitor};

/// Days that the first chart shows.
const DAYS: i64 = 14;
const DAY: i64 = 24 * 3_600 * 1_000;

/// What is counted.
struct Numbers {
    /// Texts of each day, from and to contacts, the oldest first.
    days: Vec<(String, u32, u32)>,
    /// Texts to contacts by what they were for.
    kinds: Vec<(String, u32)>,
    /// Contacts that were asked, and those of them that opted in by the keyword.
    asked: u32,
    confirmed: u32,
    /// Those who replied with the keyword, by prompts that it took.
    by_prompts: Vec<(u32, u32)>,
    /// Opt-out words.
    opt_outs: u32,
}

pub(crate) async fn show(State(app): Shared, visitor: Visitor) -> Result<Markup, Problem> {
    let now = app.host.clock.now();
    let numbers = app.host.store.run(move |connection| count(connection, now)).await?;
    let queue = app.host.engine.counters().await?.queue;
    let rate = numbers.confirmed.saturating_mul(100).checked_div(numbers.asked).unwrap_or(0);
    let prompts: Vec<_> = numbers.by_prompts.iter().map(by_prompts).collect();
    let days: Vec<_> = numbers.days.iter().map(|(day, i, o)| (day.clone(), i + o)).collect();
    let answers = [
        ("asked".into(), numbers.asked),
        ("opted in".into(), numbers.confirmed),
        ("opt-outs".into(), numbers.opt_outs),
    ];
    let main = html! {
        section.narrow {
            h1 { "Numbers" }
            dl.figures {
                div { dt { "Asked to opt in" } dd { (numbers.asked) } }
                div { dt { "Opted in by the keyword" } dd { (numbers.confirmed) " (" (rate) " %)" } }
                div { dt { "Opt-out words" } dd { (numbers.opt_outs) } }
                div { dt { "Waiting to go out" } dd { (queue.waiting + queue.claimed) } }
                div { dt { "Waiting for a person" } dd { (queue.set_aside) } }
            }
            (bars("From the question to the answer", &answers))
            (bars("Texts a day, both ways", &days))
            (bars("Texts to contacts", &numbers.kinds))
            (bars("Opted in after how many prompts", &prompts))
        }
    };
    Ok(page(&app, &visitor, "Numbers", "/numbers", main))
}

fn by_prompts((prompts, contacts): &(u32, u32)) -> (String, u32) {
    (format!("{prompts} prompt{}", if *prompts == 1 { "" } else { "s" }), *contacts)
}

fn count(connection: &Connection, now: DateTime<Utc>) -> rusqlite::Result<Numbers> {
    let one = |statement: &str| connection.query_row(statement, [], |row| row.get(0));
    let mut kinds = connection.prepare_cached(
        "SELECT replace(kind, '_', ' '), count(*) FROM messages WHERE direction = 'out'
         GROUP BY kind ORDER BY count(*) DESC",
    )?;
    let mut by_prompts = connection.prepare_cached(
        "SELECT (SELECT count(*) FROM messages prompt
                 WHERE prompt.number = yes.number AND prompt.id < yes.id
                   AND prompt.kind IN ('confirmation', 'reminder')) AS prompts, count(*)
         FROM messages yes WHERE yes.outcome = 'keyword_matched' GROUP BY prompts ORDER BY prompts",
    )?;
    Ok(Numbers {
        days: days(connection, now)?,
        kinds: kinds
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?,
        asked: one("SELECT count(DISTINCT number) FROM messages WHERE kind = 'confirmation'")?,
        confirmed: one(
            "SELECT count(DISTINCT number) FROM messages WHERE outcome = 'keyword_matched'",
        )?,
        by_prompts: by_prompts
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?,
        opt_outs: one("SELECT count(*) FROM messages WHERE outcome = 'opt_out_keyword'")?,
    })
}

fn days(connection: &Connection, now: DateTime<Utc>) -> rusqlite::Result<Vec<(String, u32, u32)>> {
    let mut counted = connection.prepare_cached(
        "SELECT count(*) FILTER (WHERE direction = 'in'), count(*) FILTER (WHERE direction = 'out')
         FROM messages WHERE at >= ?1 AND at < ?1 + ?2",
    )?;
    let today = now.timestamp_millis().div_euclid(DAY) * DAY;
    let days = (0..DAYS).rev().map(|back| {
        let (inbound, outbound) =
            counted.query_row([today - back * DAY, DAY], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let day = now - TimeDelta::days(back);
        Ok((day.format("%-d %b").to_string(), inbound, outbound))
    });
    days.collect()
}

/// A bar for each value, its label before it.
fn bars(title: &str, values: &[(String, u32)]) -> Markup {
    const ROW: usize = 24;
    let most = values.iter().map(|(_, value)| *value).max().unwrap_or(0).max(1);
    let spoken: Vec<_> = values.iter().map(|(label, value)| format!("{label}: {value}")).collect();
    let height = values.len() * ROW;
    html! {
        figure.chart {
            figcaption { (title) }
            @if values.is_empty() { p.quiet { "None yet." } }
            @else {
                svg role="img" aria-label=(format!("{title}. {}", spoken.join(", ")))
                    viewBox=(format!("0 0 480 {height}")) {
                    @for (row, (label, value)) in values.iter().enumerate() {
                        @let y = row * ROW;
                        text x="112" y=(y + 16) text-anchor="end" { (label) }
                        rect x="120" y=(y + 3) width=(scaled(*value, most)) height="18" rx="2" {}
                        text x=(126 + scaled(*value, most)) y=(y + 16) { (value) }
                    }
                }
            }
        }
    }
}

/// The length of a bar.
fn scaled(value: u32, most: u32) -> u64 {
    u64::from(value) * 300 / u64::from(most)
}
