//! Storages that break their contract: in what a commit compares and stores, in what a claim gives.

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Cancel, ClaimToken, Contact, Content, Outbox, Record, Storage,
    storage::{
        Change, Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Settlement,
        Snapshot, Task,
    },
};

use super::Wrong;

/// The shared storage, wrong where it is a storage's fault; some hand over what they store.
pub(super) struct WrongStorage<'a, S, O> {
    pub(super) wrong: Wrong,
    pub(super) storage: S,
    pub(super) outbox: &'a O,
}

impl<S: Storage, O: Outbox> Storage for WrongStorage<'_, S, O> {
    type Error = S::Error;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, S::Error> {
        self.storage.load(contact).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, S::Error> {
        match self.wrong {
            Wrong::NoComparison => self.commit_under_any_revision(commit).await,
            Wrong::ConflictTakenForApplied => Ok(match self.storage.commit(commit).await? {
                Committed::Conflict => Committed::Applied { in_flight: Vec::new() },
                committed => committed,
            }),
            Wrong::NoMark => self.storage.commit(Commit { mark: None, ..commit }).await,
            Wrong::MarkBeforeTheRecord => self.commit_mark_first(commit).await,
            Wrong::MarkAfterTheRecord => self.commit_mark_last(commit).await,
            Wrong::MarkOfALoserStays => {
                let committed = self.storage.commit(commit.clone()).await?;
                if committed == Committed::Conflict {
                    self.commit_mark(&commit).await?;
                }
                Ok(committed)
            }
            Wrong::MessageBeforeTheRecord => self.commit_messages_first(commit).await,
            Wrong::HandOverBeforeTheRecord => self.hand_over_first(commit).await,
            Wrong::CancelForgotten => {
                self.storage.commit(Commit { cancel: Cancel::Nothing, ..commit }).await
            }
            Wrong::InFlightForgotten => Ok(match self.storage.commit(commit).await? {
                Committed::Applied { .. } => Committed::Applied { in_flight: Vec::new() },
                committed => committed,
            }),
            Wrong::SettleWithoutToken => self.settle_any(commit).await,
            _ => self.storage.commit(commit).await,
        }
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, S::Error> {
        let lease = until.signed_duration_since(now);
        let mut claims = match self.wrong {
            Wrong::LeaseIgnored => {
                let end = until.checked_add_signed(lease).unwrap_or(until);
                self.storage.claim(until, end, limit).await?
            }
            _ => self.storage.claim(now, until, limit).await?,
        };
        for claim in &mut claims {
            match (self.wrong, claim.task) {
                (Wrong::LeaseIgnored | Wrong::LapsedIsHandedOverAgain, Task::Unknown) => {
                    claim.task = Task::HandOver;
                    claim.until = until;
                }
                (Wrong::DeadlineIgnored, Task::Expired) => {
                    self.outbox.send(&claim.outgoing).await;
                    claim.task = Task::Unknown;
                }
                _ => {}
            }
        }
        Ok(claims)
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, S::Error> {
        self.storage.policy(account).await
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, S::Error> {
        self.storage.set_policy(change).await
    }
}

impl<S: Storage, O: Outbox> WrongStorage<'_, S, O> {
    async fn record(&self, contact: &Contact) -> Result<Option<Record>, S::Error> {
        Ok(self.storage.load(contact).await?.record)
    }

    async fn commit_under_any_revision(&self, commit: Commit) -> Result<Committed, S::Error> {
        let expected = self.record(&commit.contact).await?;
        self.storage.commit(Commit { expected, ..commit }).await
    }

    /// Stores the mark alone, under whatever revision there is.
    async fn commit_mark(&self, commit: &Commit) -> Result<Committed, S::Error> {
        let Some(mark) = commit.mark.clone() else {
            return Ok(Committed::Applied { in_flight: Vec::new() });
        };
        let expected = self.record(&commit.contact).await?;
        let keep = Commit::keep(commit.contact.clone(), None, commit.at);
        self.storage.commit(Commit { expected, mark: Some(mark), ..keep }).await
    }

    async fn commit_mark_first(&self, commit: Commit) -> Result<Committed, S::Error> {
        match self.commit_mark(&commit).await? {
            Committed::Applied { .. } => self.storage.commit(Commit { mark: None, ..commit }).await,
            refused @ (Committed::Conflict | Committed::Duplicate | Committed::Stale) => {
                Ok(refused)
            }
        }
    }

    async fn commit_mark_last(&self, commit: Commit) -> Result<Committed, S::Error> {
        let committed = self.storage.commit(Commit { mark: None, ..commit.clone() }).await?;
        if matches!(committed, Committed::Applied { .. }) {
            self.commit_mark(&commit).await?;
        }
        Ok(committed)
    }

    async fn commit_messages_first(&self, commit: Commit) -> Result<Committed, S::Error> {
        if !commit.outgoing.is_empty() {
            let messages = Commit {
                outgoing: commit.outgoing.clone(),
                lease: commit.lease,
                expected: commit.expected,
                ..Commit::keep(commit.contact.clone(), None, commit.at)
            };
            self.storage.commit(messages).await?;
        }
        self.storage.commit(Commit { outgoing: Vec::new(), lease: None, ..commit }).await
    }

    async fn hand_over_first(&self, mut commit: Commit) -> Result<Committed, S::Error> {
        let is_text = |content: &Content| matches!(content, Content::Text(_));
        for outgoing in &commit.outgoing {
            if is_text(&outgoing.content) {
                self.outbox.send(outgoing).await;
            }
        }
        commit.outgoing.retain(|outgoing| !is_text(&outgoing.content));
        self.storage.commit(commit).await
    }

    async fn settle_any(&self, commit: Commit) -> Result<Committed, S::Error> {
        let committed = self.storage.commit(commit.clone()).await?;
        let (Committed::Stale, Some(settle)) = (&committed, &commit.settle) else {
            return Ok(committed);
        };
        for token in 1..4 {
            let settle = Settlement { token: ClaimToken::new(token), ..settle.clone() };
            let commit = Commit { settle: Some(settle), ..commit.clone() };
            match self.storage.commit(commit).await? {
                Committed::Stale => {}
                committed => return Ok(committed),
            }
        }
        Ok(Committed::Stale)
    }
}

/// The record as it is, but for its revision: a decision that decides nothing.
pub(super) fn touched(snapshot: &Snapshot) -> Change {
    snapshot.record.map_or(Change::Keep, |mut record| {
        record.revision = record.revision.next();
        Change::Put(record)
    })
}
