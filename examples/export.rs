//! Exports evidence: of one contact, or of a whole account.
//!
//! ```text
//! export FILE.db ACCOUNT NUMBER [--html] [--log DIR]     one contact, to standard output
//! export FILE.db ACCOUNT --all OUT.jsonl [--log DIR]     every contact, a line each
//! ```
//!
//! With the feature `postgres` a database may stand for the file: `postgres://USER@HOST/DATABASE`,
//! reached without TLS here.
//!
//! `--all` writes OUT.jsonl.part and moves it to OUT.jsonl once it is whole; one that is there
//! already is left alone. A run that was cut off is gone on from: what is still as it was written
//! stays, the rest is written anew, as a first run would. With `--log` the account's log is
//! published in DIR and signed first, by a secret in DIR.secret, beside it, which is made where there
//! is none; then each entry comes with the proof that it is in the log. Standard error says the
//! public key. Evidence is personal data: keep it as such.

mod stored;

use std::{
    env,
    error::Error,
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, IsTerminal, Seek, SeekFrom, Write, stderr, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use chrono::Utc;
use optin::{
    AccountId, Contact, PhoneNumber,
    blocking::block_on,
    ledger::{ChainId, Checkpointer, Directory, Evidence, Ledger, NoteKey, NoteSigner},
    store::SqliteStorage,
};

use self::stored::{database, is_database};

type Outcome<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: export FILE.db|postgres://... ACCOUNT (NUMBER [--html] | --all OUT.jsonl) \
    [--log DIR]";

struct Exporter<S> {
    storage: S,
    account: AccountId,
    log: Option<(Directory, NoteKey)>,
}

impl<S: Ledger> Exporter<S> {
    fn evidence(&self, number: PhoneNumber) -> Outcome<Option<Evidence>> {
        let contact = Contact::new(self.account.clone(), number);
        Ok(match &self.log {
            None => block_on(Evidence::gather(&self.storage, &contact))?,
            Some((directory, key)) => {
                let keys = std::slice::from_ref(key);
                let gathered = Evidence::gather_published(&self.storage, &contact, directory, keys);
                block_on(gathered)?
            }
        })
    }

    fn keys(&self) -> &[NoteKey] {
        self.log.as_ref().map_or(&[], |(_, key)| std::slice::from_ref(key))
    }

    /// Every contact by its number, a line each; says how many.
    fn all(&self, path: &Path) -> Outcome<u64> {
        if path.exists() {
            let there = path.display();
            return Err(format!("{there} is there already: move it away, or name another").into());
        }
        let part = beside(path, ".part")?;
        let counts = block_on(self.storage.counts(&self.account))?;
        let total = counts.pending + counts.active + counts.opted_out;
        let (mut begun, mut done, mut after) = (Begun::open(&part, &self.account)?, 0, None);
        loop {
            let page = self.storage.contacts(&self.account, None, after, 500);
            let page = block_on(page)?;
            if page.is_empty() {
                break;
            }
            for (number, _) in page {
                after = Some(number);
                if begun.keeps(|| self.unsigned(number), self.log.is_some())? {
                    done += 1;
                    continue;
                }
                // Erased meanwhile: nothing is left to say.
                if let Some(evidence) = self.evidence(number)? {
                    let mut line = serde_json::to_vec(&evidence)?;
                    line.push(b'\n');
                    begun.file.write_all(&line)?;
                    done += 1;
                }
            }
            progress(done, total);
        }
        begun.end()?;
        begun.file.sync_all()?;
        fs::rename(&part, path)?;
        if stderr().is_terminal() {
            eprintln!();
        }
        Ok(done)
    }

    /// The evidence without a log, as quick as it can be read.
    fn unsigned(&self, number: PhoneNumber) -> Outcome<Option<Evidence>> {
        let contact = Contact::new(self.account.clone(), number);
        Ok(block_on(Evidence::gather(&self.storage, &contact))?)
    }
}

/// A file of bundles that an earlier run began: its lines are kept as long as they are what a first
/// run would write.
struct Begun {
    /// Where the next line goes, once no more is kept.
    file: File,
    /// What is left of the lines; none once no more is kept.
    lines: Option<BufReader<File>>,
    /// Bytes of the lines that were kept.
    kept: u64,
}

impl Begun {
    /// The file, made where there is none, its owner's alone. One that is no export of this account
    /// is left as it is.
    fn open(path: &Path, account: &AccountId) -> Outcome<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let mut lines = BufReader::new(file.try_clone()?);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            if !is_of(&line, account) {
                let (path, account) = (path.display(), account.as_str().escape_debug());
                let said = format!("is no export of the account \u{201c}{account}\u{201d}");
                return Err(format!("{path} {said}").into());
            }
            line.clear();
        }
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.rewind()?;
        Ok(Self { lines: Some(BufReader::new(file.try_clone()?)), file, kept: 0 })
    }

    /// Whether the next line is the contact's evidence by now, its proofs aside, and is kept.
    fn keeps(
        &mut self,
        now: impl FnOnce() -> Outcome<Option<Evidence>>,
        is_signed: bool,
    ) -> Outcome<bool> {
        let Some(lines) = &mut self.lines else { return Ok(false) };
        let mut line = Vec::new();
        lines.read_until(b'\n', &mut line)?;
        let begun = if line.ends_with(b"\n") { read(&line) } else { None };
        if let Some(mut begun) = begun
            && begun.checkpoint.is_some() == is_signed
        {
            begun.checkpoint = None;
            for entry in &mut begun.entries {
                (entry.leaf, entry.inclusion) = (None, None);
            }
            if now()? == Some(begun) {
                self.kept += line.len() as u64;
                return Ok(true);
            }
        }
        self.end()?;
        Ok(false)
    }

    /// Cuts off what is not kept.
    fn end(&mut self) -> Outcome<()> {
        if self.lines.take().is_some() {
            self.file.set_len(self.kept)?;
            self.file.seek(SeekFrom::Start(self.kept))?;
        }
        Ok(())
    }
}

fn read(line: &[u8]) -> Option<Evidence> {
    Evidence::from_json(std::str::from_utf8(line).ok()?).ok()
}

/// Whether this is a bundle of the account, or the beginning of one.
fn is_of(line: &[u8], account: &AccountId) -> bool {
    if line.ends_with(b"\n") {
        return read(line).is_some_and(|evidence| evidence.account == *account);
    }
    let account = serde_json::to_string(account).unwrap_or_default();
    let all = format!("{{\"format\":\"optin evidence\",\"version\":1,\"account\":{account},");
    let common = line.len().min(all.len());
    line[..common] == all.as_bytes()[..common]
}

/// The path with this behind its last name: beside it, not in it.
fn beside(path: &Path, suffix: &str) -> Outcome<PathBuf> {
    let name = path.file_name().ok_or_else(|| format!("{} has no name", path.display()))?;
    let mut beside = name.to_os_string();
    beside.push(suffix);
    Ok(path.with_file_name(beside))
}

fn progress(done: u64, total: u64) {
    if stderr().is_terminal() {
        let width = 40;
        let filled = (done * width / total.max(1)).min(width);
        let bar: String = (0..width).map(|n| if n < filled { '#' } else { '.' }).collect();
        eprint!("\r[{bar}] {done} of {total}");
    }
}

/// Publishes and signs the account's log.
fn publish<S: Ledger>(
    storage: &S,
    account: &AccountId,
    path: &str,
) -> Outcome<(Directory, NoteKey)> {
    let signer = NoteSigner::new("optin-example", secret(&secret_of(Path::new(path))?)?)?;
    let (key, signers) = (signer.key(), [signer]);
    let directory = Directory::new(path);
    let origin = format!("optin-example/{}", account.as_str());
    let checkpointer = Checkpointer::new(storage, &directory, account.clone(), &origin, &signers);
    let checkpoint = block_on(checkpointer.run_once())?;
    eprintln!("signed {} with the key {key}", count(checkpoint.size, "entry", "entries"));
    Ok((directory, key))
}

/// Where the secret of a log is: beside its directory, which anybody may read.
fn secret_of(directory: &Path) -> Outcome<PathBuf> {
    let secret = beside(directory, ".secret")?;
    fs::create_dir_all(directory)?;
    let above = secret.parent().filter(|above| !above.as_os_str().is_empty());
    let above = fs::canonicalize(above.unwrap_or(Path::new(".")))?;
    let directory = fs::canonicalize(directory)?;
    if above.starts_with(&directory) {
        return Err(format!("{} would be published: name another DIR", secret.display()).into());
    }
    let published = directory.join(".secret");
    if published.exists() {
        let said = "is a secret in the published directory: others may have it. Delete it, and \
                    publish in a new directory under a new secret";
        return Err(format!("{} {said}", published.display()).into());
    }
    Ok(secret)
}

/// The 32 secret bytes in this file, which is made where there is none, for its owner alone.
fn secret(path: &Path) -> Outcome<[u8; 32]> {
    if let Ok(bytes) = fs::read(path) {
        let bad = |_| format!("{} does not hold 32 bytes", path.display());
        return Ok(bytes.try_into().map_err(bad)?);
    }
    let (ChainId(one), ChainId(two)) = (ChainId::draw()?, ChainId::draw()?);
    let mut secret = [0; 32];
    secret[..16].copy_from_slice(&one);
    secret[16..].copy_from_slice(&two);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(&secret)?;
    Ok(secret)
}

/// The error and what it came of, on one line.
fn said(error: &dyn Error) -> String {
    let sources = std::iter::successors(error.source(), |&error| error.source());
    sources.fold(error.to_string(), |said, source| format!("{said}: {source}"))
}

/// So many, in words.
fn count(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn main() -> ExitCode {
    match exported() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", said(&*error));
            ExitCode::FAILURE
        }
    }
}

fn exported() -> Outcome<()> {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let mut take = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.remove(at);
        Some(if at < arguments.len() { arguments.remove(at) } else { String::new() })
    };
    let (log, all) = (take("--log"), take("--all"));
    let html = arguments.iter().position(|argument| argument == "--html");
    let html = html.map(|at| arguments.remove(at)).is_some();
    let mut arguments = arguments.into_iter();
    let (file, account) = arguments.next().zip(arguments.next()).ok_or(USAGE)?;
    let wanted = match (all, arguments.next()) {
        (Some(path), None) if !path.is_empty() => Wanted::All(path),
        (None, Some(number)) => Wanted::One { number, html },
        _ => return Err(USAGE.into()),
    };
    if is_database(&file) {
        return export(database(&file)?, &account, log, wanted);
    }
    if !Path::new(&file).exists() {
        return Err(format!("{file} does not exist").into());
    }
    export(SqliteStorage::open(&file)?, &account, log, wanted)
}

enum Wanted {
    All(String),
    One { number: String, html: bool },
}

fn export<S: Ledger>(
    storage: S,
    account: &str,
    log: Option<String>,
    wanted: Wanted,
) -> Outcome<()> {
    let account = AccountId::new(account)?;
    if block_on(storage.heads(&account, None, 1))?.is_empty() {
        let account = account.as_str().escape_debug();
        let nothing = "the database has nothing of the account";
        return Err(format!("{nothing} \u{201c}{account}\u{201d}").into());
    }
    let log = log.map(|path| publish(&storage, &account, &path)).transpose()?;
    let exporter = Exporter { storage, account, log };
    match wanted {
        Wanted::All(path) => {
            let contacts = count(exporter.all(Path::new(&path))?, "contact", "contacts");
            println!("{contacts} in {path}");
        }
        Wanted::One { number, html } => {
            let evidence = exporter.evidence(PhoneNumber::parse(&number)?)?;
            let evidence = evidence.ok_or("the account has no such contact")?;
            let shown = if html {
                let proof = evidence.verify(exporter.keys())?;
                evidence.to_html(&proof, *Utc::now().fixed_offset().offset())
            } else {
                evidence.to_json()? + "\n"
            };
            stdout().write_all(shown.as_bytes())?;
        }
    }
    Ok(())
}
