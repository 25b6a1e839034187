//! What came in and what was answered, as the journal tells.

use std::{collections::BTreeMap, ops::Range};

use super::journal::{Journal, Line, Sms};

#[derive(Debug, Default)]
pub(crate) struct Mail {
    /// Lines read so far.
    read: usize,
    /// Texts that came in and were not answered yet, by id.
    pub(crate) waiting: BTreeMap<String, Sms>,
    /// Texts that were answered, and the reason.
    pub(crate) answered: Vec<(Sms, String)>,
}

impl Mail {
    /// Reads what the journal has since the last time; which answers are new.
    pub(crate) fn read(&mut self, journal: &Journal) -> Range<usize> {
        let before = self.answered.len();
        let lines = journal.lines(self.read);
        self.read += lines.len();
        for line in lines {
            match line {
                Line::Arrived { sms, .. } => {
                    self.waiting.insert(sms.id.clone(), sms);
                }
                Line::Answered { id, reason, .. } => {
                    if let Some(sms) = self.waiting.remove(&id) {
                        self.answered.push((sms, reason));
                    }
                }
                Line::Begun(_) | Line::Ended { .. } => {}
            }
        }
        before..self.answered.len()
    }

    /// How many texts were answered, each counted once.
    pub(crate) fn texts(&self) -> usize {
        let mut ids: Vec<&str> = self.answered.iter().map(|(sms, _)| sms.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }
}
