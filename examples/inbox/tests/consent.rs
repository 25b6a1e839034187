//! The product, screen by screen: asked, reminded, confirmed, messaged; refused without.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use axum::http::StatusCode;
use optin::Archive;
use support::{Browser, host, number};

const NEW: &str = "+12065550142";
const PAGE: &str = "/contacts/12065550142";
/// As the conversation and the phone show it; the list has it in another element.
const ASKED: &str = "class=\"words\" dir=\"auto\">Thanks for texting us! To get our messages, reply YES to confirm.";

#[tokio::test]
async fn the_sample_workflow_goes_from_the_first_text_to_the_first_message() {
    let mut browser = Browser::of(&host("workflow").await);
    browser.get("/").await;
    let asked = browser.post("/phone/texts", &[("number", NEW), ("quick", "Hi!")]).await;
    assert_eq!((asked.status, asked.header("location")), (StatusCode::SEE_OTHER, PAGE));
    let page = browser.get(PAGE).await.text;
    assert!(page.contains("<span class=\"badge pending\">Pending</span>"));
    assert_eq!(page.matches(ASKED).count(), 2, "in the conversation and on the phone");
    assert!(page.contains("Automated: asks to opt in"));
    assert!(page.contains("You cannot write yet"));
    assert!(page.contains("The next reminder could go <time"));
    assert!(page.contains("(in 11 h 59 min), in answer to a text."));
    assert!(page.contains(" disabled aria-describedby=\"why\"></textarea>"));
    // Who sends the form all the same is refused.
    browser.post(&format!("{PAGE}/messages"), &[("body", "Buy!"), ("request", "R0")]).await;
    let page = browser.get(PAGE).await.text;
    assert!(page.contains("Not sent: they have not opted in"));
    assert!(!page.contains("Buy!"));

    // Too soon; then twelve hours later.
    browser.post("/phone/texts", &[("number", NEW), ("quick", "Hello?")]).await;
    let page = browser.get(PAGE).await.text;
    assert!(page.contains("too soon for a reminder") && page.matches(ASKED).count() == 2);
    browser.post("/phone/clock", &[("number", NEW), ("hours", "12")]).await;
    let page = browser.get(PAGE).await.text;
    assert!(page.contains("The next reminder could go since"));
    assert_eq!(page.matches(ASKED).count(), 2, "no timer reminds anybody");
    browser.post("/phone/texts", &[("number", NEW), ("body", "Are you there?")]).await;
    let page = browser.get(PAGE).await.text;
    assert!(page.contains("Automated: reminder") && page.matches(ASKED).count() == 4);
    assert!(page.contains("They were asked twice."));

    browser.post("/phone/texts", &[("number", NEW), ("body", " yes ")]).await;
    let page = browser.get(PAGE).await.text;
    assert!(page.contains("<span class=\"badge active\">Active</span></h1>"));
    assert!(page.contains("Opted in by replying with the keyword"));
    assert!(!page.contains("You cannot write"));
    let message = [("body", "We are open until six."), ("request", "R1")];
    browser.post(&format!("{PAGE}/messages"), &message).await;
    // Sent twice by the browser, once by us.
    browser.post(&format!("{PAGE}/messages"), &message).await;
    let page = browser.get(PAGE).await.text;
    assert_eq!(page.matches("auto\">We are open until six.</p>").count(), 2);
    assert!(page.contains("That message was sent already."));

    browser.post("/phone/texts", &[("number", NEW), ("quick", "STOP")]).await;
    let page = browser.get(PAGE).await.text;
    assert!(page.contains("Opted out by the contact, with an opt-out word"));
    assert!(page.contains("Automated: answer to the opt-out"));
    assert!(page.contains("You cannot write: they opted out."));
}

#[tokio::test]
async fn there_is_a_contact_in_every_state() {
    let mut browser = Browser::of(&host("states").await);
    let all = browser.get("/").await.text;
    for tab in [
        "All <span class=\"count\">11",
        "Pending <span class=\"count\">4",
        "Active <span class=\"count\">4",
        "Opted out <span class=\"count\">3",
    ] {
        assert!(all.contains(tab), "{tab}");
    }
    let pending = browser.get("/?state=pending").await.text;
    assert_eq!(pending.matches("class=\"badge pending\"").count(), 4);
    assert_eq!(pending.matches("class=\"badge active\"").count(), 0);
    for (digits, said) in [
        ("12065550100", "They were asked once."),
        ("12065550101", "The next reminder could go since"),
        ("12065550103", "No reminder is left."),
        ("12065550107", "they have not been asked"),
        ("12065550105", "It was bo: “<bdi>Asked at the till not to be texted any more</bdi>”."),
        ("12065550106", "by the carrier, which delivers nothing any more"),
        ("12065550108", "It was bo: “<bdi>Agreed on the phone, recorded in ticket 4711</bdi>”."),
        ("12065550109", "reads like an opt-out: please look at it"),
        ("12065550110", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;img"),
    ] {
        let page = browser.get(&format!("/contacts/{digits}")).await.text;
        assert!(page.contains(said), "{digits}: {said}");
    }
}

#[tokio::test]
async fn a_status_is_set_by_hand_with_the_permission_alone() {
    let host = host("by_hand").await;
    let mut browser = Browser::of(&host);
    let mut attempt = async |person: &str, digits: &str, note: &str| {
        browser.become_(person).await;
        let page = format!("/contacts/{digits}");
        browser.post(&format!("{page}/status"), &[("to", "active"), ("note", note)]).await;
        let shown = browser.get(&page).await.text;
        let said = shown.split("role=\"status\">").nth(1).unwrap().split('<').next().unwrap();
        said.to_owned()
    };
    // Pending.
    let lacks = "Refused: you lack the permission to manage opt-ins.";
    assert_eq!(attempt("eli", "12065550100", "by phone").await, lacks);
    assert_eq!(attempt("cy", "12065550100", "").await, "The status is changed.");
    // Who said STOP.
    let revoked = "Refused: they opted out. It takes a note, and where they said so themselves the \
        permission to override that.";
    assert_eq!(attempt("cy", "12065550104", "by phone").await, revoked);
    assert_eq!(attempt("dee", "12065550104", "").await, revoked);
    assert_eq!(attempt("dee", "12065550104", "by phone").await, "The status is changed.");
    // Whom the carrier blocks.
    let blocked = "Refused: the carrier blocks the number. Only they can lift that, by START.";
    assert_eq!(attempt("ana", "12065550106", "by phone").await, blocked);
    // The ledger has the attempts.
    let contact = host.contact(number("+12065550100"));
    let entries = host.engine.storage().history(&contact, 0, 100).await.unwrap();
    let refused = |entry: &&optin::Entry| matches!(entry.verdict, optin::Verdict::Refused(_));
    assert_eq!(entries.iter().filter(refused).count(), 1);
}

#[tokio::test]
async fn settings_are_changed_with_the_permission_alone_and_by_one_at_a_time() {
    let host = host("settings").await;
    let (mut ana, mut bo) = (Browser::of(&host), Browser::of(&host));
    bo.become_("bo").await;
    let (mut of_ana, mut of_bo) = (ana.settings().await, bo.settings().await);
    of_ana.insert("keyword".into(), "CONFIRM".into());
    let saved = ana.post_fields("/settings", &of_ana).await;
    assert_eq!((saved.status, saved.header("location")), (StatusCode::SEE_OTHER, "/settings"));
    let page = ana.get("/settings").await.text;
    assert!(page.contains("Saved.") && page.contains("reply CONFIRM to confirm."));
    // The later of the two is told, and overwrites nothing.
    of_bo.insert("before".into(), "Mine".into());
    let told = bo.post_fields("/settings", &of_bo).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert!(told.text.contains("somebody else changed the settings meanwhile"));
    assert!(told.text.contains("Mine YES to confirm."));
    assert!(told.text.contains("<option selected>CONFIRM</option>"));
    assert!(!bo.get("/settings").await.text.contains("Mine"));
    // A notice that names no way out.
    let mut fields = bo.settings().await;
    fields.insert("opt_out_notice".into(), "Bye".into());
    let wrong = bo.post_fields("/settings", &fields).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("Not saved: prompt.opt_out_notice: must have the word STOP"));
    assert!(wrong.text.contains(">\nBye</textarea>"), "what was typed is there still");
    // A member sees why not, and is refused.
    let mut eli = Browser::of(&host);
    eli.become_("eli").await;
    let page = eli.get("/settings").await.text;
    assert!(page.contains("You can look, not change") && page.contains("<fieldset disabled>"));
    let mut fields = eli.settings().await;
    fields.remove("double_opt_in");
    let refused = eli.post_fields("/settings", &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(host.engine.policy(&host.account).await.unwrap().policy.double_opt_in());
}

#[tokio::test]
async fn a_preview_says_what_a_text_costs_and_warns() {
    let host = host("preview").await;
    let mut browser = Browser::of(&host);
    let mut fields = browser.settings().await;
    fields.insert("before".into(), "It’s Acme! We’d love to text you about tables – reply".into());
    fields.insert("after".into(), "or OK to agree, stop to stop.".into());
    let shown = browser.post_fields("/settings/preview", &fields).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains("in UCS-2"));
    assert!(shown.text.contains("Costly characters: <code>’</code> <code>–</code>"));
    assert!(shown.text.contains("It names <b>OK</b>, which would not confirm."));
    assert!(shown.text.contains("it is said twice"));
    assert!(!shown.text.contains("<html"), "a part of the page");
    assert_eq!(host.engine.policy(&host.account).await.unwrap().revision.number(), 0);
}

#[tokio::test]
async fn a_stop_works_while_a_text_is_on_its_way() {
    let host = host("slow").await;
    let mut browser = Browser::of(&host);
    browser.get("/").await;
    host.engine.outbox().outbox().set_slow(true);
    let olga = "/contacts/12065550102";
    let message = [("body", "Last orders!"), ("request", "R1")];
    browser.post(&format!("{olga}/messages"), &message).await;
    let page = browser.get(olga).await.text;
    assert!(page.contains("Your message is on its way."));
    assert_eq!(page.matches("auto\">Last orders!</p>").count(), 1, "not on the phone yet");
    assert!(page.contains(" · on its way: <a href=\"\">look again</a>"));
    browser.post("/phone/texts", &[("number", "+12065550102"), ("quick", "STOP")]).await;
    let page = browser.get(olga).await.text;
    assert!(page.contains("They opted out while 1 text was on its way to them."));
    assert!(page.contains("<span class=\"badge opted_out\">Opted out</span></h1>"));
    // It comes to its end, and nothing is left half done.
    host.finish().await;
    let page = browser.get(olga).await.text;
    assert_eq!(page.matches("auto\">Last orders!</p>").count(), 2);
}

#[tokio::test]
async fn what_happened_is_on_the_timeline_and_in_the_numbers() {
    let mut browser = Browser::of(&host("timeline").await);
    let page = browser.get("/contacts/12065550104/timeline").await.text;
    for line in [
        "They wrote: <q dir=\"auto\">What are your opening hours?</q>",
        "<code>send_confirmation</code> because <code>new_contact</code>",
        "bo wrote: <q dir=\"auto\">Hi Quinn, we are open nine to six.</q>",
        "They wrote: <q dir=\"auto\">STOP</q>",
        "<code>opt_out</code> because <code>opt_out_keyword</code>",
        "The opted_out text was taken by the provider",
    ] {
        assert!(page.contains(line), "{line}");
    }
    let page = browser.get("/numbers").await.text;
    assert!(page.contains("<dt>Asked to opt in</dt><dd>10</dd>"));
    assert!(page.contains("<dt>Opted in by the keyword</dt><dd>6 (60 %)</dd>"));
    assert!(page.contains("From the question to the answer. asked: 10, opted in: 6, opt-outs: 1"));
    assert!(page.contains("Texts to contacts. confirmation: 10, reminder: 4, message: 4"));
}

#[tokio::test]
async fn evidence_is_a_page_of_its_own_style_and_a_file_that_holds() {
    let mut browser = Browser::of(&host("evidence").await);
    let timeline = browser.get("/contacts/12065550104/timeline").await.text;
    assert!(timeline.contains("href=\"/contacts/12065550104/evidence\""));
    let page = browser.get("/contacts/12065550104/evidence").await;
    let policy = page.header("content-security-policy");
    assert_eq!(policy, optin::ledger::evidence::content_security_policy());
    assert!(!policy.contains("unsafe") && !policy.contains("script"));
    for shown in ["What are your opening hours?", "<blockquote>STOP</blockquote>", "not proven"] {
        assert!(page.text.contains(shown), "{shown}");
    }
    let file = browser.get("/contacts/12065550104/evidence.json").await;
    let evidence = optin::ledger::Evidence::from_json(&file.text).unwrap();
    assert!(evidence.verify(&[]).unwrap().record.is_some());
    assert_eq!(browser.get("/contacts/12065559999/evidence").await.status, 404);
}
