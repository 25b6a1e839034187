//! The hosts, and which of them is tried first.

use core::cell::Cell;
use std::{rc::Rc, vec::Vec};

/// Shared by all that opens connections, and by the connections.
pub(super) struct Hosts {
    /// The host that worked last, or the one after that which did not.
    first: Cell<usize>,
    /// How often each fell silent.
    silences: Vec<Cell<u64>>,
}

/// Opens at a host; where that fails, or nobody waits for its end, others come first from then on.
pub(super) struct Trying(Option<Place>);

/// The host at which a connection is.
pub(super) struct Place {
    hosts: Rc<Hosts>,
    index: usize,
    /// How often it had fallen silent before.
    silences: u64,
}

impl Hosts {
    pub(super) fn new(count: usize) -> Rc<Self> {
        let silences = core::iter::repeat_with(|| Cell::new(0)).take(count).collect();
        Rc::new(Self { first: Cell::new(0), silences })
    }

    /// Each once, in the order in which they are to be tried.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, count) = (self.first.get(), self.silences.len());
        (0..count).map(move |n| (first + n) % count)
    }

    pub(super) fn place(self: &Rc<Self>, index: usize) -> Place {
        let silences = self.silences.get(index).map_or(0, Cell::get);
        Place { hosts: self.clone(), index, silences }
    }
}

impl Trying {
    pub(super) fn new(place: Place) -> Self {
        Self(Some(place))
    }

    /// Who comes next begins here.
    pub(super) fn succeed(mut self) {
        if let Some(place) = self.0.take() {
            place.hosts.first.set(place.index);
        }
    }
}

impl Drop for Trying {
    fn drop(&mut self) {
        if let Some(place) = &self.0 {
            place.avoid();
        }
    }
}

impl Place {
    /// Who comes next begins with the others: a leader that was taken away, and does not know it,
    /// still says that it takes writes.
    pub(super) fn avoid(&self) {
        if self.hosts.first.get() == self.index {
            self.hosts.first.set((self.index + 1) % self.hosts.silences.len().max(1));
        }
    }

    /// It gave no answer: no other connection there is waited for as long again.
    pub(super) fn fell_silent(&self) {
        if !self.is_left()
            && let Some(silences) = self.hosts.silences.get(self.index)
        {
            silences.set(silences.get() + 1);
        }
        self.avoid();
    }

    /// Whether it fell silent since.
    pub(super) fn is_left(&self) -> bool {
        self.hosts.silences.get(self.index).is_some_and(|it| it.get() != self.silences)
    }
}
