//! A guarantee that did not hold, and how to see it again.

use super::clock::Regime;

/// An invariant that a seed broke.
///
/// Its text names no person: no number, no words of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed} breaks `{invariant}`: {words}; again with Simulation::new(..){}.run({seed})", again(.regime))]
#[non_exhaustive]
pub struct Violation {
    /// The seed.
    pub seed: u64,
    /// The invariant's name: `cap`, `spacing`, ...
    pub invariant: &'static str,
    /// What was seen.
    pub words: &'static str,
    pub(super) regime: Regime,
}

fn again(regime: &Regime) -> alloc::string::String {
    match regime {
        Regime::Drawn => "".into(),
        Regime::Bounded(bound) => {
            alloc::format!(".with_skew(TimeDelta::milliseconds({bound}))")
        }
        Regime::Unbounded => ".unbounded_skew()".into(),
    }
}
