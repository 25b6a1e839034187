//! What must hold in every state.

/// A promise to the people who are texted, or to those who must prove it later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Guarantee {
    Cap,
    Spacing,
    Cause,
    Consent,
    Barrier,
    Explained,
    Once,
    AtMostOnce,
    Deadline,
    Late,
    Backwards,
}

impl Guarantee {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cap => "G1 a cycle has one confirmation and no more reminders than allowed",
            Self::Spacing => "G2 a reminder begins an interval after the last prompt ended",
            Self::Cause => "G3 every prompt names one text, and no text causes two",
            Self::Consent => {
                "G4 no staff message without active consent, nor under a permit from before an opt-out"
            }
            Self::Barrier => "G5 an opt-out cancels what is queued and names what is claimed",
            Self::Explained => "G6 every active is explained by its ledger entry",
            Self::Once => "G9 no text acts twice",
            Self::AtMostOnce => "R6.2 a text is handed over at most once",
            Self::Deadline => "R6.3 no text is handed over after its deadline",
            Self::Late => "R6.2 a settlement under an earlier claim changes nothing",
            Self::Backwards => "G12 a clock set back shortens no interval",
        }
    }
}
