//! G14: an account has its own contacts, settings and entries, and no others.

use super::Trace;
use crate::simulation::cast::CONTACTS;

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for (index, (account, books)) in trace.after.accounts.iter().zip(&trace.books).enumerate() {
        let own = trace.lives.iter().enumerate().skip(index * CONTACTS).take(CONTACTS);
        let own = own.filter_map(|(contact, life)| Some((contact, life.record?)));
        if !own.eq(account.listed.iter().copied()) {
            return Err("an account lists others than its own contacts");
        }
        if account.entries != books.entries {
            return Err("an account's own ledger is not what was written");
        }
        let changes = books.policies.len() as u64 - 1;
        let last = books.policies.last().map(|policy| policy.settings());
        if account.current.revision.number() != changes
            || last != Some(account.current.policy.settings())
        {
            return Err("an account's settings are not the last that were set");
        }
    }
    Ok(())
}
