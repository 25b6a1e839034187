//! What a browser may ask and what it is told: through the router, without a browser.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use axum::http::StatusCode;
use support::{Browser, empty_host, host, texted};

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[tokio::test]
async fn every_page_allows_files_of_ours_alone() {
    let mut browser = Browser::of(&host("policy").await);
    for page in [
        "/",
        "/?state=pending",
        "/contacts/12065550100",
        "/contacts/12065550100/timeline",
        "/settings",
        "/import",
        "/numbers",
        "/style.css",
        "/app.js",
        "/nowhere",
        "/contacts/0",
    ] {
        let answer = browser.get(page).await;
        assert_eq!(answer.header("content-security-policy"), CSP, "{page}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{page}");
        assert!(!answer.text.contains("style=") && !answer.text.contains("<style"), "{page}");
        assert_eq!(
            answer.text.matches("<script").count(),
            answer.text.matches("<script src=\"/app.js\" defer></script>").count(),
            "{page}"
        );
        assert!(!answer.text.contains(" onclick="), "{page}");
    }
}

#[tokio::test]
async fn the_cookie_is_for_this_site_alone() {
    let mut browser = Browser::of(&host("cookie").await);
    let cookie = browser.get("/").await.header("set-cookie").to_owned();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    assert_eq!(browser.get("/").await.header("set-cookie"), "");
}

#[tokio::test]
async fn a_form_without_the_token_of_its_session_is_refused() {
    let host = host("token").await;
    let (mut ours, mut theirs) = (Browser::of(&host), Browser::of(&host));
    ours.get("/").await;
    theirs.get("/").await;
    let mut forms = 0;
    for page in ["/", "/contacts/12065550102", "/settings"] {
        let text = ours.get(page).await.text;
        for action in text.split("action=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            forms += 1;
            let none = ours.post_raw(action, "body=x").await;
            assert_eq!(none.status, StatusCode::FORBIDDEN, "{action}");
            let foreign = ours.post_raw(action, &format!("token={}", theirs.token)).await;
            assert_eq!(foreign.status, StatusCode::FORBIDDEN, "{action}");
        }
    }
    assert!(forms >= 12, "{forms}");
    // Without a cookie there is nothing that a token could be of.
    let stranger = Browser::of(&host).post_raw("/phone/clock", "hours=12&token=").await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn another_sites_page_and_another_name_are_refused() {
    let host = host("origin").await;
    let mut browser = Browser::of(&host);
    browser.get("/").await;
    browser.origin = Some("http://evil.example");
    let answer = browser.post("/phone/clock", &[("hours", "12")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    browser.origin = Some("null");
    let answer = browser.post("/phone/clock", &[("hours", "12")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    browser.origin = Some("http://127.0.0.1:3000");
    let answer = browser.post("/phone/clock", &[("hours", "12")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    browser.origin = None;
    for name in ["evil.example", "evil.example:3000", "127.0.0.1.evil.example", ""] {
        browser.host = name;
        assert_eq!(browser.get("/").await.status, StatusCode::MISDIRECTED_REQUEST, "{name}");
    }
    for name in ["localhost", "localhost:3000", "[::1]:3000"] {
        browser.host = name;
        assert_eq!(browser.get("/").await.status, StatusCode::OK, "{name}");
    }
}

#[tokio::test]
async fn a_form_that_is_too_long_is_refused() {
    let host = host("long").await;
    let mut browser = Browser::of(&host);
    browser.get("/").await;
    let longest = "x".repeat(60 << 10);
    let number = "+12065550199";
    let fields = [("number", number), ("body", longest.as_str())];
    assert_eq!(browser.post("/phone/texts", &fields).await.status, StatusCode::SEE_OTHER);
    let too_long = "x".repeat(70 << 10);
    let fields = [("number", number), ("body", too_long.as_str())];
    assert_eq!(browser.post("/phone/texts", &fields).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn every_text_is_shown_inert_and_whole() {
    let host = host("inert").await;
    let mut browser = Browser::of(&host);
    let longest: String = "🦀é ".chars().cycle().take(1_600).collect();
    let texts = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>'",
        "</textarea></title><svg/onload=alert(1)>",
        "&lt;b&gt; &amp; &#60;",
        "\u{202e}gnp.exe\u{2066}\u{202c} שלום مرحبا",
        "👩‍👩‍👧‍👦 e\u{301} \u{200b} a\nb\tc",
        longest.as_str(),
    ];
    let mut expected = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        texted(&host, "+12065550130", &format!("T{n}"), text).await;
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        expected.push(escaped.replace('"', "&quot;"));
    }
    let contact = browser.get("/contacts/12065550130").await.text;
    for escaped in &expected {
        // In the conversation and on the phone, each in an element of its own direction.
        let shown = format!("dir=\"auto\">{escaped}</p>");
        assert_eq!(contact.matches(&shown).count(), 2, "{escaped}");
    }
    let timeline = browser.get("/contacts/12065550130/timeline").await.text;
    assert!(timeline.contains(&format!("<q dir=\"auto\">{}</q>", expected[0])));
    let list = browser.get("/").await.text;
    for page in [contact, timeline, list] {
        assert!(!page.contains("<script>") && !page.contains("<img") && !page.contains("<svg"));
    }
    // What staff write, and why.
    browser.post("/contacts/12065550130/status", &[("to", "active"), ("note", texts[0])]).await;
    let page = browser.get("/contacts/12065550130").await.text;
    assert!(page.contains("“<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>”"));
    let message = [("body", texts[1]), ("request", "R1")];
    browser.post("/contacts/12065550130/messages", &message).await;
    let page = browser.get("/contacts/12065550130").await.text;
    assert_eq!(page.matches(&format!("dir=\"auto\">{}</p>", expected[1])).count(), 4);
    // Settings, in the fields and in the preview.
    let mut fields = browser.settings().await;
    fields.insert("before".into(), texts[2].into());
    browser.post_fields("/settings", &fields).await;
    let page = browser.get("/settings").await.text;
    assert_eq!(page.matches(&expected[2]).count(), 2);
    assert!(!page.contains("<svg/"));
}

#[tokio::test]
async fn what_makes_no_sense_is_said_so() {
    let mut browser = Browser::of(&host("nonsense").await);
    browser.get("/").await;
    for (page, fields, status) in [
        ("/phone/clock", &[("hours", "13")][..], StatusCode::BAD_REQUEST),
        ("/phone/clock", &[("hours", "-1")], StatusCode::BAD_REQUEST),
        ("/person", &[("person", "eve")], StatusCode::BAD_REQUEST),
        ("/settings", &[("keyword", "MAYBE")], StatusCode::BAD_REQUEST),
        ("/contacts/x/messages", &[("body", "Hi")], StatusCode::NOT_FOUND),
        ("/contacts/12065550100/status", &[("to", "absent")], StatusCode::BAD_REQUEST),
        ("/nowhere", &[], StatusCode::NOT_FOUND),
    ] {
        assert_eq!(browser.post(page, fields).await.status, status, "{page} {fields:?}");
    }
    for page in ["/contacts/12065559999", "/contacts/x", "/contacts/12065559999/timeline"] {
        assert_eq!(browser.get(page).await.status, StatusCode::NOT_FOUND, "{page}");
    }
    let answer = browser.post("/phone/texts", &[("number", "12"), ("body", "Hi")]).await;
    assert_eq!(answer.header("location"), "/");
    assert!(browser.get("/").await.text.contains("That is no number"));
    // It was said once.
    assert!(!browser.get("/").await.text.contains("That is no number"));
}

#[tokio::test]
async fn without_a_token_webhooks_come_from_this_machine_alone() {
    let host = empty_host("webhook").await;
    let mut browser = Browser::of(&host);
    let form = "MessageSid=SM1&From=%2B12065550150&To=%2B18885550150&Body=Hi&NumMedia=0";
    browser.host = "tunnel.example";
    assert_eq!(browser.post_raw("/webhooks/twilio", form).await.status, StatusCode::FORBIDDEN);
    browser.host = "127.0.0.1:3000";
    browser.origin = Some("http://evil.example");
    assert_eq!(browser.post_raw("/webhooks/twilio", form).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/contacts/12065550150").await.status, StatusCode::FORBIDDEN);
    browser.origin = None;
    assert_eq!(browser.get("/contacts/12065550150").await.status, StatusCode::NOT_FOUND);
    let answer = browser.post_raw("/webhooks/twilio", form).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/xml"));
    assert!(answer.text.contains("<Message>Thanks for texting us!"));
    assert_eq!(browser.get("/contacts/12065550150").await.status, StatusCode::OK);
    let nonsense = browser.post_raw("/webhooks/twilio", "Body=Hi").await;
    assert_eq!(nonsense.status, StatusCode::BAD_REQUEST);
    let long = "x".repeat(70 << 10);
    let long = browser.post_raw("/webhooks/twilio", &long).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_staff_write_to_a_number_that_cannot_be_reached_is_said_to_be_unsent() {
    let host = empty_host("unreachable").await;
    let mut browser = Browser::of(&host);
    browser.get("/").await;
    for (id, body) in [("SM1", "Hi"), ("SM2", "yes")] {
        let form =
            format!("MessageSid={id}&From=%2B12065550150&To=%2B18885550150&Body={body}&NumMedia=0");
        assert_eq!(browser.post_raw("/webhooks/twilio", &form).await.status, StatusCode::OK);
    }
    // From the number that they wrote to, which this host has no way to send from.
    let message = [("body", "Hello!"), ("request", "R1")];
    browser.post("/contacts/12065550150/messages", &message).await;
    let page = browser.get("/contacts/12065550150").await.text;
    assert!(page.contains("Your message was not sent, or nobody knows: see below."));
    assert!(page.contains(" · not sent</p>"));
}
