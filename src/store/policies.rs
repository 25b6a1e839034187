//! Settings parsed before: each revision is parsed once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::row::{self, BadRow};
use crate::{
    consent::{id::AccountId, policy::Policy, record::Revision},
    storage::CurrentPolicy,
};

/// The last settings of each account that were read.
#[derive(Debug, Default)]
pub(super) struct Policies {
    parsed: Mutex<HashMap<AccountId, CurrentPolicy>>,
    default: Arc<Policy>,
}

impl Policies {
    /// The settings of an account whose last revision is this one, where they are known: those of
    /// an account that set none are.
    pub(super) fn known(
        &self,
        account: &AccountId,
        revision: Option<i64>,
    ) -> Option<CurrentPolicy> {
        let Some(revision) = revision else {
            let policy = self.default.clone();
            return Some(CurrentPolicy { policy, revision: Revision::default() });
        };
        let parsed = self.parsed();
        let current = parsed.get(account)?;
        (row::to_i64(current.revision.number()) == revision).then(|| current.clone())
    }

    /// Parses settings as they are stored, and knows them from now on.
    pub(super) fn parse(
        &self,
        account: &AccountId,
        revision: i64,
        settings: &str,
    ) -> Result<CurrentPolicy, BadRow> {
        let revision = Revision::new(row::from_i64("policy", revision)?);
        let policy = Arc::new(row::decode("policy", settings)?);
        let current = CurrentPolicy { policy, revision };
        self.parsed().insert(account.clone(), current.clone());
        Ok(current)
    }

    fn parsed(&self) -> MutexGuard<'_, HashMap<AccountId, CurrentPolicy>> {
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
