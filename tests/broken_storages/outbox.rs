//! Outboxes that break their contract in one way each, before a provider in memory.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::Utc;
use optin::{
    CarrierCode, Content, Handover, Outbox, Outgoing,
    conformance::{FailedCases, OutboxSuite, Report, Rig, Scene},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    RetriesByItself,
    IgnoresTheDeadline,
    CallsAServerErrorNotSent,
    CallsACutConnectionAccepted,
    CallsABlockARefusal,
    WaitsForEver,
}

struct Provider {
    flaw: Flaw,
    scene: Scene,
    requests: Arc<AtomicU64>,
}

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let Content::Text(text) = &outgoing.content else { panic!("a status") };
        if Utc::now() > text.not_after && self.flaw != Flaw::IgnoresTheDeadline {
            return Handover::NotSent { retry: false, code: None };
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        if self.flaw == Flaw::RetriesByItself && self.scene == Scene::RefusesForNow {
            self.requests.fetch_add(1, Ordering::Relaxed);
        }
        match (self.scene, self.flaw) {
            (Scene::Accepts, _) | (Scene::CutsTheConnection, Flaw::CallsACutConnectionAccepted) => {
                Handover::Accepted { provider_id: None }
            }
            (Scene::Refuses, _)
            | (Scene::ServerError, Flaw::CallsAServerErrorNotSent)
            | (Scene::Blocks, Flaw::CallsABlockARefusal) => {
                Handover::NotSent { retry: false, code: None }
            }
            (Scene::RefusesForNow, _) => Handover::NotSent { retry: true, code: None },
            (Scene::Blocks, _) => Handover::Blocked { code: CarrierCode::new("21610").unwrap() },
            (Scene::NeverAnswers, Flaw::WaitsForEver) => pending().await,
            _ => Handover::Unknown,
        }
    }
}

fn run(flaw: Flaw) -> Report {
    let set = |scene| {
        let requests = Arc::new(AtomicU64::new(0));
        let received = requests.clone();
        let received = move || received.load(Ordering::Relaxed);
        Some(Rig::new(Provider { flaw, scene, requests }, received))
    };
    OutboxSuite::new(set).lease(Duration::from_millis(50)).run()
}

#[test]
fn every_broken_outbox_is_caught_by_its_case() {
    let flaws = [
        (Flaw::RetriesByItself, "a_refusal_for_now_is_not_sent"),
        (Flaw::IgnoresTheDeadline, "a_text_past_its_deadline_is_not_sent"),
        (Flaw::CallsAServerErrorNotSent, "a_server_error_is_unknown"),
        (Flaw::CallsACutConnectionAccepted, "a_cut_connection_is_unknown"),
        (Flaw::CallsABlockARefusal, "a_block_is_blocked"),
        (Flaw::WaitsForEver, "no_answer_is_unknown_within_the_lease"),
    ];
    for (flaw, case) in flaws {
        let report = run(flaw);
        let caught_by: Vec<_> = report.failed().map(|(name, _)| name).collect();
        assert_eq!(caught_by, [case], "{flaw:?}");
    }
    println!("{} of {} broken outboxes caught", flaws.len(), flaws.len());
}

#[test]
fn the_same_outbox_without_a_flaw_passes() -> Result<(), FailedCases> {
    let cases = run(Flaw::None).ok()?;
    println!("{cases} cases passed by an outbox");
    Ok(())
}

#[test]
fn a_scene_that_is_not_set_is_reported_as_skipped() -> Result<(), FailedCases> {
    let report = OutboxSuite::new(|_| None::<Rig<'_, Provider>>).run();
    assert_eq!(report.skipped().count(), report.cases().len());
    assert_eq!(report.ok()?, 0);
    Ok(())
}
