//! Counts the instructions of one piece of work: the same on a busy machine as on an idle one.
//!
//! The program runs itself under callgrind, which counts while [`measured`] is on the stack.

use std::{env, io, process::Command};

/// The argument that makes a program do one piece of work and no more.
pub const WORK: &str = "--work";

/// Does the work where callgrind counts.
#[inline(never)]
pub fn measured(work: &mut dyn FnMut()) {
    work();
    std::hint::black_box(());
}

/// The instructions that this program takes for the named piece of its work, where it is
/// [`measured`].
///
/// # Errors
/// When valgrind is not installed, or does not say.
pub fn count(work: &str) -> io::Result<u64> {
    const MEASURED: &str = "--toggle-collect=optin_benches::instructions::measured*";
    run(&["--collect-atstart=no", MEASURED], work)
}

/// All instructions of all threads that this program takes when that is its work, its start and end
/// included.
///
/// # Errors
/// As [`count`].
pub fn count_all(work: &str) -> io::Result<u64> {
    run(&[], work)
}

fn run(collect: &[&str], work: &str) -> io::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(collect)
        .arg(env::current_exe()?)
        .args([WORK, work])
        .args(env::args().skip(1))
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines()
        .filter_map(|line| line.split_once("Collected :"))
        .find_map(|(_, count)| count.trim().parse().ok())
        .filter(|_| output.status.success())
        .ok_or_else(|| io::Error::other(said.into_owned()))
}
