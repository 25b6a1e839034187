//! What is exported can be opened in a spreadsheet without harm, and imported as it was.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod imports;

use std::io::{self, Write};

use optin::{
    Actor, ActorId, CarrierCode, Contact, Event, InboxId, MessageId, Override, PhoneNumber, Role,
    Source, Text,
    blocking::block_on,
    import::{Delimiter, Export, ExportError, Import},
    store::MemoryStorage,
};
use proptest::{collection::vec, prelude::*};

use self::imports::{acme, contacts, import, memory, noon, set_double_opt_in, states};

fn number(n: u64) -> PhoneNumber {
    PhoneNumber::from_digits(12_065_550_100 + n).unwrap()
}

fn add(storage: &MemoryStorage, n: u64, event: Event<'_>) {
    let engine = optin::Engine::new(storage, Taking, noon);
    block_on(engine.handle(&Contact::new(acme(), number(n)), event)).unwrap();
}

struct Taking;

impl optin::Outbox for Taking {
    async fn send(&self, _: &optin::Outgoing) -> optin::Handover {
        optin::Handover::Accepted { provider_id: None }
    }
}

fn texted<'a>(id: &str, body: &'a str) -> Event<'a> {
    let inbox = InboxId::new("+18885550100").unwrap();
    Event::Texted(Text::new(inbox, MessageId::new(id).unwrap(), body))
}

/// Contacts in every state, by every author.
fn account() -> MemoryStorage {
    let storage = MemoryStorage::new();
    let staff = Actor::new(ActorId::new("ana").unwrap(), Role::Owner);
    let added = |source, opted_out| Event::Added { source, opted_out };
    add(&storage, 0, added(Source::Csv, None));
    add(&storage, 1, texted("SM1", "Hi"));
    add(&storage, 2, texted("SM2", "Hi"));
    add(&storage, 2, texted("SM2y", "yes"));
    add(&storage, 3, Event::DeclaredExisting { actor: staff.clone() });
    add(&storage, 4, texted("SM4", "STOP"));
    add(&storage, 5, Event::Overridden { actor: staff, to: Override::OptedOut, note: None });
    add(&storage, 6, added(Source::Api, Some(true)));
    add(&storage, 7, added(Source::Hubspot, Some(true)));
    add(&storage, 8, Event::CarrierBlocked { code: CarrierCode::new("21610").unwrap() });
    storage
}

fn export(storage: &MemoryStorage) -> String {
    let mut file = Vec::new();
    let count = block_on(Export::new(storage, acme()).csv(&mut file)).unwrap();
    assert_eq!(count, contacts(storage).len() as u64);
    String::from_utf8(file).unwrap()
}

#[test]
fn an_export_says_how_each_contact_stands_and_since_when() {
    let noon = "2026-03-01T12:00:00.000Z";
    assert_eq!(
        export(&account()),
        format!(
            "phone,opted_out,state,how,since\n\
             +12065550100,yes,pending,,\n\
             +12065550101,yes,pending,,\n\
             +12065550102,no,active,keyword,{noon}\n\
             +12065550103,no,active,existing,{noon}\n\
             +12065550104,yes,opted_out,contact,{noon}\n\
             +12065550105,yes,opted_out,staff,{noon}\n\
             +12065550106,yes,opted_out,import,{noon}\n\
             +12065550107,yes,opted_out,crm,{noon}\n\
             +12065550108,yes,opted_out,carrier,{noon}\n"
        )
    );
}

#[test]
fn who_may_not_be_messaged_may_not_be_after_export_and_import() {
    for double_opt_in in [true, false] {
        let storage = account();
        let engine = memory();
        set_double_opt_in(&engine, double_opt_in);
        let (reports, totals) = import(&engine, export(&storage).as_bytes());
        assert_eq!((reports.len(), totals.unwrap().rejected), (9, 0));
        for ((before, old), (after, new)) in
            contacts(&storage).into_iter().zip(contacts(engine.storage()))
        {
            assert_eq!(before, after);
            // Who may be messaged is asked again while double opt-in is on.
            assert_eq!(new.state.opted_out(), old.state.opted_out() || double_opt_in);
        }
    }
}

#[test]
fn an_export_imported_into_its_own_account_changes_nothing_but_the_pending() {
    let storage = std::sync::Arc::new(account());
    let before = states(&*storage);
    let (_, totals) = import(&imports::over(storage.clone()), export(&storage).as_bytes());
    let totals = totals.unwrap();
    assert_eq!((totals.opted_out, totals.already_present), (2, 7));
    for ((_, before), (_, after)) in before.iter().zip(states(&*storage)) {
        assert!(*before == after || (*before, after) == ("pending", "opted_out"));
    }
}

#[test]
fn an_account_of_many_pages_is_exported_whole() {
    let engine = memory();
    let rows = (0..2_345).map(|n| format!("+120655{n:05}\n"));
    let file = format!("phone\n{}", rows.collect::<String>());
    import(&engine, file.as_bytes()).1.unwrap();
    assert_eq!(export(engine.storage()).lines().count(), 2_346);
    assert_eq!(export(&MemoryStorage::new()), "phone,opted_out,state,how,since\n");
}

/// One contact, exported with these cells of the host's.
fn with_cells(delimiter: Delimiter, header: &str, cells: [&str; 2]) -> Vec<u8> {
    let storage = MemoryStorage::new();
    add(&storage, 0, Event::Added { source: Source::Csv, opted_out: Some(true) });
    let export = Export::new(&storage, acme()).with_delimiter(delimiter);
    let mut file = Vec::new();
    let done = export.csv_with(&mut file, [header, "x"], |_, _| cells);
    assert_eq!(block_on(done).unwrap(), 1);
    file
}

/// The two cells and their header, as an import hands them to its host.
fn read_back(file: &[u8]) -> (Vec<u8>, [Vec<u8>; 2]) {
    let engine = memory();
    let mut read = None;
    block_on(Import::new(&engine, acme()).csv(file, |row| {
        let cells: Vec<_> = row.cells().collect();
        let [.., (header, one), (_, other)] = cells[..] else {
            panic!("{} cells", cells.len());
        };
        read = Some((header.to_vec(), [one.to_vec(), other.to_vec()]));
    }))
    .unwrap();
    read.unwrap()
}

#[test]
fn formulas_are_made_harmless() {
    let table = [
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "\"'\r=1\""),
        ("\n=1", "\"'\n=1\""),
        ("\0=1", "'\0=1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
        ("=1,2", "\"'=1,2\""),
        // Harmless as they are.
        ("+12065550100", "+12065550100"),
        ("'Tis", "'Tis"),
        ("a=1", "a=1"),
        ("", ""),
        ("+", "'+"),
        ("+0", "'+0"),
    ];
    for (cell, written) in table {
        let file = with_cells(Delimiter::Comma, "note", [cell, "x"]);
        let file = String::from_utf8(file).unwrap();
        assert!(file.ends_with(&format!("Z,{written},x\n")), "{cell:?}: {file:?}");
    }
    let file = String::from_utf8(with_cells(Delimiter::Comma, "=note", ["", ""])).unwrap();
    assert!(file.starts_with("phone,opted_out,state,how,since,'=note,x\n"));
}

fn delimiters() -> impl Strategy<Value = Delimiter> {
    proptest::sample::select(vec![Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab])
}

fn cells() -> impl Strategy<Value = String> {
    prop_oneof!["['=+@\t\r\n\0,;\"＝ a-]{0,6}", any::<String>(), "'{0,3}[+][0-9]{1,16}"]
}

proptest! {
    /// Red when a cell with a `'` in front is written without another.
    #[test]
    fn what_is_read_is_what_was_written(
        delimiter in delimiters(),
        header in "['=+@,;\"＝ x-]{0,6}y",
        one in cells(),
        other in cells(),
    ) {
        let file = with_cells(delimiter, &header, [&one, &other]);
        let (read_header, read) = read_back(&file);
        prop_assert_eq!(String::from_utf8(read_header).unwrap(), header);
        prop_assert_eq!(read, [one.into_bytes(), other.into_bytes()]);
    }

    /// Red when an import reads no opted-out cell. Double opt-in is off: else all are opted out.
    #[test]
    fn what_is_imported_is_what_was_exported(
        numbers in vec((10..10_u64.pow(15), any::<bool>()), 0..40),
    ) {
        let accounts = [memory(), memory()];
        for engine in &accounts {
            set_double_opt_in(engine, false);
        }
        for (digits, opted_out) in numbers {
            let number = PhoneNumber::from_digits(digits).unwrap();
            let event = Event::Added { source: Source::Csv, opted_out: Some(opted_out) };
            block_on(accounts[0].handle(&Contact::new(acme(), number), event)).unwrap();
        }
        let exported = export(accounts[0].storage());
        import(&accounts[1], exported.as_bytes()).1.unwrap();
        prop_assert_eq!(export(accounts[1].storage()), exported);
    }
}

#[test]
fn a_host_may_not_name_a_column_as_one_that_is_read() {
    let storage = account();
    for (header, taken) in
        [("Mobile", true), ("opt out", true), ("Rejected because", true), ("name", false)]
    {
        let mut file = Vec::new();
        let export = Export::new(&storage, acme());
        match block_on(export.csv_with(&mut file, ["x", header], |_, _| [""; 2])) {
            Err(ExportError::TakenColumn { column: 2 }) => assert!(taken && file.is_empty()),
            Ok(9) => assert!(!taken),
            other => panic!("{header}: {other:?}"),
        }
    }
}

/// A disk with room for so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_export_on_to_a_full_disk_is_an_error() {
    let storage = account();
    let done = block_on(Export::new(&storage, acme()).csv(Full(100)));
    assert!(matches!(done, Err(ExportError::Write(error))
        if error.kind() == io::ErrorKind::StorageFull));
}
