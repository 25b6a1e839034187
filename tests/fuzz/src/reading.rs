//! Any text under any policy reads as RULES 2 says, word by word; and its segments add up.
//!
//! The first byte chooses, as `0` to `7`: 0 to 3 a policy, 4 adds media; `*` repeats the text.

mod plain;

use std::sync::LazyLock;

use optin::{Encoding, Keyword, Policy, Segments, Settings, segments};

/// R2.8
const MAX_BYTES: usize = 16_384;

static POLICIES: LazyLock<[Policy; 4]> = LazyLock::new(|| {
    [
        policy(|_| {}),
        policy(|settings| settings.replies.help = Some("Call us.".into())),
        policy(|settings| {
            settings.keywords.opt_out = words(&["Halt!", "basta ya", "Schluß", "x"]);
            settings.keywords.restart = words(&["start", " Otra vez\u{200b}", "z", "."]);
        }),
        policy(|settings| {
            settings.keywords.help = words(&["aide", "what is this"]);
            settings.keywords.restart = words(&["START"]);
            settings.replies.help = Some("Call us.".into());
        }),
    ]
});

fn policy(change: impl Fn(&mut Settings)) -> Policy {
    let mut settings = Settings::default();
    change(&mut settings);
    Policy::new(settings).expect("the settings are within RULES 3")
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.into()).collect()
}

/// Reads a text.
pub fn target(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else { return };
    let policy = &POLICIES[usize::from(choice & 3)];
    let media = choice & 4 != 0;
    let text = String::from_utf8_lossy(text);
    let again = *choice == b'*' && !text.is_empty();
    if again {
        // Only so that a reading that is slower than linear would be seen to time out.
        let _ = policy.matcher().read(&text.repeat(MAX_BYTES / text.len()), media);
    }
    let text = text.repeat(if again { 3 } else { 1 });

    let read = policy.matcher().read(&text, media);
    assert_eq!(read, plain::read(&text, media, policy.settings()), "{text:?}");
    assert_eq!(Keyword::strict(&text), plain::keyword(&text), "{text:?}");
    assert_eq!(policy.matcher().restarts(&text), plain::restarts(&text, policy.settings()));
    add_up(&text, segments(&text));
}

/// R3.4
fn add_up(text: &str, segments: Segments) {
    let Segments { encoding, units, count, .. } = segments;
    let (single, several) = match encoding {
        Encoding::Gsm7 => (160, 153),
        Encoding::Ucs2 => (70, 67),
        _ => panic!("{encoding:?} is new"),
    };
    match encoding {
        Encoding::Ucs2 => assert_eq!(units, text.encode_utf16().count(), "{text:?}"),
        _ => assert!((text.chars().count()..=2 * text.chars().count()).contains(&units)),
    }
    match units {
        0 => assert_eq!((text, count), ("", 0)),
        units if units <= single => assert_eq!(count, 1, "{text:?}"),
        // A segment is full, or one unit short where a character of two would not fit.
        _ => assert!(
            (units.div_ceil(several)..=units.div_ceil(several - 1)).contains(&count),
            "{count} segments for {units} units: {text:?}"
        ),
    }
    let shorter = text.char_indices().next_back().map_or("", |(last, _)| &text[..last]);
    let shorter = optin::segments(shorter);
    assert!(shorter.encoding != encoding || shorter.count <= count, "{text:?}");
}
