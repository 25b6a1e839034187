//! The inbox in a real browser: the way from the first text to the first message, at each width,
//! in light and dark, with the keyboard, and with axe-core on every page.

mod support;

use fantoccini::{Locator, key::Key};
use serde_json::Value;
use support::{Browser, LOOKS, Look};

const PAGES: [&str; 11] = [
    "/",
    "/?state=opted_out",
    "/contacts/12065550100",
    "/contacts/12065550102",
    "/contacts/12065550104",
    "/contacts/12065550104/timeline",
    "/contacts/12065550104/evidence",
    "/settings",
    "/import",
    "/numbers",
    "/nowhere",
];

async fn plays_the_sample_workflow(look: Look) {
    let browser = Browser::open(&format!("workflow-{}", look.name()), look).await;
    browser.go("/").await;
    browser.sees("h1", "See it work").await;
    browser.picture(&format!("{}-0-start", look.name())).await;

    // Asked.
    browser.press("button[value='Hi!']").await;
    browser.sees("h1", "Pending").await;
    browser.sees(".phone .words", "reply YES to confirm").await;
    browser.sees(".automated .note", "Automated: asks to opt in").await;
    browser.sees("#why", "You cannot write yet").await;
    browser.sees("#why", "The next reminder could go").await;
    assert!(!browser.find("#message").await.is_enabled().await.unwrap());
    browser.picture(&format!("{}-1-asked", look.name())).await;

    // Too soon, then reminded.
    browser.press("button[value='Hello?']").await;
    browser.sees(".note", "too soon for a reminder").await;
    browser.press("button[value='12']").await;
    browser.sees(".flash", "12 h passed").await;
    browser.press("button[value='Hello?']").await;
    browser.sees(".automated .note", "Automated: reminder").await;
    browser.sees("#why", "They were asked twice").await;
    browser.picture(&format!("{}-2-reminded", look.name())).await;

    // Confirmed.
    browser.press("button[value='YES']").await;
    browser.sees("h1", "Active").await;
    browser.sees(".standing", "Opted in by replying with the keyword").await;

    // Messaged.
    let message = browser.find("#message").await;
    assert!(message.is_enabled().await.unwrap());
    message.send_keys("Hello! We are open until six.").await.unwrap();
    browser.press(".composer button").await;
    browser.sees(".flash", "Sent.").await;
    browser.sees(".conversation .mine .words", "We are open until six.").await;
    browser.sees(".phone .words", "We are open until six.").await;
    browser.picture(&format!("{}-3-messaged", look.name())).await;

    // And out.
    browser.press("button[value='STOP']").await;
    browser.sees("h1", "Opted out").await;
    browser.sees("#why", "You cannot write: they opted out").await;
    browser.close().await;
}

#[tokio::test]
async fn from_the_first_text_to_the_first_message() {
    plays_the_sample_workflow(LOOKS[0]).await;
}

#[tokio::test]
async fn from_the_first_text_to_the_first_message_on_a_phone_in_the_dark() {
    plays_the_sample_workflow(LOOKS[3]).await;
}

#[tokio::test]
async fn axe_finds_nothing_and_nothing_is_cut_off() {
    for look in LOOKS {
        let browser = Browser::open(&format!("axe-{}", look.name()), look).await;
        for page in PAGES {
            browser.go(page).await;
            if look.dark == look.phone {
                let name: String = page.chars().filter(char::is_ascii_alphanumeric).collect();
                browser.picture(&format!("{}-page-{name}", look.name())).await;
            }
            let dark = browser.value("return matchMedia('(prefers-color-scheme: dark)').matches");
            assert_eq!(dark.await, Value::Bool(look.dark), "{look:?}");
            assert_eq!(browser.violations().await, [""; 0], "{page} {look:?}");
            let overflow =
                "const e = document.documentElement; return e.scrollWidth - e.clientWidth";
            assert_eq!(browser.value(overflow).await, Value::from(0), "{page} {look:?}");
        }
        browser.close().await;
    }
}

#[tokio::test]
async fn settings_are_saved_on_leaving_the_field() {
    let browser = Browser::open("settings", LOOKS[0]).await;
    browser.go("/settings").await;
    browser.value("window.stayed = true").await;
    let before = browser.find("#before").await;
    before.clear().await.unwrap();
    before.send_keys("It’s Acme! Reply").await.unwrap();
    // While it is typed the preview follows.
    browser.sees(".preview .words", "It’s Acme! Reply YES to confirm.").await;
    browser.sees(".warning", "Costly characters").await;
    before.send_keys(&Key::Tab.to_string()).await.unwrap();
    browser.sees("#result .flash", "Saved.").await;
    let keyword = browser.find("#keyword").await;
    keyword.select_by(Locator::XPath(".//option[text()='CONFIRM']")).await.unwrap();
    browser.sees(".preview .words", "It’s Acme! Reply CONFIRM to confirm.").await;
    browser.sees("#result .flash", "Saved.").await;
    browser.picture("settings").await;
    // What is out of bounds is told, and not saved.
    let notice = browser.find("#opt_out_notice").await;
    notice.clear().await.unwrap();
    notice.send_keys("Bye").await.unwrap();
    notice.send_keys(&Key::Tab.to_string()).await.unwrap();
    browser.sees("#result .wrong", "must have the word STOP").await;
    assert_eq!(
        browser.value("return window.stayed").await,
        Value::Bool(true),
        "one page all along"
    );
    browser.go("/settings").await;
    let kept = "return [before.value, keyword.value, opt_out_notice.value].join('|')";
    let kept = browser.value(kept).await;
    assert_eq!(kept, "It’s Acme! Reply|CONFIRM|Reply STOP to opt out.");
    browser.close().await;
}

#[tokio::test]
async fn the_keyboard_reaches_everything_in_order_and_shows_where_it_is() {
    let browser = Browser::open("keyboard", LOOKS[0]).await;
    for page in ["/", "/contacts/12065550102", "/settings"] {
        browser.go(page).await;
        let all = "return window.all = [...document.querySelectorAll(
                'a[href], button, input, select, textarea, summary, [tabindex=\"0\"]')]
            .filter(e => !e.disabled && e.type != 'hidden' && e.checkVisibility()
                && (e.classList.contains('skip') || e.getClientRects().length)), all.length";
        let all = browser.value(all).await.as_u64().unwrap();
        assert!(all > 10, "{page}: {all}");
        for n in 0..all {
            let tab = Key::Tab.to_string();
            browser.client.active_element().await.unwrap().send_keys(&tab).await.unwrap();
            let seen = "const e = document.activeElement;
                 return [all.indexOf(e), getComputedStyle(e).outlineStyle, e.outerHTML.slice(0, 80)]";
            let seen = browser.value(seen).await;
            assert_eq!((&seen[0], &seen[1]), (&n.into(), &"solid".into()), "{page}: {}", seen[2]);
        }
    }
    // The first of them leads past the bar.
    browser.go("/").await;
    let keys = format!("{}{}", Key::Tab, Key::Enter);
    browser.client.active_element().await.unwrap().send_keys(&keys).await.unwrap();
    browser.sees("a.skip", "To the content").await;
    assert_eq!(browser.value("return location.hash").await, "#main");
    browser.close().await;
}

#[tokio::test]
async fn the_browser_runs_nothing_that_a_text_says() {
    let browser = Browser::open("inert", LOOKS[0]).await;
    browser.go("/").await;
    let text = "<img src=x onerror='document.title=1'><script>document.title=2</script>\u{202e}oof";
    browser.find("#text").await.send_keys(text).await.unwrap();
    browser.press(".phone button.main").await;
    browser.sees(".conversation .words", text).await;
    assert_eq!(browser.client.title().await.unwrap(), "+12065550142 · inbox");
    let elements = "return document.querySelectorAll('.words *').length";
    assert_eq!(browser.value(elements).await, Value::from(0));
    browser.close().await;
}
