//! A proof in words: what was proven, and what was not.

use alloc::{format, string::String, vec::Vec};

use super::{
    Proof,
    facts::{Facts, utc},
    visible::name,
};
use crate::consent::{ledger::Entry, standing::Standing};

/// What is known of why an entry is not shown.
const HIDDEN: &str = "not shown: erased, pruned or left out";

impl Proof {
    /// The entries that are not shown, with their numbers from 0: what was sealed of them.
    ///
    /// They were erased, pruned, or left out of the file by whoever passed it on.
    pub fn hidden(&self) -> impl Iterator<Item = (u64, &Facts)> {
        let entries = (0..).zip(&self.facts).zip(&self.entries);
        entries.filter_map(|(numbered, entry)| entry.is_none().then_some(numbered))
    }

    /// Where the contact stands after the last entry, by the records that are shown and what was
    /// sealed of the others; `None` where that does not tell, or there is no record.
    pub fn standing(&self) -> Option<Standing> {
        self.facts.iter().zip(&self.entries).fold(None, |before, (facts, entry)| {
            let record = entry.as_ref().and_then(Entry::record);
            record.map_or_else(|| facts.after(before), |record| Some(record.state.standing()))
        })
    }

    /// What was proven, a sentence each.
    pub fn proven(&self) -> Vec<String> {
        let shown = self.entries.iter().flatten().count();
        let mut proven = Vec::from([format!(
            "the {} of the account \u{201c}{}\u{201d}{} are one chain: none was changed, removed \
             or put between them",
            entries(self.entries.len()),
            name(self.account.as_str()),
            self.times(),
        )]);
        if let Some(number) = self.number {
            proven.push(format!(
                "{} are about the number {}: they say so, and it is what was sealed",
                if shown == self.entries.len() { "they".into() } else { entries(shown) },
                number.to_e164(),
            ));
        }
        proven.push(format!("the words and times of {shown} of them are those that were sealed"));
        if let Some(checkpoint) = &self.checkpoint {
            let (origin, size) = (name(&checkpoint.origin), checkpoint.size);
            proven.push(format!(
                "the first {} were in the log \u{201c}{origin}\u{201d} when {size} entries of it were signed",
                self.included
            ));
            if self.is_complete {
                proven.push(format!(
                    "no later entry of this chain is among those {size} entries of the log"
                ));
            }
        }
        for (number, facts) in self.hidden().filter(|(_, facts)| facts.is_opt_out()) {
            proven.push(format!(
                "entry {number}, not shown, is an opt-out ({}) at {}",
                facts.reason.as_deref().map_or_else(|| "no reason".into(), name),
                utc(facts.at)
            ));
        }
        match (&self.record, self.last_change()) {
            (Some(record), _) => proven.push(format!(
                "they lead to the state {} at revision {}",
                record.state.name(),
                record.revision.number()
            )),
            (None, Some((number, facts))) => {
                if let Some(standing) = self.standing() {
                    let (state, revision) = (standing.name(), facts.revision.unwrap_or_default());
                    proven.push(format!(
                        "they lead to the state {state} at revision {revision}, by what was sealed: \
                         entry {number}, which made the last change, is not shown"
                    ));
                }
            }
            (None, None) => {}
        }
        proven
    }

    /// What was not proven, a sentence each.
    pub fn not_proven(&self) -> Vec<String> {
        let count = self.entries.len();
        let hidden: Vec<u64> = self.hidden().map(|(number, _)| number).collect();
        let mut not_proven = Vec::new();
        if self.checkpoint.is_none() {
            not_proven.push(String::from(
                "that the chain is as it was written: no checkpoint came with it, and whoever \
                 keeps the ledger could have made all of it anew",
            ));
        } else if self.included < count {
            not_proven.push(format!(
                "that the last {} are as they were written: they came after the checkpoint",
                entries(count - self.included)
            ));
        }
        if !hidden.is_empty() {
            let numbers = numbered(&hidden);
            not_proven.push(match hidden.len() {
                1 => format!("what entry {numbers} says, and about which number: {HIDDEN}"),
                _ => format!("what entries {numbers} say, and about which number: {HIDDEN}"),
            });
        }
        if let (None, Some((number, _)), None) = (&self.record, self.last_change(), self.standing())
        {
            not_proven.push(format!(
                "the state that they lead to: entry {number}, which made the last change, is not \
                 shown"
            ));
        }
        not_proven.push(String::from(if self.is_complete {
            "that no entry came after the checkpoint, and that the clock of the business was right"
        } else {
            "that no entry came after the last one here, and that the clock of the business was right"
        }));
        not_proven.push(String::from(match self.number {
            Some(_) => "who held the phone with that number",
            None => "whose number it is, and who held the phone",
        }));
        not_proven
    }

    fn times(&self) -> String {
        match (self.facts.first(), self.facts.last()) {
            (Some(first), Some(last)) => format!(", from {} to {},", utc(first.at), utc(last.at)),
            (Some(_) | None, _) => String::new(),
        }
    }

    fn last_change(&self) -> Option<(u64, &Facts)> {
        (0..).zip(&self.facts).filter(|(_, facts)| facts.is_change()).last()
    }
}

/// So many of them, in words.
fn entries(count: usize) -> String {
    if count == 1 { "1 entry".into() } else { format!("{count} entries") }
}

/// Numbers in their order, those in a row together: `1, 3 to 5`.
fn numbered(numbers: &[u64]) -> String {
    let mut rows: Vec<(u64, u64)> = Vec::new();
    for &number in numbers {
        match rows.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            Some(_) | None => rows.push((number, number)),
        }
    }
    let row = |(first, last): &(u64, u64)| {
        if first == last { format!("{first}") } else { format!("{first} to {last}") }
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    rows.join(", ")
}
