//! What waits at the same moment goes in one call: one caller makes it for all.
//!
//! The first caller of an account leads: it calls at once, with whatever waits. While its call is
//! under way others wait, and the longest waiting of them leads next. A leader that is dropped
//! leaves those it had taken without an answer, and the lead to the next.

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::future::Future;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_channel::oneshot;

use crate::consent::{id::AccountId, outgoing::Handover};

/// How a batch of one account is called.
pub(super) trait Calls: Sync {
    /// What one caller brings.
    type Item: Send + Sync;
    /// What a call needs beside its batch.
    type Ready: Send;

    /// Makes ready for a call, or says why there can be none.
    fn ready(
        &self,
        account: &AccountId,
    ) -> impl Future<Output = Result<Self::Ready, Handover>> + Send;

    /// Whether `next` can go with `batch`.
    fn fits(&self, batch: &[Self::Item], next: &Self::Item) -> bool;

    /// Calls, and answers for each item in the batch's order.
    fn call(
        &self,
        account: &AccountId,
        ready: Self::Ready,
        batch: &[Self::Item],
    ) -> impl Future<Output = Vec<Handover>> + Send;
}

/// The callers of all accounts.
#[derive(Debug)]
pub(super) struct Gatherer<T> {
    lines: Arc<Mutex<Lines<T>>>,
}

#[derive(Debug)]
struct Lines<T> {
    next_number: u64,
    /// Those who wait, by account, in their order; an account is in here while somebody leads.
    waiting: HashMap<AccountId, BTreeMap<u64, Waiting<T>>>,
}

#[derive(Debug)]
struct Waiting<T> {
    item: T,
    turn: oneshot::Sender<Turn<T>>,
}

/// What a caller waits for.
enum Turn<T> {
    Lead(Lead<T>, T),
    Answered(Handover),
}

impl<T: Send + Sync> Gatherer<T> {
    pub(super) fn new() -> Self {
        let lines = Lines { next_number: 0, waiting: HashMap::new() };
        Self { lines: Arc::new(Mutex::new(lines)) }
    }

    /// Has the item called, by this caller or by another.
    pub(super) async fn send<C: Calls<Item = T>>(
        &self,
        calls: &C,
        account: &AccountId,
        item: T,
    ) -> Handover {
        let (turn, _place) = match self.join(account, item) {
            Joined::Leads(lead, item) => return lead_call(calls, lead, item).await,
            Joined::Waits(turn, place) => (turn, place),
        };
        match turn.await {
            Ok(Turn::Lead(lead, item)) => lead_call(calls, lead, item).await,
            Ok(Turn::Answered(handover)) => handover,
            // The leader was dropped, its call perhaps made.
            Err(oneshot::Canceled) => Handover::Unknown,
        }
    }

    fn join(&self, account: &AccountId, item: T) -> Joined<T> {
        let mut lines = lock(&self.lines);
        let number = lines.next_number;
        lines.next_number += 1;
        match lines.waiting.get_mut(account) {
            None => {
                lines.waiting.insert(account.clone(), BTreeMap::new());
                Joined::Leads(Lead::new(&self.lines, account), item)
            }
            Some(line) => {
                let (turn, wait) = oneshot::channel();
                line.insert(number, Waiting { item, turn });
                let lines = self.lines.clone();
                Joined::Waits(wait, Place { lines, account: account.clone(), number })
            }
        }
    }
}

enum Joined<T> {
    Leads(Lead<T>, T),
    Waits(oneshot::Receiver<Turn<T>>, Place<T>),
}

async fn lead_call<C: Calls>(calls: &C, lead: Lead<C::Item>, own: C::Item) -> Handover {
    // Before others are taken: until here a leader that is dropped takes nobody with it.
    let ready = match calls.ready(&lead.account).await {
        Ok(ready) => ready,
        Err(handover) => return handover,
    };
    let (batch, turns) = lead.gather(calls, own);
    let mut answers = calls.call(&lead.account, ready, &batch).await.into_iter();
    let own = answers.next().unwrap_or(Handover::Unknown);
    for turn in turns {
        // Nobody waits any more where the future was dropped.
        let _ = turn.send(Turn::Answered(answers.next().unwrap_or(Handover::Unknown)));
    }
    own
}

/// The right to call for an account. Dropping it passes it on.
struct Lead<T> {
    lines: Arc<Mutex<Lines<T>>>,
    account: AccountId,
    passed: bool,
}

impl<T> Lead<T> {
    fn new(lines: &Arc<Mutex<Lines<T>>>, account: &AccountId) -> Self {
        Self { lines: lines.clone(), account: account.clone(), passed: false }
    }

    /// The leader's own item and those that can go with it, with whom to answer.
    fn gather<C: Calls<Item = T>>(
        &self,
        calls: &C,
        own: T,
    ) -> (Vec<T>, Vec<oneshot::Sender<Turn<T>>>) {
        let mut batch = alloc::vec![own];
        let mut turns = Vec::new();
        let mut lines = lock(&self.lines);
        if let Some(line) = lines.waiting.get_mut(&self.account) {
            for (number, waiting) in core::mem::take(line) {
                if !waiting.turn.is_canceled() && calls.fits(&batch, &waiting.item) {
                    batch.push(waiting.item);
                    turns.push(waiting.turn);
                } else {
                    line.insert(number, waiting);
                }
            }
        }
        (batch, turns)
    }
}

impl<T> Drop for Lead<T> {
    fn drop(&mut self) {
        while !self.passed {
            let next = {
                let mut lines = lock(&self.lines);
                let next = lines.waiting.get_mut(&self.account).and_then(BTreeMap::pop_first);
                if next.is_none() {
                    lines.waiting.remove(&self.account);
                }
                next
            };
            let Some((_, waiting)) = next else {
                return;
            };
            let lead = Self::new(&self.lines, &self.account);
            // A receiver that is dropped with the lead in its hands drops, and so passes, it.
            match waiting.turn.send(Turn::Lead(lead, waiting.item)) {
                Ok(()) => self.passed = true,
                Err(Turn::Lead(mut lead, _)) => lead.passed = true,
                Err(Turn::Answered(_)) => {}
            }
        }
    }
}

/// A caller's place in its line. Dropping it, with or without an answer, leaves the line.
struct Place<T> {
    lines: Arc<Mutex<Lines<T>>>,
    account: AccountId,
    number: u64,
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        let mut lines = lock(&self.lines);
        let left = lines.waiting.get_mut(&self.account).and_then(|line| line.remove(&self.number));
        drop(lines);
        drop(left);
    }
}

fn lock<T>(lines: &Mutex<Lines<T>>) -> MutexGuard<'_, Lines<T>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}
