//! Which columns of a file are read, and how its rows are told apart.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod imports;

use optin::{
    PhoneNumber,
    blocking::block_on,
    import::{Columns, Delimiter, Import},
};

use self::imports::{acme, memory, reports, run, states};

fn number(n: u64) -> PhoneNumber {
    PhoneNumber::from_digits(12_065_550_100 + n).unwrap()
}

#[test]
fn columns_are_found_by_their_usual_names() {
    let table = [
        ("Name,Phone Number,Opt-Out", "opted_out"),
        ("Name,MOBILE_PHONE,sms_opted_out", "opted_out"),
        ("Name,Mobile,SMS_Opt_Out__c", "opted_out"),
        ("Name, phone , Unsubscribed ", "opted_out"),
        ("Name,\"Cell\",\"Do not text\"", "opted_out"),
        // These are not about texts, or mean opted in.
        ("Name,tel,Email Opt Out", "pending"),
        ("Name,Phone,Opt In", "pending"),
        ("Name,Phone,Opted in", "pending"),
        ("Name,Phone,Subscribed", "pending"),
        ("Name,Phone,SMS consent", "pending"),
    ];
    for (header, outcome) in table {
        assert_eq!(reports(format!("{header}\nAda,+12065550100,yes\n"))[0].1, outcome, "{header}");
    }
}

#[test]
fn columns_may_be_named_by_the_host() {
    let engine = memory();
    let columns = Columns::default().with_phone("HANDY NR").with_opted_out("Keine SMS");
    let import = Import::new(&engine, acme()).with_columns(columns);
    let file = "Phone,Handy-Nr.,Opt Out,keine_sms\n+12065550100,+12065550101,no,yes\n";
    let (_, totals) = run(&import, file.as_bytes());
    assert_eq!(totals.unwrap().opted_out, 1);
    assert_eq!(states(engine.storage()), [("+12065550101".into(), "opted_out")]);
}

#[test]
fn all_other_columns_are_handed_through() {
    let engine = memory();
    let file = "Name;Phone;;Notes\n\"Ada; B.\";+12065550100;x;\"two\nlines \"\"q\"\"\"\n";
    let mut seen = Vec::new();
    block_on(Import::new(&engine, acme()).csv(file.as_bytes(), |row| {
        let cells = row.cells().map(|(header, cell)| {
            (String::from_utf8(header.into()).unwrap(), String::from_utf8(cell.into()).unwrap())
        });
        seen.extend(cells);
        assert_eq!(row.cell("NOTES"), Some(&b"two\nlines \"q\""[..]));
        assert_eq!(row.cell("other"), None);
        assert_eq!(row.number(), Some(number(0)));
        assert!(row.handled().unwrap().state.is_some());
    }))
    .unwrap();
    let expected =
        [("Name", "Ada; B."), ("Phone", "+12065550100"), ("", "x"), ("Notes", "two\nlines \"q\"")];
    let expected = expected.map(|(header, cell)| (header.to_owned(), cell.to_owned()));
    assert_eq!(seen, expected);
}

#[test]
fn the_delimiter_is_the_commonest_of_the_header_outside_quotes() {
    let table = [
        "phone,opt out,note\n+12065550100,yes,a\n",
        "phone;opt out;note\n+12065550100;yes;a,b\n",
        "phone\topt out\tnote\n+12065550100\tyes\ta;b\n",
        "\"note, of; all, kinds\";phone;opt out\nx;+12065550100;yes\n",
        "\u{feff}\"phone\";\"opt\nout\"\r\n+12065550100;yes\r\n",
        "phone\n+12065550100\n",
    ];
    for file in table {
        let found = reports(file);
        assert_eq!(found.len(), 1, "{file}");
        assert_ne!(found[0].1, "rejected", "{file}");
    }
    let engine = memory();
    let import = Import::new(&engine, acme()).with_delimiter(Delimiter::Pipe);
    let (_, totals) = run(&import, &b"phone|a,b,c\n+12065550100|\n"[..]);
    assert_eq!(totals.unwrap().pending, 1);
}

#[test]
fn a_row_has_the_line_where_it_begins() {
    for end in ["\n", "\r\n", "\r"] {
        let file = ["", "phone,note", "+12065550100,\"a", "b\"", "", "", "+12065550101,", "x,"];
        let lines: Vec<u64> = reports(file.join(end)).iter().map(|report| report.0).collect();
        assert_eq!(lines, [3, 7, 8], "{end:?}");
    }
}
