//! The rings of the crate: an import only points down, and every file has its ring.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{fs, path::Path};

/// Each module with its ring; a path below it belongs to it.
const RINGS: [(&str, Ring); 17] = [
    ("consent", Ring::Core),
    ("storage", Ring::Traits),
    ("outbox", Ring::Traits),
    ("client", Ring::Traits),
    ("engine", Ring::Drivers),
    ("dispatch", Ring::Drivers),
    ("erased", Ring::Drivers),
    ("blocking", Ring::Drivers),
    ("ledger", Ring::Proof),
    ("moving", Ring::Proof),
    ("store", Ring::Adapters),
    ("sync", Ring::Adapters),
    ("provider", Ring::Adapters),
    ("import", Ring::Adapters),
    ("conformance", Ring::TestKit),
    ("strategies", Ring::TestKit),
    ("simulation", Ring::TestKit),
];

/// Modules whose children are adapters of their own; what else they have is for all of the family.
const FAMILIES: [(&str, &[&str]); 3] = [
    ("store", &["memory", "postgres", "sqlite"]),
    ("sync", &["hubspot", "salesforce"]),
    ("provider", &["twilio", "telnyx"]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ring {
    Core,
    Traits,
    Drivers,
    Proof,
    Adapters,
    TestKit,
}

/// A source file: its module path below the crate, and its text.
struct Source {
    module: Vec<String>,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let path = path.strip_suffix(".rs").unwrap().trim_end_matches("/mod");
        Self { module: path.split('/').map(Into::into).collect(), text: text.into() }
    }

    fn is_root(&self) -> bool {
        self.module == ["lib"]
    }
}

fn ring(module: &[String]) -> Option<Ring> {
    let first = module.first()?;
    let (_, ring) = RINGS.iter().find(|(name, _)| name == first)?;
    Some(*ring)
}

/// The adapter that a module belongs to: `store::memory`, `import`; none for a family's own file.
fn adapter(module: &[String]) -> Option<&[String]> {
    let first = module.first()?;
    if ring(module) != Some(Ring::Adapters) {
        return None;
    }
    match FAMILIES.iter().find(|(family, _)| family == first) {
        Some((_, adapters)) => module.get(..2).filter(|path| adapters.contains(&path[1].as_str())),
        None => module.get(..1),
    }
}

/// What is wrong with the files, one line each.
fn breaches(sources: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources.iter().filter(|source| !source.is_root()) {
        let from = source.module.join("::");
        let Some(own) = ring(&source.module) else {
            breaches.push(format!("{from} has no ring"));
            continue;
        };
        for import in imports(source) {
            let to = import.join("::");
            match ring(&import) {
                None => breaches.push(format!("{from} imports {to}, which has no ring")),
                Some(ring) if ring > own => {
                    breaches.push(format!("{from} ({own:?}) imports {to} ({ring:?})"));
                }
                Some(_) => {
                    let (here, there) = (adapter(&source.module), adapter(&import));
                    if here.is_some() && there.is_some() && here != there {
                        breaches.push(format!("{from} imports another adapter, {to}"));
                    }
                }
            }
        }
    }
    breaches
}

/// The crate's own paths that a file names, doc comments and comments aside.
fn imports(source: &Source) -> Vec<Vec<String>> {
    let code: Vec<&str> = source.text.lines().map(without_comment).collect();
    let code = code.join("\n");
    let mut imports = Vec::new();
    for (at, _) in code.match_indices("::") {
        let before = &code[..at];
        let start = before.rfind(|c: char| !is_word(c)).map_or(0, |end| end + 1);
        let head = &before[start..];
        if !matches!(head, "crate" | "super" | "self" | "optin") || before[..start].ends_with("::")
        {
            continue;
        }
        for path in paths(&code[at + 2..]) {
            imports.extend(resolve(source, head, &path));
        }
    }
    imports
}

fn without_comment(line: &str) -> &str {
    line.find("//").map_or(line, |comment| &line[..comment])
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The paths of one use tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim_start();
    if let Some(group) = tree.strip_prefix('{') {
        return items(group).into_iter().flat_map(paths).collect();
    }
    let end = tree.find(|c| !is_word(c)).unwrap_or(tree.len());
    let (name, rest) = tree.split_at(end);
    let below = match rest.strip_prefix("::") {
        Some(rest) if !name.is_empty() => paths(rest),
        _ => vec![Vec::new()],
    };
    let name = (!name.is_empty()).then(|| name.to_owned());
    let join = |path| name.iter().cloned().chain(path).collect();
    below.into_iter().map(join).collect()
}

/// The items of a group, up to its closing brace.
fn items(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut items) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                items.push(&group[start..at]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

/// The path from the crate down, where it leads to a module of the crate.
///
/// A file's `super` is read as its parent, in an inline module of it too: what that could hide is
/// an import from the file itself. Names that start upper-case at the top are re-exports of the
/// core and the traits, except those listed.
fn resolve(source: &Source, head: &str, path: &[String]) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|name| *name == "super").count();
    let below = path[supers..].iter().cloned();
    let depth = source.module.len();
    let up = match head {
        "super" => supers + 1,
        "self" => 0,
        _ => depth,
    };
    let base = source.module[..depth.saturating_sub(up)].iter().cloned();
    let full: Vec<String> = base.chain(below).collect();
    let first = full.first()?;
    if first.starts_with(char::is_uppercase) {
        return Some(vec![re_exported(first).into(), first.clone()]);
    }
    Some(full)
}

/// The module that a name at the top of the crate comes from.
fn re_exported(name: &str) -> &'static str {
    match name {
        "Engine" | "Outcome" | "Delivery" | "Permit" | "HandleError" | "SendError"
        | "ChangePolicyError" => "engine",
        "Dispatcher" | "Round" => "dispatch",
        "Storage" | "Archive" => "storage",
        "Outbox" => "outbox",
        _ => "consent",
    }
}

fn read(folder: &Path, below: &str, sources: &mut Vec<Source>) {
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        let name = format!("{below}{}", file.file_name().into_string().unwrap());
        if file.file_type().unwrap().is_dir() {
            read(&file.path(), &format!("{name}/"), sources);
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(file.path()).unwrap();
            sources.push(Source::new(&name, &text));
        }
    }
}

#[test]
fn every_import_points_down() {
    let mut sources = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read(&folder, "", &mut sources);
    assert!(sources.len() > 30, "{} files", sources.len());
    let found: usize = sources.iter().map(|source| imports(source).len()).sum();
    assert!(found > 100, "{found} imports");
    assert_eq!(breaches(&sources), Vec::<String>::new());
}

#[track_caller]
fn breach(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(breaches(&[Source::new(path, text)]), expected, "{text}");
}

#[test]
fn an_arrow_that_points_up_is_found() {
    let up = ["consent::decide (Core) imports storage::Storage (Traits)"];
    breach("consent/decide.rs", "use crate::storage::Storage;", &up);
    breach("consent/decide.rs", "use super::super::storage::Storage;", &up);
    breach("consent/decide.rs", "use crate::Storage;", &up);
    breach("consent/decide.rs", "fn f(s: &impl crate::storage::Storage) {}", &up);
    let up = ["storage (Traits) imports engine::Engine (Drivers)"];
    breach("storage.rs", "use crate::{\n    consent::{a::B, c},\n    engine::Engine,\n};", &up);
    let up = ["engine::delivery (Drivers) imports store::memory::MemoryStorage (Adapters)"];
    breach("engine/delivery.rs", "use crate::store::memory::MemoryStorage;", &up);
    let up = ["store::memory (Adapters) imports conformance (TestKit)"];
    breach("store/memory.rs", "use crate::conformance;", &up);
}

#[test]
fn an_adapter_that_imports_another_is_found() {
    let other = ["store::sqlite::writer imports another adapter, store::memory::Lines"];
    breach("store/sqlite/writer.rs", "use crate::store::memory::Lines;", &other);
    breach("store/sqlite/writer.rs", "use super::super::memory::Lines;", &other);
    let other = ["import imports another adapter, store::sqlite::Sqlite"];
    breach("import.rs", "use crate::{consent, store::sqlite::Sqlite};", &other);
}

#[test]
fn a_file_without_a_ring_is_found() {
    breach("helper.rs", "", &["helper has no ring"]);
    let strange = ["engine imports helper::help, which has no ring"];
    breach("engine.rs", "use crate::helper::help;", &strange);
}

#[test]
fn what_points_down_or_stays_is_no_breach() {
    breach("store/sqlite.rs", "use crate::{consent::state, engine::Engine, storage::*};", &[]);
    breach("store/sqlite/writer.rs", "use super::{schema, read::Row}; use self::x::Y;", &[]);
    breach("store.rs", "pub use self::{memory::MemoryStorage, sqlite::Sqlite};", &[]);
    breach("consent/words.rs", "/// As crate::engine::Engine does.\nuse std::fmt;", &[]);
    breach("consent/decide/settled.rs", "use super::{Case, super::record::Record};", &[]);
    breach(
        "consent/id.rs",
        "use alloc::sync::Arc; use core::fmt; use chrono::{DateTime, Utc};",
        &[],
    );
    breach("lib.rs", "pub use store::MemoryStorage;", &[]);
}
