//! One moment of all machines, the storage, the clock and what truly happened.

use chrono::TimeDelta;
use optin::{Handover, simulation::Host};

use super::{
    clock::Clock,
    configuration::{Budget, Configuration},
    history::History,
    input::{Input, Names, What},
    shared::Shared,
    shelf::Shelf,
    sight::Sights,
    task::{Job, Task},
};

/// Places for tasks: two handlers, then two dispatchers.
pub(super) const PLACES: usize = 4;
pub(super) const HANDLERS: usize = 2;

/// Inputs of a configuration at most.
const INPUTS: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) shelf: Shelf,
    pub(super) tasks: [Option<Shared<Task>>; PLACES],
    /// How often each input may still come in.
    pub(super) left: [u8; INPUTS],
    pub(super) budget: Budget,
    pub(super) history: History,
}

/// What happens next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// A task begins, up to the answer to its first call.
    Begin { place: usize, job: Job },
    /// A task goes on, up to the answer to its next call.
    Go { place: usize },
    /// As `Go`, but the commit's outcome is not known: it happened or not.
    Lose { place: usize, happened: bool },
    /// A hand-over ends.
    Answer { place: usize, answer: Handover },
    /// A machine ends; what it asked for last has happened.
    Crash { place: usize },
    /// The clock moves, while some tasks have looked at it and not gone on.
    Tick { jump: TimeDelta, paused: u8 },
    /// The next settings are in force.
    ChangePolicy,
}

/// The rules of how one moment follows another.
pub(super) struct Rules<H> {
    pub(super) host: H,
    pub(super) configuration: Configuration,
    pub(super) names: Names,
    pub(super) sights: Sights,
}

impl<H: Host> Rules<H> {
    pub(super) fn new(host: H, configuration: Configuration) -> Self {
        let names = Names::new(configuration.inputs.len());
        Self { host, configuration, names, sights: Sights::default() }
    }

    /// The moment when the machines begin.
    pub(super) fn first(&self) -> World {
        let configuration = &self.configuration;
        let mut left = [0; INPUTS];
        for (left, input) in left.iter_mut().zip(&configuration.inputs) {
            *left = input.times;
        }
        let mut world = World {
            clock: Clock::new(),
            shelf: Shelf::default(),
            tasks: Default::default(),
            left,
            budget: configuration.budget,
            history: History::default(),
        };
        for &input in &configuration.before {
            let job = self.job(input, 0);
            world = self.next(&world, &Action::Begin { place: 0, job }, None).unwrap();
            while let Some(place) = world.tasks.iter().position(Option::is_some) {
                let in_air = world.tasks[place].as_ref().is_some_and(|task| task.air.is_some());
                let answer = configuration.answers[0].clone();
                let next =
                    if in_air { Action::Answer { place, answer } } else { Action::Go { place } };
                world = self.next(&world, &next, None).unwrap();
            }
        }
        world
    }

    pub(super) fn happen(&self, world: &World, actions: &mut Vec<Action>) {
        if world.history.broken.is_some() {
            return;
        }
        let configuration = &self.configuration;
        self.beginnings(world, actions);
        for (place, task) in world.tasks.iter().enumerate() {
            let Some(task) = task else { continue };
            if task.air.is_some() {
                let refusals = if world.budget.refusals > 0 { usize::MAX } else { 1 };
                let answers = configuration.answers.iter().take(refusals);
                actions
                    .extend(answers.map(|answer| Action::Answer { place, answer: answer.clone() }));
            } else {
                actions.push(Action::Go { place });
                if world.budget.losses > 0 && task.may_commit() {
                    actions.push(Action::Lose { place, happened: false });
                    actions.push(Action::Lose { place, happened: true });
                }
            }
            // What nobody can see of a machine that ends is as if it had never begun.
            if world.budget.crashes > 0 && task.has_acted() {
                actions.push(Action::Crash { place });
            }
        }
        if world.budget.ticks > 0 {
            self.ticks(world, actions);
        }
        if usize::from(world.shelf.policy) + 1 < configuration.policies.len() {
            actions.push(Action::ChangePolicy);
        }
    }

    fn beginnings(&self, world: &World, actions: &mut Vec<Action>) {
        let configuration = &self.configuration;
        let alike = configuration.deferred[0] == configuration.deferred[1];
        for place in 0..HANDLERS {
            if world.tasks[place].is_some() {
                continue;
            }
            for (number, input) in (0_u8..).zip(&configuration.inputs) {
                if world.left[usize::from(number)] > 0 && !self.waits(world, number, *input) {
                    actions.push(Action::Begin { place, job: self.job(number, place) });
                }
            }
            if alike {
                break;
            }
        }
        let free = (HANDLERS..PLACES).find(|&place| world.tasks[place].is_none());
        if let Some(place) = free
            && !world.shelf.line.is_empty()
        {
            actions.push(Action::Begin { place, job: Job::Dispatch });
        }
    }

    /// Of inputs that are alike but for their names the first comes first.
    fn waits(&self, world: &World, number: u8, input: Input) -> bool {
        let inputs = &self.configuration.inputs[..usize::from(number)];
        let unseen =
            |(other, left): (&Input, &u8)| other.what == input.what && *left == other.times;
        inputs.iter().zip(&world.left).any(unseen)
    }

    fn ticks(&self, world: &World, actions: &mut Vec<Action>) {
        let mut can_pause = 0_u8;
        for (place, task) in world.tasks.iter().enumerate() {
            if self.configuration.pauses && task.as_ref().is_some_and(|task| task.can_pause()) {
                can_pause |= 1 << place;
            }
        }
        let airs = || world.tasks.iter().flatten().filter_map(|task| task.air);
        for &jump in &self.configuration.jumps {
            if airs().any(|air| jump > TimeDelta::zero() && world.clock.now + jump > air.by) {
                continue;
            }
            for paused in (0..1 << PLACES).filter(|paused| paused & !can_pause == 0) {
                actions.push(Action::Tick { jump, paused });
            }
        }
    }

    fn job(&self, input: u8, place: usize) -> Job {
        let deferred = self.configuration.deferred[place];
        match self.configuration.inputs[usize::from(input)].what {
            What::Message => Job::Send { input, deferred },
            What::Says(_) | What::Requests | What::Activates | What::OptsOut | What::Blocked => {
                Job::Handle { input, deferred }
            }
        }
    }
}
