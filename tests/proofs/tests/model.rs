//! Every state of a bounded space is visited, and no guarantee is broken in any.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use optin::simulation::Optin;
use optin_proofs::model::{Size, explore};

#[test]
fn no_state_breaks_a_guarantee() {
    let explored = explore(Optin, Size::Ci);
    if let Some(found) = &explored.found {
        panic!("{}\n{}", found.property, found.path.join("\n"));
    }
    println!("{} states, depth {}, 0 counterexamples", explored.states, explored.max_depth);
}

mod wrong {
    use chrono::{DateTime, Utc};
    use core::future::Future;
    use optin::{engine::*, simulation::*, storage::*, *};

    /// Storage wrapper by closure flags.
    pub struct Shop<S> {
        pub s: S,
        pub bug: Bug,
    }
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Bug {
        None,
        NoMark,
        NoCas,
        NoCancel,
        NoNames,
        Token,
        EarlyClaim,
        Unfinished,
        KeepOnUnknown,
        LateOutbox,
        NoLease,
        SpaceFromDecision,
        RetryUnknown,
        Twice,
        NoEntry,
        NoDeadline,
        UnknownAsNotSent,
        LapsedAsExpired,
        StalePermit,
        ClockForward,
        ClaimTwice,
    }
    impl<S: Storage> Storage for Shop<S> {
        type Error = S::Error;
        async fn load(&self, c: &Contact) -> Result<Snapshot, S::Error> {
            let mut s = self.s.load(c).await?;
            if self.bug == Bug::Unfinished {
                s.text_unfinished = false;
            }
            Ok(s)
        }
        async fn commit(&self, mut c: Commit) -> Result<Committed, S::Error> {
            if self.bug == Bug::NoMark {
                c.mark = None;
            }
            if self.bug == Bug::NoCas {
                let s = self.s.load(&c.contact).await?;
                c.expected = s.record.map(|r| r.revision);
            }
            if self.bug == Bug::NoCancel {
                c.cancel = Cancel::Nothing;
            }
            if self.bug == Bug::NoEntry {
                c.entry = None;
            }
            if self.bug == Bug::NoLease {
                c.lease = None;
            }
            let r = self.s.commit(c).await?;
            if self.bug == Bug::NoNames
                && let Committed::Applied { in_flight } = r
            {
                let _ = in_flight;
                return Ok(Committed::Applied { in_flight: vec![] });
            }
            Ok(r)
        }
        async fn claim(
            &self,
            mut now: DateTime<Utc>,
            until: DateTime<Utc>,
            l: usize,
        ) -> Result<Vec<Claim>, S::Error> {
            if self.bug == Bug::EarlyClaim {
                now += chrono::TimeDelta::hours(1);
            }
            let mut cs = self.s.claim(now, until, l).await?;
            for c in &mut cs {
                if matches!(self.bug, Bug::RetryUnknown | Bug::EarlyClaim)
                    && c.task == storage::Task::Unknown
                {
                    c.task = storage::Task::HandOver;
                    c.until = until;
                }
                if self.bug == Bug::LapsedAsExpired && c.task == storage::Task::Unknown {
                    c.task = storage::Task::Expired;
                }
                if self.bug == Bug::ClaimTwice {
                    c.until += chrono::TimeDelta::hours(1);
                }
                if self.bug == Bug::NoDeadline && c.task == storage::Task::Expired {
                    c.task = storage::Task::HandOver;
                    c.until = until;
                }
                if self.bug == Bug::NoDeadline
                    && let Content::Text(t) = &mut c.outgoing.content
                {
                    t.not_after += chrono::TimeDelta::hours(100);
                }
            }
            Ok(cs)
        }
        async fn policy(&self, a: &AccountId) -> Result<CurrentPolicy, S::Error> {
            self.s.policy(a).await
        }
        async fn set_policy(&self, c: PolicyChange) -> Result<PolicyCommitted, S::Error> {
            self.s.set_policy(c).await
        }
    }
    pub struct Post<O> {
        pub o: O,
        pub bug: Bug,
    }
    impl<O: Outbox> Outbox for Post<O> {
        async fn send(&self, m: &Outgoing) -> Handover {
            let h = self.o.send(m).await;
            if self.bug == Bug::Twice && h == Handover::Unknown {
                return self.o.send(m).await;
            }
            if self.bug == Bug::UnknownAsNotSent && h == Handover::Unknown {
                return Handover::NotSent { retry: true, code: None };
            }
            h
        }
    }
    #[derive(Clone, Copy)]
    pub struct Wrong(pub Bug);
    fn wrap<S: Storage, O: Outbox, C>(
        m: Machine<S, O, C>,
        bug: Bug,
    ) -> Machine<Shop<S>, Post<O>, C> {
        Machine {
            storage: Shop { s: m.storage, bug },
            outbox: Post { o: m.outbox, bug },
            clock: m.clock,
            deferred: m.deferred,
        }
    }
    impl Host for Wrong {
        fn handle<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
            &self,
            m: Machine<S, O, C>,
            c: &Contact,
            e: Event<'_>,
        ) -> impl Future<Output = Result<Outcome, HandleError<S::Error>>> + Send {
            let bug = self.0;
            async move { Optin.handle(wrap(m, bug), c, e).await }
        }
        fn send<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
            &self,
            m: Machine<S, O, C>,
            c: &Contact,
            e: Message<'_>,
        ) -> impl Future<Output = Result<Option<Outcome>, SendError<S::Error>>> + Send {
            let bug = self.0;
            async move { Optin.send(wrap(m, bug), c, e).await }
        }
        fn dispatch<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
            &self,
            m: Machine<S, O, C>,
            l: usize,
        ) -> impl Future<Output = Result<Round, HandleError<S::Error>>> + Send {
            let bug = self.0;
            async move { Optin.dispatch(wrap(m, bug), l).await }
        }
    }
}

#[test]
fn try_bugs() {
    use wrong::{Bug::*, Wrong};
    for bug in [
        NoMark,
        NoCas,
        NoCancel,
        NoNames,
        EarlyClaim,
        Unfinished,
        NoLease,
        RetryUnknown,
        Twice,
        NoEntry,
        NoDeadline,
        UnknownAsNotSent,
        LapsedAsExpired,
        ClaimTwice,
    ] {
        let began = std::time::Instant::now();
        let e = explore(Wrong(bug), Size::Small);
        println!("{bug:?}: {} states, {:?}", e.states, began.elapsed());
        if let Some(f) = e.found {
            println!("  {}\n    {}", f.property, f.path.join("\n    "));
        }
    }
}
