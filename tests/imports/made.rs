//! A made file of any length, with every kind of bad row, and what is to be said of each row.

use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::{Arc, Mutex},
};

use super::Report;

/// What is to be reported of the rows that were made, and not taken yet.
pub(crate) type Expected = Arc<Mutex<VecDeque<Report>>>;

/// Made as it is read: it is never in memory as a whole.
pub(crate) struct Made {
    rows: u64,
    made: u64,
    line: u64,
    /// Whether each contact so far is opted out.
    contacts: Vec<bool>,
    bytes: VecDeque<u8>,
    expected: Expected,
}

impl Made {
    /// A file of so many rows; the last is one whose quote is never closed.
    pub(crate) fn new(rows: u64) -> (Self, Expected) {
        let expected = Expected::default();
        let made = Self {
            rows,
            made: 0,
            line: 2,
            contacts: Vec::new(),
            bytes: "\u{feff}First Name;Phone Number;Opt-Out;Notes\r\n".bytes().collect(),
            expected: expected.clone(),
        };
        (made, expected)
    }

    fn make(&mut self) {
        let row = self.made;
        self.made += 1;
        if self.made == self.rows {
            self.write(b"Zed;+12065550199;no;\"open\r\n", 2, ("rejected", "quote_not_closed"));
            return;
        }
        let good = number(self.contacts.len());
        let bad: Option<(Vec<u8>, &str)> = match row % 100 {
            3 => Some((b"Ada;;;\r\n".to_vec(), "no_number")),
            9 => Some((b"Ada;(206) 555-0100;;\r\n".to_vec(), "national_number")),
            15 => Some((good.replace('+', "Ada;").into_bytes(), "plus_missing")),
            21 => Some((b"Ada;+1 206 555 0100;;\r\n".to_vec(), "punctuated_number")),
            27 => Some((b"Ada;1.20656E+10;yes;\r\n".to_vec(), "shortened_number")),
            33 => Some((b"Ada;+1206555010012345;;\r\n".to_vec(), "number_length")),
            39 => Some((b"Ada;=cmd|' /C calc'!A0;;\r\n".to_vec(), "not_a_number")),
            45 => Some((format!("Ada;{good};perhaps;\r\n").into_bytes(), "unknown_status")),
            51 => Some((b"Ada;+1206555010\xb0;;\r\n".to_vec(), "not_utf8")),
            57 => Some((format!("A\0;{good};yes;\r\n").into_bytes(), "nul")),
            63 => Some((format!("Ada;{good};yes\r\n").into_bytes(), "too_few_cells")),
            69 => Some((format!("Ada;{good};yes;;\r\n").into_bytes(), "too_many_cells")),
            _ => None,
        };
        match bad {
            Some((mut bytes, reason)) => {
                if reason == "plus_missing" {
                    bytes.extend(b";;\r\n");
                }
                self.write(&bytes, 1, ("rejected", reason));
            }
            None => self.make_good(row),
        }
    }

    fn make_good(&mut self, row: u64) {
        let statuses = ["", "no", "N", "false", "0", "yes", "Y", "TRUE", "t", "1"];
        // One in twelve is somebody who was there before, near or far.
        let back = [1, 2, 700, 5_000][row as usize / 12 % 4];
        let known = self.contacts.len().checked_sub(back).filter(|_| row.is_multiple_of(12));
        let cell = statuses[(row / 7) as usize % statuses.len()];
        let opted_out = (row / 7) as usize % statuses.len() >= 5;
        let whose = known.unwrap_or(self.contacts.len());
        let said = match (known.map(|known| self.contacts[known]), opted_out) {
            (None | Some(false), true) => ("opted_out", "added_opted_out"),
            (None, false) => ("pending", "added"),
            (Some(_), _) => ("already_present", "already_present"),
        };
        match known {
            Some(known) => self.contacts[known] |= opted_out,
            None => self.contacts.push(opted_out),
        }
        let number = number(whose);
        let (name, notes, lines): (&[u8], _, _) = match row % 9 {
            0 => (b"Zo\xeb", "", 1),
            1 => (b"=HYPERLINK(1)", "\"two\r\nlines; \"\"both\"\"\"", 2),
            2 => (b"Bo", "\r\n\r\n", 3),
            _ => (b"\"Ada\"", "plain", 1),
        };
        let row = [name, format!(";{number} ;{cell};{notes}\r\n").as_bytes()].concat();
        self.write(&row, lines, said);
    }

    fn write(&mut self, row: &[u8], lines: u64, (outcome, reason): (&'static str, &'static str)) {
        self.bytes.extend(row);
        self.expected.lock().unwrap().push_back((self.line, outcome, reason));
        self.line += lines;
    }
}

/// The number of contact `n`: those of neighbours are far apart.
fn number(n: usize) -> String {
    format!("+1206{:07}", n * 611_953 % 10_000_000)
}

impl Read for Made {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.bytes.is_empty() && self.made < self.rows {
            self.make();
        }
        self.bytes.read(into)
    }
}
