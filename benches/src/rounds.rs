//! Time, compared within one run: in each round every contender has its turn, and the order
//! turns round.

use std::time::Instant;

/// One thing to measure, by name.
pub type Contender<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// The nanoseconds of every contender in every round.
#[derive(Debug)]
pub struct Rounds {
    names: Vec<String>,
    nanos: Vec<Vec<f64>>,
}

/// The middle of some numbers, and the bounds that leave a tenth of them out at each end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// A tenth of the numbers are smaller.
    pub low: f64,
    /// Half of them are.
    pub median: f64,
    /// Nine tenths of them are.
    pub high: f64,
}

impl Spread {
    /// The spread of these numbers.
    ///
    /// # Panics
    /// When there are none.
    pub fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        let at = |tenths: usize| numbers[(numbers.len() - 1) * tenths / 10];
        Self { low: at(1), median: at(5), high: at(9) }
    }
}

impl Spread {
    /// The same numbers, each times this.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { low: self.low * factor, median: self.median * factor, high: self.high * factor }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let Self { low, median, high } = self;
        write!(f, "{median:.digits$} ({low:.digits$} to {high:.digits$})")
    }
}

/// Lets every contender run once a round, after one round that does not count.
pub fn run(rounds: usize, contenders: &mut [Contender<'_>]) -> Rounds {
    let mut nanos = vec![Vec::with_capacity(rounds); contenders.len()];
    for (_, work) in contenders.iter_mut() {
        work();
    }
    for round in 0..rounds {
        for turn in 0..contenders.len() {
            let at = (round + turn) % contenders.len();
            let start = Instant::now();
            contenders[at].1();
            nanos[at].push(start.elapsed().as_nanos() as f64);
        }
    }
    Rounds { names: contenders.iter().map(|(name, _)| (*name).into()).collect(), nanos }
}

impl Rounds {
    /// The contender's nanoseconds for each of its `items`.
    pub fn nanos_each(&self, contender: usize, items: usize) -> Spread {
        let each = self.nanos[contender].iter();
        Spread::of(each.map(|nanos| nanos / items as f64).collect())
    }

    /// The contender's microseconds for each of its `items`.
    pub fn micros_each(&self, contender: usize, items: usize) -> Spread {
        self.nanos_each(contender, items).times(1e-3)
    }

    /// How many times as long the first took as the second in the same round.
    pub fn ratio(&self, first: usize, second: usize) -> Spread {
        let pairs = self.nanos[first].iter().zip(&self.nanos[second]);
        Spread::of(pairs.map(|(first, second)| first / second).collect())
    }

    /// Whichever of these contenders has the least median.
    ///
    /// # Panics
    /// When there are none.
    pub fn fastest(&self, contenders: std::ops::Range<usize>) -> usize {
        contenders
            .min_by(|&one, &other| {
                let median = |at| self.nanos_each(at, 1).median;
                median(one).total_cmp(&median(other))
            })
            .expect("the caller names contenders")
    }

    /// Prints a line for each contender.
    pub fn print(&self, items: usize, unit: &str) {
        for (at, name) in self.names.iter().enumerate() {
            println!("  {name:<34} {} ns a {unit}", self.nanos_each(at, items));
        }
    }

    /// Prints how many times as long the first took as the second, beside what it may.
    pub fn print_ratio(&self, first: usize, second: usize, at_most: f64) {
        let (ratio, one, other) =
            (self.ratio(first, second), &self.names[first], &self.names[second]);
        println!("  {one} / {other}: {ratio} (at most {at_most})");
    }
}
