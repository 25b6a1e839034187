//! A CSV file, record by record: bounded, and with lines counted as an editor counts them.

mod bounded;

use std::{
    io::{self, Chain, Cursor, Read},
    vec::Vec,
};

use csv::ByteRecord;

use self::bounded::Bounded;
use super::{
    HeaderError, ImportError, Totals,
    delimiter::{Delimiter, Detector},
};

/// Bytes of the longest record: 1 MiB.
pub(super) const MAX_RECORD: u64 = 1 << 20;
/// Bytes read at a time.
const CHUNK: usize = 64 << 10;
/// Bytes looked at at a time, for the header.
const LOOK: u64 = 8 << 10;
const MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) struct File<R> {
    csv: csv::Reader<Bounded<Whole<R>>>,
    delimiter: Delimiter,
    has_mark: bool,
}

/// The part that was looked at, and what follows it.
type Whole<R> = Chain<Cursor<Vec<u8>>, Rest<R>>;

/// Where a record begins, and whether its last quoted cell ends before the file does.
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) is_closed: bool,
}

/// Why a file cannot be read on.
pub(super) enum ReadError {
    TooLong { line: u64 },
    Failed { line: u64, error: io::Error },
}

impl ReadError {
    pub(super) fn after<E>(self, totals: Totals) -> ImportError<E> {
        let totals = totals.into();
        match self {
            Self::TooLong { line } => ImportError::TooLong { line, totals },
            Self::Failed { line, error } => ImportError::Read { line, totals, error },
        }
    }
}

impl<R: Read> File<R> {
    /// Looks at the header, so far as to know the encoding and the delimiter.
    pub(super) fn open(mut file: R, delimiter: Option<Delimiter>) -> Result<Self, HeaderError> {
        let mut head = Vec::new();
        let mut failed = None;
        // Enough for a mark of whatever encoding.
        while head.len() < 4 && read_more(&mut file, &mut head, &mut failed) {}
        if matches!(*head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..]) {
            return Err(HeaderError::Utf16);
        }
        let has_mark = head.starts_with(MARK);
        if has_mark {
            head.drain(..MARK.len());
        }
        let mut detector = Detector::default();
        let mut seen = 0;
        while !detector.read(&head[seen..]) && (head.len() as u64) <= MAX_RECORD {
            seen = head.len();
            if !read_more(&mut file, &mut head, &mut failed) {
                break;
            }
        }
        let delimiter = delimiter.unwrap_or_else(|| detector.found());
        let csv = csv::ReaderBuilder::new()
            .delimiter(delimiter.byte())
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(CHUNK)
            .from_reader(Bounded::new(Cursor::new(head).chain(Rest { failed, file })));
        Ok(Self { csv, delimiter, has_mark })
    }

    pub(super) fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// Whether it begins with UTF-8's byte order mark.
    pub(super) fn has_mark(&self) -> bool {
        self.has_mark
    }

    /// Reads the next record, and says where it begins; `None` at the end.
    pub(super) fn read(&mut self, record: &mut ByteRecord) -> Result<Option<Place>, ReadError> {
        let read = self.csv.read_byte_record(record);
        let at = self.csv.position().byte();
        let bounded = self.csv.get_mut();
        match read {
            Ok(false) => return Ok(None),
            Ok(true) => bounded.count_up_to(at),
            Err(error) => {
                let line = bounded.line();
                if bounded.is_too_long() {
                    return Err(ReadError::TooLong { line });
                }
                return Err(ReadError::Failed { line, error: io_error(error) });
            }
        }
        let line = bounded.line();
        if bounded.is_too_long() {
            return Err(ReadError::TooLong { line });
        }
        if bounded.is_past_end() {
            return Ok(None);
        }
        let is_closed = !bounded.is_used_up(at);
        bounded.next_record();
        if !is_closed {
            without_ending(record);
        }
        Ok(Some(Place { line, is_closed }))
    }
}

/// What follows the part of a file that was looked at.
struct Rest<R> {
    /// Why no more could be looked at: told when it comes to it.
    failed: Option<io::Error>,
    file: R,
}

impl<R: Read> Read for Rest<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.file.read(into),
        }
    }
}

/// Looks at a chunk more; `false` where there is none.
fn read_more(file: &mut impl Read, head: &mut Vec<u8>, failed: &mut Option<io::Error>) -> bool {
    match file.by_ref().take(LOOK).read_to_end(head) {
        Ok(read) => read > 0,
        Err(error) => {
            *failed = Some(error);
            false
        }
    }
}

/// What `csv` failed with, as the file or the disk said it.
pub(super) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        // Records of any length and of any bytes are read and written: nothing else is wrong.
        csv::ErrorKind::Utf8 { .. }
        | csv::ErrorKind::UnequalLengths { .. }
        | csv::ErrorKind::Seek
        | csv::ErrorKind::Serialize(_)
        | csv::ErrorKind::Deserialize { .. }
        | _ => io::ErrorKind::InvalidData.into(),
    }
}

/// Takes what stands for the end of the file off the last cell.
fn without_ending(record: &mut ByteRecord) {
    let Some(last) = record.len().checked_sub(1) else {
        return;
    };
    let cell = record[last].to_vec();
    record.truncate(last);
    record.push_field(cell.strip_suffix(bounded::ENDING).unwrap_or(&cell));
}
