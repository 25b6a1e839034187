//! What a prompt says, and what it costs (R3.1, R3.4).
#![allow(clippy::unwrap_used, reason = "a test")]

use optin::{Encoding, Keyword, Policy, PromptSettings, PromptTemplate, Segments, segments};

const NOTICE: &str = "Reply STOP to opt out.";

#[track_caller]
fn renders(before: &str, keyword: Keyword, after: &str, prompt: &str) {
    let template = PromptTemplate::new(&PromptSettings {
        before: before.into(),
        keyword,
        after: after.into(),
        opt_out_notice: NOTICE.into(),
    });
    assert_eq!(template.unwrap().text(), prompt);
}

#[test]
fn a_prompt_is_its_parts_with_one_space_between_them() {
    assert_eq!(
        Policy::default().prompt().text(),
        "Thanks for texting us! To get our messages, reply YES to confirm. Msg & data rates may \
         apply.\nReply STOP to opt out."
    );
    renders(" Reply\n", Keyword::Ok, "\tto join ", "Reply OK to join\nReply STOP to opt out.");
    renders("", Keyword::Y, "joins", "Y joins\nReply STOP to opt out.");
    renders("Send", Keyword::Approve, "  ", "Send APPROVE\nReply STOP to opt out.");
    renders(" ", Keyword::Confirm, "", "CONFIRM\nReply STOP to opt out.");
}

#[test]
fn no_space_comes_before_a_closing_mark() {
    for mark in ['.', ',', ';', ':', '!', '?', ')'] {
        let after = format!(" {mark} Bye");
        let prompt = format!("(Send YES{mark} Bye\nReply STOP to opt out.");
        renders("(Send", Keyword::Yes, &after, &prompt);
    }
    renders("Send", Keyword::Yes, "(now)", "Send YES (now)\nReply STOP to opt out.");
    renders("Send", Keyword::Yes, "- now", "Send YES - now\nReply STOP to opt out.");
}

#[test]
fn the_notice_stays_away_where_the_prompt_names_a_way_out() {
    for after in ["or STOP", "or “STOP”", "/STOP.", "or 'STOPALL'", "or UNSUBSCRIBE!"] {
        renders("Send", Keyword::Yes, after, &format!("Send YES {after}"));
    }
    renders("STOP ends, else send", Keyword::Yes, "", "STOP ends, else send YES");
    for after in ["or stop", "or STOPS", "or S.TOP", "or UnSubscribe"] {
        renders("Send", Keyword::Yes, after, &format!("Send YES {after}\n{NOTICE}"));
    }
}

#[track_caller]
fn costs(text: &str, encoding: Encoding, units: usize, count: usize) {
    let Segments { encoding: is, units: has, count: costs, .. } = segments(text);
    assert_eq!((is, has, costs), (encoding, units, count));
}

#[test]
fn gsm_7_has_160_septets_then_153_each() {
    for (length, count) in
        [(0, 0), (1, 1), (160, 1), (161, 2), (306, 2), (307, 3), (459, 3), (460, 4)]
    {
        costs(&"@".repeat(length), Encoding::Gsm7, length, count);
    }
    for (length, count) in [(80, 1), (81, 2)] {
        costs(&"€".repeat(length), Encoding::Gsm7, 2 * length, count);
    }
    costs("\u{c}^{}\\[~]|€", Encoding::Gsm7, 20, 1);
    costs("Ünïx", Encoding::Ucs2, 4, 1);
    let prompt = Policy::default();
    assert_eq!(prompt.prompt().segments(), segments(prompt.prompt().text()));
    assert_eq!(prompt.prompt().segments().count, 1);
}

#[test]
fn ucs_2_has_70_code_units_then_67_each() {
    for (length, count) in [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3)] {
        costs(&"я".repeat(length), Encoding::Ucs2, length, count);
    }
    for (length, count) in [(35, 1), (36, 2)] {
        costs(&"🛑".repeat(length), Encoding::Ucs2, 2 * length, count);
    }
    costs(&format!("{}’", "a".repeat(69)), Encoding::Ucs2, 70, 1);
}
