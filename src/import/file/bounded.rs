//! Between the file and the parser: bounds each record, counts lines, marks the end.
//!
//! The `csv` crate's own lines are off by one where lines end in CR LF and after blank lines
//! (BurntSushi/rust-csv, issues 395 and 208); it reads a record of any length; and it takes a quote
//! that is never closed for closed at the end of the file. What follows the file here tells the two
//! apart: it is a record of its own, but where a quote is open.

use std::{
    io::{self, Read},
    vec::Vec,
};

use super::MAX_RECORD;

/// What follows the file.
pub(super) const ENDING: &[u8] = b"\nX";

pub(super) struct Bounded<R> {
    file: R,
    /// What the parser was given last. It asks for more only when it has taken all of it.
    chunk: Vec<u8>,
    /// How much of it is counted.
    counted: usize,
    /// How much of the file is counted.
    at: u64,
    lines: Lines,
    /// The file's length, once it has ended.
    length: Option<u64>,
    is_too_long: bool,
}

/// Counts lines: CR, LF and CR LF each end one.
struct Lines {
    line: u64,
    after_return: bool,
    /// The record's line and place; `None` before it, in blank lines.
    record: Option<(u64, u64)>,
}

impl<R> Bounded<R> {
    pub(super) fn new(file: R) -> Self {
        let lines = Lines { line: 1, after_return: false, record: None };
        Self { file, chunk: Vec::new(), counted: 0, at: 0, lines, length: None, is_too_long: false }
    }

    /// The line where the record begins.
    pub(super) fn line(&self) -> u64 {
        self.lines.record.map_or(self.lines.line, |(line, _)| line)
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    /// Whether the record begins behind the file.
    pub(super) fn is_past_end(&self) -> bool {
        match (self.lines.record, self.length) {
            (Some((_, start)), Some(length)) => start >= length,
            (None, _) | (_, None) => false,
        }
    }

    /// Whether the record that ends here has taken what follows the file.
    pub(super) fn is_used_up(&self, at: u64) -> bool {
        self.length.is_some_and(|length| at >= length + ENDING.len() as u64)
    }

    pub(super) fn next_record(&mut self) {
        self.lines.record = None;
    }

    /// Counts the lines up to this place, where the parser is.
    pub(super) fn count_up_to(&mut self, at: u64) {
        let more = usize::try_from(at.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let end = self.counted.saturating_add(more).min(self.chunk.len());
        self.lines.count(&self.chunk[self.counted..end], self.at);
        self.at += (end - self.counted) as u64;
        self.counted = end;
        let start = self.lines.record.map_or(self.at, |(_, start)| start);
        self.is_too_long = self.at - start > MAX_RECORD;
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.count_up_to(u64::MAX);
        if self.is_too_long {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = match self.length {
            Some(_) => 0,
            None => match read(&mut self.file, into)? {
                0 => {
                    self.length = Some(self.at);
                    let ending = into.len().min(ENDING.len());
                    into[..ending].copy_from_slice(&ENDING[..ending]);
                    ending
                }
                read => read,
            },
        };
        self.chunk.clear();
        self.chunk.extend_from_slice(&into[..read]);
        self.counted = 0;
        Ok(read)
    }
}

fn read(file: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

impl Lines {
    fn count(&mut self, bytes: &[u8], start: u64) {
        for (at, byte) in (start..).zip(bytes) {
            match byte {
                b'\n' if self.after_return => {}
                b'\r' | b'\n' => self.line += 1,
                _ if self.record.is_none() => self.record = Some((self.line, at)),
                _ => {}
            }
            self.after_return = *byte == b'\r';
        }
    }
}
