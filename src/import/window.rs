//! The rows under way: many at once, of each number one, reported in their order.

use core::future::Future;
use std::{
    collections::{HashMap, VecDeque},
    vec::Vec,
};

use csv::ByteRecord;
use futures_util::{StreamExt, stream::FuturesUnordered};

use super::rows::Taken;
use crate::{
    consent::contact::PhoneNumber,
    engine::{HandleError, Outcome},
};

/// The most rows under way. A storage may commit some hundred of them together while it is given
/// the next ones.
const MAX_ROWS: usize = 1_024;
/// The most bytes of rows under way, one row aside.
const MAX_BYTES: usize = 8 << 20;
/// The largest record kept to be read into again.
const MAX_SPARE: usize = 4 << 10;

/// What an event of a row ended in; `None` where the row was rejected.
pub(super) type Handled<E> = Result<Option<Outcome>, HandleError<E>>;

pub(super) struct Window<N, F, E> {
    /// Makes the future of a row: its id, its number, its status.
    begin: N,
    rows: VecDeque<Slot<E>>,
    /// The id of the first of `rows`; they count up.
    first: u64,
    bytes: usize,
    running: FuturesUnordered<F>,
    /// The numbers under way, each with the rows that wait for it.
    numbers: HashMap<PhoneNumber, VecDeque<u64>>,
    spares: Vec<ByteRecord>,
}

struct Slot<E> {
    taken: Taken,
    handled: Option<Handled<E>>,
}

impl<N, F, E> Window<N, F, E>
where
    N: FnMut(u64, PhoneNumber, Option<bool>) -> F,
    F: Future<Output = (u64, Result<Outcome, HandleError<E>>)>,
{
    pub(super) fn new(begin: N) -> Self {
        Self {
            begin,
            rows: VecDeque::new(),
            first: 0,
            bytes: 0,
            running: FuturesUnordered::new(),
            numbers: HashMap::new(),
            spares: Vec::new(),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.rows.len() < MAX_ROWS && self.bytes < MAX_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A record to read the next row into.
    pub(super) fn spare(&mut self) -> ByteRecord {
        self.spares.pop().unwrap_or_default()
    }

    /// Gives the room of a reported row back.
    pub(super) fn reuse(&mut self, taken: Taken) {
        if size(&taken) <= MAX_SPARE {
            self.spares.push(taken.record);
        }
    }

    /// Begins a row, or lets it wait for the one before it with the same number.
    pub(super) fn take(&mut self, taken: Taken) {
        let id = self.first.wrapping_add(self.rows.len() as u64);
        self.bytes += size(&taken);
        let handled = match taken.said {
            Err(_) => Some(Ok(None)),
            Ok((number, opted_out)) => {
                match self.numbers.get_mut(&number) {
                    Some(waiting) => waiting.push_back(id),
                    None => {
                        self.numbers.insert(number, VecDeque::new());
                        self.running.push((self.begin)(id, number, opted_out));
                    }
                }
                None
            }
        };
        self.rows.push_back(Slot { taken, handled });
    }

    /// The first row, if it has ended.
    pub(super) fn pop(&mut self) -> Option<(Taken, Handled<E>)> {
        self.rows.front()?.handled.as_ref()?;
        let Slot { taken, handled } = self.rows.pop_front()?;
        self.first = self.first.wrapping_add(1);
        self.bytes -= size(&taken);
        Some((taken, handled?))
    }

    /// Waits until one of the rows has ended, and begins the one that waited for it.
    pub(super) async fn wait(&mut self) {
        let Some((id, handled)) = self.running.next().await else {
            return;
        };
        let Some(slot) = self.slot(id) else {
            return;
        };
        slot.handled = Some(handled.map(Some));
        let Ok((number, _)) = slot.taken.said else {
            return;
        };
        let next = self.numbers.get_mut(&number).and_then(VecDeque::pop_front);
        let next = next.and_then(|id| Some((id, self.slot(id)?.taken.said.ok()?)));
        match next {
            Some((id, (number, opted_out))) => {
                self.running.push((self.begin)(id, number, opted_out));
            }
            None => {
                self.numbers.remove(&number);
            }
        }
    }

    fn slot(&mut self, id: u64) -> Option<&mut Slot<E>> {
        let at = usize::try_from(id.wrapping_sub(self.first)).ok()?;
        self.rows.get_mut(at)
    }
}

/// What a row takes: its bytes, and where its cells end.
fn size(taken: &Taken) -> usize {
    taken.record.as_slice().len() + taken.record.len() * size_of::<usize>()
}
