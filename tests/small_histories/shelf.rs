//! A storage of one contact whose contents are a value: to be put back as they were before.

use std::{convert::Infallible, sync::Mutex};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, ClaimToken, Contact, OutgoingId, Policy, Record, Storage,
    storage::{
        Change, Claim, Commit, Committed, CurrentPolicy, Mark, PolicyChange, PolicyCommitted,
        Snapshot, Then,
    },
};

/// Hand-overs are settled at once here, so that at most one text is on its way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    pub(crate) current: CurrentPolicy,
    pub(crate) record: Option<Record>,
    marks: Vec<Mark>,
    on_its_way: Option<OutgoingId>,
}

#[derive(Default)]
pub(crate) struct Shelf(Mutex<Contents>);

impl Shelf {
    pub(crate) fn contents(&self) -> Contents {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn put_back(&self, contents: Contents) {
        *self.0.lock().unwrap() = contents;
    }

    pub(crate) fn record(&self) -> Option<Record> {
        self.0.lock().unwrap().record
    }

    pub(crate) fn set(&self, policy: Policy) {
        self.0.lock().unwrap().current.policy = policy.into();
    }
}

impl Storage for Shelf {
    type Error = Infallible;

    async fn load(&self, _: &Contact) -> Result<Snapshot, Infallible> {
        let contents = self.0.lock().unwrap();
        Ok(Snapshot {
            current: contents.current.clone(),
            record: contents.record,
            text_unfinished: contents.on_its_way.is_some(),
            suppressed: false,
        })
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Infallible> {
        let mut contents = self.0.lock().unwrap();
        if commit.mark.as_ref().is_some_and(|mark| contents.marks.contains(mark)) {
            return Ok(Committed::Duplicate);
        }
        assert_eq!(contents.record, commit.expected);
        if let Some(settle) = commit.settle {
            assert_eq!(contents.on_its_way.take(), Some(settle.id));
            assert_eq!((settle.token, settle.then), (ClaimToken::new(1), Then::Finish));
        }
        contents.marks.extend(commit.mark);
        if let Change::Put(record) = commit.change {
            contents.record = Some(record);
        }
        for outgoing in commit.outgoing {
            assert!(commit.lease.is_some() && contents.on_its_way.is_none());
            contents.on_its_way = Some(outgoing.id);
        }
        Ok(Committed::Applied { in_flight: Vec::new() })
    }

    async fn claim(
        &self,
        _: DateTime<Utc>,
        _: DateTime<Utc>,
        _: usize,
    ) -> Result<Vec<Claim>, Infallible> {
        Ok(Vec::new())
    }

    async fn policy(&self, _: &AccountId) -> Result<CurrentPolicy, Infallible> {
        Ok(self.contents().current)
    }

    async fn set_policy(&self, _: PolicyChange) -> Result<PolicyCommitted, Infallible> {
        Ok(PolicyCommitted::Conflict)
    }
}
