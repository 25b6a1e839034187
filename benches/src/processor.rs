//! The processor's time, of all threads, in the program and in the kernel (Linux).

use std::{fs, io};

/// The nanoseconds that the threads of this process have run for so far; of those that ended, none.
///
/// # Errors
/// When the kernel does not say.
pub fn nanos() -> io::Result<u64> {
    let mut nanos = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        let ran = stat.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok());
        nanos += ran.ok_or_else(|| io::Error::other("no schedstat"))?;
    }
    Ok(nanos)
}
