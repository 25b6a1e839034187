//! What screens and a host's own HTTP API need: settings with revisions, lists, a timeline, JSON.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use optin::{
    AccountSettings, Actor, ActorId, Archive, ChangePolicyError, Contact, ContactPage, Dispatcher,
    Engine, Event, HandleError, Handover, Keyword, Outbox, Outgoing, Override, Permission,
    PhoneNumber, Policy, Problem, Refusal, Revision, Role, Settings, Source, Standing,
    StatusChange, store::MemoryStorage,
};
use serde_json::{Value, json};

use self::support::{Clock, START, account, contact, now_or_never, owner, texted};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

type Host<C> = Engine<MemoryStorage, Provider, C>;

fn host() -> Host<impl Fn() -> chrono::DateTime<chrono::Utc> + Send + Sync> {
    Engine::new(MemoryStorage::new(), Provider, Clock::at(START).reader())
}

fn member(permissions: &[Permission]) -> Actor {
    let granted: BTreeSet<_> = permissions.iter().copied().collect();
    Actor::new(ActorId::new("bo").unwrap(), Role::Member(granted))
}

fn with_keyword(keyword: Keyword) -> Settings {
    let mut settings = Settings::default();
    settings.prompt.keyword = keyword;
    settings
}

fn shown(host: &Host<impl Fn() -> chrono::DateTime<chrono::Utc> + Send + Sync>) -> AccountSettings {
    now_or_never(host.policy(&account())).unwrap().into()
}

#[test]
fn the_later_of_two_admins_is_told() {
    let host = host();
    let (of_ana, of_bo) = (shown(&host), shown(&host));
    assert_eq!(
        of_ana,
        AccountSettings { revision: Revision::new(0), settings: Settings::default() }
    );
    let change = |actor: &Actor, seen: &AccountSettings, keyword| {
        let changed = AccountSettings { settings: with_keyword(keyword), ..seen.clone() };
        now_or_never(host.change_settings(&account(), actor, changed))
    };
    assert_eq!(change(&owner(), &of_ana, Keyword::Confirm), Ok(Revision::new(1)));
    let bo = member(&[Permission::ComplianceSettings]);
    let told = change(&bo, &of_bo, Keyword::Ok).unwrap_err();
    assert_eq!(told, ChangePolicyError::Changed { revision: Revision::new(1) });
    assert_eq!(
        (told.name(), told.to_string().as_str()),
        ("changed", "the settings are at revision 1 by now",)
    );
    let now = shown(&host);
    assert_eq!((now.revision, now.settings.prompt.keyword), (Revision::new(1), Keyword::Confirm));
    // Shown those in force, bo may change them.
    assert_eq!(change(&bo, &now, Keyword::Ok), Ok(Revision::new(2)));
    assert_eq!(shown(&host).settings.prompt.keyword, Keyword::Ok);
}

#[test]
fn settings_change_with_the_permission_alone_and_as_a_whole() {
    let host = host();
    let seen = shown(&host);
    let changed = AccountSettings { settings: with_keyword(Keyword::Ok), ..seen.clone() };
    let forbidden = now_or_never(host.change_settings(&account(), &member(&[]), changed));
    let refusal = Refusal::Forbidden(Permission::ComplianceSettings);
    assert_eq!(forbidden, Err(ChangePolicyError::Refused(refusal)));
    let mut settings = with_keyword(Keyword::Ok);
    settings.reminders.max = 4;
    let changed = AccountSettings { settings, ..seen.clone() };
    let invalid = now_or_never(host.change_settings(&account(), &owner(), changed)).unwrap_err();
    assert_eq!(invalid.name(), "bad_settings");
    let ChangePolicyError::Invalid(invalid) = invalid else { panic!("{invalid}") };
    assert_eq!(invalid.field, "reminders.max");
    assert_eq!(invalid.problem, Problem::OutOfBounds { value: 4, min: 0, max: 3 });
    assert_eq!(shown(&host), seen);
    // Both attempts are on the account's ledger.
    let ledger = now_or_never(host.storage().account_history(&account(), 0, 9)).unwrap();
    assert_eq!(ledger.len(), 2);
}

/// Contacts 0 to 5: two asked, two active, two opted out.
fn six(host: &Host<impl Fn() -> chrono::DateTime<chrono::Utc> + Send + Sync>) {
    for n in 0..6 {
        let text = texted(&format!("A{n}"), "Hi");
        now_or_never(host.handle(&contact(n), text)).unwrap();
    }
    for (n, answer) in [(2, "yes"), (3, "YES"), (4, "stop"), (5, "STOP")] {
        now_or_never(host.handle(&contact(n), texted(&format!("B{n}"), answer))).unwrap();
    }
}

#[test]
fn contacts_are_listed_by_state_in_pages() {
    let host = host();
    six(&host);
    let page = |standing, after: Option<u8>, limit| -> (Vec<PhoneNumber>, Option<PhoneNumber>) {
        let after = after.map(|n| contact(n).number());
        let page = now_or_never(host.contacts(&account(), standing, after, limit));
        let ContactPage { contacts, next, .. } = page.unwrap();
        (contacts.iter().map(|contact| contact.number).collect(), next)
    };
    let numbers = |range: &[u8]| range.iter().map(|&n| contact(n).number()).collect::<Vec<_>>();
    assert_eq!(page(None, None, 4), (numbers(&[0, 1, 2, 3]), Some(contact(3).number())));
    assert_eq!(page(None, Some(3), 4), (numbers(&[4, 5]), None));
    assert_eq!(page(Some(Standing::Pending), None, 9), (numbers(&[0, 1]), None));
    assert_eq!(page(Some(Standing::Active), None, 1), (numbers(&[2]), Some(contact(2).number())));
    assert_eq!(page(Some(Standing::Active), Some(2), 9), (numbers(&[3]), None));
    // None at a time is no page.
    assert_eq!(page(Some(Standing::OptedOut), None, 0).0, numbers(&[4]));
    let counts = now_or_never(host.storage().counts(&account())).unwrap();
    let counts = serde_json::to_value(counts).unwrap();
    assert_eq!(counts, json!({"pending": 2, "active": 2, "opted_out": 2}));
    let stranger = optin::AccountId::new("bolt").unwrap();
    let none = now_or_never(host.contacts(&stranger, None, None, 9)).unwrap();
    assert_eq!((none.contacts, none.next), (vec![], None));
}

#[test]
fn a_contact_is_shown_as_the_rules_have_it() {
    let host = host();
    six(&host);
    let shown = |n| now_or_never(host.contact(&contact(n))).unwrap();
    let asked = shown(0).unwrap();
    assert_eq!((asked.standing, asked.opted_out), (Standing::Pending, true));
    assert_eq!(asked.next_reminder_at, Some(START + TimeDelta::hours(12)));
    let active = shown(2).unwrap();
    assert_eq!((active.standing, active.opted_out), (Standing::Active, false));
    assert_eq!(active.next_reminder_at, None);
    assert_eq!(shown(77), None);
    let listed = now_or_never(host.contacts(&account(), None, None, 9)).unwrap();
    for (n, contact) in (0..).zip(listed.contacts) {
        assert_eq!(Some(contact), shown(n));
    }
}

#[test]
fn a_timeline_has_pages_and_all_that_happened() {
    let host = host();
    six(&host);
    let timeline = |from, limit| now_or_never(host.timeline(&contact(2), from, limit)).unwrap();
    // Texted, the confirmation accepted, texted the keyword.
    let all = timeline(0, 100);
    assert_eq!((all.entries.len(), all.next), (3, None));
    let first = timeline(0, 2);
    assert_eq!((&first.entries[..], first.next), (&all.entries[..2], Some(2)));
    let second = timeline(2, 2);
    assert_eq!((&second.entries[..], second.next), (&all.entries[2..], None));
    let json = serde_json::to_value(&all).unwrap();
    let facts: Vec<_> = json["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["fact"]["event"].as_object().unwrap().keys().next().unwrap().as_str())
        .collect();
    assert_eq!(facts, ["texted", "settled", "texted"]);
}

#[test]
fn a_status_changes_by_hand_through_json() {
    let host = host();
    six(&host);
    let change = |n, actor, json: Value| {
        let change: StatusChange = serde_json::from_value(json).unwrap();
        now_or_never(host.handle(&contact(n), change.by(actor)))
    };
    let bo = || member(&[Permission::OptInManagement]);
    let outcome = change(0, bo(), json!({"to": "active"})).unwrap();
    let outcome = serde_json::to_value(outcome).unwrap();
    assert_eq!(outcome["decision"], "mark_active");
    assert_eq!(outcome["reason"], "overridden");
    assert_eq!(outcome["state"]["active"]["how"], "override");
    assert_eq!(outcome["delivery"], Value::Null);
    let forbidden = change(1, member(&[]), json!({"to": "active"})).unwrap_err();
    assert_eq!(forbidden.name(), "forbidden");
    let revoked = change(4, bo(), json!({"to": "active", "note": "by phone"})).unwrap_err();
    assert_eq!(revoked, HandleError::Refused(Refusal::Revoked));
    change(4, owner(), json!({"to": "active", "note": "by phone"})).unwrap();
    change(4, bo(), json!({"to": "opted_out"})).unwrap();
    // Who does it is the host's to say, never the request's.
    for json in [
        json!({"to": "active", "actor": {"id": "eve", "role": "owner"}}),
        json!({"to": "absent"}),
        json!({"note": "by phone"}),
        json!({"to": "active", "note": "x".repeat(1_601)}),
    ] {
        assert!(serde_json::from_value::<StatusChange>(json).is_err());
    }
}

#[test]
fn settings_go_out_and_come_back_as_json() {
    let host = host();
    let json = serde_json::to_value(shown(&host)).unwrap();
    assert_eq!(json["revision"], 0);
    assert_eq!(json["settings"]["prompt"]["keyword"], "YES");
    let mut changed = json;
    changed["settings"]["reminders"]["max"] = json!(1);
    let changed: AccountSettings = serde_json::from_value(changed).unwrap();
    now_or_never(host.change_settings(&account(), &owner(), changed)).unwrap();
    assert_eq!(shown(&host).settings.reminders.max, 1);
    for json in [
        json!({"settings": {}}),
        json!({"revision": 1}),
        json!({"revision": 1, "settings": {"remidners": {}}}),
        json!({"revision": 1, "settings": {}, "actor": "ana"}),
    ] {
        assert!(serde_json::from_value::<AccountSettings>(json).is_err());
    }
}

#[test]
fn lists_and_counters_have_a_json_form() {
    let host = host();
    let crm = |settings: &mut Settings| settings.sync.hubspot = true;
    let edit = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        crm(&mut settings);
        Policy::new(settings)
    };
    now_or_never(host.change_policy(&account(), &owner(), edit)).unwrap();
    let added = Event::Added { source: Source::Api, opted_out: Some(true) };
    let someone = Contact::new(account(), PhoneNumber::parse("+12065550107").unwrap());
    now_or_never(host.handle(&someone, added)).unwrap();
    let page = now_or_never(host.contacts(&account(), None, None, 10)).unwrap();
    assert_eq!(
        serde_json::to_value(page).unwrap(),
        json!({
            "contacts": [{
                "number": "+12065550107",
                "standing": "opted_out",
                "opted_out": true,
                "state": {"opted_out": {"by": "import", "since": "2026-03-01T09:00:00Z"}},
                "next_reminder_at": null,
            }],
            "next": null,
        })
    );
    let counters = serde_json::to_value(now_or_never(host.counters()).unwrap()).unwrap();
    assert_eq!(counters["decisions"], json!({"added_opted_out": 1}));
    assert_eq!(counters["queue"]["waiting"], 1);
    now_or_never(Dispatcher::new(&host).run_once(9)).unwrap();
    let counters = serde_json::to_value(now_or_never(host.counters()).unwrap()).unwrap();
    assert_eq!(counters["hand_overs"]["accepted"], 1);
    let override_names = [Override::Active, Override::OptedOut].map(|to| json!(to));
    assert_eq!(override_names, [json!("active"), json!("opted_out")]);
}
