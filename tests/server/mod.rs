//! A PostgreSQL server of the test's own, from the installed binaries, gone with the test.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "shared by tests")]

mod session;

use std::{
    fs::OpenOptions,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use optin::{
    blocking::block_on,
    store::{PostgresStorage, postgres::Options},
};
use tokio_postgres::{Config, NoTls};

pub(crate) use self::session::Session;

/// The superuser, whom the server believes without a password.
pub(crate) const USER: &str = "optin";
/// Only part of the socket's name: the server listens on no network.
const PORT: u16 = 5432;
/// How long a server may take to start; with recovery, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster of a test's own, in a temporary directory, reached by a Unix socket alone.
#[derive(Debug)]
pub(crate) struct Server {
    directory: PathBuf,
    supervisor: Mutex<Supervisor>,
    databases: AtomicU64,
}

/// What keeps the server's process, and ends it when this process ends.
#[derive(Debug)]
struct Supervisor {
    process: Child,
    /// Absent once it was told to end.
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

/// What an end of the server loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing that was committed.
    Full,
    /// Perhaps everything, if the machine fails: fast.
    None,
}

impl Server {
    /// The server that all tests of this process share, fast.
    pub(crate) fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| Self::start(Durability::None, &[]))
    }

    /// A new server, with these settings beside the usual ones: `["work_mem = '1MB'"]`.
    pub(crate) fn start(durability: Durability, settings: &[&str]) -> Self {
        let mut process = Command::new("sh");
        if is_root() {
            // The server refuses to run as root.
            process = Command::new("setpriv");
            let user = unprivileged();
            process.args(["--reuid", user, "--regid"]).arg(group_of(user));
            process.args(["--clear-groups", "sh"]);
        }
        let mut process = process
            .args(["-c", include_str!("supervisor.sh"), "supervisor"])
            .arg(binaries())
            // Who kills the test's whole group does not kill what cleans up after it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = process.stdin.take();
        let from = BufReader::new(process.stdout.take().unwrap());
        let mut supervisor = Supervisor { process, to, from };
        let directory = PathBuf::from(supervisor.answer());
        let server =
            Self { directory, supervisor: Mutex::new(supervisor), databases: AtomicU64::new(0) };
        server.set(&[
            "listen_addresses = ''",
            "unix_socket_permissions = 0777",
            "max_connections = 100",
            "shared_buffers = '32MB'",
            "max_wal_size = '256MB'",
            "autovacuum = off",
            "log_statement = none",
            "log_min_error_statement = panic",
        ]);
        server.set(match durability {
            // After a stop all files are synced: by one call, where the system has it.
            Durability::Full => {
                &["fsync = on", "synchronous_commit = on", "recovery_init_sync_method = syncfs"]
            }
            Durability::None => {
                &["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
            }
        });
        server.set(settings);
        server.start_again();
        server
    }

    /// Adds settings, for the next start or [`reload`](Self::reload). The last one of a name holds.
    pub(crate) fn set(&self, settings: &[&str]) {
        let path = self.data().join("postgresql.conf");
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        for setting in settings {
            writeln!(file, "{setting}").unwrap();
        }
    }

    /// Has the server read its settings, and who may come in, again.
    pub(crate) fn reload(&self) {
        self.tell("signal HUP");
    }

    /// Starts the server on the directory as it is, and waits until it takes sessions.
    pub(crate) fn start_again(&self) {
        let process = self.tell("start");
        let began = Instant::now();
        while !self.is_ready(&process) {
            if began.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.directory.join("log"));
                panic!("the server does not start: {}", log.unwrap());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The server stops at once, with no time to write anything: as a crash.
    pub(crate) fn stop_at_once(&self) {
        self.tell("end QUIT");
    }

    /// The server ends its sessions, writes everything, and stops.
    pub(crate) fn shut_down(&self) {
        self.tell("end INT");
    }

    /// A new, empty database.
    pub(crate) fn create_database(&self) -> Database<'_> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.session().run(&format!("CREATE DATABASE {name} TEMPLATE template0"));
        Database { server: self, name }
    }

    /// A session beside the tests' databases.
    pub(crate) fn session(&self) -> Session {
        Session::open(&config(&self.directory, "postgres"))
    }

    /// Where the socket is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the server keeps its files.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Whether this process of it takes sessions.
    fn is_ready(&self, process: &str) -> bool {
        // PostgreSQL, "Database File Layout": the process id comes first; the status is last.
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let mut lines = file.lines();
        lines.next() == Some(process)
            && lines.next_back().is_some_and(|status| matches!(status.trim(), "ready" | "standby"))
    }

    fn tell(&self, command: &str) -> String {
        let mut supervisor = self.supervisor.lock().unwrap();
        writeln!(supervisor.to.as_mut().unwrap(), "{command}").unwrap();
        supervisor.answer()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed with the lock held has no more use for it.
        let supervisor = self.supervisor.get_mut().unwrap_or_else(|held| held.into_inner());
        supervisor.to = None;
        let _ = supervisor.process.wait();
    }
}

impl Supervisor {
    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "the server's supervisor has ended");
        line.trim_end().into()
    }
}

/// A database of a test's own.
#[derive(Debug)]
pub(crate) struct Database<'a> {
    server: &'a Server,
    name: String,
}

impl Database<'_> {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where the socket of its server is.
    pub(crate) fn directory(&self) -> &Path {
        &self.server.directory
    }

    /// How to reach it.
    pub(crate) fn config(&self) -> Config {
        config(&self.server.directory, &self.name)
    }

    /// The same as a URL.
    pub(crate) fn url(&self) -> String {
        let socket = self.directory().to_str().unwrap().replace('/', "%2F");
        format!("postgres://{USER}@{socket}/{}", self.name)
    }

    /// A storage over it, which has made its schema.
    pub(crate) fn migrated(&self, options: Options) -> PostgresStorage {
        let storage = options.connect(self.config(), NoTls).unwrap();
        block_on(storage.migrate()).unwrap();
        storage
    }

    /// A session of the test's own in it.
    pub(crate) fn session(&self) -> Session {
        Session::open(&self.config())
    }
}

/// How to reach a database by the socket in this directory.
pub(crate) fn config(directory: &Path, database: &str) -> Config {
    let mut config = Config::new();
    config.host_path(directory).port(PORT).user(USER).dbname(database);
    config
}

/// One of the installed programs: `psql`.
pub(crate) fn program(name: &str) -> PathBuf {
    binaries().join(name)
}

/// Where the server's programs are.
fn binaries() -> &'static Path {
    static BINARIES: OnceLock<PathBuf> = OnceLock::new();
    BINARIES.get_or_init(|| {
        let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .map(|version| version.unwrap().path().join("bin"))
            .collect();
        found.sort();
        if let Ok(said) = Command::new("pg_config").arg("--bindir").output() {
            found.push(String::from_utf8(said.stdout).unwrap().trim().into());
        }
        let has_server = |directory: &&PathBuf| directory.join("postgres").exists();
        let found = found.iter().rev().find(has_server);
        found.expect("install PostgreSQL's server: on Debian, the package `postgresql`").clone()
    })
}

fn is_root() -> bool {
    said(Command::new("id").arg("-u")) == "0"
}

/// A user without rights whom the system has.
fn unprivileged() -> &'static str {
    let has_postgres = Command::new("id").arg("postgres").output().unwrap().status.success();
    if has_postgres { "postgres" } else { "nobody" }
}

fn group_of(user: &str) -> String {
    said(Command::new("id").args(["-g", user]))
}

fn said(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap().trim().into()
}
