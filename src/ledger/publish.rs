//! Where tiles and checkpoints are published: the [`Sink`] trait, and a [`Directory`].

use alloc::{format, string::String, vec::Vec};
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use super::{
    seal::{ChainId, NoRandomness},
    tile::{Tile, TileSource},
};

/// Where one account's log is published: a directory, a bucket, a web server.
///
/// # Contract
/// - What is published under a path MUST be seen whole or not at all, and SHOULD survive a crash
///   from then on.
/// - Something published again under the same path MUST take the place of what was there. Only
///   the checkpoint ever differs: a tile is always the same.
/// - Calls may block; in an async runtime run the checkpointer on a thread that may.
pub trait Sink: TileSource {
    /// Publishes these bytes under this path: `tile/0/000`, `tile/entries/000.p/7`.
    ///
    /// # Errors
    /// Its own; the run ends, and the next goes on from there.
    fn publish(&self, path: &str, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Publishes the checkpoint, a signed note, in the place of the one before it.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    fn publish_checkpoint(&self, note: &str) -> Result<(), Self::Error>;

    /// The checkpoint that was published last, if any was.
    ///
    /// # Errors
    /// Its own, where it cannot be told.
    fn checkpoint(&self) -> Result<Option<String>, Self::Error>;
}

/// A log in a directory of its own, as C2SP tlog-tiles lays it out: any web server can serve it.
///
/// Files are written beside their place, made durable, and moved there. What a crash left beside
/// its place begins with a dot, means nothing, and may be deleted while no checkpointer runs.
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
}

/// Why a directory could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the directory cannot be read or written: {kind}")]
#[non_exhaustive]
pub struct DirectoryError {
    /// What the system says.
    pub kind: ErrorKind,
}

impl From<io::Error> for DirectoryError {
    fn from(error: io::Error) -> Self {
        Self { kind: error.kind() }
    }
}

impl Directory {
    /// The log in this directory, which is made when something is published.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().into() }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, DirectoryError> {
        match fs::read(self.path.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The leaves under a tile of level 0; `None` where they are missing or cut off.
    pub(super) fn entries(&self, tile: Tile) -> Result<Option<Vec<Vec<u8>>>, DirectoryError> {
        let Some(bytes) = self.read(&tile.entries_path())? else { return Ok(None) };
        let (mut rest, mut entries) = (&bytes[..], Vec::new());
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some((entry, after)) = after.split_at_checked(length) else { return Ok(None) };
            entries.push(entry.to_vec());
            rest = after;
        }
        Ok((rest.is_empty() && entries.len() == usize::from(tile.width)).then_some(entries))
    }
}

impl TileSource for Directory {
    type Error = DirectoryError;

    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, DirectoryError> {
        self.read(&tile.path())
    }
}

impl Sink for Directory {
    fn publish(&self, path: &str, bytes: &[u8]) -> Result<(), DirectoryError> {
        let place = self.path.join(path);
        let above = place.parent().unwrap_or(&self.path);
        fs::create_dir_all(above)?;
        // Process ids are not enough: two containers may have the same one, over one volume.
        let name =
            ChainId::draw().map_err(|NoRandomness| DirectoryError { kind: ErrorKind::Other })?;
        let beside = above.join(format!(".{}", name.to_hex()));
        let written = write(&beside, bytes).and_then(|()| fs::rename(&beside, &place));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written?;
        // A directory's own entries are made durable where the system can.
        if let Ok(above) = File::open(above) {
            let _ = above.sync_all();
        }
        Ok(())
    }

    fn publish_checkpoint(&self, note: &str) -> Result<(), DirectoryError> {
        self.publish("checkpoint", note.as_bytes())
    }

    fn checkpoint(&self) -> Result<Option<String>, DirectoryError> {
        let bytes = self.read("checkpoint")?;
        let note = bytes.map(String::from_utf8).transpose();
        note.map_err(|_| DirectoryError { kind: ErrorKind::InvalidData })
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
