//! What the README says twice: the oldest Rust, the settings, the features, the tests it names.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::path::Path;

use optin::Settings;
use serde_json::Value;

const README: &str = include_str!("../README.md");
const MANIFEST: &str = include_str!("../Cargo.toml");

/// The cells of the README's table rows that begin with code: `| \`name\` | ... |`.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = README.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn value_in(manifest: &'static str, key: &str) -> &'static str {
    let line = manifest.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
    line.split('"').nth(1).unwrap()
}

#[test]
fn the_oldest_rust_is_the_manifests() {
    let oldest = value_in(MANIFEST, "rust-version");
    for (file, text) in [("README", README), ("CONTRIBUTING", include_str!("../CONTRIBUTING.md"))] {
        assert!(text.contains(&format!("Rust {oldest} or later")), "{file}");
    }
    assert!(README.contains(&format!("minimum supported Rust version is {oldest}")));
}

#[test]
fn the_settings_table_has_every_setting_and_its_default() {
    let defaults = serde_json::to_value(Settings::default()).unwrap();
    let mut named = Vec::new();
    for row in rows("Settings") {
        for path in row[0].split(", ") {
            let path = path.trim_matches('`');
            let default = path.split('.').fold(&defaults, |value, key| &value[key]);
            let expected = match default {
                Value::String(text) => format!("`{text}`"),
                Value::Array(words) if words.is_empty() => "none".into(),
                Value::Array(words) => {
                    let words: Vec<&str> =
                        words.iter().map(|word| word.as_str().unwrap()).collect();
                    format!("`{}`", words.join(" "))
                }
                Value::Number(number) => number.to_string(),
                other => format!("`{other}`"),
            };
            assert_eq!(row[1], expected, "{path}");
            named.push(path.to_owned());
        }
    }
    named.sort();
    let mut all = leaves("", &defaults);
    all.sort();
    assert_eq!(named, all);
}

fn leaves(path: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let below = |(key, value): (&String, &Value)| {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(&path, value)
            };
            fields.iter().flat_map(below).collect()
        }
        _ => vec![path.into()],
    }
}

#[test]
fn the_features_table_has_every_feature() {
    let (_, features) = MANIFEST.split_once("\n[features]\n").unwrap();
    let features = features.split("\n[").next().unwrap().lines();
    let features: Vec<&str> = features
        .filter_map(|line| line.split_once(" = ["))
        .map(|(name, _)| name)
        .filter(|name| *name != "default")
        .collect();
    let named: Vec<&str> = rows("Features").iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(named, features);
}

#[test]
fn every_test_and_example_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = README.split(['`', '(', ')', ' ', '\n', ',']);
    let paths: Vec<&str> =
        words.filter(|word| word.starts_with("tests/") || word.starts_with("examples/")).collect();
    assert!(paths.len() > 15, "{paths:?}");
    for path in paths {
        let found = match path.split_once('*') {
            None => root.join(path).exists(),
            Some((prefix, _)) => {
                let (directory, prefix) = prefix.rsplit_once('/').unwrap();
                std::fs::read_dir(root.join(directory))
                    .unwrap()
                    .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with(prefix))
            }
        };
        assert!(found, "{path}");
    }
}
