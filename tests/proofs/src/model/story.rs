//! A path in words.

use std::fmt;

use optin::{Content, Handover, Outgoing, simulation::Host, storage::Committed};

use super::{
    input::What,
    script::Answer,
    task::{Job, Step},
    world::{Action, HANDLERS, Rules, World},
};

impl<H: Host> Rules<H> {
    /// What happened in one step.
    pub(super) fn tell(&self, world: &World, action: &Action) -> String {
        let mut how = String::new();
        let _ = self.next(world, action, Some(&mut how));
        match action {
            Action::Begin { place, job } => format!("{} {}: {how}", Who(*place), self.begins(*job)),
            Action::Go { place } => format!("{}: {how}", Who(*place)),
            Action::Lose { place, happened: true } => {
                format!("{}: the commit happens, its answer is lost", Who(*place))
            }
            Action::Lose { place, happened: false } => {
                format!("{}: the commit is lost", Who(*place))
            }
            Action::Answer { place, answer } => {
                format!("{}: the hand-over ends {}", Who(*place), ending(answer))
            }
            Action::Crash { place } => format!("{} crashes", Who(*place)),
            Action::Tick { jump, paused: 0 } => format!("the clock moves by {jump}"),
            Action::Tick { jump, paused } => {
                let paused = (0..4).filter(|place| paused & 1 << place != 0);
                let names: Vec<String> = paused.map(|place| Who(place).to_string()).collect();
                format!("the clock moves by {jump} while {} stands still", names.join(" and "))
            }
            Action::ChangePolicy => "the next settings are in force".into(),
        }
    }

    fn begins(&self, job: Job) -> String {
        match job {
            Job::Handle { input, deferred } | Job::Send { input, deferred } => {
                let what = match self.configuration.inputs[usize::from(input)].what {
                    What::Says(words) => format!("takes text {input} “{words}”"),
                    What::Message => format!("takes staff message {input}"),
                    What::Requests => format!("takes request {input} for a staff message"),
                    What::Activates => "takes an override to active".into(),
                    What::OptsOut => "takes an override to opted out".into(),
                    What::Blocked => "takes a block by the carrier".into(),
                };
                if deferred { format!("{what}, deferred") } else { what }
            }
            Job::Dispatch => "begins a round".into(),
        }
    }
}

struct Who(usize);

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < HANDLERS {
            write!(f, "handler {}", self.0 + 1)
        } else {
            write!(f, "dispatcher {}", self.0 + 1 - HANDLERS)
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sends(outgoing, _) => write!(f, "begins to hand over {}", Message(outgoing)),
            Self::Answered(answer, _) => write!(f, "{answer}"),
            Self::Ended(Some(answer), _) => write!(f, "{answer}, and ends"),
            Self::Ended(None, _) => f.write_str("ends"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded { record, .. } => match record {
                Some(record) => {
                    let revision = record.revision.number();
                    write!(f, "loads revision {revision}, {}", record.state.name())
                }
                None => f.write_str("loads nothing"),
            },
            Self::Policy { .. } => f.write_str("reads the settings"),
            Self::Committed(Committed::Applied { in_flight }) if in_flight.is_empty() => {
                f.write_str("commits")
            }
            Self::Committed(Committed::Applied { in_flight }) => {
                write!(f, "commits, and is told of {} in flight", in_flight.len())
            }
            Self::Committed(Committed::Conflict) => f.write_str("commits in vain: a conflict"),
            Self::Committed(Committed::Duplicate) => f.write_str("commits in vain: a duplicate"),
            Self::Committed(Committed::Stale) => f.write_str("commits in vain: stale"),
            Self::Claimed(claims) => match claims.as_slice() {
                [claim] => {
                    write!(f, "claims {} to {:?}", Message(&claim.outgoing), claim.task)
                }
                claims => write!(f, "claims {}", claims.len()),
            },
            Self::Sent(handover) => write!(f, "is told {}", ending(handover)),
            Self::Lost => f.write_str("is not answered"),
        }
    }
}

/// A message by its kind and revision, without its words.
struct Message<'a>(&'a Outgoing);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let revision = self.0.id.revision.number();
        match &self.0.content {
            Content::Text(text) => write!(f, "the {} of revision {revision}", text.kind.name()),
            Content::Status(_) => write!(f, "a status of revision {revision}"),
        }
    }
}

fn ending(handover: &Handover) -> &'static str {
    match handover {
        Handover::Accepted { .. } => "accepted",
        Handover::NotSent { retry: true, .. } => "not sent, to be tried again",
        Handover::NotSent { retry: false, .. } => "not sent",
        Handover::Blocked { .. } => "blocked",
        Handover::Unknown => "unknown",
    }
}
