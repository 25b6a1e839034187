//! A chain is about one contact, the one that has it; whatever is exchanged is found.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod audited;
mod black_box;
mod forged;
mod support;

use optin::{
    blocking::block_on,
    ledger::{
        ChainId, Evidence, Ledger,
        audit::BadLedger,
        evidence::{BadEvidence, GatherError},
    },
    storage::Archive,
};

use self::{
    audited::{World, open},
    forged::{Chain, refused},
    support::contact,
};

#[test]
fn chains_exchanged_between_two_contacts_are_found_and_not_gathered() {
    let world = World::new("whose-exchanged");
    let storage = open(&world.scratch.path("consent.db")).unwrap();
    let chain = |n| block_on(storage.head(&contact(n))).unwrap().unwrap().chain;
    let (one, two, four) = (chain(1), chain(2), chain(4));
    let exchanged = |of: ChainId, with: ChainId| {
        world.damaged(|file| {
            let column = "chain, length, head";
            let row = |chain: ChainId| {
                let sql = format!("SELECT {column} FROM contacts WHERE chain = ?1");
                let of = |row: &rusqlite::Row<'_>| {
                    Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, i64>(1)?, row.get::<_, [u8; 32]>(2)?))
                };
                file.query_row(&sql, [chain.0], of).unwrap()
            };
            let number = |chain: ChainId| -> i64 {
                let sql = "SELECT number FROM contacts WHERE account = 'acme' AND chain = ?1";
                file.query_row(sql, [chain.0], |row| row.get(0)).unwrap()
            };
            let (first, second) = ((number(of), row(with)), (number(with), row(of)));
            let put = |number: i64, (chain, length, head): ([u8; 16], i64, [u8; 32])| {
                let sql = format!(
                    "UPDATE contacts SET ({column}) = (?1, ?2, ?3) WHERE account = 'acme' AND number = ?4"
                );
                assert_eq!(file.execute(&sql, (chain, length, head, number)), Ok(1));
            };
            put(first.0, ([0; 16], 0, [0; 32]));
            put(second.0, second.1);
            put(first.0, first.1);
        })
    };
    for (of, with) in [(one, two), (one, four), (two, four)] {
        let path = exchanged(of, with);
        let chain = of.min(with);
        let found = Err(BadLedger::OtherContact { chain, sequence: 0 });
        assert_eq!(world.audit(&path), found);
        assert_eq!(world.audit_without(&path), found);
    }
    let storage = open(&exchanged(one, two)).unwrap();
    for n in [1, 2] {
        let gathered = block_on(Evidence::gather(&storage, &contact(n)));
        assert_eq!(gathered, Err(GatherError::OtherContact { sequence: 0 }));
    }
    let others = block_on(Evidence::gather(&storage, &contact(4))).unwrap().unwrap();
    assert!(others.verify(&[]).is_ok());
}

#[test]
fn the_chain_of_the_account_and_of_a_contact_exchanged_are_found() {
    let world = World::new("whose-account");
    let storage = open(&world.scratch.path("consent.db")).unwrap();
    let one = block_on(storage.head(&contact(1))).unwrap().unwrap();
    let own = block_on(storage.account_head(&support::account())).unwrap().unwrap();
    let path = world.damaged(|file| {
        let sql = "UPDATE contacts SET (chain, length, head) = (?1, ?2, ?3) WHERE chain = ?4";
        let own = (own.chain.0, own.length as i64, own.hash.0, one.chain.0);
        assert_eq!(file.execute(sql, own), Ok(1));
        let sql = "UPDATE accounts SET (chain, length, head) = (?1, ?2, ?3) WHERE account = 'acme'";
        assert_eq!(file.execute(sql, (one.chain.0, one.length as i64, one.hash.0)), Ok(1));
    });
    let found = world.audit(&path);
    let chains = [one.chain, own.chain];
    assert!(
        matches!(found, Err(BadLedger::OtherContact { chain, .. }) if chains.contains(&chain)),
        "{found:?}"
    );
}

#[test]
fn a_contact_with_another_number_than_its_chain_is_found() {
    let world = World::new("whose-number");
    let storage = open(&world.scratch.path("consent.db")).unwrap();
    let head = block_on(storage.head(&contact(2))).unwrap().unwrap();
    let path = world.damaged(|file| {
        let sql = "UPDATE contacts SET number = number + 500 WHERE chain = ?1";
        assert_eq!(file.execute(sql, [head.chain.0]), Ok(1));
    });
    let found = Err(BadLedger::OtherContact { chain: head.chain, sequence: 0 });
    assert_eq!(world.audit(&path), found);
    // What is gone says nothing of whose it was.
    let storage = open(&world.scratch.path("consent.db")).unwrap();
    block_on(storage.erase(&contact(2))).unwrap();
    drop(storage);
    assert!(world.audit(&world.scratch.path("consent.db")).is_ok());
}

#[test]
fn evidence_that_names_two_people_is_refused() {
    let at = "2026-03-01T09:00:00Z";
    let (one, two) = (refused(at, "+12065550101", "csv"), refused(at, "+12065550102", "csv"));
    let alone = Chain::new("acme", [1; 16], &[one.clone(), one.clone()]).evidence();
    let proof = alone.verify(&[]).unwrap();
    assert_eq!(proof.number.map(|number| number.to_e164()), Some("+12065550101".into()));
    let both = Chain::new("acme", [1; 16], &[one.clone(), one.clone(), two]).evidence();
    assert_eq!(both.verify(&[]), Err(BadEvidence::OtherNumber { sequence: 2 }));
    // Nor is an entry about nobody part of somebody's chain.
    let nobody = one.replace(r#""number":"+12065550101","#, "");
    let nobody = Chain::new("acme", [1; 16], &[one, nobody]).evidence();
    let mut hidden = nobody.clone();
    (hidden.entries[1].entry, hidden.entries[1].salts) = (None, None);
    for evidence in [nobody, hidden] {
        assert_eq!(evidence.verify(&[]), Err(BadEvidence::OtherNumber { sequence: 1 }));
    }
}

#[test]
fn evidence_without_an_entry_is_refused() {
    let none = Chain::new("acme", [1; 16], &[]).evidence();
    assert_eq!(none.verify(&[]), Err(BadEvidence::Empty));
    assert_eq!(none.verify_chain(), Err(BadEvidence::Empty));
}
