//! Where a message stands in its line: queued or claimed, how often, and what a claim finds.

use chrono::{DateTime, Utc};

use super::{Claim, Task};
use crate::consent::outgoing::{ClaimToken, Content, Destination, Outgoing};

/// What a storage keeps beside an outgoing message that is not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "storages write it out")]
pub struct Place {
    /// Whether somebody holds a claim on it, ended or not.
    pub claimed: bool,
    /// When it can be claimed: the end of its wait, or of the claim.
    pub due: DateTime<Utc>,
    /// How often it was claimed.
    pub claims: u64,
    /// How many hand-overs were certainly not sent, and are tried again.
    pub attempts: u32,
    /// For a text: when the first claim that was never settled ended.
    pub lapsed: Option<DateTime<Utc>>,
}

impl Place {
    /// The place of a new message; `lease` is its commit's, and holds for texts only.
    pub fn first(outgoing: &Outgoing, lease: Option<DateTime<Utc>>) -> Self {
        let lease = lease.filter(|_| outgoing.destination() == Destination::Phone);
        Self {
            claimed: lease.is_some(),
            due: lease.unwrap_or(DateTime::<Utc>::MIN_UTC),
            claims: u64::from(lease.is_some()),
            attempts: 0,
            lapsed: None,
        }
    }

    /// Claims the message that stands here, which must be the first of its line and due.
    pub fn claim(&mut self, outgoing: Outgoing, now: DateTime<Utc>, until: DateTime<Utc>) -> Claim {
        let is_text = matches!(outgoing.content, Content::Text(_));
        if is_text && self.claimed {
            self.lapsed.get_or_insert(self.due);
        }
        let task = match &outgoing.content {
            Content::Text(_) if self.lapsed.is_some() => Task::Unknown,
            Content::Text(text) if now > text.not_after => Task::Expired,
            Content::Text(_) | Content::Status(_) => Task::HandOver,
        };
        self.claimed = true;
        self.claims = self.claims.saturating_add(1);
        self.due = until;
        Claim {
            outgoing,
            token: ClaimToken::new(self.claims),
            until: self.lapsed.unwrap_or(until),
            attempts: self.attempts,
            task,
        }
    }

    /// Whether this token is the one of the present claim.
    pub fn is_claimed_as(&self, token: ClaimToken) -> bool {
        self.claimed && token == ClaimToken::new(self.claims)
    }

    /// Queues a message that was set aside, due at once, its attempts forgotten.
    pub fn requeue(&mut self) {
        self.claimed = false;
        self.due = DateTime::<Utc>::MIN_UTC;
        self.attempts = 0;
    }

    /// Queues the message again, due from this time on.
    pub fn retry_at(&mut self, at: DateTime<Utc>) {
        self.claimed = false;
        self.due = at;
        self.attempts = self.attempts.saturating_add(1);
    }
}
