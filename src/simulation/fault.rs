//! What goes wrong, and how often in a seed.

use super::chance::Chance;

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A kind of fault that a seed may draw.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $variant,)*
        }

        impl Fault {
            /// All kinds.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

faults! {
    /// An event is given to a machine again, or to two at once.
    Duplicated = "duplicated",
    /// An event comes up to 72 hours late, behind later ones.
    Reordered = "reordered",
    /// An event never comes.
    Dropped = "dropped",
    /// A future is dropped at an await.
    Crashed = "crashed",
    /// A machine loses all that it was about.
    Restarted = "restarted",
    /// A call of the storage fails before it was made.
    Failed = "failed",
    /// A call of the storage is made, and nobody hears the answer.
    NotKnown = "not_known",
    /// The storage fails for a while.
    Down = "down",
    /// Commits conflict, once or again and again.
    Conflicted = "conflicted",
    /// A machine's clock is set, back or forward, as far as it may be.
    ClockSet = "clock_set",
    /// A task is not run for a while, and its lease may end.
    Paused = "paused",
    /// The provider takes its time before it does something.
    Slow = "slow",
    /// The provider's answer comes late, the lease perhaps over.
    Late = "late",
    /// The provider does not say whether it sent the message.
    Unknown = "unknown",
    /// The provider certainly did not send it, and may the next time.
    NotSentYet = "not_sent_yet",
    /// The provider certainly did not send it, and never will.
    NotSent = "not_sent",
    /// The number has opted out with the provider.
    Blocked = "blocked",
    /// The account's settings change.
    SettingsChanged = "settings_changed",
}

impl Fault {
    /// Whether it strikes once a hand-over, while others strike at each call or await.
    fn is_of_provider(self) -> bool {
        matches!(
            self,
            Self::Slow
                | Self::Late
                | Self::Unknown
                | Self::NotSentYet
                | Self::NotSent
                | Self::Blocked
        )
    }
}

const COUNT: usize = Fault::ALL.len();

/// How often each fault strikes, of a thousand times that it could.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates([u16; COUNT]);

impl Rates {
    /// Some faults, now and then or often; one seed in sixteen has none.
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let mut rates = [0; COUNT];
        if chance.one_in(16) {
            return Self(rates);
        }
        for (rate, fault) in rates.iter_mut().zip(Fault::ALL) {
            let drawn = chance.pick(&[0, 0, 5, 20, 60, 150]);
            *rate = if fault.is_of_provider() { 2 * drawn } else { drawn };
        }
        Self(rates)
    }

    pub(super) fn none() -> Self {
        Self([0; COUNT])
    }

    pub(super) fn of(&self, fault: Fault) -> u16 {
        self.0[fault as usize]
    }
}
