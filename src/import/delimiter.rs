//! What stands between the cells of a row.

/// What stands between the cells of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// `;`, as spreadsheets write where the comma is in numbers.
    Semicolon,
    /// A tab.
    Tab,
    /// `|`; never found by itself.
    Pipe,
}

impl Delimiter {
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

/// Looks for the delimiter in a header that comes in pieces.
#[derive(Default)]
pub(super) struct Detector {
    commas: u64,
    semicolons: u64,
    tabs: u64,
    place: Place,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    BeforeHeader,
    CellStart,
    Cell,
    Quoted,
    /// After a quote in a quoted cell: its end, or the first of two.
    QuoteInQuoted,
    AfterHeader,
}

impl Detector {
    /// Takes more of the file, and says whether the header has ended.
    pub(super) fn read(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            self.place = match (self.place, byte) {
                (Place::AfterHeader, _) => return true,
                (Place::Quoted, b'"') => Place::QuoteInQuoted,
                (Place::Quoted, _) => Place::Quoted,
                (Place::BeforeHeader, b'\r' | b'\n') => Place::BeforeHeader,
                (_, b'\r' | b'\n') => Place::AfterHeader,
                (Place::BeforeHeader | Place::CellStart | Place::QuoteInQuoted, b'"') => {
                    Place::Quoted
                }
                (_, b',' | b';' | b'\t') => self.count(*byte),
                (
                    Place::BeforeHeader | Place::CellStart | Place::Cell | Place::QuoteInQuoted,
                    _,
                ) => Place::Cell,
            };
        }
        self.place == Place::AfterHeader
    }

    /// The commonest; of equals, and of none, the first of comma, semicolon and tab.
    pub(super) fn found(&self) -> Delimiter {
        let Self { commas, semicolons, tabs, .. } = *self;
        if tabs > commas.max(semicolons) {
            Delimiter::Tab
        } else if semicolons > commas {
            Delimiter::Semicolon
        } else {
            Delimiter::Comma
        }
    }

    fn count(&mut self, byte: u8) -> Place {
        match byte {
            b',' => self.commas += 1,
            b';' => self.semicolons += 1,
            _ => self.tabs += 1,
        }
        Place::CellStart
    }
}
