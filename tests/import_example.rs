//! `examples/import.rs`: its last line is the totals, its exit status says whether it read the file.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod imports;

use std::{
    collections::BTreeMap,
    io::{self, BufReader},
    path::Path,
    process::{Command, Output},
};

use self::{
    black_box::{Scratch, example, setting},
    imports::{import, made::Made, memory},
};

fn run(scratch: &Scratch, arguments: &[&str]) -> Output {
    let run =
        Command::new(example("import")).args(arguments).current_dir(scratch.directory()).output();
    run.unwrap()
}

fn lines(output: &[u8]) -> Vec<String> {
    String::from_utf8(output.to_vec()).unwrap().lines().map(Into::into).collect()
}

fn write(path: &Path, file: &str) {
    std::fs::write(path, file).unwrap();
}

#[test]
fn the_last_line_is_the_totals_and_rejected_rows_lie_beside_the_file() {
    let scratch = Scratch::new("import-example");
    write(&scratch.path("people.csv"), "Phone,Opt Out\n+12065550100,\n+12065550101,yes\n1,\n");
    let store = ["--store", "consent.db", "--account", "acme"];
    let arguments = [&["people.csv"][..], &store].concat();
    let output = run(&scratch, &arguments);
    assert_eq!(output.status.code(), Some(0));
    // No progress bar where nobody looks.
    assert_eq!(lines(&output.stderr), [""; 0]);
    assert_eq!(
        lines(&output.stdout),
        [
            "account acme, database consent.db",
            "1 rejected rows, to be mended and imported: people.rejected.csv",
            "3 rows: 1 pending, 0 active, 1 opted out, 0 already present, 1 rejected \
             (1 not_a_number)",
        ]
    );

    // Mended, it is imported; run again, the file that may be half mended stays as it is.
    let rejected = std::fs::read_to_string(scratch.path("people.rejected.csv")).unwrap();
    assert_eq!(rejected, "Phone,Opt Out,Rejected because\n1,,this is no phone number\n");
    let mended = rejected.replace("\n1,", "\n+12065550102,");
    write(&scratch.path("people.rejected.csv"), &mended);
    let output = run(&scratch, &[&["people.rejected.csv"][..], &store].concat());
    let none = "1 rows: 1 pending, 0 active, 0 opted out, 0 already present, 0 rejected";
    assert_eq!(lines(&output.stdout).last().unwrap(), none);
    let output = run(&scratch, &arguments);
    let again = "3 rows: 0 pending, 0 active, 0 opted out, 2 already present, 1 rejected \
                 (1 not_a_number)";
    assert_eq!(lines(&output.stdout).last().unwrap(), again);
    assert_eq!(std::fs::read_to_string(scratch.path("people.rejected.csv")).unwrap(), mended);
    assert!(scratch.path("people.rejected-2.csv").exists());
}

#[test]
fn a_file_that_cannot_be_read_ends_with_2_and_says_why() {
    let scratch = Scratch::new("import-example-2");
    write(&scratch.path("utf16.csv"), "p\0h\0");
    let long = format!("phone,name\n+12065550100,\n+12065550101,{}", "x".repeat(2 << 20));
    write(&scratch.path("long.csv"), &long);
    let table = [
        (&["none.csv"][..], "import: none.csv: No such file or directory (os error 2)"),
        (&["."], "import: .: is a directory"),
        (
            &["utf16.csv", "--store", "x.db"],
            "import: utf16.csv: the file is in UTF-16: save it in UTF-8",
        ),
        (
            &["long.csv", "--store", "y.db"],
            "import: long.csv: the record in line 3 is longer than 1 MiB",
        ),
        (&[], "usage: import FILE.csv [--account NAME] [--store FILE.db]"),
        (&["a", "--what"], "usage: import FILE.csv [--account NAME] [--store FILE.db]"),
        (&["a", "--store"], "usage: import FILE.csv [--account NAME] [--store FILE.db]"),
    ];
    for (arguments, said) in table {
        let output = run(&scratch, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(lines(&output.stderr), [said], "{arguments:?}");
    }
    let output = run(&scratch, &["long.csv", "--store", "long.db"]);
    assert!(lines(&output.stdout).last().unwrap().starts_with("1 rows: 1 pending,"));
}

/// `OPTIN_ROWS` says how many rows.
#[test]
fn a_made_file_with_every_kind_of_bad_row_adds_up() {
    let scratch = Scratch::new("import-example-made");
    let (mut made, expected) = Made::new(setting("OPTIN_ROWS", 5_000));
    let mut file = std::fs::File::create(scratch.path("made.csv")).unwrap();
    io::copy(&mut made, &mut file).unwrap();
    let (mut outcomes, mut reasons) = (BTreeMap::new(), BTreeMap::new());
    for (_, outcome, reason) in expected.lock().unwrap().iter() {
        *outcomes.entry(*outcome).or_insert(0_u64) += 1;
        *reasons.entry(*reason).or_insert(0_u64) += 1;
    }

    let output = run(&scratch, &["made.csv", "--store", "consent.db"]);
    assert_eq!(output.status.code(), Some(0));
    let last = lines(&output.stdout).pop().unwrap();
    let beginning = format!(
        "{} rows: {} pending, 0 active, {} opted out, {} already present, {} rejected (",
        outcomes.values().sum::<u64>(),
        outcomes["pending"],
        outcomes["opted_out"],
        outcomes["already_present"],
        outcomes["rejected"],
    );
    assert!(last.starts_with(&beginning), "{last}\n{beginning}");
    let added = ["added", "added_opted_out", "already_present"];
    for (reason, count) in reasons.iter().filter(|(reason, _)| !added.contains(reason)) {
        let listed = [format!("({count} {reason}"), format!(" {count} {reason}")];
        assert!(listed.iter().any(|listed| last.contains(listed)), "{last}: {count} {reason}");
    }
    println!("{last}");

    let rejects = std::fs::File::open(scratch.path("made.rejected.csv")).unwrap();
    let (reports, totals) = import(&memory(), BufReader::new(rejects));
    assert_eq!(reports.len() as u64, outcomes["rejected"]);
    assert_eq!(totals.unwrap().rejected, outcomes["rejected"]);
}
