//! Why a row was not imported.

use core::fmt;

macro_rules! rejections {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $text:literal;)*) => {
        /// Why a row was not imported. The row can be mended, and imported again.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Rejection {
            $($(#[$doc])* $variant,)*
        }

        impl Rejection {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name, as JSON has it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What to tell whoever made the file.
            pub(super) fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

rejections! {
    /// The phone cell is blank.
    NoNumber, "no_number", "there is no phone number";
    /// The number is written as within one country. Which one, nobody can tell.
    NationalNumber, "national_number",
        "the phone number is a national one: write it with + and the country code";
    /// Digits of a number with its country code, without `+`, or with `00` in its place.
    PlusMissing, "plus_missing", "the phone number lacks its +";
    /// A number with its `+`, and with spaces, brackets or the like between the digits.
    PunctuatedNumber, "punctuated_number",
        "the phone number has more than + and digits: write it without spaces and punctuation";
    /// A spreadsheet wrote the number as a short one (`1.2E+10`): its digits are lost.
    ShortenedNumber, "shortened_number",
        "a spreadsheet has shortened the phone number: format the column as text and export it again";
    /// `+` and digits, but not 2 to 15 of them, or the first is 0.
    NumberLength, "number_length",
        "the phone number must have 2 to 15 digits after its +, the first not 0";
    /// Something else stands in the phone cell.
    NotANumber, "not_a_number", "this is no phone number";
    /// Something else than yes, no or nothing stands in the opted-out cell.
    UnknownStatus, "unknown_status", "opted out must be yes, no or blank";
    /// The phone or opted-out cell is no UTF-8: perhaps Windows-1252.
    NotUtf8, "not_utf8", "the phone or opted-out cell is not in UTF-8";
    /// There is a NUL byte in the row.
    Nul, "nul", "there is a NUL byte in the row";
    /// The row has fewer cells than the header.
    TooFewCells, "too_few_cells", "the row has fewer cells than the header";
    /// The row has more cells than the header.
    TooManyCells, "too_many_cells", "the row has more cells than the header";
    /// The file ends within quotes: rows after an open quote may be in this one's last cell.
    QuoteNotClosed, "quote_not_closed",
        "a quote is never closed: the rows after it may be in its cell";
}

impl Rejection {
    /// The rejection with this text.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rejection| rejection.text() == text)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}
