//! Chance that a seed repeats.

/// Everything that is left to chance is drawn here, in the order that it happens.
#[derive(Debug)]
pub(super) struct Chance(fastrand::Rng);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        // Neighbouring seeds must not begin alike.
        let mut spread = fastrand::Rng::with_seed(seed);
        Self(fastrand::Rng::with_seed(spread.u64(..) ^ seed.rotate_left(32)))
    }

    /// Any of 0 to `end`, `end` left out; 0 where that is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.0.usize(..end) }
    }

    /// Any of `from` to `to`, both included.
    pub(super) fn within(&mut self, from: i64, to: i64) -> i64 {
        if from >= to { from } else { self.0.i64(from..=to) }
    }

    /// Happens `parts` times of a thousand.
    pub(super) fn in_a_thousand(&mut self, parts: u16) -> bool {
        parts > 0 && self.0.u16(..1_000) < parts
    }

    /// Happens once in so many times.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these, which must be some.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
