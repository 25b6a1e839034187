//! An outbox for scripts: it keeps what it accepted, and answers as it was told to.

use std::{
    future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::TimeDelta;
use optin::{CarrierCode, Content, Handover, Outbox, Outgoing, Status};

use crate::script::Answer;

/// An outbox that keeps what it accepted, and answers as it was told to.
pub(crate) struct Recorder {
    pub(crate) time: Arc<AtomicI64>,
    pub(crate) state: Mutex<Recorded>,
}

pub(crate) struct Recorded {
    pub(crate) answer: Answer,
    pub(crate) takes: TimeDelta,
    pub(crate) texts: Vec<Outgoing>,
    pub(crate) statuses: Vec<Status>,
}

impl Recorder {
    pub(crate) fn new(time: Arc<AtomicI64>) -> Self {
        Self {
            time,
            state: Mutex::new(Recorded {
                answer: Answer::Accepted,
                takes: TimeDelta::zero(),
                texts: Vec::new(),
                statuses: Vec::new(),
            }),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, Recorded> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox for Recorder {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let (answer, takes) = match &outgoing.content {
            Content::Status(status) => {
                self.state().statuses.push(*status);
                return Handover::Accepted { provider_id: None };
            }
            Content::Text(_) => {
                let state = self.state();
                (state.answer.clone(), state.takes)
            }
        };
        self.time.fetch_add(takes.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        match answer {
            Answer::Accepted => {
                self.state().texts.push(outgoing.clone());
                Handover::Accepted { provider_id: None }
            }
            Answer::NotSent => Handover::NotSent { retry: false, code: None },
            Answer::Retry => Handover::NotSent { retry: true, code: None },
            Answer::Unknown => Handover::Unknown,
            Answer::Blocked(code) => {
                Handover::Blocked { code: CarrierCode::new(&code).expect("the script has a code") }
            }
            Answer::Crashes => future::pending().await,
        }
    }
}
