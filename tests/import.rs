//! Contacts of a file or a call are added, and nothing more (R5.1): nobody is raised, nothing sent.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod imports;
mod support;

use std::sync::Arc;

use optin::{
    AccountId, Archive, CarrierCode, Contact, Engine, Event, Handover, Outbox, Outgoing, Override,
    PhoneNumber, Policy, Source,
    blocking::block_on,
    import::{
        Columns, Delimiter, Export, ExportError, HeaderError, Import, ImportError, NewContact,
        Rejection, Rejects, Row, RowOutcome, Totals,
    },
    store::MemoryStorage,
};

use self::{
    imports::{acme, import, memory, noon, over, reports, run, set_double_opt_in, states},
    support::texted,
};

const STATUSES: [(&str, Option<bool>); 3] = [("", None), ("no", Some(false)), ("yes", Some(true))];

struct Taking;

impl Outbox for Taking {
    async fn send(&self, _: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

fn number(n: u64) -> PhoneNumber {
    PhoneNumber::from_digits(12_065_550_100 + n).unwrap()
}

/// A contact in each state that there is, and one that is absent.
fn in_every_state(storage: &Arc<MemoryStorage>) -> Vec<&'static str> {
    let engine = Engine::new(storage.clone(), Taking, noon);
    let happen = |n: u64, event: Event<'_>| {
        block_on(engine.handle(&Contact::new(acme(), number(n)), event)).unwrap();
    };
    let set = |n, to| {
        happen(n, Event::Overridden { actor: support::owner(), to, note: None });
    };
    happen(1, Event::Added { source: Source::User, opted_out: None });
    happen(2, texted("SM2", "Hi"));
    for n in [3, 4, 5] {
        happen(n, texted(&format!("SM{n}"), "Hi"));
        happen(n, texted(&format!("SMx{n}"), "yes"));
    }
    happen(4, texted("SM4s", "STOP"));
    set(5, Override::OptedOut);
    happen(6, Event::CarrierBlocked { code: CarrierCode::new("21610").unwrap() });
    vec!["absent", "pending", "pending", "active", "opted_out", "opted_out", "opted_out"]
}

/// What R5.1 says of it.
fn expected(before: &str, opted_out: Option<bool>, double_opt_in: bool) -> &'static str {
    match (before, opted_out) {
        (_, Some(true)) | ("opted_out", _) => "opted_out",
        ("absent", _) if double_opt_in => "pending",
        ("absent" | "active", _) => "active",
        _ => "pending",
    }
}

#[test]
fn nobody_is_raised_and_nothing_is_sent() {
    for double_opt_in in [true, false] {
        for (cell, opted_out) in STATUSES {
            for by_file in [true, false] {
                let storage = Arc::new(MemoryStorage::new());
                let before = in_every_state(&storage);
                let engine = over(storage.clone());
                set_double_opt_in(&engine, double_opt_in);
                let numbers: Vec<String> =
                    (0..before.len() as u64).map(|n| number(n).to_e164()).collect();
                let import = Import::new(&engine, acme());
                let totals = if by_file {
                    let rows: String = numbers.iter().map(|n| format!("{n},{cell}\n")).collect();
                    block_on(import.csv(format!("phone,opt out\n{rows}").as_bytes(), |_| {}))
                } else {
                    let rows = numbers.iter().map(|number| {
                        let contact = NewContact::new(number);
                        opted_out.map_or(contact.clone(), |said| contact.with_opted_out(said))
                    });
                    block_on(import.rows(rows, |_| {}))
                };
                assert_eq!(totals.unwrap().rejected, 0);
                let after = states(&*storage);
                for (n, before) in before.iter().enumerate() {
                    let expected = expected(before, opted_out, double_opt_in);
                    assert_eq!(after[n].1, expected, "{before} {cell:?} {double_opt_in}");
                }
            }
        }
    }
}

#[test]
fn the_ledger_says_where_a_contact_came_from() {
    let engine = memory();
    let import = Import::new(&engine, acme());
    block_on(import.csv(&b"phone\n+12065550100\n"[..], |_| {})).unwrap();
    block_on(import.rows([NewContact::new("+12065550101")], |_| {})).unwrap();
    for (n, source) in [(0, Source::Csv), (1, Source::Api)] {
        let contact = Contact::new(acme(), number(n));
        let history = block_on(engine.storage().history(&contact, 0, 9)).unwrap();
        let event = Event::Added { source, opted_out: None };
        assert_eq!(history[0].fact, optin::Fact::Event(Box::new(event)));
    }
}

#[test]
fn a_status_is_read_in_any_case_and_nothing_else_is() {
    let table = [
        ("opted_out", &["yes", "y", "true", "t", "1", "YES", " True\t", "T"][..]),
        ("pending", &["no", "n", "false", "f", "0", "No", "FALSE ", "", "  ", "\u{a0}"]),
        ("rejected", &["yes!", "ja", "2", "01", "opted out", "null", "-", "ｙｅｓ", "'yes"]),
    ];
    for (outcome, cells) in table {
        for cell in cells {
            let found = reports(format!("phone,opted out\n+12065550100,{cell}\n"));
            assert_eq!(found[0].1, outcome, "{cell:?}");
        }
    }
}

#[test]
fn rows_of_one_number_merge_restrictively() {
    for rows in ["yes,no,", "no,yes,no", ",,yes", "no,yes,yes"] {
        for double_opt_in in [true, false] {
            let engine = memory();
            set_double_opt_in(&engine, double_opt_in);
            let rows: String =
                rows.split(',').map(|cell| format!("+12065550100,{cell}\n")).collect();
            let (_, totals) = import(&engine, format!("phone,opted_out\n{rows}").as_bytes());
            assert_eq!(totals.unwrap().rejected, 0);
            assert_eq!(states(engine.storage())[0].1, "opted_out", "{rows}");
        }
    }
    let found = reports("phone,opted_out\n+12065550100,\n+12065550100,no\n+12065550100,yes\n");
    assert_eq!(
        found,
        [
            (2, "pending", "added"),
            (3, "already_present", "already_present"),
            (4, "opted_out", "added_opted_out"),
        ]
    );
}

#[test]
fn totals_are_the_sum_of_the_reports() {
    let engine = memory();
    let file = "phone,opted_out\n+12065550100,\n+12065550101,yes\n+12065550100,\n,\n1,\n,\n";
    let (reports, totals) = import(&engine, file.as_bytes());
    let totals = totals.unwrap();
    assert_eq!(reports.len(), 6);
    let json = serde_json::to_value(&totals).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "rows": 6, "pending": 1, "active": 0, "opted_out": 1, "already_present": 1,
            "rejected": 3, "rejections": {"no_number": 2, "not_a_number": 1}, "not_utf8": 0,
            "header_not_utf8": false,
        })
    );
    assert_eq!(serde_json::from_value::<Totals>(json).unwrap(), totals);
}

#[test]
fn a_crm_is_told_what_r6_5_says() {
    let engine = memory();
    let edit = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        settings.sync.hubspot = true;
        Policy::new(settings)
    };
    block_on(engine.change_policy(&acme(), &support::owner(), edit)).unwrap();
    let file = "phone,opted_out\n+12065550100,\n+12065550101,yes\n+12065550100,no\n";
    import(&engine, file.as_bytes()).1.unwrap();
    // One for each that was created; what stayed is not told.
    assert_eq!(block_on(engine.storage().queue()).unwrap().waiting, 2);
    let dispatcher = optin::Dispatcher::new(&engine);
    assert_eq!(block_on(dispatcher.run_once(9)).unwrap().claimed, 2);
}

#[test]
fn another_account_has_none_of_it() {
    let engine = memory();
    import(&engine, &b"phone\n+12065550100\n"[..]).1.unwrap();
    let other = AccountId::new("other").unwrap();
    assert_eq!(block_on(engine.storage().contacts(&other, None, None, 9)).unwrap(), []);
}

#[test]
fn a_callers_list_has_its_bad_rows_reported_too() {
    let body = r#"[{"number": "+12065550100", "opted_out": true}, {"number": "206-555-0101"},
        {"number": ""}, {"number": "+12065550102", "opted_out": false}]"#;
    let rows: Vec<NewContact> = serde_json::from_str(body).unwrap();
    assert!(serde_json::from_str::<NewContact>(r#"{"number": "+1", "optedout": true}"#).is_err());
    let engine = memory();
    let (mut reports, mut rejects) = (Vec::new(), Rejects::new(Vec::new()));
    let totals = block_on(Import::new(&engine, acme()).rows(rows, |row| {
        reports.push((row.line(), row.outcome().name(), row.reason()));
        rejects.add(&row).unwrap();
    }));
    assert_eq!(
        reports,
        [
            (1, "opted_out", "added_opted_out"),
            (2, "rejected", "national_number"),
            (3, "rejected", "no_number"),
            (4, "pending", "added"),
        ]
    );
    assert_eq!(totals.unwrap().rejections[&Rejection::NoNumber], 1);
    let rejects = String::from_utf8(rejects.finish().unwrap()).unwrap();
    assert!(rejects.starts_with("phone,opted_out,Rejected because\n206-555-0101,,"), "{rejects}");
}

#[test]
fn no_debug_and_no_error_shows_a_cell() {
    let engine = memory();
    let silent = |shown: String| {
        assert!(!shown.contains("5550") && !shown.contains("quokka"), "{shown}");
    };
    let import = Import::new(&engine, acme());
    let mut rejects = Rejects::new(Vec::new());
    let file = "phone,quokka\n+12065550100,quokka\n206-555-0100,quokka\n";
    block_on(import.csv(file.as_bytes(), |row| {
        rejects.add(&row).unwrap();
        silent(format!("{row:?} {row:#?} {rejects:?}"));
    }))
    .unwrap();
    silent(format!("{import:?} {:?}", NewContact::new("+12065550100")));
    silent(format!("{:?}", Export::new(engine.storage(), acme())));
    for file in ["+12065550100,quokka\n", "phone,quokka,mobile\n", "phone,opt-out quokka\n"] {
        let (_, failed) = run(&import, file.as_bytes());
        let failed = failed.unwrap_err();
        silent(format!("{failed} {failed:?}"));
    }
}

#[test]
fn all_of_it_crosses_threads() {
    fn crosses<T: Send + Sync + Unpin>() {}
    fn is_sent<T: Send>(_: &T) {}
    crosses::<(Columns, Delimiter, NewContact, Rejection, RowOutcome, Totals, HeaderError)>();
    crosses::<(Row<'_>, Rejects<Vec<u8>>, Export<'_, MemoryStorage>)>();
    crosses::<(ImportError<std::fmt::Error>, ExportError<std::fmt::Error>)>();
    let engine = memory();
    let import = Import::new(&engine, acme());
    is_sent(&import);
    let mut count = 0;
    is_sent(&import.csv(&b""[..], |_| count += 1));
    is_sent(&import.rows(Vec::new(), |_| {}));
    let mut file = Vec::new();
    is_sent(&Export::new(engine.storage(), acme()).csv(&mut file));
}
