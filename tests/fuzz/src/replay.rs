//! Any lines are answered one by one, and a line that is refused changes nothing for the others.

use optin::store::MemoryStorage;
use serde_json::Value;

use crate::black_box;

const ERRORS: [&str; 8] = [
    "bad_line",
    "bad_contact",
    "forbidden",
    "bad_settings",
    "unknown_contact",
    "carrier_blocked",
    "revoked",
    "not_opted_in",
];

/// Replays the lines; then again without those that were refused.
pub fn target(bytes: &[u8]) {
    let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let answers = answers(bytes);
    assert_eq!(answers.len(), lines.len(), "an answer a line");

    let (mut taken, mut expected) = (Vec::new(), Vec::new());
    for (line, mut answer) in lines.into_iter().zip(answers) {
        match answer.get("error") {
            Some(error) => {
                let known = error.as_str().is_some_and(|error| ERRORS.contains(&error));
                assert!(known && answer["message"].is_string(), "{answer}");
            }
            None => {
                assert!(answer["decision"].is_string() && answer["reason"].is_string(), "{answer}");
                taken.extend([line, b"\n"].concat());
                answer["line"] = Value::from(expected.len() + 1);
                expected.push(answer);
            }
        }
    }
    assert_eq!(self::answers(&taken), expected, "what was refused changed something");
}

fn answers(input: &[u8]) -> Vec<Value> {
    let mut output = Vec::new();
    black_box::replay(MemoryStorage::new(), input, &mut output, false)
        .expect("a memory storage never fails");
    let output = String::from_utf8(output).expect("answers are UTF-8");
    let answers = output.lines().map(|line| serde_json::from_str(line).expect("answers are JSON"));
    let answers: Vec<Value> = answers.collect();
    for (number, answer) in (1_u64..).zip(&answers) {
        assert_eq!(answer["line"], number, "{answer}");
    }
    answers
}
