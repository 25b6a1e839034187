//! Hosts that are wrong in one way each, over whatever storage and provider they are given.
//!
//! What they wrap is right, and nothing is kept between two calls: each bug is a few lines.

mod host;
mod outbox;
mod storage;

macro_rules! wrongs {
    ($($(#[$doc:meta])* $wrong:ident,)*) => {
        /// What is wrong with a host.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Wrong {
            $($(#[$doc])* $wrong,)*
        }

        impl Wrong {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$wrong),*];
        }
    };
}

wrongs! {
    /// A commit is stored whatever revision it expects.
    NoComparison,
    /// What lost the comparison is said to be stored.
    ConflictTakenForApplied,
    /// No text is remembered.
    NoMark,
    /// The mark is stored first, in a transaction of its own.
    MarkBeforeTheRecord,
    /// The mark is stored last, in a transaction of its own.
    MarkAfterTheRecord,
    /// The mark of what lost the comparison stays.
    MarkOfALoserStays,
    /// Messages are queued first, in a transaction of their own.
    MessageBeforeTheRecord,
    /// A text is handed over first, and its decision stored then.
    HandOverBeforeTheRecord,
    /// Nothing is ever taken back.
    CancelForgotten,
    /// What was in flight when a cancel came is not named.
    InFlightForgotten,
    /// A settlement ends whatever claim there is on a text to the contact.
    SettleWithoutToken,
    /// A text whose lease ended without a settlement is handed over again.
    LapsedIsHandedOverAgain,
    /// What somebody holds a claim on is claimed, and handed over.
    LeaseIgnored,
    /// A text is handed over after its deadline.
    DeadlineIgnored,
    /// The provider is asked again when it is not known what became of a text.
    UnknownIsSentAgain,
    /// What is not known is said to be not sent, and tried again later.
    UnknownIsTriedAgain,
    /// What is not known is said to be not sent, so the prompt's place is given back.
    UnknownIsNotSent,
    /// That the number has opted out with the provider is not passed on.
    BlockIsNotSent,
    /// The clock is the provider's: when the text was sent.
    ProvidersClock,
    /// The clock is read once a call, however long its hand-overs take.
    ClockReadOnce,
    /// A permit is asked for, and whatever happened since, the message goes.
    StalePermit,
}
