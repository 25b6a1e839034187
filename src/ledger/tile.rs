//! Tiles: the hashes of a log in files of 256, by the names of C2SP tlog-tiles.

use alloc::{format, string::String, vec::Vec};

use super::{
    hash::Hash,
    merkle::{Hashes, node_hash},
};

/// Hashes in a whole tile.
pub const WIDTH: u64 = 256;

/// Where a tile is, and how much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(clippy::exhaustive_structs, reason = "the format closes it")]
pub struct Tile {
    /// 0 holds the hashes of leaves, each further level those of whole tiles below it; at most 7.
    pub level: u8,
    /// Its place in its level, from 0.
    pub index: u64,
    /// Hashes in it: 1 to 256.
    pub width: u16,
}

impl Tile {
    /// Its path: `tile/0/x001/x234/067`, with `.p/5` behind it where only 5 hashes are in it.
    pub fn path(self) -> String {
        format!("tile/{}/{}", self.level, self.place())
    }

    /// The path of the leaves themselves under this tile of level 0: `tile/entries/...`.
    pub fn entries_path(self) -> String {
        format!("tile/entries/{}", self.place())
    }

    fn place(self) -> String {
        let mut groups = Vec::new();
        let mut rest = self.index;
        loop {
            groups.push(rest % 1_000);
            rest /= 1_000;
            if rest == 0 {
                break;
            }
        }
        let mut place = String::new();
        for (place_from_last, group) in groups.iter().enumerate().rev() {
            let mark = if place_from_last > 0 { "x" } else { "" };
            let end = if place_from_last > 0 { "/" } else { "" };
            place.push_str(&format!("{mark}{group:03}{end}"));
        }
        if u64::from(self.width) < WIDTH {
            place.push_str(&format!(".p/{}", self.width));
        }
        place
    }

    /// The tiles that a log of `size` leaves has and one of `old` had not, from the leaves up; of
    /// those begun before, only what is longer now.
    pub fn between(old: u64, size: u64) -> impl Iterator<Item = Self> {
        (0..8_u8).flat_map(move |level| {
            let nodes = |leaves: u64| leaves >> (8 * u32::from(level));
            let (old, size) = (nodes(old), nodes(size));
            let places = if size > old { old / WIDTH..size.div_ceil(WIDTH) } else { 0..0 };
            places.map(move |index| {
                // At most 256.
                let width = (size - index * WIDTH).min(WIDTH) as u16;
                Self { level, index, width }
            })
        })
    }
}

/// Reads tiles: a directory, a web server, a bucket.
pub trait TileSource {
    /// Why a tile could not be read.
    type Error;

    /// The bytes of a tile, hashes of 32 bytes in a row; `None` when it is not there.
    ///
    /// # Errors
    /// Its own, where it cannot be told.
    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// The hashes of a log of this size, read from tiles; the last ones are kept.
#[derive(Debug)]
pub struct TiledLog<'a, T> {
    source: &'a T,
    size: u64,
    last: core::cell::RefCell<Vec<(Tile, Vec<Hash>)>>,
}

/// Why hashes could not be read from tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadTile<E> {
    /// The source failed; try again.
    #[error("a tile cannot be read")]
    Source(#[source] E),
    /// The tile is missing, or shorter than the log says.
    #[error("{} is missing or cut off", .0.path())]
    Missing(Tile),
}

/// Tiles kept: those along one path from leaf to root, for logs of any size.
const KEPT: usize = 16;

impl<'a, T: TileSource> TiledLog<'a, T> {
    /// The log of `size` leaves that these tiles hold.
    pub fn new(source: &'a T, size: u64) -> Self {
        Self { source, size, last: core::cell::RefCell::default() }
    }

    /// The tile over this place, as wide as the log makes it.
    fn tile_at(&self, level: u8, index: u64) -> Tile {
        let nodes = self.size.checked_shr(8 * u32::from(level)).unwrap_or(0);
        let width = nodes.saturating_sub(index * WIDTH).min(WIDTH);
        Tile { level, index, width: width as u16 }
    }

    fn read(&self, tile: Tile) -> Result<Vec<Hash>, BadTile<T::Error>> {
        let length = 32 * usize::from(tile.width);
        let whole = Tile { width: 256, ..tile };
        let mut bytes = self.source.tile(tile).map_err(BadTile::Source)?;
        if bytes.is_none() && tile != whole {
            // A reader may find only what a longer log has by now.
            bytes = self.source.tile(whole).map_err(BadTile::Source)?;
        }
        let bytes = bytes.filter(|bytes| bytes.len() >= length && bytes.len() % 32 == 0);
        let bytes = bytes.ok_or(BadTile::Missing(tile))?;
        let hashes = bytes.chunks_exact(32).take(usize::from(tile.width));
        Ok(hashes.map(|hash| Hash(hash.try_into().unwrap_or_default())).collect())
    }
}

impl<T: TileSource> Hashes for TiledLog<'_, T> {
    type Error = BadTile<T::Error>;

    fn subtree(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        // The row of a tile that has the subtree's leaves, as far down as one tile goes.
        let (tile_level, up) = (level / 8, u32::from(level % 8));
        let first = index << up;
        let tile = self.tile_at(tile_level, first / WIDTH);
        let mut last = self.last.borrow_mut();
        let kept = last.iter().position(|(kept, _)| *kept == tile);
        let hashes =
            if let Some(kept) = kept { last.remove(kept) } else { (tile, self.read(tile)?) };
        let start = (first % WIDTH) as usize;
        let row = hashes.1.get(start..start + (1 << up)).map(<[Hash]>::to_vec);
        last.truncate(KEPT - 1);
        last.insert(0, hashes);
        row.and_then(top).ok_or(BadTile::Missing(tile))
    }
}

/// The hash over a row of 1, 2, 4, ... hashes.
pub(super) fn top(mut row: Vec<Hash>) -> Option<Hash> {
    while row.len() > 1 {
        row = row
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node_hash(*left, *right),
                [only, ..] => *only,
                [] => Hash::default(),
            })
            .collect();
    }
    row.first().copied()
}
