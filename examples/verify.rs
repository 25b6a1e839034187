//! Verifies offline: evidence, a published log, or a whole account in a database.
//!
//! ```text
//! verify EVIDENCE.json [--log DIR] [KEY...]         one bundle, or a bundle a line (.jsonl)
//! verify --log DIR KEY...                           a published log by itself
//! verify --database FILE.db ACCOUNT [--log DIR KEY...]
//! ```
//!
//! With the feature `postgres` a database may stand for the file: `postgres://USER@HOST/DATABASE`,
//! reached without TLS here.
//!
//! KEY is a public key, `name+id+key`, from elsewhere than what is verified; with one, a checkpoint
//! is asked for. Without one a checkpoint that came along is passed over, which is said. With `--log`
//! evidence is judged against a published log too: whether an entry is missing at its end.
//! `--origin NAME` says which log it must be. Says what was proven and what was not. Exit status 0:
//! all that was looked at holds. 1: something does not, and the first of it is named. 2: it could not
//! be looked at.

mod stored;

use std::{
    collections::HashSet,
    env, fs,
    io::{Write, stdout},
    process::ExitCode,
};

use optin::{
    AccountId,
    blocking::block_on,
    ledger::{
        Checkpoint, Directory, Evidence, Ledger, NoteKey, Proof,
        audit::{self, Audit, BadLedger, PublishedLog},
    },
    store::{SqliteError, SqliteStorage},
};

const USAGE: &str = "usage: verify EVIDENCE.json [--log DIR] [--origin NAME] [KEY...]
       verify --log DIR [--origin NAME] KEY...
       verify --database FILE.db|postgres://... ACCOUNT [--log DIR [--origin NAME] KEY...]";

const FROM_0: &str = "entries are counted from 0";

/// Why it is not well.
enum Verdict {
    /// Something does not hold.
    Bad(String),
    /// It could not be looked at.
    Unreadable(String),
}

type Outcome<T> = Result<T, Verdict>;

fn bad(error: impl std::error::Error) -> Verdict {
    Verdict::Bad(whole(&error))
}

/// The error and what it came of.
fn whole(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |&error| error.source());
    sources.fold(error.to_string(), |said, source| format!("{said}: {source}"))
}

fn unreadable(error: impl std::fmt::Display) -> Verdict {
    Verdict::Unreadable(error.to_string())
}

/// What the reader knows beforehand.
struct Known {
    keys: Vec<NoteKey>,
    origin: Option<String>,
    directory: Option<Directory>,
}

impl Known {
    /// The published log, where one was named.
    fn log(&self) -> Outcome<Option<PublishedLog<'_>>> {
        let Some(directory) = &self.directory else { return Ok(None) };
        if self.keys.is_empty() {
            return Err(unreadable("with --log give KEY, the public key of who signed the log"));
        }
        let log = PublishedLog::read(directory, &self.keys).map_err(bad)?;
        if let Some(origin) = &self.origin {
            log.checkpoint().clone().of_log(origin).map_err(bad)?;
        }
        Ok(Some(log))
    }

    fn proof(&self, evidence: &Evidence, log: Option<&PublishedLog<'_>>) -> Outcome<Proof> {
        match (log, &self.origin) {
            (Some(log), _) => log.judge(evidence, &self.keys).map_err(bad),
            (None, Some(origin)) => evidence.verify_in_log(origin, &self.keys).map_err(bad),
            (None, None) => evidence.verify(&self.keys).map_err(bad),
        }
    }
}

fn evidence(path: &str, known: &Known) -> Outcome<()> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(format!("{path}: {error}")))?;
    let log = known.log()?;
    if path.ends_with(".jsonl") {
        return bundles(&text, known, log.as_ref());
    }
    let evidence = Evidence::from_json(&text).map_err(bad)?;
    let proof = known.proof(&evidence, log.as_ref())?;
    let hidden = |(number, facts)| format!("entry {number}, not shown, {facts}");
    if proof.hidden().next().is_some() {
        writeln!(stdout(), "{FROM_0}").map_err(unreadable)?;
    }
    said("proven", proof.proven())?;
    said("sealed", proof.hidden().map(hidden).collect())?;
    said("not proven", proof.not_proven())
}

/// A bundle a line, of one account, each of another chain.
fn bundles(text: &str, known: &Known, log: Option<&PublishedLog<'_>>) -> Outcome<()> {
    let (mut chains, mut account) = (HashSet::new(), None);
    let (mut entries, mut signed, mut hidden, mut opted_out, mut unbelieved) = (0, 0, 0, 0, 0);
    for (n, line) in text.lines().enumerate() {
        let of_line = |verdict| match verdict {
            Verdict::Bad(said) => Verdict::Bad(format!("line {}: {said}", n + 1)),
            Verdict::Unreadable(said) => Verdict::Unreadable(said),
        };
        let evidence = Evidence::from_json(line).map_err(bad).map_err(of_line)?;
        let proof = known.proof(&evidence, log).map_err(of_line)?;
        if *account.get_or_insert_with(|| proof.account.clone()) != proof.account {
            return Err(of_line(Verdict::Bad("it is of another account than line 1".into())));
        }
        if !chains.insert(evidence.chain) {
            return Err(of_line(Verdict::Bad("its chain was there before".into())));
        }
        entries += proof.entries.len();
        signed += proof.included;
        hidden += proof.hidden().count();
        opted_out += proof.hidden().filter(|(_, facts)| facts.is_opt_out()).count();
        unbelieved += u64::from(proof.is_unbelieved);
    }
    let Some(account) = account else {
        return Err(Verdict::Bad("there is no bundle in it".into()));
    };
    let account = quoted(account.as_str());
    let mut proven = vec![match chains.len() {
        1 => format!("1 bundle of the account {account} holds, by itself"),
        count => format!("{count} bundles of the account {account} hold, each by itself"),
    }];
    if signed > 0 {
        let are = if signed == 1 { "is" } else { "are" };
        let all = count(entries as u64, "entry", "entries");
        proven.push(format!("{signed} of {all} {are} in a log that was signed"));
    }
    match opted_out {
        0 => {}
        1 => proven.push("1 entry that is not shown is an opt-out".into()),
        _ => proven.push(format!("{opted_out} entries that are not shown are opt-outs")),
    }
    let mut not_proven = Vec::new();
    match entries - signed {
        0 => {}
        1 => not_proven.push("that 1 entry is as it was written: not signed".into()),
        rest => {
            not_proven.push(format!("that {rest} entries are as they were written: not signed"))
        }
    }
    if unbelieved > 0 {
        let bundles = count(unbelieved, "bundle", "bundles");
        not_proven.push(format!(
            "that somebody signed: a checkpoint came with {bundles}, but no key was given to \
             believe it by: give the public key of who signed it"
        ));
    }
    let why = "not shown: erased, pruned or left out";
    match hidden {
        0 => {}
        1 => not_proven.push(format!("what 1 entry says: {why}")),
        _ => not_proven.push(format!("what {hidden} entries say: {why}")),
    }
    not_proven.push(match log {
        Some(log) => {
            let rest = log.audit().chains.saturating_sub(chains.len() as u64);
            proven.push("no later entry of their chains is in the log".into());
            match rest {
                0 => "that no contact was left out of the log itself: it has no more chains than these".into(),
                1 => "that no contact was left out: the log has 1 more chain, which may be the \
                      account's own, or of somebody erased"
                    .into(),
                _ => format!(
                    "that no contact was left out: the log has {rest} more chains, one of them \
                     may be the account's own, others of the erased"
                ),
            }
        }
        None => "that no contact was left out, and no entry came after the last of each".into(),
    });
    said("proven", proven)?;
    said("not proven", not_proven)
}

/// So many, in words.
fn count(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A name that somebody chose, in quotes that it cannot end.
fn quoted(name: &str) -> String {
    let name = name.escape_debug().to_string();
    let name = name.replace('\u{201c}', "\\u{201c}").replace('\u{201d}', "\\u{201d}");
    format!("\u{201c}{name}\u{201d}")
}

fn said(what: &str, sentences: Vec<String>) -> Outcome<()> {
    if sentences.is_empty() {
        return Ok(());
    }
    let lines = sentences.iter().map(|sentence| format!("  {sentence}\n"));
    let said = format!("{what}:\n{}", lines.collect::<String>());
    stdout().write_all(said.as_bytes()).map_err(unreadable)
}

fn published(known: &Known) -> Outcome<()> {
    let Some(log) = known.log()? else { return Err(unreadable(USAGE)) };
    let (Checkpoint { origin, size, .. }, chains) = (log.checkpoint(), log.audit().chains);
    let all = count(*size, "entry", "entries");
    let was = if *size == 1 { "was" } else { "were" };
    let mut proven = vec![format!("the log {} has the {all} that {was} signed", quoted(origin))];
    match chains {
        0 => {}
        1 => proven.push("they are 1 chain, with one history from its first entry on".into()),
        _ => proven.push(format!(
            "they are {chains} chains, each with one history from its first entry on"
        )),
    }
    said("proven", proven)?;
    said(
        "not proven",
        vec![
            "what the entries say: the log has commitments alone".into(),
            "that no entry came after them".into(),
        ],
    )
}

fn database(name: &str, account: &str, known: &Known) -> Outcome<()> {
    if known.directory.is_none() && !(known.keys.is_empty() && known.origin.is_none()) {
        return Err(unreadable(USAGE));
    }
    if stored::is_database(name) {
        let storage = stored::database(name).map_err(|error| unreadable(whole(&*error)))?;
        #[cfg(feature = "postgres")]
        let is_damage = |error: &_| matches!(error, optin::store::PostgresError::BadRow { .. });
        #[cfg(not(feature = "postgres"))]
        let is_damage = |_: &_| false;
        return audited(&storage, account, known, is_damage);
    }
    if !fs::exists(name).unwrap_or(false) {
        return Err(unreadable(format!("{name} does not exist")));
    }
    let is_damage = |error: &_| matches!(error, SqliteError::BadRow { .. } | SqliteError::Corrupt);
    audited(&SqliteStorage::open(name).map_err(unreadable)?, account, known, is_damage)
}

/// `is_damage` tells what is stored and cannot be read from a storage that cannot be reached.
fn audited<S: Ledger>(
    storage: &S,
    account: &str,
    known: &Known,
    is_damage: impl Fn(&S::Error) -> bool,
) -> Outcome<()> {
    let account = AccountId::new(account).map_err(unreadable)?;
    let log = known.log()?;
    let checkpoint = log.as_ref().map(PublishedLog::checkpoint);
    let heads = block_on(storage.heads(&account, None, 1)).map_err(unreadable)?;
    if heads.is_empty() {
        let nothing =
            format!("the database has nothing of the account {}", quoted(account.as_str()));
        return Err(match checkpoint.map_or(0, |checkpoint| checkpoint.size) {
            0 => Verdict::Unreadable(nothing),
            signed => {
                let signed = count(signed, "entry", "entries");
                Verdict::Bad(format!("{nothing}, and the log has {signed} under a signature"))
            }
        });
    }
    let audit = audit::storage(storage, &account, checkpoint);
    let audit = block_on(audit).map_err(|error| match &error {
        BadLedger::Read(read) if !is_damage(read) => unreadable(whole(&error)),
        _ => bad(error),
    })?;
    said("proven", proven(&audit, checkpoint))?;
    said("not proven", not_proven(&audit, checkpoint))
}

/// What the audit of a database proves.
fn proven(audit: &Audit, checkpoint: Option<&Checkpoint>) -> Vec<String> {
    let entries = count(audit.entries, "entry", "entries");
    let alone = "so that none alone was changed, removed or put in between";
    let mut proven = vec![match (audit.chains, audit.entries) {
        (1, 1) => "1 chain of 1 entry is whole".into(),
        (1, _) => format!("1 chain of {entries} is whole: they fit one another, {alone}"),
        (chains, _) => format!(
            "{chains} chains of {entries} are whole: those of each fit one another, {alone}"
        ),
    }];
    if audit.disclosed > 0 {
        proven.push(format!("the text of {} of them is what was sealed", audit.disclosed));
        proven.push("what is shown of a contact's chain is about that contact's number".into());
    }
    proven.push(
        "records and settings are what the chains lead to; where texts are gone, by revision"
            .into(),
    );
    let (logged, are) = (audit.logged, if audit.logged == 1 { "is" } else { "are" });
    let have = if logged == 1 { "has its place" } else { "have their places" };
    match checkpoint {
        Some(Checkpoint { origin, size, .. }) => {
            let origin = quoted(origin);
            if logged > 0 {
                proven.push(format!("{logged} of them {are} in the log, each in its place"));
            }
            match size {
                0 => {}
                1 => proven.push(format!("the first entry of the log {origin} is the one signed")),
                _ => proven.push(format!(
                    "the first {size} of the log {origin} are those that were signed"
                )),
            }
        }
        None if logged > 0 => proven.push(format!(
            "{logged} of them {have} in the account's own log, which nobody has signed here"
        )),
        None => {}
    }
    proven
}

/// What it does not prove.
fn not_proven(audit: &Audit, checkpoint: Option<&Checkpoint>) -> Vec<String> {
    let mut not_proven = Vec::new();
    match (checkpoint, audit.entries.saturating_sub(audit.signed)) {
        (Some(_), 0) => {}
        (Some(_), 1) => {
            not_proven.push("that 1 entry is as it was written: nobody signed it".into())
        }
        (Some(_), rest) => not_proven
            .push(format!("that {rest} entries are as they were written: nobody signed them")),
        (None, _) => not_proven.push(
            "that the chains are as they were written: no signed log was given, and whoever keeps \
             the ledger could have made all of it anew"
                .into(),
        ),
    }
    not_proven.push("that no entry came after them, and that the clock was right".into());
    not_proven.push(
        "that what is queued, the marks of texts that were seen, and the columns by which contacts \
         are listed by state are what they led to".into(),
    );
    not_proven
}

fn verified(mut arguments: Vec<String>) -> Outcome<()> {
    let is_database = arguments.first().is_some_and(|first| first == "--database");
    let mut take = |name: &str| -> Outcome<Option<String>> {
        let Some(at) = arguments.iter().position(|argument| argument == name) else {
            return Ok(None);
        };
        arguments.remove(at);
        let is_there = at < arguments.len();
        is_there.then(|| Some(arguments.remove(at))).ok_or_else(|| unreadable(USAGE))
    };
    let (directory, origin) = (take("--log")?, take("--origin")?);
    let keys = |keys: &[String]| -> Outcome<Vec<NoteKey>> {
        keys.iter().map(|key| NoteKey::parse(key).map_err(unreadable)).collect()
    };
    let known = |known: &[String]| -> Outcome<Known> {
        let (keys, directory) = (keys(known)?, directory.as_ref().map(Directory::new));
        Ok(Known { keys, origin: origin.clone(), directory })
    };
    match &arguments[..] {
        [_, file, account, rest @ ..] if is_database => database(file, account, &known(rest)?),
        [first, rest @ ..]
            if !(first.starts_with('-') || stored::is_database(first))
                && NoteKey::parse(first).is_err() =>
        {
            evidence(first, &known(rest)?)
        }
        rest if !is_database && directory.is_some() => published(&known(rest)?),
        _ => Err(unreadable(USAGE)),
    }
}

fn main() -> ExitCode {
    match verified(env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Verdict::Bad(said)) => {
            let is_number = |rest: &str| rest.starts_with(|first: char| first.is_ascii_digit());
            let names_an_entry = said.split("entry ").skip(1).any(is_number);
            let from_0 = if names_an_entry { format!(" ({FROM_0})") } else { String::new() };
            // Who closed standard output has the status.
            let _ = writeln!(stdout(), "refused: {said}{from_0}");
            ExitCode::from(1)
        }
        Err(Verdict::Unreadable(said)) => {
            eprintln!("{said}");
            ExitCode::from(2)
        }
    }
}
