//! Every state that one contact and its machines can be in, and what must hold in each.
//!
//! The machines run the real engine and dispatcher, as a [`Host`] wires them. A future cannot be
//! copied, so a state holds what a task was answered so far: for each step the future is made
//! anew, polled up to the first call that was not answered yet, and that call is what happens.

mod clock;
mod configuration;
mod guarantee;
mod history;
mod input;
mod next;
mod script;
mod shared;
mod shelf;
mod sight;
mod sizes;
mod spaces;
mod story;
mod task;
mod world;

use optin::simulation::Host;
use stateright::{Checker, HasDiscoveries, Model, Property};

use self::{
    guarantee::Guarantee,
    sight::Sights,
    world::{Action, Rules, World},
};
pub use self::{script::StorageLost, sizes::Size};

/// What an exploration came to.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "it is read by tests alone")]
pub struct Explored {
    /// States that differ.
    pub states: usize,
    /// The longest path that was gone.
    pub max_depth: usize,
    /// The states of each space.
    pub spaces: Vec<(&'static str, usize)>,
    /// What was never met with, of what a search should meet with.
    pub unseen: Vec<&'static str>,
    /// The first state in which a guarantee did not hold; the search ends there.
    pub found: Option<Found>,
}

/// A state in which a guarantee did not hold.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "it is read by tests alone")]
pub struct Found {
    /// The guarantee: its number, then what it says.
    pub property: &'static str,
    /// What happened, one step a line.
    pub path: Vec<String>,
}

/// Visits all states of this size that machines of such a host can be in.
///
/// Ends at the first state that breaks a guarantee; up to [`Size::Ci`] by one of the shortest
/// paths. Machines that are alike have no order: in a path they may change places.
pub fn explore<H: Host + Clone + 'static>(host: H, size: Size) -> Explored {
    let mut explored = Explored {
        states: 0,
        max_depth: 0,
        spaces: Vec::new(),
        unseen: Sights::all(),
        found: None,
    };
    for configuration in size.configurations() {
        let name = configuration.name;
        let rules = Rules::new(host.clone(), configuration);
        let checker = rules.checker().threads(2).finish_when(HasDiscoveries::AnyFailures);
        let checker = checker.target_state_count(size.bound());
        let states = if size.is_deep() {
            explored.add(&checker.spawn_dfs().join())
        } else {
            explored.add(&checker.spawn_bfs().join())
        };
        explored.spaces.push((name, states));
        if explored.found.is_some() {
            break;
        }
    }
    explored
}

impl Explored {
    /// Adds a space, and says how many states it has.
    fn add<H: Host + 'static>(&mut self, checker: &impl Checker<Rules<H>>) -> usize {
        let rules = checker.model();
        let seen = rules.sights.names();
        self.unseen.retain(|unseen| !seen.contains(unseen));
        self.states += checker.unique_state_count();
        self.max_depth = self.max_depth.max(checker.max_depth());
        self.found = checker.discoveries().into_iter().next().map(|(property, path)| {
            let steps = path.into_vec();
            let steps = steps.iter().filter_map(|(world, action)| Some((world, action.as_ref()?)));
            let path = steps.map(|(world, action)| rules.tell(world, action));
            Found { property, path: path.collect() }
        });
        checker.unique_state_count()
    }
}

impl<H: Host + 'static> Model for Rules<H> {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![self.first()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        self.happen(world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        self.next(world, &action, None)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! always {
            ($($guarantee:ident)*) => {
                vec![$(Property::always(Guarantee::$guarantee.name(), |_, world: &World| {
                    world.history.broken != Some(Guarantee::$guarantee)
                })),*]
            };
        }
        always!(Cap Spacing Cause Consent Barrier Explained Once AtMostOnce Deadline Late Backwards)
    }
}
