//! A process of Python that has the providers' own packages: asked and answering in lines of JSON.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use serde_json::Value;

/// The process. It ends when nothing can be asked any more.
#[derive(Debug)]
pub struct Judge {
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Judge {
    /// One process for all tests of a file: it takes a second to load the packages.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn shared() -> MutexGuard<'static, Self> {
        static JUDGE: OnceLock<Mutex<Judge>> = OnceLock::new();
        let judge = JUDGE.get_or_init(|| Mutex::new(Self::start()));
        // A test that failed asked nothing by half.
        judge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts `python/judge.py` in the environment that `python/install.sh` made.
    #[allow(clippy::zombie_processes, reason = "it outlives all that could wait for it")]
    fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = std::env::var_os("CARGO_TARGET_DIR");
        let target = target.map_or_else(|| folder.join("../../target"), PathBuf::from);
        let python = target.join("outside/python/bin/python");
        let mut process = Command::new(&python)
            .arg(folder.join("python/judge.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; run tests/outside/python/install.sh", python.display())
            });
        let questions = process.stdin.take().expect("it is piped");
        let answers = BufReader::new(process.stdout.take().expect("it is piped"));
        Self { questions, answers }
    }

    /// Asks one question.
    ///
    /// # Panics
    /// Where the process gives no answer: it wrote why to its standard error.
    pub fn ask(&mut self, question: &Value) -> Value {
        let line = format!("{question}\n");
        self.questions.write_all(line.as_bytes()).expect("the judge listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the judge answers in UTF-8");
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("no answer to {question}"))
    }
}
