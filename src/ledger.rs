//! The ledger as proof: entries sealed into chains, chains into a log, the log into evidence.
//!
//! Each [`Entry`](crate::Entry) is sealed into the chain of its contact when it is stored: its hash
//! covers the hash before it. What is sealed holds no personal data, but commitments to it: the
//! number, what the contact wrote, what it was sent and the entry whole, each under a salt of its
//! own. Who holds text and salt can show that they belong; once both are erased nobody can, and the
//! chain holds as before.
//!
//! | file | what |
//! |---|---|
//! | [`encoding`] | what is sealed, byte by byte: [`encoding::SPECIFICATION`] |
//! | [`seal`](mod@seal) | an entry becomes the next of its chain |
//! | [`verify`] | a chain is what it was, or the first bad entry is named |
//! | [`merkle`] | the log's tree (RFC 6962): roots and proofs |
//! | [`tile`] | the tree in files (C2SP tlog-tiles) |
//! | [`note`], [`checkpoint`] | how far a log goes, signed (C2SP signed-note, tlog-checkpoint) |

pub mod archive;
pub mod audit;
pub mod checkpoint;
pub mod checkpointer;
pub mod encoding;
pub mod evidence;
pub mod hash;
pub mod merkle;
pub mod note;
pub mod publish;
pub mod seal;
pub mod stored;
pub mod suppression;
pub mod tile;
pub mod verify;

pub use self::{
    archive::{Disclosed, Ledger, SealedRow},
    checkpoint::{BadCheckpoint, Checkpoint},
    checkpointer::{CheckpointError, Checkpointer},
    encoding::{Field, Sealed},
    evidence::{Evidence, Proof},
    hash::Hash,
    note::{BadNote, InvalidKey, NoteKey, NoteSigner},
    publish::{CheckpointSink, Directory, DirectoryError},
    seal::{ChainId, Head, NoRandomness, Salts, Unsealed, seal},
    suppression::SuppressionKey,
    tile::{Tile, TileSource, TiledLog},
    verify::{BadEntry, Flaw, Verifier},
};
