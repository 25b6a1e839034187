//! Exports evidence: of one contact, or of a whole account.
//!
//! ```text
//! export FILE.db ACCOUNT NUMBER [--html] [--log DIR]     one contact, to standard output
//! export FILE.db ACCOUNT --all OUT.jsonl [--log DIR]     every contact, a line each
//! ```
//!
//! `--all` goes on where an earlier run ended. With `--log` the account's log is published in DIR
//! and signed first, by a secret in DIR.secret, which is made where there is none; then each entry
//! comes with the proof that it is in the log. Standard error says the public key.
//! Evidence is personal data: keep it as such.

use std::{
    collections::HashSet,
    env,
    error::Error,
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, IsTerminal, Seek, SeekFrom, Write, stderr, stdout},
    path::Path,
};

use chrono::Utc;
use optin::{
    AccountId, Archive, Contact, PhoneNumber,
    blocking::block_on,
    ledger::{ChainId, Checkpointer, Directory, Evidence, NoteKey, NoteSigner},
    store::SqliteStorage,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: export FILE.db ACCOUNT (NUMBER [--html] | --all OUT.jsonl) [--log DIR]";

struct Exporter {
    storage: SqliteStorage,
    account: AccountId,
    log: Option<(Directory, NoteKey)>,
}

impl Exporter {
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
        let counts = block_on(self.storage.counts(&self.account))?;
        let total = counts.pending + counts.active + counts.opted_out;
        let Begun { mut file, mut done, mut after, unnamed } = Begun::open(path)?;
        loop {
            let page = self.storage.contacts(&self.account, None, after, 500);
            let page = block_on(page)?;
            if page.is_empty() {
                break;
            }
            for (number, _) in page {
                // Erased meanwhile: nothing is left to say. Or said by the earlier run.
                let evidence = self.evidence(number)?;
                if let Some(evidence) = evidence.filter(|it| !unnamed.contains(&it.chain)) {
                    serde_json::to_writer(&mut file, &evidence)?;
                    file.write_all(b"\n")?;
                    done += 1;
                }
                after = Some(number);
            }
            progress(done, total);
        }
        file.sync_all()?;
        if stderr().is_terminal() {
            eprintln!();
        }
        Ok(done)
    }
}

/// A file of bundles as far as an earlier run came.
struct Begun {
    file: File,
    /// Bundles in it.
    done: u64,
    /// Whose is the last one that says a number.
    after: Option<PhoneNumber>,
    /// The chains of those behind it, whose numbers were pruned.
    unnamed: HashSet<String>,
}

impl Begun {
    /// The file, cut after its last whole line.
    fn open(path: &Path) -> Outcome<Self> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut begun = Self { file, done: 0, after: None, unnamed: HashSet::new() };
        let mut lines = BufReader::new(begun.file.try_clone()?);
        let mut whole = 0;
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            let evidence = Evidence::from_json(std::str::from_utf8(&line)?)?;
            let proof = evidence.verify_chain()?;
            match proof.entries.iter().flatten().find_map(|entry| entry.number) {
                Some(number) => {
                    begun.after = Some(number);
                    begun.unnamed.clear();
                }
                None => drop(begun.unnamed.insert(evidence.chain)),
            }
            whole += line.len() as u64;
            begun.done += 1;
            line.clear();
        }
        begun.file.set_len(whole)?;
        begun.file.seek(SeekFrom::End(0))?;
        Ok(begun)
    }
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
fn publish(
    storage: &SqliteStorage,
    account: &AccountId,
    path: &str,
) -> Outcome<(Directory, NoteKey)> {
    let signer = NoteSigner::new("optin-example", secret(&format!("{path}.secret"))?)?;
    let (key, signers) = (signer.key(), [signer]);
    let directory = Directory::new(path);
    let origin = format!("optin-example/{}", account.as_str());
    let checkpointer = Checkpointer::new(storage, &directory, account.clone(), &origin, &signers);
    let checkpoint = block_on(checkpointer.run_once())?;
    eprintln!("signed {} entries with the key {key}", checkpoint.size);
    Ok((directory, key))
}

/// The 32 secret bytes in this file, which is made where there is none, for its owner alone.
fn secret(path: &str) -> Outcome<[u8; 32]> {
    if let Ok(bytes) = fs::read(path) {
        return bytes.try_into().map_err(|_| format!("{path} does not hold 32 bytes").into());
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

fn main() -> Outcome<()> {
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
    if !Path::new(&file).exists() {
        return Err(format!("{file} does not exist").into());
    }
    let storage = SqliteStorage::open(&file)?;
    let account = AccountId::new(&account)?;
    let log = log.map(|path| publish(&storage, &account, &path)).transpose()?;
    let exporter = Exporter { storage, account, log };
    match (all, arguments.next()) {
        (Some(path), None) if !path.is_empty() => {
            println!("{} contacts in {path}", exporter.all(Path::new(&path))?);
        }
        (None, Some(number)) => {
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
        _ => return Err(USAGE.into()),
    }
    Ok(())
}
