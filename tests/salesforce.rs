//! Statuses to Salesforce: requests, batches, and contacts that are several records.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod crm;
mod support;

use optin::{
    Contact, Content, Crm, MessageKind, Outbox, Outgoing, OutgoingText,
    sync::{
        Found, InvalidName,
        salesforce::{OptOutField, Record, Records, Salesforce},
    },
};
use serde_json::json;

use self::{
    crm::{
        ACCEPTED, AtOnce, Got, Server, Tokens, again, answer, refused,
        salesforce::{By, all_taken, contact_record, contacts_alone, failed, id, records, told},
        shown, status, token,
    },
    support::{START, inbox, now_or_never},
};

fn lead(contact: &Contact) -> Record {
    Record::by_external_id("Lead", "Number__c", &contact.number().to_e164()).unwrap()
}

#[test]
fn a_status_is_a_checkbox_of_a_record_by_id() {
    let server = Server::new(all_taken);
    let salesforce = Salesforce::new(&server, Tokens::default(), contacts_alone());
    assert_eq!(now_or_never(salesforce.send(&told(1))), ACCEPTED);
    let got = server.got();
    assert_eq!(got[0].method, "PATCH");
    assert_eq!(got[0].uri, "https://crm.example/services/data/v62.0/composite/sobjects");
    assert_eq!(token(&got[0]), "acme-0");
    let record = json!({
        "attributes": { "type": "Contact" }, "id": "Con012065550101AAA", "SMS_Opt_Out__c": true,
    });
    assert_eq!(got[0].body, json!({ "allOrNone": false, "records": [record] }));
}

#[test]
fn a_record_by_an_external_id_has_its_field_in_the_path() {
    let server = Server::new(all_taken);
    let leads = By(|contact: &Contact| vec![lead(contact)]);
    let salesforce = Salesforce::new(&server, Tokens::default(), leads)
        .with_version(58, 0)
        .with_field(OptOutField::new("No_Texts__c").unwrap());
    let outgoing = status(Crm::Salesforce, 2, false);
    assert_eq!(now_or_never(salesforce.send(&outgoing)), ACCEPTED);
    let got = server.got();
    let path = "/services/data/v58.0/composite/sobjects/Lead/Number__c";
    assert_eq!(got[0].uri, format!("https://crm.example{path}"));
    let record = json!({
        "attributes": { "type": "Lead" }, "Number__c": "+12065550102", "No_Texts__c": false,
    });
    assert_eq!(got[0].body, json!({ "allOrNone": false, "records": [record] }));
}

#[test]
fn what_is_no_name_or_id_is_refused() {
    let object = Err(InvalidName::Form { what: "object" });
    assert_eq!(Record::by_id("Con/tact", "003000000000001"), object);
    assert_eq!(Record::by_external_id("", "Number__c", "1"), object);
    let field = Err(InvalidName::Form { what: "external id field" });
    assert_eq!(Record::by_external_id("Lead", "a?b", "1"), field);
    for id in ["", "003", "0030000000000011", "00300000000000é", "003000000000001/../x"] {
        let wrong = Err(InvalidName::Value { what: "record id" });
        assert_eq!(Record::by_id("Contact", id), wrong, "{id}");
    }
    let empty = Err(InvalidName::Value { what: "external id" });
    assert_eq!(Record::by_external_id("Lead", "Number__c", ""), empty);
    let wrong = Err(InvalidName::Form { what: "opt-out field" });
    assert_eq!(OptOutField::new("SMS Opt Out"), wrong);
    let record = Record::by_external_id("Lead", "Number__c", "+12065550101").unwrap();
    assert_eq!(format!("{record:?}"), "Record(Lead, ..)");
}

#[test]
fn two_hundred_records_go_in_one_call() {
    let server = Server::new(all_taken);
    server.shut(true);
    let salesforce = Salesforce::new(&server, Tokens::default(), contacts_alone());
    let statuses: Vec<Outgoing> = (0..420).map(told).collect();
    let mut at_once = AtOnce::new(&salesforce, &statuses);
    at_once.poll();
    server.shut(false);
    assert!(at_once.finish().iter().all(|ended| *ended == Some(ACCEPTED)));
    let sizes: Vec<usize> = server.got().iter().map(|got| records(got).len()).collect();
    assert_eq!(sizes, [1, 200, 200, 19]);
}

#[test]
fn a_call_has_at_most_ten_runs_of_an_object() {
    let server = Server::new(all_taken);
    server.shut(true);
    let objects = By(|contact: &Contact| {
        let object = format!("Thing{}__c", contact.number().to_digits() % 12);
        vec![Record::by_id(&object, &id(&object, contact)).unwrap()]
    });
    let salesforce = Salesforce::new(&server, Tokens::default(), objects);
    let statuses: Vec<Outgoing> = (0..60).map(told).collect();
    let mut at_once = AtOnce::new(&salesforce, &statuses);
    at_once.poll();
    server.shut(false);
    assert!(at_once.finish().iter().all(|ended| *ended == Some(ACCEPTED)));
    for got in server.got() {
        let records = records(&got);
        let runs = records.chunk_by(|one, other| one["attributes"] == other["attributes"]).count();
        assert!(runs <= 10, "{runs}");
    }
    let told: usize = server.got().iter().map(|got| records(got).len()).sum();
    assert_eq!((told, server.got().len()), (60, 3));
}

#[test]
fn a_record_is_never_twice_in_a_batch() {
    let server = Server::new(all_taken);
    server.shut(true);
    // Number 2 is the record of number 1, by its short id.
    let records_of = By(|contact: &Contact| {
        let n = contact.number().to_digits() % 100;
        let id = ["003000000000001AAA", "003000000000001", "003000000000002AAA"];
        vec![Record::by_id("Contact", id[usize::try_from(n).unwrap() % 3]).unwrap()]
    });
    let salesforce = Salesforce::new(&server, Tokens::default(), records_of);
    let statuses = [told(5), told(3), told(4), told(3), told(8)];
    let mut at_once = AtOnce::new(&salesforce, &statuses);
    at_once.poll();
    server.shut(false);
    assert!(at_once.finish().iter().all(|ended| *ended == Some(ACCEPTED)));
    let ids = |got: &Got| -> Vec<String> {
        records(got).iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    };
    let calls: Vec<Vec<String>> = server.got().iter().map(ids).collect();
    let (long, short, two) = ("003000000000001AAA", "003000000000001", "003000000000002AAA");
    assert_eq!(calls, [vec![two], vec![long, two], vec![short], vec![long]]);
}

#[test]
fn a_contact_is_accepted_when_all_its_records_are() {
    let table = [
        (Ok(()), Ok(()), "accepted"),
        (Ok(()), Err("ENTITY_IS_DELETED"), "not sent, refused: 200 ENTITY_IS_DELETED"),
        (Err("ENTITY_IS_DELETED"), Ok(()), "not sent, refused: 200 ENTITY_IS_DELETED"),
        (
            Err("ENTITY_IS_DELETED"),
            Err("UNABLE_TO_LOCK_ROW"),
            "not sent, again: 200 UNABLE_TO_LOCK_ROW",
        ),
        (
            Err("UNABLE_TO_LOCK_ROW"),
            Err("ENTITY_IS_DELETED"),
            "not sent, again: 200 UNABLE_TO_LOCK_ROW",
        ),
        (Err("<html>"), Ok(()), "unknown"),
        (Ok(()), Err("<html>"), "unknown"),
        (Err("UNABLE_TO_LOCK_ROW"), Err("<html>"), "unknown"),
    ];
    for (by_id, by_number, expected) in table {
        let server = Server::new(move |got: &Got| {
            let is_lead = got.uri.ends_with("/Lead/Number__c");
            match if is_lead { by_number } else { by_id } {
                Ok(()) => all_taken(got),
                Err("<html>") => answer(200, "<html>"),
                Err(word) => answer(200, json!([failed(word)])),
            }
        });
        let both = By(|contact: &Contact| vec![lead(contact), contact_record(contact)]);
        let salesforce = Salesforce::new(&server, Tokens::default(), both);
        assert_eq!(shown(&now_or_never(salesforce.send(&told(1)))), expected);
        assert_eq!(server.got().len(), 2);
    }
}

#[test]
fn nobody_is_lost_whom_salesforce_does_not_know() {
    let server = Server::new(all_taken);
    let nobody = By(|_: &Contact| Vec::new());
    let salesforce = Salesforce::new(&server, Tokens::default(), nobody);
    assert_eq!(now_or_never(salesforce.send(&told(1))), refused("unknown_contact"));
    struct Lost(bool);
    impl Records for Lost {
        async fn records(&self, _contact: &Contact) -> Found<Vec<Record>> {
            if self.0 { Found::NotNow } else { Found::Nowhere }
        }
    }
    let salesforce = Salesforce::new(&server, Tokens::default(), Lost(true));
    assert_eq!(now_or_never(salesforce.send(&told(1))), again("not_found_now"));
    let salesforce = Salesforce::new(&server, Tokens::default(), Lost(false));
    assert_eq!(now_or_never(salesforce.send(&told(1))), refused("unknown_contact"));
    let many = By(|_: &Contact| {
        (0..201).map(|n| Record::by_id("Lead", &format!("00Q{n:012}")).unwrap()).collect()
    });
    let salesforce = Salesforce::new(&server, Tokens::default(), many);
    assert_eq!(now_or_never(salesforce.send(&told(1))), refused("too_many_records"));
    assert!(server.got().is_empty());
    // The same record named twice is one.
    let twice = By(|contact: &Contact| vec![contact_record(contact); 300]);
    let salesforce = Salesforce::new(&server, Tokens::default(), twice);
    assert_eq!(now_or_never(salesforce.send(&told(1))), ACCEPTED);
}

#[test]
fn of_a_dropped_leader_the_lead_passes_on() {
    let server = Server::new(all_taken);
    server.shut(true);
    let salesforce = Salesforce::new(&server, Tokens::default(), contacts_alone());
    let statuses: Vec<Outgoing> = (0..4).map(told).collect();
    let mut at_once = AtOnce::new(&salesforce, &statuses);
    at_once.poll();
    at_once.drop_one(0);
    server.shut(false);
    assert_eq!(at_once.finish(), [None, Some(ACCEPTED), Some(ACCEPTED), Some(ACCEPTED)]);
}

#[test]
fn texts_and_statuses_of_others_are_refused() {
    let server = Server::new(all_taken);
    let salesforce = Salesforce::new(&server, Tokens::default(), contacts_alone());
    let text = OutgoingText::new(MessageKind::Message, inbox(), "Hi", START);
    let text = Outgoing::new(told(1).id, START, Content::Text(text));
    assert_eq!(now_or_never(salesforce.send(&text)), refused("not_a_status"));
    let other = status(Crm::Hubspot, 1, true);
    assert_eq!(now_or_never(salesforce.send(&other)), refused("other_crm"));
    assert!(server.got().is_empty());
}
