//! The journal: one file that all machines append to, so that its order is that of the events.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::FileExt,
    path::Path,
};

use serde::{Deserialize, Serialize};

/// Every line has this length: none crosses a page, so that a kill cannot cut one off.
const LINE: usize = 256;

/// Something that a machine did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Line {
    /// A text came in.
    Arrived { sms: Sms, at: i64 },
    /// Whoever brought it was told what came of it.
    Answered {
        id: String,
        number: u64,
        decision: String,
        reason: String,
        in_flight: Vec<u64>,
        at: i64,
    },
    /// A hand-over begins.
    Begun(Begun),
    /// A hand-over ended; `sent` is absent where nobody knows.
    Ended { machine: u64, name: Name, sent: Option<bool>, at: i64 },
}

/// A text of a contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sms {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) body: String,
}

/// An outgoing message's id: number, revision, n.
pub(crate) type Name = (u64, u64, u8);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) machine: u64,
    pub(crate) name: Name,
    pub(crate) at: i64,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum What {
    Text { kind: String, answers: Option<String>, not_after: i64 },
    Status { opted_out: bool },
}

#[derive(Debug)]
pub(crate) struct Journal(File);

impl Journal {
    pub(crate) fn open(directory: &Path) -> Self {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        Self(options.open(directory.join("journal")).unwrap())
    }

    pub(crate) fn append(&self, line: &Line) {
        let json = serde_json::to_string(line).unwrap();
        assert!(json.len() < LINE, "{json}");
        let padded = format!("{json:width$}\n", width = LINE - 1);
        (&self.0).write_all(padded.as_bytes()).unwrap();
    }

    /// How many lines there are.
    pub(crate) fn length(&self) -> usize {
        let length = usize::try_from(self.0.metadata().unwrap().len()).unwrap();
        assert_eq!(length % LINE, 0, "a line was cut off");
        length / LINE
    }

    /// The lines from number `from` on.
    pub(crate) fn lines(&self, from: usize) -> Vec<Line> {
        let mut bytes = vec![0; (self.length() - from) * LINE];
        self.0.read_exact_at(&mut bytes, (from * LINE) as u64).unwrap();
        bytes.chunks(LINE).map(|line| serde_json::from_slice(line).unwrap()).collect()
    }
}
