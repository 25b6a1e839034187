//! A proof in words: what was proven, and what was not.

use alloc::{format, string::String, vec::Vec};

use super::{
    Proof,
    facts::{Facts, utc},
    visible::name,
};
use crate::{
    consent::{ledger::Entry, standing::Standing},
    ledger::checkpoint::Checkpoint,
};

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
        let mut proven = Vec::from([self.is_a_chain()]);
        if let Some(number) = self.number {
            proven.push(match (shown, shown == self.entries.len()) {
                (1, is_all) => format!(
                    "{} is about the number {}: it says so, and it is what was sealed",
                    if is_all { "it" } else { "1 entry" },
                    number.to_e164(),
                ),
                (_, is_all) => format!(
                    "{} are about the number {}: they say so, and it is what was sealed",
                    if is_all { "they".into() } else { entries(shown) },
                    number.to_e164(),
                ),
            });
        }
        match (shown, self.entries.len()) {
            (0, _) => {}
            (1, 1) => proven.push("its words and its time are those that were sealed".into()),
            _ => proven
                .push(format!("the words and times of {shown} of them are those that were sealed")),
        }
        if let Some(checkpoint) = &self.checkpoint {
            self.in_the_log(checkpoint, &mut proven);
        }
        for (number, facts) in self.hidden().filter(|(_, facts)| facts.is_opt_out()) {
            proven.push(format!(
                "entry {number}, not shown, is an opt-out ({}) at {}",
                facts.reason.as_deref().map_or_else(|| "no reason".into(), name),
                utc(facts.at)
            ));
        }
        if let (Some((number, facts)), Some(standing)) = (self.last_change(), self.standing()) {
            let (may, name) = (may(standing), standing.name());
            let revision = facts.revision.unwrap_or_default();
            proven.push(match (&self.record, self.entries.len()) {
                (Some(_), 1) => format!("by it {may} ({name}, revision {revision})"),
                (Some(_), _) => format!("by the last of them {may} ({name}, revision {revision})"),
                (None, _) => format!(
                    "by what was sealed {may} ({name}, revision {revision}): entry {number}, which \
                     made the last change, is not shown"
                ),
            });
        }
        proven
    }

    fn is_a_chain(&self) -> String {
        let (account, times) = (name(self.account.as_str()), self.times());
        if self.entries.len() == 1 {
            return format!(
                "the 1 entry of the account \u{201c}{account}\u{201d}{times} is the first of its chain, \
                 and fits its seal"
            );
        }
        let count = entries(self.entries.len());
        format!(
            "the {count} of the account \u{201c}{account}\u{201d}{times} are one chain: they fit one \
             another, so that none alone was changed, removed or put in between"
        )
    }

    /// What the log says of the chain, where its checkpoint is believed.
    fn in_the_log(&self, checkpoint: &Checkpoint, proven: &mut Vec<String>) {
        let (origin, size) = (name(&checkpoint.origin), entries_of(checkpoint.size));
        let were = if checkpoint.size == 1 { "was" } else { "were" };
        let when = format!("in the log \u{201c}{origin}\u{201d} when {size} of it {were} signed");
        match self.included {
            0 if self.is_complete => proven.push(format!("no entry of this chain was {when}")),
            0 => {}
            1 => proven.push(format!("the first was {when}")),
            included => proven.push(format!("the first {included} were {when}")),
        }
        if self.is_complete && self.included > 0 {
            let those = match checkpoint.size {
                1 => "is there in the log beside that one".into(),
                _ => format!("is among those {size} of the log"),
            };
            proven.push(format!("no later entry of this chain {those}"));
        }
    }

    /// What was not proven, a sentence each.
    pub fn not_proven(&self) -> Vec<String> {
        let count = self.entries.len();
        let hidden: Vec<u64> = self.hidden().map(|(number, _)| number).collect();
        let mut not_proven = Vec::new();
        if self.checkpoint.is_none() {
            not_proven.push(String::from(if self.is_unbelieved {
                "that the chain is as it was written, and whoever keeps the ledger has not made all \
                 of it anew: a checkpoint came with it, but no key was given to believe it by: give \
                 the public key of who signed it"
            } else {
                "that the chain is as it was written: no checkpoint came with it, and whoever \
                 keeps the ledger could have made all of it anew"
            }));
        } else if self.included < count {
            not_proven.push(match count - self.included {
                1 => {
                    "that the last entry is as it was written: it came after the checkpoint".into()
                }
                rest => format!(
                    "that the last {} are as they were written: they came after the checkpoint",
                    entries(rest)
                ),
            });
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
                "whether the contact may be messaged: entry {number}, which made the last change, \
                 is not shown"
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
            (Some(first), Some(last)) if first.at == last.at => format!(", of {},", utc(last.at)),
            (Some(first), Some(last)) => format!(", from {} to {},", utc(first.at), utc(last.at)),
            (Some(_) | None, _) => String::new(),
        }
    }

    fn last_change(&self) -> Option<(u64, &Facts)> {
        (0..).zip(&self.facts).filter(|(_, facts)| facts.is_change()).last()
    }
}

/// What a standing means for who would message the contact.
fn may(standing: Standing) -> &'static str {
    match standing {
        Standing::Pending => "the contact has not confirmed yet, and may only be asked to",
        Standing::Active => "the contact may be messaged",
        Standing::OptedOut => "the contact is opted out, and may not be messaged",
    }
}

/// So many of them, in words.
fn entries(count: usize) -> String {
    entries_of(count as u64)
}

fn entries_of(count: u64) -> String {
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
