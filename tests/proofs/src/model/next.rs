//! How one moment follows another.

use optin::{
    ConsentState, Content, MessageKind, Outgoing,
    simulation::Host,
    storage::{self, Change, Commit, Committed, Settlement, Then},
};

use super::{
    history::{Air, Committing, Texts, bit},
    script::{Answer, Call},
    shared::Shared,
    sight::Sight,
    task::{Job, Step, Task},
    world::{Action, HANDLERS, Rules, World},
};

impl<H: Host> Rules<H> {
    /// What follows, if anything changes; and how it went, where somebody wants to know.
    pub(super) fn next(
        &self,
        world: &World,
        action: &Action,
        told: Option<&mut String>,
    ) -> Option<World> {
        let mut next = world.clone();
        match action {
            Action::Begin { place, job } => {
                if let Job::Handle { input, .. } | Job::Send { input, .. } = job {
                    next.left[usize::from(*input)] -= 1;
                }
                self.step(
                    world,
                    &mut next,
                    *place,
                    &Task::new(*job, world.history.opt_outs),
                    None,
                    told,
                );
                if *job == Job::Dispatch && next == *world {
                    return None;
                }
            }
            Action::Go { place } => {
                let task = world.tasks[*place].as_ref()?;
                self.step(world, &mut next, *place, task, None, told);
            }
            Action::Lose { place, happened } => {
                let task = world.tasks[*place].as_ref()?;
                next.budget.losses -= 1;
                self.step(world, &mut next, *place, task, Some(*happened), told);
            }
            Action::Answer { place, answer } => {
                let task = world.tasks[*place].as_ref()?;
                let air = task.air?;
                next.budget.refusals -= u8::from(*answer != self.configuration.answers[0]);
                next.history.end(air, Some(answer), world.clock);
                next.tasks[*place] = Some(Shared::new(task.sent(Answer::Sent(answer.clone()))));
            }
            Action::Crash { place } => {
                let task = next.tasks[*place].take()?;
                next.budget.crashes -= 1;
                if let Some(air) = task.air {
                    next.history.end(air, None, world.clock);
                }
            }
            Action::Tick { jump, paused } => {
                next.budget.ticks -= 1;
                for (place, task) in next.tasks.iter_mut().enumerate() {
                    if paused & 1 << place != 0
                        && let Some(running) = task
                    {
                        *task = Some(Shared::new(running.paused(world.clock.now)));
                    }
                }
                next.clock.tick(*jump);
            }
            Action::ChangePolicy => next.shelf.policy += 1,
        }
        self.sort(&mut next);
        Some(next)
    }

    /// Machines that are alike have no order of their own.
    fn sort(&self, world: &mut World) {
        let order = |task: &Option<Shared<Task>>| task.as_ref().map_or(u64::MAX, Shared::order);
        let (handlers, dispatchers) = world.tasks.split_at_mut(HANDLERS);
        if self.configuration.deferred[0] == self.configuration.deferred[1] {
            handlers.sort_by_key(order);
        }
        dispatchers.sort_by_key(order);
    }

    /// One task goes on by one call; `lost` when a commit's answer is, and whether it happened.
    fn step(
        &self,
        world: &World,
        next: &mut World,
        place: usize,
        task: &Task,
        lost: Option<bool>,
        told: Option<&mut String>,
    ) {
        let mut owed = task.owed;
        let configuration = &self.configuration;
        let step = task.step(
            &self.host,
            (&self.names, &configuration.inputs, &configuration.policies),
            world.clock.now,
            |call| match (lost, &call) {
                (Some(false), Call::Commit(_)) => Answer::Lost,
                (Some(true), Call::Commit(_)) => {
                    self.answer(world, next, task, &mut owed, call);
                    Answer::Lost
                }
                _ => self.answer(world, next, task, &mut owed, call),
            },
        );
        if let Some(told) = told {
            *told = step.to_string();
        }
        next.tasks[place] = match step {
            Step::Sends(outgoing, task) => {
                let air = self.begin(world, next, &outgoing);
                Some(Shared::new(task.sending(air)))
            }
            Step::Answered(_, task) => Some(Shared::new(task.owing(owed))),
            Step::Ended(_, named) => {
                if let Some(named) = named {
                    next.history.name(owed, named);
                }
                None
            }
        };
    }

    /// The storage does what it is asked.
    fn answer(
        &self,
        world: &World,
        next: &mut World,
        task: &Task,
        owed: &mut Texts,
        call: Call,
    ) -> Answer {
        let configuration = &self.configuration;
        let policy = next.shelf.policy;
        match call {
            Call::Load => Answer::Loaded {
                policy,
                record: next.shelf.record,
                text_unfinished: !next.shelf.line.is_empty(),
            },
            Call::Policy => Answer::Policy { policy },
            Call::Commit(commit) => {
                let committed = next.shelf.commit(&commit);
                self.see_commit(&commit, &committed);
                if let Committed::Applied { .. } = committed {
                    let input = match task.job {
                        Job::Handle { input, .. } | Job::Send { input, .. } => {
                            Some((input, configuration.inputs[usize::from(input)]))
                        }
                        Job::Dispatch => None,
                    };
                    let committing = Committing {
                        commit: &commit,
                        input,
                        before: &world.shelf,
                        in_air: airs(world).fold(0, |all, air| all | bit(air.revision)),
                        opt_outs: task.opt_outs,
                        token: task.token(),
                    };
                    *owed |= next.history.commit(&self.names, &configuration.policies, &committing);
                }
                Answer::Committed(committed)
            }
            Call::Claim { now, until, limit } => {
                let claims = next.shelf.claim(now, until, limit);
                for claim in &claims {
                    next.history.claim(&claim.outgoing);
                    match claim.task {
                        storage::Task::HandOver => {}
                        storage::Task::Expired => self.sights.see(Sight::Expired),
                        storage::Task::Unknown => self.sights.see(Sight::Lapsed),
                    }
                }
                Answer::Claimed(claims)
            }
            Call::Send(_) => panic!("the outbox answers that"),
        }
    }

    fn see_commit(&self, commit: &Commit, committed: &Committed) {
        let sights = &self.sights;
        match committed {
            Committed::Conflict => sights.see(Sight::Conflict),
            Committed::Duplicate => sights.see(Sight::Duplicate),
            Committed::Stale => sights.see(Sight::Stale),
            Committed::Applied { in_flight } => {
                if !in_flight.is_empty() {
                    sights.see(Sight::Named);
                }
                if let Some(Settlement { then: Then::RetryAt(at), .. }) = commit.settle {
                    sights.see(if at < commit.at { Sight::Late } else { Sight::Retry });
                }
                if let Change::Put(record) = commit.change {
                    match record.state {
                        ConsentState::Pending(_) if record.restarts.is_some() => {
                            sights.see(Sight::Restart);
                        }
                        ConsentState::Pending(_) | ConsentState::OptedOut { .. } => {}
                        ConsentState::Active { .. } => sights.see(Sight::Active),
                    }
                }
            }
        }
    }

    fn begin(&self, world: &World, next: &mut World, outgoing: &Outgoing) -> Option<Air> {
        let Content::Text(text) = &outgoing.content else { return None };
        if text.kind == MessageKind::Reminder {
            self.sights.see(Sight::Reminder);
        }
        if text.kind == MessageKind::Message {
            self.sights.see(Sight::StaffMessage);
        }
        let others: Vec<Air> = airs(world).collect();
        let policies = self.configuration.policies.iter();
        let max = policies.map(|current| current.policy.settings().reminders.max).max();
        let max = max.and_then(|max| u8::try_from(max).ok()).unwrap_or(0);
        let air = next.history.begin((outgoing, text), world.clock, &others, &world.shelf, max);
        Some(air)
    }
}

fn airs(world: &World) -> impl Iterator<Item = Air> {
    world.tasks.iter().flatten().filter_map(|task| task.air)
}
