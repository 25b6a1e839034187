//! Our published logs as `tlog_tiles` reads them.

use optin::ledger::{self, Directory, TileSource};
use tlog_tiles::{Error, Tile, TileReader};

/// The tiles of a directory, in the hands of `tlog_tiles`.
#[derive(Debug)]
pub struct Judge(pub Directory);

impl TileReader for Judge {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &Tile| {
            let width = u16::try_from(tile.width()).map_err(|_| Error::InvalidTile)?;
            let ours = ledger::Tile { level: tile.level(), index: tile.level_index(), width };
            let bytes = self.0.tile(ours).map_err(|_| Error::InvalidTile)?;
            bytes.ok_or(Error::InvalidTile)
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _tiles: &[Tile], _data: &[Vec<u8>]) {}
}

/// A hash of ours as theirs.
pub fn theirs(hash: ledger::Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(hash.0)
}

/// A hash of theirs as ours.
pub fn ours(hash: tlog_tiles::Hash) -> ledger::Hash {
    ledger::Hash(hash.0)
}
