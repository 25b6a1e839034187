//! The same test over every storage of the crate, with a key to remember erasures by or without.
#![allow(dead_code, unused_macros, unused_imports, reason = "shared by tests")]

/// For each name a test over each storage, which calls `name(open)`: `open(key)` opens a storage
/// that is empty.
macro_rules! over_storages {
    ($($claim:ident,)*) => {
        mod in_memory {
            use optin::{ledger::SuppressionKey, store::MemoryStorage};

            fn open(key: Option<SuppressionKey>) -> MemoryStorage {
                key.into_iter().fold(MemoryStorage::new(), MemoryStorage::with_suppression)
            }

            $(#[test] fn $claim() { super::$claim(open); })*
        }

        mod in_sqlite {
            use optin::store::sqlite::Options;
            use crate::black_box::Scratch;

            $(#[test] fn $claim() {
                let scratch = Scratch::new(stringify!($claim));
                let files = std::cell::Cell::new(0);
                super::$claim(|key| {
                    files.set(files.get() + 1);
                    let options = key.into_iter().fold(Options::default(), Options::suppression);
                    options.open(scratch.path(&format!("{}.db", files.get()))).unwrap()
                });
            })*
        }

        #[cfg(feature = "postgres-tests")]
        mod in_postgres {
            use optin::{blocking::block_on, store::postgres::Options};
            use tokio_postgres::NoTls;
            use crate::server::Server;

            $(#[test] fn $claim() {
                super::$claim(|key| {
                    let options = key.into_iter().fold(Options::default(), Options::suppression);
                    let config = Server::shared().create_database().config();
                    let storage = options.connect(config, NoTls).unwrap();
                    block_on(storage.migrate()).unwrap();
                    storage
                });
            })*
        }
    };
}

pub(crate) use over_storages;
