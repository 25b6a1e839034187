//! Reading and changing an account's settings (R3.2, R3.3).

use chrono::{DateTime, Utc};

use super::{ChangePolicyError, Engine, MAX_TRIES};
use crate::{
    consent::{
        actor::{Actor, Permission},
        decision::Refusal,
        id::AccountId,
        ledger::Entry,
        policy::Policy,
        record::Revision,
    },
    outbox::Outbox,
    storage::{CurrentPolicy, PolicyChange, PolicyCommitted, Storage},
};

impl<S, O, C> Engine<S, O, C>
where
    S: Storage,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// The account's settings and their revision; the defaults at revision 0 at first.
    ///
    /// # Errors
    /// The storage's own; try again.
    pub async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, S::Error> {
        self.storage.policy(account).await
    }

    /// Changes an account's settings: `edit` makes the new ones of those in force.
    ///
    /// Needs `compliance_settings`. Sends nothing and rewrites no contact. `edit` is called again
    /// when others changed the settings meanwhile.
    ///
    /// # Errors
    /// [`ChangePolicyError`]; the settings are as they were, and the ledger has the attempt.
    pub async fn change_policy<X>(
        &self,
        account: &AccountId,
        actor: &Actor,
        edit: impl Fn(&Policy) -> Result<Policy, X> + Send,
    ) -> Result<Revision, ChangePolicyError<S::Error, X>> {
        self.edit_policy(account, actor, None, edit).await
    }

    /// With `expected`, only of the settings at that revision.
    pub(super) async fn edit_policy<X>(
        &self,
        account: &AccountId,
        actor: &Actor,
        expected: Option<Revision>,
        edit: impl Fn(&Policy) -> Result<Policy, X> + Send,
    ) -> Result<Revision, ChangePolicyError<S::Error, X>> {
        for _ in 0..MAX_TRIES {
            let current = self.policy(account).await.map_err(ChangePolicyError::Storage)?;
            let may = actor.may(Permission::ComplianceSettings);
            if may && expected.is_some_and(|expected| expected != current.revision) {
                return Err(ChangePolicyError::Changed { revision: current.revision });
            }
            let edited = if may {
                edit(&current.policy).map_err(ChangePolicyError::Invalid)
            } else {
                let refusal = Refusal::Forbidden(Permission::ComplianceSettings);
                Err(ChangePolicyError::Refused(refusal))
            };
            let set = edited.as_ref().map_err(ChangePolicyError::refusal);
            let entry = Entry::of_policy_change(actor.clone(), set, current.revision, self.now());
            let (policy, answer) = match edited {
                Ok(policy) => (Some(policy), Ok(current.revision.next())),
                Err(error) => (None, Err(error)),
            };
            let change = PolicyChange {
                account: account.clone(),
                expected: current.revision,
                policy,
                entry,
            };
            let committed = self.storage.set_policy(change).await;
            match committed.map_err(ChangePolicyError::Storage)? {
                PolicyCommitted::Applied => return answer,
                PolicyCommitted::Conflict => {}
            }
        }
        Err(ChangePolicyError::Contended)
    }
}

impl<E, X> ChangePolicyError<E, X> {
    /// How the ledger names it.
    fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => *refusal,
            Self::Invalid(_) | Self::Changed { .. } | Self::Storage(_) | Self::Contended => {
                Refusal::BadSettings
            }
        }
    }
}
