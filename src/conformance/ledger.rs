//! The cases over a storage that seals: chains, and the account's log.

mod chains;
mod log;

use alloc::{format, vec::Vec};

pub(super) use self::log::is_right;

use super::{
    case::Case,
    failure::{Failure, Verdict, same},
    probe::Probe,
};
use crate::{
    consent::id::AccountId,
    ledger::{ChainId, Head, Ledger, SealedRow, Verifier, stored},
};

pub(super) fn cases<S: Ledger>() -> impl Iterator<Item = Case<S>> {
    chains::cases().chain(log::cases())
}

/// A chain's entries, page by page of two.
fn rows<S: Ledger>(
    probe: &Probe<'_, S>,
    account: &AccountId,
    chain: ChainId,
) -> Result<Vec<SealedRow>, Failure> {
    let mut rows: Vec<SealedRow> = Vec::new();
    loop {
        let page = probe.storage.sealed(account, chain, rows.len() as u64, 2);
        let page = probe.wait("sealed", page)?;
        if page.is_empty() {
            return Ok(rows);
        }
        rows.extend(page);
        if rows.len() > 10_000 {
            return Err(Failure::new("the chain has no end"));
        }
    }
}

/// All chains of an account, page by page of two.
fn heads<S: Ledger>(probe: &Probe<'_, S>, account: &AccountId) -> Result<Vec<Head>, Failure> {
    let mut heads: Vec<Head> = Vec::new();
    loop {
        let after = heads.last().map(|head| head.chain);
        let page = probe.wait("heads", probe.storage.heads(account, after, 2))?;
        if page.is_empty() {
            return Ok(heads);
        }
        heads.extend(page);
        if !heads.is_sorted_by(|a, b| a.chain < b.chain) {
            return Err(Failure::new("the heads are not in the order of their chains"));
        }
    }
}

/// Every chain of the account is whole up to its head, and what is disclosed is what was sealed.
pub(super) fn is_whole<S: Ledger>(
    probe: &Probe<'_, S>,
    account: &AccountId,
) -> Result<Vec<Head>, Failure> {
    let heads = heads(probe, account)?;
    for head in &heads {
        chain_is_whole(probe, account, head)?;
    }
    Ok(heads)
}

fn chain_is_whole<S: Ledger>(probe: &Probe<'_, S>, account: &AccountId, head: &Head) -> Verdict {
    let bad = |error| Failure::new(format!("{error}"));
    let mut verifier = Verifier::new(account.as_str()).of_chain(head.chain);
    for row in rows(probe, account, head.chain)? {
        let sealed = verifier.entry(&row.bytes, row.hash).map_err(bad)?;
        if let Some(disclosed) = &row.disclosed {
            let entry = stored::decode_entry(&disclosed.json);
            let entry = entry.map_err(|error| Failure::new(format!("an entry: {error}")))?;
            sealed.discloses(&disclosed.json, &entry, &disclosed.salts).map_err(bad)?;
        }
    }
    verifier.end(head).map_err(bad)?;
    same("the length of the chain", verifier.length(), head.length)
}
