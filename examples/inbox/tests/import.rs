//! Contacts from a file: who may, and what is reported.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use axum::http::StatusCode;
use support::{Browser, empty_host};

const FILE: &str =
    "Name;Mobile Phone;Opt Out\nAda;+12065550160;\nBo;+12065550161;yes\nCy;555-0102;\n";

#[tokio::test]
async fn a_file_is_imported_with_a_report_and_nobody_is_texted() {
    let host = empty_host("import").await;
    let mut browser = Browser::of(&host);
    browser.get("/import").await;
    let answer = browser.upload("/import", FILE).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/import"));
    let page = browser.get("/import").await.text;
    assert!(page.contains(
        "3 rows: 1 pending, 0 active, 1 opted out, 0 already present, 1 rejected (1 national_number)."
    ));
    assert!(page.contains("<td>4</td><td>national number</td>"));
    let page = browser.get("/contacts/12065550160").await.text;
    assert!(page.contains("they have not been asked") && !page.contains("class=\"words\""));
    let page = browser.get("/contacts/12065550161").await.text;
    assert!(page.contains("Opted out by an import"));
    // Again, which changes nothing.
    browser.upload("/import", FILE).await;
    let page = browser.get("/import").await.text;
    assert!(page.contains("3 rows: 0 pending, 0 active, 0 opted out, 2 already present"));
    // Nobody else sees the report.
    assert!(!Browser::of(&host).get("/import").await.text.contains("rows:"));
}

#[tokio::test]
async fn a_file_without_a_phone_column_is_refused_with_the_reason() {
    let mut browser = Browser::of(&empty_host("import_header").await);
    browser.get("/import").await;
    browser.upload("/import", "<b>name</b>,fax\nAda,1\n").await;
    let page = browser.get("/import").await.text;
    assert!(page.contains("It was not read to its end: no column is named as the phone."));
    assert!(!page.contains("<b>name"));
}

#[tokio::test]
async fn a_file_is_imported_with_token_and_permission_alone() {
    let host = empty_host("import_refused").await;
    let mut browser = Browser::of(&host);
    browser.get("/").await;
    let token = std::mem::take(&mut browser.token);
    assert_eq!(browser.upload("/import", FILE).await.status, StatusCode::FORBIDDEN);
    browser.token = token;
    let long = "x".repeat(2 << 20);
    assert_eq!(browser.upload("/import", &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    browser.become_("eli").await;
    assert!(browser.get("/import").await.text.contains("That takes the permission"));
    assert_eq!(browser.upload("/import", FILE).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/contacts/12065550160").await.status, StatusCode::NOT_FOUND);
    browser.become_("cy").await;
    assert_eq!(browser.upload("/import", FILE).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/contacts/12065550160").await.status, StatusCode::OK);
}
