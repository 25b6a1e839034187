//! Every state of some bounded spaces is visited, and no guarantee is broken in any (G1 to G6, G9,
//! G12, R6.2, R6.3).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "model/wrong.rs"]
mod wrong;

use optin::simulation::Optin;
use optin_proofs::model::{Size, explore};

use self::wrong::{Bug, Wrong};

/// With `OPTIN_STATES` at least as many states, in spaces that take minutes.
#[test]
fn no_state_breaks_a_guarantee() {
    let asked = std::env::var("OPTIN_STATES").ok().map(|states| states.parse().unwrap());
    let (size, least) = asked.map_or((Size::Ci, 1_000_000), |least| (Size::Long, least));
    let explored = explore(Optin, size);
    if let Some(found) = &explored.found {
        panic!("{}\n{}", found.property, found.path.join("\n"));
    }
    assert_eq!(explored.unseen, [""; 0], "the spaces are too small to prove much");
    assert!(explored.states >= least, "{} states, not {least}", explored.states);
    let states = grouped(explored.states);
    let depth = explored.max_depth;
    println!("{states} states, depth {depth}, 0 counterexamples");
}

/// 1412345 as 1,412,345.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<&str> = groups.map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

#[track_caller]
fn breaks(bug: Bug, guarantee: &str) {
    let found = explore(Wrong(bug), Size::Small).found.expect("the host is wrong");
    assert!(found.property.starts_with(guarantee), "{}\n{:#?}", found.property, found.path);
    assert!(!found.path.is_empty());
}

#[test]
fn a_host_that_drops_marks_breaks_a_guarantee() {
    breaks(Bug::DropsMarks, "G9");
}

#[test]
fn a_host_that_compares_with_what_is_stored_now_breaks_a_guarantee() {
    breaks(Bug::ComparesWithNow, "");
}

#[test]
fn a_host_that_cancels_nothing_breaks_a_guarantee() {
    breaks(Bug::CancelsNothing, "G5");
}

#[test]
fn a_host_that_takes_unknown_for_not_sent_breaks_a_guarantee() {
    breaks(Bug::TakesUnknownForNotSent, "R6.2");
}

#[test]
fn a_host_that_hands_over_what_lapsed_breaks_a_guarantee() {
    breaks(Bug::HandsOverTheLapsed, "R6.2");
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
