//! A directory for files to measure, gone when it is dropped.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process,
};

/// The directory; where `OPTIN_BENCH_DIR` says, else among the system's temporary ones.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(name: &str) -> io::Result<Self> {
        let parent = env::var_os("OPTIN_BENCH_DIR").map_or_else(env::temp_dir, PathBuf::from);
        let path = parent.join(format!("optin-{name}-{}", process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is temporary: the system clears it if this cannot.
        let _ = fs::remove_dir_all(&self.0);
    }
}
