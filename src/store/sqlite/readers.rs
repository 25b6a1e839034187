//! The readers: connections that do not wait for the writer, one for each read at a time.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    vec::Vec,
};

use rusqlite::Connection;

use super::{SqliteError, schema};

/// Idle connections; a read takes one, or opens another.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.into(), idle: Mutex::default() }
    }

    /// Reads where it is called: an indexed look-up takes microseconds, as the thread would to
    /// hand it to another.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, SqliteError>,
    ) -> Result<T, SqliteError> {
        let idle = self.idle().pop();
        let connection = idle.map_or_else(|| schema::open_reader(&self.path), Ok)?;
        let answer = read(&connection);
        self.idle().push(connection);
        answer
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
