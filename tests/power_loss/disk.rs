//! A disk that may lose, when the power fails, what was not synced.
//!
//! What a file held at its last sync is there; of what was done to it since any part may be, sector
//! by sector. A new file's name is there for certain once the file or its directory was synced; a
//! removed one is gone for certain once its directory was.

use std::{collections::BTreeMap, path::Path};

use fastrand::Rng;

use super::log::{Does, Step};

/// What a disk writes whole.
const SECTOR: usize = 512;

#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(BTreeMap<String, Name>);

/// A name in the directory.
#[derive(Clone, Debug, Default)]
struct Name {
    /// What it stands for.
    now: Option<File>,
    /// What it stood for, and may still.
    before: Option<File>,
}

#[derive(Clone, Debug, Default)]
struct File {
    is_named: bool,
    synced: Vec<u8>,
    since: Vec<Does>,
}

/// What survives of the changes since the last sync.
#[derive(Clone, Copy, Debug)]
enum Survives {
    Nothing,
    Everything,
    /// All up to one of them.
    Beginning,
    /// Any of them, whole.
    Some,
    /// Any sectors of any of them.
    Torn,
}

impl Disk {
    pub(crate) fn apply(&mut self, step: &Step) {
        if step.name == "." {
            assert!(matches!(step.does, Does::Sync), "{step:?}");
            self.sync_directory();
            return;
        }
        let name = self.0.entry(step.name.clone()).or_default();
        match &step.does {
            Does::Create => name.now = Some(File::default()),
            Does::Write { .. } | Does::Truncate { .. } => {
                name.now.get_or_insert_default().since.push(step.does.clone());
            }
            Does::Sync => {
                name.now.as_mut().unwrap().sync();
                name.before = None;
            }
            Does::Unlink => {
                if let Some(file) = name.now.take().filter(|file| file.is_named) {
                    name.before = Some(file);
                }
            }
        }
    }

    fn sync_directory(&mut self) {
        for name in self.0.values_mut() {
            name.before = None;
            if let Some(file) = &mut name.now {
                file.is_named = true;
            }
        }
    }

    /// Writes the files that are there after a power loss, if the power fails now.
    pub(crate) fn write_image(&self, directory: &Path, chance: &mut Rng) {
        for (path, name) in &self.0 {
            let now = name.now.as_ref().filter(|file| file.is_named || chance.bool());
            let file = now.or_else(|| name.before.as_ref().filter(|_| chance.bool()));
            if let Some(file) = file {
                std::fs::write(directory.join(path), file.after_power_loss(chance)).unwrap();
            }
        }
    }

    /// What the file holds if the power does not fail.
    pub(crate) fn read(&self, path: &str) -> Option<Vec<u8>> {
        let mut file = self.0.get(path)?.now.clone()?;
        file.sync();
        Some(file.synced)
    }
}

impl File {
    fn sync(&mut self) {
        self.is_named = true;
        for change in self.since.drain(..) {
            change_bytes(&mut self.synced, &change, |_| true);
        }
    }

    fn after_power_loss(&self, chance: &mut Rng) -> Vec<u8> {
        let all = [
            Survives::Nothing,
            Survives::Everything,
            Survives::Beginning,
            Survives::Some,
            Survives::Torn,
        ];
        let survives = *chance.choice(&all).unwrap();
        let end = chance.usize(..=self.since.len());
        let mut bytes = self.synced.clone();
        for (n, change) in self.since.iter().enumerate() {
            let whole = match survives {
                Survives::Nothing => false,
                Survives::Everything => true,
                Survives::Beginning => n < end,
                Survives::Some => chance.bool(),
                Survives::Torn => {
                    change_bytes(&mut bytes, change, |_| chance.bool());
                    false
                }
            };
            if whole {
                change_bytes(&mut bytes, change, |_| true);
            }
        }
        bytes
    }
}

/// Makes a change, as far as its sectors survive.
fn change_bytes(file: &mut Vec<u8>, change: &Does, mut survives: impl FnMut(usize) -> bool) {
    match change {
        Does::Truncate { size } => {
            if survives(0) {
                file.resize(*size, 0);
            }
        }
        Does::Write { at, bytes } => {
            let (mut at, mut bytes) = (*at, &bytes[..]);
            while !bytes.is_empty() {
                let length = bytes.len().min(SECTOR - at % SECTOR);
                let (sector, rest) = bytes.split_at(length);
                if survives(at / SECTOR) {
                    if file.len() < at + length {
                        file.resize(at + length, 0);
                    }
                    file[at..at + length].copy_from_slice(sector);
                }
                (at, bytes) = (at + length, rest);
            }
        }
        Does::Create | Does::Sync | Does::Unlink => {}
    }
}
