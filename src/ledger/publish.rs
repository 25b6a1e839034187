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
/// - What is published under a path MUST stay: a tile is always the same. Only the checkpoint is
///   replaced, and only by whoever knows the one before it.
/// - Calls may block; in an async runtime run the checkpointer on a thread that may.
pub trait Sink: TileSource {
    /// Publishes these bytes under this path: `tile/0/000`, `tile/entries/000.p/7`. `false`, and
    /// nothing is changed, where other bytes are published there; the same bytes may be again.
    ///
    /// # Errors
    /// Its own; the run ends, and the next goes on from there.
    fn publish(&self, path: &str, bytes: &[u8]) -> Result<bool, Self::Error>;

    /// Publishes the checkpoint, a signed note, in the place of `before`, in one step. `false`, and
    /// nothing is changed, where another one than `before` is published, or one where there
    /// should be none: an object store does so by `If-Match` and `If-None-Match`.
    ///
    /// # Errors
    /// As [`publish`](Self::publish).
    fn publish_checkpoint(&self, before: Option<&str>, note: &str) -> Result<bool, Self::Error>;

    /// The checkpoint that was published last, if any was.
    ///
    /// # Errors
    /// Its own, where it cannot be told.
    fn checkpoint(&self) -> Result<Option<String>, Self::Error>;
}

/// A log in a directory of its own, as C2SP tlog-tiles lays it out: any web server can serve it.
///
/// It must be on a file system with hard links and locks. Files are written beside their place and
/// made durable first. What a crash left beside its place begins with a dot, means nothing, and may be
/// deleted while no checkpointer runs.
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
    fn publish(&self, path: &str, bytes: &[u8]) -> Result<bool, DirectoryError> {
        let place = self.path.join(path);
        let beside = beside(&place)?;
        // A link, other than a move, leaves alone what is there.
        let linked = write(&beside, bytes).and_then(|()| fs::hard_link(&beside, &place));
        let _ = fs::remove_file(&beside);
        match linked {
            Ok(()) => {
                make_durable(&place);
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Ok(self.read(path)?.is_some_and(|published| published == bytes))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn publish_checkpoint(&self, before: Option<&str>, note: &str) -> Result<bool, DirectoryError> {
        fs::create_dir_all(&self.path)?;
        // Held until it is dropped, and by one process at a time.
        let lock = File::create(self.path.join(".lock"))?;
        lock.lock()?;
        if self.checkpoint()?.as_deref() != before {
            return Ok(false);
        }
        let place = self.path.join("checkpoint");
        let beside = beside(&place)?;
        let written = write(&beside, note.as_bytes()).and_then(|()| fs::rename(&beside, &place));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written?;
        make_durable(&place);
        Ok(true)
    }

    fn checkpoint(&self) -> Result<Option<String>, DirectoryError> {
        let bytes = self.read("checkpoint")?;
        let note = bytes.map(String::from_utf8).transpose();
        note.map_err(|_| DirectoryError { kind: ErrorKind::InvalidData })
    }
}

/// A new name beside a place, in a directory that is made.
fn beside(place: &Path) -> Result<PathBuf, DirectoryError> {
    let above = place.parent().unwrap_or(place);
    fs::create_dir_all(above)?;
    // Process ids are not enough: two containers may have the same one, over one volume.
    let name = ChainId::draw().map_err(|NoRandomness| DirectoryError { kind: ErrorKind::Other })?;
    Ok(above.join(format!(".{}", name.to_hex())))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The name of a place survives a crash too, where the system can say so.
fn make_durable(place: &Path) {
    if let Some(Ok(above)) = place.parent().map(File::open) {
        let _ = above.sync_all();
    }
}
