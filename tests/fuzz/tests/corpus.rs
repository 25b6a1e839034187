//! The committed corpus, replayed: what fuzzing found keeps passing.

use std::{fs, io::Write, panic, path::Path};

use optin_fuzz::TARGETS;

#[test]
fn every_input_of_the_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let (mut inputs, mut failed) = (0, Vec::new());
    for (name, target) in TARGETS {
        let files = fs::read_dir(corpus.join(name)).expect("each target has a corpus");
        let mut files: Vec<_> = files.map(|file| file.expect("it can be listed").path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has no input");
        for file in files {
            let bytes = fs::read(&file).expect("it can be read");
            inputs += 1;
            if panic::catch_unwind(|| target(&bytes)).is_err() {
                failed.push(file);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
    // Past the harness, which keeps what a test prints to itself.
    let line = format!("{inputs} inputs of {} targets\n", TARGETS.len());
    std::io::stdout().write_all(line.as_bytes()).expect("it can be printed");
}
