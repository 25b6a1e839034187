//! One host, searched by model and simulation for what it breaks.

use std::{fmt, str::FromStr};

use optin::{
    simulation::{Host, Simulation},
    store::MemoryStorage,
};

use crate::model::{Size, explore};

/// Seeds that are tried, with bounded clocks and again with unbounded ones.
const SEEDS: u64 = 1_000;

/// What was found, and after how much: nothing, of a host that is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunt {
    model: Option<String>,
    simulation: Option<String>,
}

/// Searches both ways, each until something is found.
pub fn hunt<H: Host + Clone + 'static>(host: H) -> Hunt {
    Hunt { simulation: by_simulation(host.clone()), model: by_model(host) }
}

fn by_model<H: Host + Clone + 'static>(host: H) -> Option<String> {
    let explored = explore(host, Size::Small);
    let found = explored.found?;
    Some(format!("{}, {} states", found.property, explored.states))
}

fn by_simulation<H: Host + Clone>(host: H) -> Option<String> {
    let bounded = Simulation::new(MemoryStorage::new).with_host(host.clone());
    let unbounded = Simulation::new(MemoryStorage::new).with_host(host).unbounded_skew();
    let run = |seed| bounded.run(seed).and_then(|_| unbounded.run(seed));
    let violation = (0..SEEDS).find_map(|seed| run(seed).err())?;
    Some(format!("{}, seed {}", violation.invariant, violation.seed))
}

impl Hunt {
    /// Whether either found something.
    pub fn found(&self) -> bool {
        self.model.is_some() || self.simulation.is_some()
    }

    /// Whether each did.
    pub fn found_by_both(&self) -> bool {
        self.model.is_some() && self.simulation.is_some()
    }
}

const NOTHING: &str = "nothing";
const BETWEEN: &str = "; simulation: ";

impl fmt::Display for Hunt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [model, simulation] =
            [&self.model, &self.simulation].map(|found| found.as_deref().unwrap_or(NOTHING));
        write!(f, "model: {model}{BETWEEN}{simulation}")
    }
}

/// What was printed was not a hunt.
#[derive(Debug)]
pub struct NoHunt;

impl FromStr for Hunt {
    type Err = NoHunt;

    fn from_str(printed: &str) -> Result<Self, NoHunt> {
        let found = printed.strip_prefix("model: ").ok_or(NoHunt)?;
        let (model, simulation) = found.split_once(BETWEEN).ok_or(NoHunt)?;
        let [model, simulation] =
            [model, simulation].map(|found| (found != NOTHING).then(|| found.to_owned()));
        Ok(Self { model, simulation })
    }
}
