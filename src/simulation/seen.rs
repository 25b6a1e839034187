//! What seeds covered, to be added up.

use core::{fmt, ops::AddAssign};

use super::fault::Fault;

/// What a seed covered; several can be added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// Seeds.
    pub seeds: u64,
    /// Texts that contacts wrote.
    pub texts: u64,
    /// Events and requests given to a machine, texts and repeats included.
    pub given: u64,
    /// Decisions that changed something.
    pub changes: u64,
    /// Texts and statuses that were handed over.
    pub handed_over: u64,
    /// Confirmations and reminders among them.
    pub prompts: u64,
    /// Messages of staff among them.
    pub messages: u64,
    /// Opt-outs that came while something was queued or being handed over.
    pub barriers: u64,
    /// Awaits at which a task stood, and others could run or it could crash.
    pub awaits: u64,
    /// The same for two runs of which each did the same in the same order.
    pub fingerprint: u64,
    faults: [u64; Fault::ALL.len()],
}

impl Seen {
    pub(super) fn of_one_seed() -> Self {
        Self { seeds: 1, ..Self::default() }
    }

    /// How often this fault struck.
    pub fn faults(&self, fault: Fault) -> u64 {
        self.faults[fault as usize]
    }

    pub(super) fn struck(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
    }

    /// Takes in what happened next.
    pub(super) fn note(&mut self, what: u64) {
        let mixed = (self.fingerprint ^ what).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.fingerprint = mixed ^ (mixed >> 29);
    }
}

impl AddAssign for Seen {
    fn add_assign(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.texts += other.texts;
        self.given += other.given;
        self.changes += other.changes;
        self.handed_over += other.handed_over;
        self.prompts += other.prompts;
        self.messages += other.messages;
        self.barriers += other.barriers;
        self.awaits += other.awaits;
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
        for (sum, more) in self.faults.iter_mut().zip(other.faults) {
            *sum += more;
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: u64 = self.faults.iter().sum();
        write!(
            f,
            "{} seeds: {} texts, {} changes, {} hand-overs ({} prompts, {} messages), {} opt-outs \
             with something on its way, {} awaits, {} crashes, {} faults",
            Grouped(self.seeds),
            Grouped(self.texts),
            Grouped(self.changes),
            Grouped(self.handed_over),
            Grouped(self.prompts),
            Grouped(self.messages),
            Grouped(self.barriers),
            Grouped(self.awaits),
            Grouped(self.faults(Fault::Crashed)),
            Grouped(faults),
        )
    }
}

/// A number with a comma after each three digits.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            small @ 0..1_000 => write!(f, "{small}"),
            large => write!(f, "{},{:03}", Self(large / 1_000), large % 1_000),
        }
    }
}
