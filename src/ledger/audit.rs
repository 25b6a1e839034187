//! Auditing: a whole account in a storage, or a directory of tiles, against a checkpoint.

mod kept;
mod log;
mod whose;

use alloc::{string::String, vec::Vec};

pub use self::log::PublishedLog;
use self::whose::Whose;
use super::{
    archive::Ledger,
    checkpoint::{BadCheckpoint, Checkpoint},
    evidence::BadEvidence,
    hash::Hash,
    merkle::{leaf_hash, root},
    note::NoteKey,
    publish::{Directory, DirectoryError},
    seal::{ChainId, Head},
    verify::{BadEntry, Flaw, Verifier},
};
use crate::consent::id::AccountId;

/// Rows read at a time.
const PAGE: usize = 1_000;

/// What was looked at, and held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit {
    /// Chains, each whole from its first entry to its head.
    pub chains: u64,
    /// Entries in them.
    pub entries: u64,
    /// Entries whose text was there, and was what was sealed.
    pub disclosed: u64,
    /// Entries that have a place in the log.
    pub logged: u64,
    /// Entries that the checkpoint vouches for.
    pub signed: u64,
}

/// The first thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadLedger<E> {
    /// The storage, or the directory, failed; try again.
    #[error("the ledger cannot be read")]
    Read(#[source] E),
    /// An entry is not what was sealed.
    #[error("chain {chain}: {bad}", chain = .chain.to_hex())]
    Entry {
        /// Its chain.
        chain: ChainId,
        /// Which, and what is wrong with it.
        bad: BadEntry,
    },
    /// The entry in this place of the log is not the one of its chain that says so, or is none.
    #[error("place {leaf} of the log has another entry than the chain says")]
    Misplaced {
        /// The place, from 0.
        leaf: u64,
    },
    /// An entry has no place in the log that was signed, and one after it in its chain has: it was
    /// kept out of the log.
    #[error("chain {chain}: entry {sequence} was kept out of the log", chain = .chain.to_hex())]
    NotLogged {
        /// Its chain.
        chain: ChainId,
        /// Which, from 0.
        sequence: u64,
    },
    /// A contact's record, or its number, is not what its chain leads to: it was changed by hand.
    #[error("chain {chain}: the record is not the one of entry {sequence}", chain = .chain.to_hex())]
    OtherRecord {
        /// Its chain.
        chain: ChainId,
        /// The entry that says what the record is, from 0.
        sequence: u64,
    },
    /// The account's settings are not those that its chain says were set: they were changed by hand.
    #[error("the settings are not those that were set as revision {revision}")]
    OtherSettings {
        /// The last revision that its chain knows; the storage's, where it knows none.
        revision: u64,
    },
    /// An entry is about another contact than the one whose chain it is in: chains were exchanged,
    /// or two contacts put into one.
    #[error("chain {chain}: entry {sequence} is about another contact", chain = .chain.to_hex())]
    OtherContact {
        /// The chain.
        chain: ChainId,
        /// Which, from 0.
        sequence: u64,
    },
    /// What was published in this place of the log is no entry, or not the next of its chain: the
    /// log was made up, or holds two histories.
    #[error("place {leaf} of the log: {flaw}")]
    BadLeaf {
        /// The place, from 0.
        leaf: u64,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The evidence that was judged is not believed.
    #[error(transparent)]
    Evidence(BadEvidence),
    /// The log has fewer entries than were signed: the storage went back to an older copy.
    #[error(
        "what is here is older than what was published: it has {found} entries of the log, and \
         {signed} were signed. Go on with a later copy: in this one opt-outs may be missing"
    )]
    WentBack {
        /// Entries that there are.
        found: u64,
        /// Entries under the checkpoint.
        signed: u64,
    },
    /// The log is not the one that was signed: entries were changed, or made anew.
    #[error("the log is not the one that was signed")]
    OtherRoot,
    /// A published tile is missing, cut off, or not the one that the leaves lead to.
    #[error("{path} is missing or not what was published")]
    BadTile {
        /// Its path.
        path: String,
    },
    /// The checkpoint is not signed by a key that is known.
    #[error("the checkpoint is not believed")]
    Checkpoint(#[source] BadCheckpoint),
}

/// Checks all chains of an account, its log, that records and settings are those that the chains
/// lead to, and with a checkpoint that the log is the one that was signed. Reads everything once,
/// and the ends of chains twice; holds the hashes of the log's leaves: 32 bytes each.
///
/// The checkpoint must be of this account's log; where its name is known beforehand, see to that by
/// [`Checkpoint::of_log`]. What is disclosed of a contact's chain must be about that contact: of one
/// whose texts are all pruned or erased that cannot be told.
///
/// What is committed, or gets its place in the log, meanwhile is the next audit's. Where texts were
/// pruned, of records and settings the revision is compared alone. What is queued, and the marks,
/// are not looked at.
///
/// # Errors
/// [`BadLedger`]: the first thing that does not hold.
pub async fn storage<S: Ledger>(
    storage: &S,
    account: &AccountId,
    checkpoint: Option<&Checkpoint>,
) -> Result<Audit, BadLedger<S::Error>> {
    let size = storage.log_size(account).await.map_err(BadLedger::Read)?;
    let signed = checkpoint.map_or(0, |checkpoint| checkpoint.size);
    let mut audit = Audit::default();
    let mut places: Vec<(u64, Hash)> = Vec::new();
    // Of those that got it meanwhile, the last.
    let mut later = None;
    let mut after = None;
    loop {
        let heads = storage.heads(account, after, PAGE).await.map_err(BadLedger::Read)?;
        let Some(last) = heads.last() else { break };
        after = Some(last.chain);
        for head in &heads {
            let found = chain(storage, account, head, &mut audit).await?;
            let out = found.iter().position(|(leaf, _)| leaf.is_none_or(|leaf| leaf >= signed));
            let last_in = found.iter().rposition(|(leaf, _)| leaf.is_some_and(|it| it < signed));
            if let (Some(sequence), Some(last_in)) = (out, last_in)
                && sequence < last_in
            {
                let sequence = sequence as u64;
                return Err(BadLedger::NotLogged { chain: head.chain, sequence });
            }
            for (leaf, hash) in found {
                match leaf {
                    Some(leaf) if leaf < size => places.push((leaf, hash)),
                    Some(leaf) => later = later.max(Some(leaf)),
                    None => {}
                }
            }
        }
    }
    let leaves = placed(places)?;
    audit.logged = leaves.len() as u64;
    let now = log_leaves(storage, account, &leaves, size).await?;
    if let Some(leaf) = later.filter(|leaf| *leaf >= now) {
        return Err(BadLedger::Misplaced { leaf });
    }
    if let Some(checkpoint) = checkpoint {
        if audit.logged < signed {
            return Err(BadLedger::WentBack { found: audit.logged, signed });
        }
        if root(&leaves[..], signed) != Ok(checkpoint.root) {
            return Err(BadLedger::OtherRoot);
        }
        audit.signed = signed;
    }
    kept::records(storage, account).await?;
    kept::settings(storage, account).await?;
    Ok(audit)
}

/// Checks one chain; its entries' places in the log, and their leaves.
async fn chain<S: Ledger>(
    storage: &S,
    account: &AccountId,
    head: &Head,
    audit: &mut Audit,
) -> Result<Vec<(Option<u64>, Hash)>, BadLedger<S::Error>> {
    let bad = |bad| BadLedger::Entry { chain: head.chain, bad };
    let mut verifier = Verifier::new(account.as_str()).of_chain(head.chain);
    let mut found = Vec::new();
    let mut whose = Whose::default();
    loop {
        let from = verifier.length();
        let rows = storage.sealed(account, head.chain, from, PAGE).await;
        let rows = rows.map_err(BadLedger::Read)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let sealed = verifier.entry(&row.bytes, row.hash).map_err(bad)?;
            if let Some(shown) = &row.disclosed {
                let entry = sealed.discloses_json(&shown.json, &shown.salts).map_err(bad)?;
                whose.says(sealed.sequence, &entry);
                audit.disclosed += 1;
            }
            found.push((row.leaf, leaf_hash(&row.bytes)));
            audit.entries += 1;
        }
    }
    let mut last = *head;
    if verifier.length() > head.length {
        // It went on since the head was read, or the head is wrong.
        last = head_of(storage, account, head.chain).await?.unwrap_or(*head);
    }
    if verifier.length() >= last.length || last.length == head.length {
        verifier.end(&last).map_err(bad)?;
    }
    whose.check(storage, account, head.chain).await?;
    audit.chains += 1;
    Ok(found)
}

/// The head of this chain by now.
async fn head_of<S: Ledger>(
    storage: &S,
    account: &AccountId,
    chain: ChainId,
) -> Result<Option<Head>, BadLedger<S::Error>> {
    let before = u128::from_be_bytes(chain.0).checked_sub(1);
    let before = before.map(|before| ChainId(before.to_be_bytes()));
    let heads = storage.heads(account, before, 1).await.map_err(BadLedger::Read)?;
    Ok(heads.into_iter().find(|head| head.chain == chain))
}

/// Checks a directory of tiles by itself: the checkpoint is signed, leaves and tiles lead to its
/// root, and the leaves are the entries of one account, each the next of its chain. What the
/// entries commit to is not there, and not checked. Which log it is, the checkpoint says:
/// [`Checkpoint::of_log`].
///
/// # Errors
/// [`BadLedger`]: the first thing that does not hold.
pub fn directory(
    directory: &Directory,
    keys: &[NoteKey],
) -> Result<(Checkpoint, Audit), BadLedger<DirectoryError>> {
    let log = PublishedLog::read(directory, keys)?;
    Ok((log.checkpoint().clone(), log.audit()))
}

/// The leaves in their places, which have no gaps and no two entries.
fn placed<E>(mut places: Vec<(u64, Hash)>) -> Result<Vec<Hash>, BadLedger<E>> {
    places.sort_unstable();
    let mut leaves = Vec::with_capacity(places.len());
    for (expected, (leaf, hash)) in (0..).zip(places) {
        if leaf != expected {
            return Err(BadLedger::Misplaced { leaf: expected.min(leaf) });
        }
        leaves.push(hash);
    }
    Ok(leaves)
}

/// Checks that the log has `size` entries, each in the place that it says; says how many it has now.
async fn log_leaves<S: Ledger>(
    storage: &S,
    account: &AccountId,
    leaves: &[Hash],
    size: u64,
) -> Result<u64, BadLedger<S::Error>> {
    let mut count = 0;
    while count < size {
        let limit = usize::try_from(size - count).unwrap_or(PAGE).min(PAGE);
        let page = storage.leaves(account, count, limit).await.map_err(BadLedger::Read)?;
        if page.is_empty() {
            return Err(BadLedger::Misplaced { leaf: count });
        }
        for leaf in page {
            let index = usize::try_from(count).unwrap_or(usize::MAX);
            if leaves.get(index) != Some(&leaf_hash(&leaf)) {
                return Err(BadLedger::Misplaced { leaf: count });
            }
            count += 1;
        }
    }
    // It goes on only where it says so by now.
    let more = storage.leaves(account, size, 1).await.map_err(BadLedger::Read)?;
    let now = storage.log_size(account).await.map_err(BadLedger::Read)?;
    if !more.is_empty() && now <= size {
        return Err(BadLedger::Misplaced { leaf: size });
    }
    Ok(now)
}
