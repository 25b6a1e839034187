//! The peer in C: `pgbench -M prepared` with the statements of one text from someone new.

use std::{error::Error, fs, path::PathBuf, process::Command};

use crate::server::{self, Database, Server};

/// A script of it, and where to run it.
pub(crate) struct Pgbench {
    script: PathBuf,
    directory: PathBuf,
    database: String,
}

impl Pgbench {
    pub(crate) fn new(
        server: &Server,
        database: &Database<'_>,
        pipelined: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let script = server.directory().join(format!("text-{pipelined}.sql"));
        let mut lines = include_str!("text.sql").to_owned();
        if !pipelined {
            let lines_kept = lines.lines().filter(|line| !line.contains("pipeline"));
            lines = lines_kept.map(|line| format!("{line}\n")).collect();
        }
        fs::write(&script, lines)?;
        Ok(Self { script, directory: server.directory().into(), database: database.name().into() })
    }

    /// Texts a second, without the time to connect.
    pub(crate) fn rate(&self, callers: usize, texts: usize) -> Result<f64, Box<dyn Error>> {
        let ran = Command::new(server::program("pgbench"))
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .args(["--client", &callers.to_string(), "--transactions", &texts.to_string()])
            .args(["--random-seed=rand", "--username", server::USER])
            .arg("--host")
            .arg(&self.directory)
            .arg("--file")
            .arg(&self.script)
            .arg(&self.database)
            .output()?;
        let said = String::from_utf8(ran.stdout)?;
        if !ran.status.success() || !said.contains("number of failed transactions: 0 ") {
            return Err(format!("{said}{}", String::from_utf8_lossy(&ran.stderr)).into());
        }
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rate| rate.split(' ').next()).ok_or("pgbench says no rate")?;
        Ok(rate.parse()?)
    }
}
