//! The cases over any storage, one file an idea; none has threads.

mod accounts;
mod cancels;
mod comparing;
mod extremes;
mod leases;
mod lines;
mod loading;
mod losing;
mod marks;
mod policies;
mod retries;
mod settling;

use super::case::Case;
use crate::storage::Storage;

pub(super) fn cases<S: Storage>() -> impl Iterator<Item = Case<S>> {
    comparing::cases()
        .chain(losing::cases())
        .chain(marks::cases())
        .chain(settling::cases())
        .chain(loading::cases())
        .chain(policies::cases())
        .chain(lines::cases())
        .chain(leases::cases())
        .chain(retries::cases())
        .chain(cancels::cases())
        .chain(accounts::cases())
        .chain(extremes::cases())
}
