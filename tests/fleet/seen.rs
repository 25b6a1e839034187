//! What the journal tells of one contact.

use std::collections::{BTreeMap, HashMap};

use super::journal::{Begun, Line, Name, What};

#[derive(Clone, Debug)]
pub(crate) struct HandOver {
    /// The number of its line.
    pub(crate) position: usize,
    pub(crate) begun: Begun,
    /// When it ended and whether it was sent, if it ended.
    pub(crate) end: Option<(i64, Option<bool>)>,
}

impl HandOver {
    pub(crate) fn may_be_sent(&self) -> bool {
        !matches!(self.end, Some((_, Some(false))))
    }

    /// When it ended, as far as it is known.
    pub(crate) fn ended_at(&self) -> i64 {
        self.end.map_or(self.begun.at, |(at, _)| at)
    }

    pub(crate) fn revision(&self) -> u64 {
        self.begun.name.1
    }

    pub(crate) fn is(&self, wanted: &[&str]) -> bool {
        match &self.begun.what {
            What::Text { kind, .. } => wanted.contains(&kind.as_str()),
            What::Status { .. } => false,
        }
    }
}

/// An opt-out that somebody was told of.
#[derive(Clone, Debug)]
pub(crate) struct OptOut {
    pub(crate) position: usize,
    pub(crate) id: String,
    pub(crate) in_flight: Vec<u64>,
}

/// A text that says STOP, from when it first came in until it was first answered.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) arrived: i64,
    pub(crate) answered: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// In the order in which they began.
    pub(crate) hand_overs: Vec<HandOver>,
    pub(crate) opt_outs: Vec<OptOut>,
    /// By the text's id.
    pub(crate) stops: BTreeMap<String, Stop>,
}

/// By number.
pub(crate) fn seen(lines: &[Line]) -> BTreeMap<u64, Seen> {
    let mut contacts: BTreeMap<u64, Seen> = BTreeMap::new();
    let mut open: HashMap<(u64, Name), usize> = HashMap::new();
    for (position, line) in lines.iter().enumerate() {
        match line {
            Line::Arrived { sms, at } => {
                let seen = contacts.entry(sms.number).or_default();
                if sms.body == "STOP" {
                    let stop = Stop { arrived: *at, answered: i64::MAX };
                    seen.stops.entry(sms.id.clone()).or_insert(stop);
                }
            }
            Line::Answered { id, number, decision, in_flight, at, .. } => {
                if let Some(stop) = contacts.entry(*number).or_default().stops.get_mut(id) {
                    stop.answered = stop.answered.min(*at);
                }
                if decision == "opt_out" {
                    let (id, in_flight) = (id.clone(), in_flight.clone());
                    let opt_out = OptOut { position, id, in_flight };
                    contacts.entry(*number).or_default().opt_outs.push(opt_out);
                }
            }
            Line::Begun(begun) => {
                let seen = contacts.entry(begun.name.0).or_default();
                open.insert((begun.machine, begun.name), seen.hand_overs.len());
                let hand_over = HandOver { position, begun: begun.clone(), end: None };
                seen.hand_overs.push(hand_over);
            }
            Line::Ended { machine, name, sent, at } => {
                let index = open.remove(&(*machine, *name)).unwrap();
                let seen = contacts.get_mut(&name.0).unwrap();
                seen.hand_overs[index].end = Some((*at, *sent));
            }
        }
    }
    contacts
}
