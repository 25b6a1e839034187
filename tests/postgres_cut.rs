//! The connection is cut at each message of a commit: what is answered is what is stored.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod commits;
mod postgres_proxy;
mod server;

#[test]
fn commits_are_those_of_the_engine() {
    let one = commits::conversation(1);
    println!("{one:#?}");
    let memory = optin::store::MemoryStorage::new();
    use optin::Storage;
    println!("{:?}", optin::blocking::block_on(memory.commit(one.opening.clone())));
    println!("{:?}", optin::blocking::block_on(memory.commit(one.reply.clone())));
}
