//! Chains and logs that somebody made up: sealed and signed by the rules, and never stored.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "shared by tests")]

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};
use optin::{
    AccountId,
    ledger::{
        ChainId, Checkpoint, Directory, Evidence, Hash, Head, NoteSigner, Salts, Sealed, Tile,
        merkle::{inclusion, leaf_hash, root},
        seal,
        stored::decode_entry,
    },
};
use serde_json::{Value, json};

/// A chain of these entries, each as JSON.
pub(crate) struct Chain {
    pub(crate) leaves: Vec<Vec<u8>>,
    evidence: Value,
}

impl Chain {
    pub(crate) fn new(account: &str, chain: [u8; 16], entries: &[String]) -> Self {
        let account = AccountId::new(account).unwrap();
        let (mut head, salts) = (Head::new(ChainId(chain)), Salts([[1; 32]; 4]));
        let (mut leaves, mut shown) = (Vec::new(), Vec::new());
        for json in entries {
            let entry = decode_entry(json).unwrap();
            let (bytes, next) = seal(&account, &head, &entry, json, &salts);
            head = next;
            let commitments = Sealed::decode(&bytes).unwrap().commitments;
            let salts = commitments.map(|it| it.map(|_| Hash([1; 32]).to_hex()));
            shown.push(json!({
                "sealed": BASE64_STANDARD.encode(&bytes), "hash": head.hash.to_hex(),
                "entry": json, "salts": salts,
            }));
            leaves.push(bytes);
        }
        let evidence = json!({
            "format": "optin evidence", "version": 1, "account": account, "entries": shown,
            "chain": head.chain.to_hex(), "head": head.hash.to_hex(),
        });
        Self { leaves, evidence }
    }

    pub(crate) fn evidence(&self) -> Evidence {
        Evidence::from_json(&self.evidence.to_string()).unwrap()
    }

    /// The same, its entries in these places of a log of these leaves.
    pub(crate) fn evidence_in(&self, places: &[u64], leaves: &[Vec<u8>], note: &str) -> Evidence {
        let mut evidence = self.evidence();
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        for (entry, place) in evidence.entries.iter_mut().zip(places) {
            let path = inclusion(&hashes[..], *place, hashes.len() as u64).unwrap().unwrap();
            entry.leaf = Some(*place);
            entry.inclusion = Some(path.into_iter().map(Hash::to_hex).collect());
        }
        evidence.checkpoint = Some(note.into());
        evidence
    }
}

/// An attempt on this number that was refused.
pub(crate) fn refused(at: &str, number: &str, source: &str) -> String {
    format!(
        r#"{{"version":1,"body":{{"at":"{at}","number":"{number}","policy_revision":0,"fact":{{"event":{{"added":{{"source":"{source}"}}}}}},"verdict":{{"refused":"unknown_contact"}}}}}}"#
    )
}

/// A log of these leaves, at most 256, signed, in the place of what was there; its checkpoint as a
/// note.
pub(crate) fn publish(
    directory: &Directory,
    origin: &str,
    leaves: &[Vec<u8>],
    signer: &NoteSigner,
) -> String {
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let size = hashes.len() as u64;
    let tile = Tile { level: 0, index: 0, width: size as u16 };
    let mut bundle = Vec::new();
    for leaf in leaves {
        bundle.extend((leaf.len() as u16).to_be_bytes());
        bundle.extend(leaf);
    }
    let row: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
    let root = root(&hashes[..], size).unwrap();
    let note = Checkpoint::new(origin, size, root).sign(&[signer]);
    // Past the directory's own rules, which let nobody publish a tile twice.
    let files = [
        (tile.entries_path(), &bundle[..]),
        (tile.path(), &row[..]),
        ("checkpoint".into(), note.as_bytes()),
    ];
    for (path, bytes) in files {
        let place = directory.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    }
    note
}
