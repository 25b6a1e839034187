//! The processor's time, of all threads, in the program and in the kernel (Linux).

use std::{fs, io, path::Path};

/// The nanoseconds that the threads of this process have run for so far; of those that ended, none.
///
/// # Errors
/// When the kernel does not say.
pub fn nanos() -> io::Result<u64> {
    let mut nanos = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        nanos += ran(&thread?.path())?;
    }
    Ok(nanos)
}

/// Those of the thread that asks: for one that is about to end.
///
/// # Errors
/// As [`nanos`].
pub fn nanos_of_thread() -> io::Result<u64> {
    ran(Path::new("/proc/thread-self"))
}

fn ran(thread: &Path) -> io::Result<u64> {
    let stat = fs::read_to_string(thread.join("schedstat"))?;
    let ran = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    ran.ok_or_else(|| io::Error::other("no schedstat"))
}
