//! A bad row costs only itself, and a bad file ends in a typed error that says where.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod imports;

use std::io::{self, Read};

use optin::{
    blocking::block_on,
    import::{HeaderError, Import, ImportError, Rejection, Rejects, RowOutcome},
};

use self::imports::{Report, acme, error_of, import, memory, reports, states};

/// A file of one row for each rejection, and good rows between them.
fn every_bad_row() -> (Vec<u8>, Vec<Report>) {
    let bad: [(&[u8], &str); 25] = [
        (b",a,", "no_number"),
        (b" \t,a,", "no_number"),
        (b"2065550100,a,", "national_number"),
        (b"(206) 555-0100,a,", "national_number"),
        (b"1-206-555-0100,a,", "national_number"),
        (b"020 7946 0000,a,", "national_number"),
        (b"12065550100,a,", "plus_missing"),
        (b"0044 20 7946 0000,a,", "national_number"),
        (b"00442079460000,a,", "plus_missing"),
        (b"+1 206-555-0100,a,", "punctuated_number"),
        (b"1.20656E+10,a,", "shortened_number"),
        (b"\"1,2E+10\",a,", "shortened_number"),
        (b"+1,a,", "number_length"),
        (b"+1234567890123456,a,", "number_length"),
        (b"+01206555010,a,", "number_length"),
        (b"call me,a,", "not_a_number"),
        (b"+12065550100 x5,a,", "not_a_number"),
        (b"+1206555010\xd9\xa0,a,", "not_a_number"),
        (b"+12065550100;+12065550101,a,", "not_a_number"),
        (b"+12065550100,a,maybe", "unknown_status"),
        (b"+1206555010\xff,a,", "not_utf8"),
        (b"+12065550100,a,\xe9", "not_utf8"),
        (b"+12065550100,a\0b,yes", "nul"),
        (b"+12065550100,a", "too_few_cells"),
        (b"+12065550100,a,yes,", "too_many_cells"),
    ];
    let (mut file, mut expected) = (b"phone,name,opted_out\n".to_vec(), Vec::new());
    for (n, (row, reason)) in (1..).zip(bad) {
        file.extend(row);
        file.extend(format!("\n+12065551{n:03},a,\n").as_bytes());
        expected.push((2 * n, "rejected", reason));
        expected.push((2 * n + 1, "pending", "added"));
    }
    file.extend(b"+12065550199,\"never closed\n+12065550198,a,yes\n");
    expected.push((52, "rejected", "quote_not_closed"));
    (file, expected)
}

#[test]
fn a_bad_row_costs_only_itself() {
    let (file, expected) = every_bad_row();
    assert_eq!(reports(&file), expected);
    let reasons = expected.iter().filter(|report| report.1 == "rejected").map(|report| report.2);
    let mut reasons: Vec<&str> = reasons.collect();
    reasons.sort_unstable();
    reasons.dedup();
    let mut all: Vec<&str> = Rejection::ALL.iter().map(|rejection| rejection.name()).collect();
    all.sort_unstable();
    assert_eq!(reasons, all, "there is a row for each rejection");
    for rejection in Rejection::ALL {
        let json = serde_json::to_value(rejection).unwrap();
        assert_eq!(json, rejection.name());
    }
}

fn rejects_of(file: &[u8]) -> Vec<u8> {
    let engine = memory();
    let mut rejects = Rejects::new(Vec::new());
    block_on(Import::new(&engine, acme()).csv(file, |row| rejects.add(&row).unwrap())).unwrap();
    rejects.finish().unwrap()
}

#[test]
fn rejected_rows_are_rejected_again_until_they_are_mended() {
    let (file, expected) = every_bad_row();
    let bad = expected.iter().filter(|report| report.1 == "rejected");
    let rejects = rejects_of(&file);
    let again = reports(&rejects);
    let reasons: Vec<&str> = again.iter().map(|report| report.2).collect();
    // What an open quote swallowed is in quotes that are closed now, in a row with a cell too many.
    let expected = bad.map(|report| report.2.replace("quote_not_closed", "too_many_cells"));
    assert_eq!(reasons, expected.collect::<Vec<_>>());
    let twice = rejects_of(&rejects);
    let text = |file: &[u8]| String::from_utf8_lossy(file).into_owned();
    let closed = text(&rejects).replace(
        "a quote is never closed: the rows after it may be in its cell",
        "the row has more cells than the header",
    );
    assert_eq!(text(&twice), closed, "the reason is replaced, not added to");
    assert_eq!(text(&rejects_of(&twice)), text(&twice));
}

#[test]
fn mended_rows_are_imported_with_or_without_their_reason() {
    let rejects = rejects_of(b"Phone;Name;Opt Out\n206-555-0100;=Ada;\n+12065550101;Bo;?\n");
    let rejects = String::from_utf8(rejects).unwrap();
    assert!(rejects.starts_with("Phone;Name;Opt Out;Rejected because\n206-555-0100;'=Ada;;"));
    let mended = rejects.replace("206-555-0100", "+12065550100").replace("?", "yes");
    let blank = mended.lines().skip(1).map(|row| row.rsplit_once(';').unwrap().0);
    let without: Vec<&str> = blank.clone().collect();
    let blank: Vec<String> = blank.map(|row| format!("{row};")).collect();
    let header = mended.lines().next().unwrap();
    for file in [
        mended.clone(),
        format!("{header}\n{}\n", blank.join("\n")),
        format!("{header}\n{}\n", without.join("\n")),
        format!("Phone;Name;Opt Out\n{}\n", without.join("\n")),
    ] {
        let engine = memory();
        let mut names = Vec::new();
        block_on(Import::new(&engine, acme()).csv(file.as_bytes(), |row| {
            assert_eq!(row.cells().count(), 3);
            names.push(row.cell("name").unwrap().to_vec());
        }))
        .unwrap();
        assert_eq!(names, [b"=Ada".to_vec(), b"Bo".to_vec()], "{file}");
        let expected = [("+12065550100".into(), "pending"), ("+12065550101".into(), "opted_out")];
        assert_eq!(states(engine.storage()), expected, "{file}");
    }
}

#[test]
fn a_row_that_a_spreadsheet_filled_up_is_not_taken_for_whole() {
    // A reason in the place of a name: the row had a cell too few.
    let file =
        "phone,name,Rejected because\n+12065550100,the row has fewer cells than the header,\n";
    assert_eq!(reports(file), [(2, "rejected", "too_few_cells")]);
}

#[test]
fn rejects_begin_with_the_mark_that_their_file_had() {
    assert_eq!(rejects_of("phone\n+12065550100\n".as_bytes()), b"");
    let rejects = rejects_of("\u{feff}phone,name\n,Zoë\n".as_bytes());
    assert!(rejects.starts_with("\u{feff}phone,name,Rejected because\n,Zoë,".as_bytes()));
}

#[test]
fn an_opt_out_is_not_lost_for_an_accent_in_a_name() {
    let engine = memory();
    let file = b"phone,pr\xe9nom,opted_out\n+12065550100,Zo\xeb,yes\n+12065550101,Ada,\n";
    let mut seen = Vec::new();
    let totals = block_on(Import::new(&engine, acme()).csv(&file[..], |row| {
        seen.push((row.outcome(), row.is_utf8()));
    }));
    assert_eq!(seen, [(RowOutcome::OptedOut, false), (RowOutcome::Pending, true)]);
    let totals = totals.unwrap();
    assert_eq!((totals.not_utf8, totals.header_not_utf8), (1, true));
    assert!(totals.to_string().ends_with("; the header and 1 rows are not UTF-8"), "{totals}");
}

#[test]
fn a_header_that_leaves_a_doubt_is_refused_before_anything_is_imported() {
    use HeaderError::{
        Empty, OptedOutTwice, OptedOutUnclear, PhoneMissing, PhoneTwice, QuoteNotClosed, Utf16,
    };
    let utf16 = |text: &str, mark: u16| {
        let units = std::iter::once(mark).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    let text = "phone\n+12065550100\n";
    let table: [(Vec<u8>, HeaderError); 13] = [
        (b"".into(), Empty),
        (b"\n\r\n\n".into(), Empty),
        ("\u{feff}".into(), Empty),
        (utf16(text, 0xfeff), Utf16),
        (utf16(text, 0xfffe), Utf16),
        (utf16(text, u16::from(b'x')), Utf16),
        (b"+12065550100,Ada\n".into(), PhoneMissing),
        (b"phon\xe9,name\n+12065550100,a\n".into(), PhoneMissing),
        (b"Phone,Name,Mobile Phone\n+12065550100,a,\n".into(), PhoneTwice { first: 1, second: 3 }),
        (b"phone,opt out,opted_out\n".into(), OptedOutTwice { first: 2, second: 3 }),
        (b"phone,Opt-Out Status\n+12065550100,yes\n".into(), OptedOutUnclear { column: 2 }),
        (b"phone,Opt-in/Opt-out\n+12065550100,in\n".into(), OptedOutUnclear { column: 2 }),
        (b"phone,\"name\n+12065550100,a\n".into(), QuoteNotClosed),
    ];
    for (file, expected) in table {
        let engine = memory();
        let (reports, totals) = import(&engine, &*file);
        match totals {
            Err(ImportError::Header(found)) => assert_eq!(found, expected),
            other => panic!("{other:?}, not {expected:?}"),
        }
        assert_eq!((reports.len(), states(engine.storage()).len()), (0, 0));
    }
}

#[test]
fn a_host_may_say_that_a_column_is_no_status() {
    let engine = memory();
    let columns = optin::import::Columns::default();
    let file = &b"phone,Opt-Out Status\n+12065550100,yes\n"[..];
    let with = |columns| {
        let import = Import::new(&engine, acme()).with_columns(columns);
        block_on(import.csv(file, |_| {})).map(|totals| totals.rows)
    };
    assert_eq!(with(columns.clone().without_opted_out()).unwrap(), 1);
    let missing = with(columns.clone().with_opted_out("no more"));
    assert!(matches!(missing, Err(ImportError::Header(HeaderError::OptedOutMissing))));
    let same = with(columns.with_opted_out("PHONE"));
    assert!(matches!(same, Err(ImportError::Header(HeaderError::SameColumn { column: 1 }))));
}

/// A stream that never ends, and counts what was taken of it.
struct Endless<'a> {
    begin: &'a [u8],
    repeat: u8,
    taken: &'a mut u64,
}

impl Read for Endless<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match self.begin.read(into)? {
            0 => {
                into.fill(self.repeat);
                into.len()
            }
            read => read,
        };
        *self.taken += read as u64;
        Ok(read)
    }
}

#[test]
fn a_line_that_never_ends_is_refused_at_a_mebibyte() {
    let table: [(&str, u8, u64, u64); 7] = [
        ("phone\n+12065550100\n\n+1206", b'5', 4, 1),
        ("phone,name\n+12065550100,\"", b'x', 2, 0),
        ("phone,name\n+12065550100,\"", b'\n', 2, 0),
        ("phone,name\n+12065550100,a\n", b',', 3, 1),
        ("phone,name\n+12065550100,a\n", 0, 3, 1),
        ("phone,", b'x', 1, 0),
        ("phone,\"", b'"', 1, 0),
    ];
    for (begin, repeat, expected, rows) in table {
        let mut taken = 0;
        let endless = Endless { begin: begin.as_bytes(), repeat, taken: &mut taken };
        let failed = import(&memory(), endless).1.unwrap_err();
        let ImportError::TooLong { line, totals } = &failed else {
            panic!("{failed:?}");
        };
        assert_eq!((*line, totals.rows), (expected, rows), "{begin}");
        assert!((1 << 20..(1 << 20) + (256 << 10)).contains(&taken), "{taken} bytes read");
    }
}

#[test]
fn a_record_of_a_mebibyte_is_taken_and_a_longer_one_is_not() {
    let row = |length: usize| {
        let begin = "+12065550100,";
        format!("phone,name\n{begin}{}\n+12065550101,\n", "x".repeat(length - begin.len() - 1))
    };
    assert_eq!(reports(row(1 << 20)).len(), 2);
    assert_eq!(error_of(row((1 << 20) + 1)), "the record in line 2 is longer than 1 MiB");
    // Blank lines are no record, however many.
    let blank = format!("phone\n{}+12065550100\n", "\r\n".repeat(1 << 20));
    assert_eq!(reports(blank), [((1 << 20) + 2, "pending", "added")]);
}

#[test]
fn ten_thousand_columns_are_fine() {
    let cells = |cell: &str| vec![cell; 9_998].join(",");
    let rows: String = (0..200).map(|n| format!("+1206555{n:04},{},yes\n", cells("x"))).collect();
    let file = format!("phone,{},opted_out\n{rows}", cells("c"));
    let (reports, totals) = import(&memory(), file.as_bytes());
    assert_eq!((reports.len(), totals.unwrap().opted_out), (200, 200));
}

/// Fails after some bytes.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            read => Ok(read),
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_on_says_where() {
    let table = [
        ("", 1, 0),
        ("phone,na", 1, 0),
        ("phone\n+12065550100\n", 3, 1),
        ("phone,x\r\n+12065550100,\r\n+12065550101,\"a\r\nb", 3, 1),
    ];
    for (file, expected, rows) in table {
        let failed = import(&memory(), Failing(file.as_bytes())).1.unwrap_err();
        let ImportError::Read { line, totals, error } = failed else {
            panic!("{failed:?}");
        };
        assert_eq!((line, totals.rows), (expected, rows), "{file:?}");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
}

/// Gives one byte at a time, and is interrupted before each.
struct Drip<'a>(&'a [u8], bool);

impl Read for Drip<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = into.len().min(1);
        self.0.read(&mut into[..most])
    }
}

#[test]
fn a_file_that_comes_byte_by_byte_is_read_the_same() {
    let (file, expected) = every_bad_row();
    assert_eq!(import(&memory(), Drip(&file, false)).0, expected);
    let marked = [b"\xef\xbb\xbf", &*file].concat();
    assert_eq!(import(&memory(), Drip(&marked, false)).0, expected);
}

#[test]
fn a_file_may_end_anywhere() {
    let quoted = "phone,name\r\n+12065550100,\"a \"\"b\"\"\"\r\n";
    for length in 0..quoted.len() {
        let (reports, totals) = import(&memory(), &quoted.as_bytes()[..length]);
        match totals {
            Ok(totals) => assert_eq!(totals.rows, reports.len() as u64),
            Err(ImportError::Header(_)) => assert!(length < "phone".len()),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(reports(&quoted[..quoted.len() - 2]), [(2, "pending", "added")]);
    // Of two quotes the first may be the end, of three the last is.
    for (cut, reason) in [(3, "quote_not_closed"), (4, "added"), (5, "quote_not_closed")] {
        assert_eq!(
            reports(&quoted[..quoted.len() - cut]),
            [(2, if reason == "added" { "pending" } else { "rejected" }, reason,)]
        );
    }
}

mod any_bytes {
    use proptest::prelude::*;

    use super::{import, memory, rejects_of};

    proptest! {
        #[test]
        fn any_bytes_give_reports_that_add_up(bytes: Vec<u8>, cells in "[+0-9,\"\n\r ';a]{0,200}") {
            let file = [b"phone,opted_out,n\n", cells.as_bytes(), &bytes].concat();
            let (reports, totals) = import(&memory(), &*file);
            let totals = totals.unwrap();
            prop_assert_eq!(totals.rows, reports.len() as u64);
            prop_assert!(reports.is_sorted_by_key(|report| report.0));
            // What was rejected is rejected again, and is the same file then.
            let rejects = rejects_of(&file);
            if !rejects.is_empty() {
                let again = super::reports(&rejects);
                prop_assert!(again.iter().all(|report| report.1 == "rejected"), "{:?}", again);
                prop_assert_eq!(again.len() as u64, totals.rejected);
                let twice = rejects_of(&rejects);
                prop_assert_eq!(rejects_of(&twice), twice);
            }
        }
    }
}
