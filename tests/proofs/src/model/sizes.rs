//! How much is searched, by how much time there is.

use super::{
    configuration::Configuration,
    spaces::{
        asking, asking_all_day, asking_twice, coming_back, delaying, losing, opting_out,
        overriding, overtaking, racing, refusing, reminding, switching, waiting, wearying,
    },
};

/// How much is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "it is chosen by tests alone")]
pub enum Size {
    /// A million states, in some seconds: for hosts that are wrong.
    Small,
    /// Some million states, in less than 90 seconds on 2 cores.
    Ci,
    /// More than 20 million states, in some minutes.
    Long,
}

impl Size {
    pub(super) fn configurations(self) -> Vec<Configuration> {
        match self {
            Self::Small => vec![
                asking(),
                delaying(),
                overtaking(),
                waiting(),
                opting_out(),
                reminding(),
                switching(),
            ],
            Self::Ci => {
                let more = [asking_twice(), losing(), racing(), refusing()];
                Self::Small.configurations().into_iter().chain(more).collect()
            }
            Self::Long => {
                let more = [asking_all_day(), overriding(), wearying(), coming_back()];
                Self::Ci.configurations().into_iter().chain(more).collect()
            }
        }
    }

    /// States after which a space is left as it is; 0: none. What a wrong host does may be without
    /// end.
    pub(super) fn bound(self) -> usize {
        match self {
            Self::Small => 150_000,
            Self::Ci | Self::Long => 0,
        }
    }

    /// Whether memory counts more than a short path.
    pub(super) fn is_deep(self) -> bool {
        self == Self::Long
    }
}
