//! How many lines a second the built example `replay` takes, in memory: its path is the argument.

use std::{
    env,
    error::Error,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use optin_benches::{rounds::Spread, scratch::Scratch, texts::Texts};

const LINES: usize = 500_000;
const CONTACTS: usize = 50_000;

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: replay PATH_OF_THE_BUILT_EXAMPLE";
    let program = env::args().nth(1).ok_or(usage)?;
    let scratch = Scratch::new("replay")?;
    let input = scratch.file("lines");
    write_lines(&input)?;
    let rate = || -> Result<f64, Box<dyn Error>> {
        let start = Instant::now();
        let (input, output) = (File::open(&input)?, File::create(scratch.file("out"))?);
        let status = Command::new(&program).stdin(input).stdout(Stdio::from(output)).status()?;
        if !status.success() {
            return Err(format!("{program}: {status}").into());
        }
        Ok(LINES as f64 / start.elapsed().as_secs_f64())
    };
    let rates = (0..7).map(|_| rate()).collect::<Result<Vec<_>, _>>()?;
    println!("{LINES} lines, {CONTACTS} contacts, input and output in files");
    println!("  lines a second: {:.0} (at least 100000)", Spread::of(rates));
    Ok(())
}

/// One text a line, contacts in turn, each an hour after its last; some ask to stop or come back.
fn write_lines(path: &Path) -> Result<(), Box<dyn Error>> {
    let texts = Texts::made().list;
    let mut file = BufWriter::new(File::create(path)?);
    for line in 0..LINES {
        let (round, contact) = (line / CONTACTS, line % CONTACTS);
        let text = match (round, contact % 10) {
            (1, 0..6) => "YES",
            (5, 0) => "STOP",
            (7, 0) => "START",
            _ => &texts[line % texts.len()],
        };
        let text = text.replace('\n', "\\n").replace('"', "\\\"");
        writeln!(
            file,
            r#"{{"type":"inbound","at":"2026-03-01T{:02}:{:02}:00Z","account":"acme","contact":"+1206{:07}","inbox":"+18885550100","id":"SM{line:032x}","text":"{text}"}}"#,
            9 + round,
            contact * 60 / CONTACTS,
            contact * 7,
        )?;
    }
    Ok(file.flush()?)
}
