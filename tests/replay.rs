//! The black box: its lines, errors, exit statuses and stores (RULES 7).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;

use std::io::Write;

use black_box::{Scratch, replay, run};

const AT: &str = "2026-03-01T09:00:00Z";

fn inbound(at: &str, id: &str, text: &str) -> String {
    format!(
        r#"{{"type":"inbound","at":"{at}","account":"acme","contact":"+12065550100","inbox":"+18885550100","id":"{id}","text":"{text}"}}"#
    )
}

fn code(line: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(&replay(&[], line)).unwrap();
    answer["error"].as_str().unwrap_or("none").into()
}

#[test]
fn a_decision_is_printed_as_the_rules_show_it() {
    let sync = r#"{"type":"settings","at":"2026-03-01T09:00:00Z","account":"acme","actor":{"id":"ana","role":"owner"},"settings":{"sync":{"hubspot":true,"salesforce":true}}}"#;
    let input = format!("{sync}\n{}\n", inbound("2026-03-01T10:00:00.5+01:00", "SM1", "Hi"));
    let expected = concat!(
        r#"{"line":1,"decision":"none","reason":"settings","sent":[],"synced":[]}"#,
        "\n",
        r#"{"line":2,"decision":"send_confirmation","reason":"new_contact","state":"pending","opted_out":true,"next_reminder_at":"2026-03-01T21:00:00.500Z","sent":[{"kind":"confirmation","to":"+12065550100","from":"+18885550100","text":"Thanks for texting us! To get our messages, reply YES to confirm. Msg & data rates may apply.\nReply STOP to opt out."}],"synced":[{"to":"hubspot","opted_out":true},{"to":"salesforce","opted_out":true}]}"#,
        "\n",
    );
    assert_eq!(replay(&[], &input), expected);
}

#[test]
fn lines_that_are_no_lines_are_bad_lines() {
    let inbound = inbound(AT, "SM1", "Hi");
    let with = |from: &str, to: &str| inbound.replace(from, to);
    let bad = [
        String::new(),
        "   ".into(),
        "nonsense".into(),
        "[]".into(),
        r#"["tick","2026-03-01T09:00:00Z"]"#.into(),
        "{}".into(),
        format!("{inbound}{inbound}"),
        with(r#""inbound""#, r#""outbound""#),
        with(r#""text":"Hi""#, r#""text":"Hi","text":"Hi""#),
        with(r#""text":"Hi""#, r#""text":"Hi","te\u0078t":"Hi""#),
        with(r#""text":"Hi""#, r#""text":"Hi","mood":"good""#),
        with(r#""text":"Hi""#, r#""text":null"#),
        with(r#""text":"Hi""#, r#""text":5"#),
        with(r#""text":"Hi""#, r#""text":"\ud800""#),
        with(r#""text":"Hi""#, r#""text":"Hi","media":"no""#),
        with(r#","text":"Hi""#, ""),
        with(AT, "2026-03-01"),
        with(AT, "2026-02-30T09:00:00Z"),
        with(AT, "2026-03-01T12:30:60Z"),
        with(AT, "2026-03-01T09:00:00\u{2212}01:00"),
        with("acme", ""),
        with("acme", &"a".repeat(257)),
        with("SM1", &"é".repeat(129)),
        with(r#""+12065550100""#, "12065550100"),
        with("+12065550100", "+12065550100").replace(r#""id":"SM1","#, ""),
        format!(r#"{{"type":"tick","at":"{AT}","account":"acme"}}"#),
        format!(r#"{{"type":"outbox","at":"{AT}","result":"maybe"}}"#),
        format!(
            r#"{{"type":"settings","at":"{AT}","account":"acme","actor":{{"id":"a","role":"member"}},"settings":5}}"#
        ),
        format!(
            r#"{{"type":"settings","at":"{AT}","account":"acme","actor":["a","owner"],"settings":{{}}}}"#
        ),
        format!(
            r#"{{"type":"settings","at":"{AT}","account":"acme","actor":{{"id":"a","role":"owner"}},"settings":{{"double_opt_in":true,"double_opt_in":true}}}}"#
        ),
        format!(
            r#"{{"type":"override","at":"{AT}","account":"acme","contact":"bad","actor":{{"id":"a","role":"king"}},"status":"active"}}"#
        ),
        format!(
            r#"{{"type":"override","at":"{AT}","account":"acme","contact":"bad","actor":{{"id":"a","role":"owner"}},"status":"active","note":"{}"}}"#,
            "n".repeat(1601)
        ),
    ];
    for line in bad {
        assert_eq!(code(&format!("{line}\n")), "bad_line", "{}", line.get(..200).unwrap_or(&line));
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_a_bad_line_and_the_next_is_read() {
    let mut input = b"\xff\xfe{}\n{\"a\":\"\xc3\"}\n".to_vec();
    input.extend(inbound(AT, "SM1", "Hi").bytes());
    let output = String::from_utf8(run(&[], &input).stdout).unwrap();
    let lines: Vec<&str> = output.lines().collect();
    assert!(lines[0].contains("bad_line") && lines[1].contains("bad_line"), "{output}");
    assert!(lines[2].contains("new_contact"), "{output}");
}

#[test]
fn errors_come_in_their_order() {
    let settings = |contact: &str, role: &str, settings: &str| {
        format!(
            r#"{{"type":"settings","at":"{AT}","account":"{contact}","actor":{{"id":"a","role":"{role}"}},"settings":{settings}}}"#
        )
    };
    let of = |role: &str, note: &str| {
        format!(
            r#"{{"type":"override","at":"{AT}","account":"acme","contact":"+12065550100","actor":{{"id":"a","role":"{role}"}},"status":"active","note":"{note}"}}"#
        )
    };
    assert_eq!(code(&settings("acme", "member", r#"{"mood":1}"#)), "forbidden");
    for bad in [
        r#"{"mood":1}"#,
        r#"{"double_opt_in":null}"#,
        r#"{"prompt":null}"#,
        r#"{"prompt":["a","YES","b","Reply STOP"]}"#,
        r#"{"prompt":{"keyword":{"YES":null}}}"#,
        r#"{"prompt":{"keyword":"yes"}}"#,
        r#"{"reminders":{"max":4}}"#,
        r#"{"reminders":{"max":1.0}}"#,
        r#"{"reminders":{"max":-1}}"#,
        r#"{"reminders":{"max":1e400}}"#,
        r#"{"reminders":{"max":99999999999999999999999}}"#,
        r#"{"reminders":{"interval_hours":11}}"#,
        r#"{"keywords":{"opt_out":["ok"]}}"#,
        r#"{"keywords":{"restart":["UNSTOP"]}}"#,
        r#"{"replies":{"help":" "}}"#,
    ] {
        assert_eq!(code(&settings("acme", "owner", bad)), "bad_settings", "{bad}");
    }
    assert_eq!(code(&of("member", "x").replace("+1206", "1206")), "bad_contact");
    assert_eq!(code(&of("member", "x")), "forbidden");
    assert_eq!(code(&of("owner", "x")), "unknown_contact");
}

#[test]
fn no_error_repeats_a_number_or_a_text() {
    let secret = "9876501234";
    let lines = [
        inbound(AT, "SM1", "Hi").replace("+12065550100", &format!("00{secret}")),
        inbound(AT, "SM1", "Hi").replace("\"text\"", &format!("\"{secret}\"")),
        format!(r#"{{"type":"outbox","at":"{AT}","result":"{secret}"}}"#),
        format!(
            r#"{{"type":"settings","at":"{AT}","account":"acme","actor":{{"id":"a","role":"owner"}},"settings":{{"{secret}":1}}}}"#
        ),
        format!(
            r#"{{"type":"settings","at":"{AT}","account":"acme","actor":{{"id":"a","role":"owner"}},"settings":{{"prompt":{{"keyword":"{secret}"}}}}}}"#
        ),
    ];
    let output = replay(&[], &lines.join("\n"));
    assert_eq!(output.lines().filter(|line| line.contains("\"error\"")).count(), lines.len());
    assert!(!output.contains(secret), "{output}");
}

#[test]
fn empty_and_huge_texts_are_texts() {
    let huge = "x".repeat(1 << 20);
    let input = format!("{}\n{}", inbound(AT, "SM1", ""), inbound(AT, "SM2", &huge));
    let output = replay(&[], &input);
    assert!(output.lines().next().unwrap().contains("new_contact"), "{output}");
    assert!(output.lines().nth(1).unwrap().contains("too_soon"), "{output}");
}

#[test]
fn a_line_is_answered_before_the_next_is_whole() {
    use std::{
        io::BufRead,
        process::{Command, Stdio},
        time::Duration,
    };

    let mut process = Command::new(black_box::replay_binary())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = process.stdin.take().unwrap();
    let from = std::io::BufReader::new(process.stdout.take().unwrap());
    let (answers, answered) = std::sync::mpsc::channel();
    std::thread::spawn(move || from.lines().try_for_each(|line| answers.send(line.unwrap())));
    let answer = || answered.recv_timeout(Duration::from_secs(20)).unwrap();

    write!(to, "{}\n{{\"type\"", inbound(AT, "SM1", "Hi")).unwrap();
    to.flush().unwrap();
    let line = answer();
    assert!(line.contains("new_contact"), "{line}");
    drop(to);
    let line = answer();
    assert!(line.contains("bad_line"), "{line}");
    assert!(process.wait().unwrap().success());
}

#[test]
fn a_line_that_never_ends_is_passed_over() {
    let mut input = vec![b'x'; (16 << 20) + 5];
    write!(input, "\n{}\n", inbound(AT, "SM1", "Hi")).unwrap();
    let output = String::from_utf8(run(&[], &input).stdout).unwrap();
    assert_eq!(output.lines().count(), 2, "{output}");
    assert!(output.contains(r#""line":1,"error":"bad_line""#), "{output}");
    assert!(output.contains(r#""line":2,"decision":"send_confirmation""#), "{output}");
}

#[test]
fn both_ends_of_time_are_times() {
    let input = [
        inbound("0000-01-01T00:00:00+14:00", "SM1", "Hi"),
        inbound("9999-12-31T23:59:59.999Z", "SM2", "Hi"),
        inbound("9999-12-31T23:59:60Z", "SM3", "Hi"),
        inbound("0000-01-01T00:00:00Z", "SM4", "Hi"),
    ];
    let output = replay(&[], &input.join("\n"));
    assert!(!output.contains("error"), "{output}");
    assert!(output.contains("reminder_due"), "{output}");
}

#[test]
fn a_second_run_goes_on_from_the_first() {
    let scratch = Scratch::new("second");
    let path = scratch.path("consent.db");
    let store = ["--store", path.to_str().unwrap()];
    let first = replay(&store, &inbound(AT, "SM1", "Hi"));
    assert!(first.contains("new_contact"), "{first}");
    let again =
        format!("{}\n{}", inbound(AT, "SM1", "Hi"), inbound("2026-03-01T21:00:00Z", "SM2", "Hm"));
    let second = replay(&store, &again);
    assert!(
        second.contains(r#"{"line":1,"decision":"none","reason":"duplicate","state":"pending""#),
        "{second}"
    );
    assert!(second.contains(r#"{"line":2,"decision":"send_reminder""#), "{second}");
}

#[test]
fn both_stores_give_the_same_lines() {
    let scratch = Scratch::new("same");
    let path = scratch.path("consent.db");
    let texts = [
        "Hi",
        "HELP",
        "no",
        "stop it",
        "STOP",
        "START",
        "YES",
        "Loved “this”",
        "Ok",
        "STOP",
        "unstop",
    ];
    let results = ["accepted", "not_sent", "unknown"];
    let mut lines = Vec::new();
    for n in 0..300_usize {
        let at = format!("2026-03-{:02}T{:02}:00:00Z", 1 + n / 12, 2 * (n % 12));
        let result = results[n / 7 % 3];
        lines.push(format!(r#"{{"type":"outbox","at":"{at}","result":"{result}"}}"#));
        let text = inbound(&at, &format!("SM{}", n * 10 / 11), texts[n * n % 97 % texts.len()]);
        lines.push(text.replace("+12065550100", &format!("+1206555010{}", n % 3)));
    }
    let input = lines.join("\n");
    let in_file = replay(&["--store", path.to_str().unwrap()], &input);
    assert_eq!(replay(&[], &input), in_file);
    assert!(in_file.contains("duplicate") && in_file.contains("restarted"), "{in_file}");
}

#[test]
fn files_that_cannot_be_opened_end_with_2() {
    let scratch = Scratch::new("exit");
    let directory = scratch.directory().to_str().unwrap().to_owned();
    let missing = format!("{directory}/missing/consent.db");
    for arguments in [
        vec!["--store", &missing],
        vec!["--store", &directory],
        vec!["--store", ""],
        vec!["--store", ":memory:"],
        vec![missing.as_str()],
        vec![directory.as_str()],
        vec!["--wrong"],
    ] {
        assert_eq!(run(&arguments, b"").status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(run(&[], b"nonsense\n").status.code(), Some(0));
    assert_eq!(run(&[], b"").stdout, b"");
}
