//! Contacts of a file or a call are added, and nothing more (R5.1): nobody is raised, nothing sent.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod imports;
mod support;

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Archive, CarrierCode, Contact, Engine, Event, Handover, Outbox, Outgoing, Override,
    PhoneNumber, Policy, Source, Storage,
    blocking::block_on,
    import::{
        Columns, Delimiter, Export, ExportError, HeaderError, Import, ImportError, NewContact,
        Rejection, Rejects, Row, RowOutcome, Totals,
    },
    storage::{Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot},
    store::MemoryStorage,
};

use self::{
    imports::{
        acme, contacts, import, memory, noon, over, reports, run, set_double_opt_in, states,
    },
    support::{poll_once, texted},
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

/// Waits as chance wills, and counts who is under way.
struct Jittery {
    storage: Arc<MemoryStorage>,
    chance: Mutex<fastrand::Rng>,
    under_way: Mutex<HashSet<Contact>>,
    most: AtomicU32,
    /// After so many calls each one fails.
    good_calls: AtomicU32,
}

#[derive(Debug, thiserror::Error)]
#[error("it is broken")]
struct Broken;

impl Jittery {
    fn new(storage: Arc<MemoryStorage>, seed: u64, good_calls: u32) -> Self {
        Self {
            storage,
            chance: Mutex::new(fastrand::Rng::with_seed(seed)),
            under_way: Mutex::default(),
            most: AtomicU32::new(0),
            good_calls: AtomicU32::new(good_calls),
        }
    }

    async fn around<T>(
        &self,
        contact: &Contact,
        call: impl Future<Output = T>,
    ) -> Result<T, Broken> {
        let good = self.good_calls.fetch_update(Relaxed, Relaxed, |calls| calls.checked_sub(1));
        good.map_err(|_| Broken)?;
        {
            let mut under_way = self.under_way.lock().unwrap();
            assert!(under_way.insert(contact.clone()), "a number is under way twice");
            self.most.fetch_max(under_way.len() as u32, Relaxed);
        }
        self.wait().await;
        let answer = call.await;
        self.wait().await;
        self.under_way.lock().unwrap().remove(contact);
        Ok(answer)
    }

    async fn wait(&self) {
        let mut left = self.chance.lock().unwrap().u8(..20);
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            left = left.saturating_sub(1);
            if left == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

impl Storage for Jittery {
    type Error = Broken;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Broken> {
        Ok(self.around(contact, self.storage.load(contact)).await?.unwrap())
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Broken> {
        let contact = commit.contact.clone();
        Ok(self.around(&contact, self.storage.commit(commit)).await?.unwrap())
    }

    async fn claim(
        &self,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
        _: usize,
    ) -> Result<Vec<Claim>, Broken> {
        Ok(Vec::new())
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Broken> {
        Ok(self.storage.policy(account).await.unwrap())
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Broken> {
        Ok(self.storage.set_policy(change).await.unwrap())
    }
}

/// 600 rows of 250 numbers, opted out now and then.
fn repeating() -> String {
    let rows = (0..600_u64).map(|row| {
        let status = if row % 7 == 0 { "yes" } else { "" };
        format!("{},{status}\n", number(row * row % 250).to_e164())
    });
    format!("phone,opted_out\n{}", rows.collect::<String>())
}

#[test]
fn many_rows_are_under_way_but_of_a_number_one_and_the_report_is_always_the_same() {
    let file = repeating();
    let first = reports(&file);
    for seed in 0..20 {
        let engine = over(Jittery::new(Arc::default(), seed, u32::MAX));
        let (found, totals) = import(&engine, file.as_bytes());
        assert_eq!(found, first, "seed {seed}");
        assert_eq!(totals.unwrap().rows, 600);
        let most = engine.storage().most.load(Relaxed);
        assert!(most > 40, "{most} at once");
    }
}

#[test]
fn an_import_that_a_failing_storage_ended_is_run_again_with_the_same_result() {
    let file = repeating();
    let whole = memory();
    let (all, totals) = import(&whole, file.as_bytes());
    let whole_totals = totals.unwrap();
    for calls in (0..760).step_by(13) {
        let storage = Arc::new(MemoryStorage::new());
        let failing = over(Jittery::new(storage.clone(), u64::from(calls), calls));
        let (before, failed) = import(&failing, file.as_bytes());
        let failed = failed.unwrap_err();
        assert!(matches!(&failed, ImportError::Engine { line, .. }
            if *line == before.len() as u64 + 2));
        assert_eq!(failed.totals().unwrap().rows, before.len() as u64);
        assert_eq!(before, all[..before.len()], "what is reported is what would have been");
        let (again, totals) = import(&over(storage.clone()), file.as_bytes());
        assert_eq!((again.len(), totals.unwrap().rejected), (all.len(), whole_totals.rejected));
        assert_eq!(contacts(&*storage), contacts(whole.storage()), "after {calls} calls");
    }
}

#[test]
fn an_import_whose_future_was_dropped_is_run_again_with_the_same_result() {
    let file = repeating();
    let whole = memory();
    import(&whole, file.as_bytes()).1.unwrap();
    let mut began = HashSet::new();
    for polls in (0..6_000).step_by(97) {
        let storage = Arc::new(MemoryStorage::new());
        let engine = over(Jittery::new(storage.clone(), polls, u32::MAX));
        let import_once = Import::new(&engine, acme());
        let mut future = Box::pin(import_once.csv(file.as_bytes(), |_| {}));
        let ended = (0..polls).any(|_| poll_once(future.as_mut()).is_some());
        drop(future);
        if ended {
            break;
        }
        began.insert(contacts(&*storage).len());
        import(&over(storage.clone()), file.as_bytes()).1.unwrap();
        assert_eq!(contacts(&*storage), contacts(whole.storage()), "after {polls} polls");
    }
    assert!(began.len() > 5, "dropped at {began:?}");
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
    assert_eq!(block_on(engine.storage().contacts(&other, None, 9)).unwrap(), []);
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
    crosses::<(ImportError<Broken>, ExportError<Broken>)>();
    let engine = memory();
    let import = Import::new(&engine, acme());
    is_sent(&import);
    let mut count = 0;
    is_sent(&import.csv(&b""[..], |_| count += 1));
    is_sent(&import.rows(Vec::new(), |_| {}));
    let mut file = Vec::new();
    is_sent(&Export::new(engine.storage(), acme()).csv(&mut file));
}
