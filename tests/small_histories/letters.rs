//! What small histories are written with: events whose texts are read already, and settings.

/// Who opted somebody out is their strength (R1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Absent,
    Pending,
    Active,
    OutByStaff,
    OutByContact,
    OutByCarrier,
}

/// An event, its text read already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    Hi,
    Yes,
    Start,
    Stop,
    Help,
    No,
    PleaseStop,
    Liked,
    /// The last text, delivered again.
    Again,
    Added,
    Existing,
    SetActive,
    SetOptedOut,
    CarrierBlock,
    Message,
    SwitchDoubleOptIn,
    /// From YES to OK and back.
    SwitchKeyword,
    Answer(Ending),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Accepted,
    NotSent,
    Unknown,
    Blocked,
}

/// What is set for the account, and how the outbox answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) double_opt_in: bool,
    pub(crate) yes_is_keyword: bool,
    pub(crate) help_reply: bool,
    pub(crate) confirmed_reply: bool,
    pub(crate) reminders: u8,
    pub(crate) restarts: u8,
    pub(crate) window: i64,
    pub(crate) outbox: Ending,
}

impl Rules {
    /// These rules after this letter, if it is not about the contact.
    pub(crate) fn switched(self, letter: Letter) -> Option<Self> {
        match letter {
            Letter::SwitchDoubleOptIn => Some(Self { double_opt_in: !self.double_opt_in, ..self }),
            Letter::SwitchKeyword => Some(Self { yes_is_keyword: !self.yes_is_keyword, ..self }),
            Letter::Answer(outbox) => Some(Self { outbox, ..self }),
            _ => None,
        }
    }
}
