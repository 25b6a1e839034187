//! Checkpoints are signed notes: believed whole and by a known key, or not at all.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use optin::ledger::{
    BadCheckpoint, BadNote, Checkpoint, Hash, InvalidKey, NoteKey, NoteSigner, note,
};
use proptest::prelude::*;

fn signer(n: u8) -> NoteSigner {
    NoteSigner::new(&format!("example.com/{n}"), [n; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint::new("example.com/acme", 66_000, Hash::of(b"root"))
}

#[test]
fn a_note_reads_as_the_format_has_it() {
    let note = checkpoint().sign(&[&signer(1)]);
    let lines: Vec<_> = note.split('\n').collect();
    assert_eq!(lines[..2], ["example.com/acme", "66000"]);
    assert_eq!(lines[2].len(), 44);
    assert_eq!(lines[3], "");
    assert!(lines[4].starts_with("\u{2014} example.com/1 "), "{}", lines[4]);
    assert_eq!(lines[5..], [""]);
    assert_eq!(Checkpoint::open(&note, &[signer(1).key()]), Ok(checkpoint()));
}

/// The key, text and signature in the documentation of Go's package sumdb/note.
#[test]
fn a_note_signed_by_another_implementation_is_believed() {
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let note = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n\n\
                \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let key = NoteKey::parse(key).unwrap();
    assert_eq!(key.name(), "PeterNeumann");
    let text = note::open(note, std::slice::from_ref(&key)).unwrap();
    assert!(text.starts_with("If you think") && text.ends_with("problem is.\n"));
    assert_eq!(note::open(&note.replace("answer", "Answer"), &[key]), Err(BadNote::BadSignature));
}

#[test]
fn a_key_goes_out_and_comes_back_as_text() {
    let key = signer(1).key();
    assert_eq!(NoteKey::parse(&key.to_string()), Ok(key.clone()));
    let text = key.to_string();
    for (at, _) in text.char_indices() {
        let mut wrong = text.clone().into_bytes();
        wrong[at] ^= 1;
        let Ok(wrong) = String::from_utf8(wrong) else { continue };
        assert!(NoteKey::parse(&wrong).is_err(), "{wrong}");
    }
    for name in ["", "a b", "a+b", "a\nb", &"x".repeat(257)] {
        assert_eq!(NoteSigner::new(name, [1; 32]).unwrap_err(), InvalidKey::Name);
    }
    assert!(!format!("{:?}", signer(1)).contains("01"));
}

#[test]
fn keys_are_changed_by_signing_with_both_for_a_while() {
    let both = checkpoint().sign(&[&signer(1), &signer(2)]);
    for keys in
        [vec![signer(1).key()], vec![signer(2).key()], vec![signer(3).key(), signer(2).key()]]
    {
        assert_eq!(Checkpoint::open(&both, &keys), Ok(checkpoint()));
    }
    let unknown = Err(BadCheckpoint::Note(BadNote::UnknownKey));
    assert_eq!(Checkpoint::open(&both, &[signer(3).key()]), unknown);
    assert_eq!(Checkpoint::open(&both, &[]), unknown);
    // The same name with another key is another key.
    let namesake = NoteSigner::new("example.com/1", [9; 32]).unwrap();
    assert_eq!(Checkpoint::open(&both, &[namesake.key()]), unknown);
}

#[test]
fn a_note_changed_in_any_bit_is_not_believed() {
    let note = checkpoint().sign(&[&signer(1)]);
    let mut refused = 0;
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(Checkpoint::open(&changed, &[signer(1).key()]).is_err(), "{changed:?}");
            refused += 1;
        }
    }
    assert!(refused > 1_000, "{refused}");
    for cut in 0..note.len() {
        if let Some(cut) = note.get(..cut) {
            assert!(Checkpoint::open(cut, &[signer(1).key()]).is_err());
        }
    }
}

#[test]
fn what_is_signed_and_is_no_checkpoint_is_refused() {
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let open = |text: &str| Checkpoint::open(&note::sign(text, &[&signer(1)]), &[signer(1).key()]);
    assert!(open(&format!("a\n0\n{root}\n")).is_ok());
    assert!(open(&format!("a\n0\n{root}\nan extension\n")).is_ok());
    for text in [
        "hello\n".to_owned(),
        format!("\n0\n{root}\n"),
        format!("a\n00\n{root}\n"),
        format!("a\n+1\n{root}\n"),
        format!("a\n-1\n{root}\n"),
        format!("a\n18446744073709551616\n{root}\n"),
        "a\n0\nAAAA\n".to_owned(),
        "a\n0\n\n".to_owned(),
    ] {
        assert_eq!(open(&text), Err(BadCheckpoint::NotACheckpoint), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_note_or_a_typed_error(text: String, lines in "[ -~\n\u{2014}]{0,300}") {
        let keys = [signer(1).key()];
        prop_assert!(note::open(&text, &keys).is_err());
        prop_assert!(note::open(&lines, &keys).is_err());
        prop_assert!(NoteKey::parse(&text).is_err());
    }
}
