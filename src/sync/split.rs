//! A batch that a CRM refuses as a whole is halved, until the one that it refuses is alone.

use alloc::{vec, vec::Vec};
use core::{future::Future, ops::Range, time::Duration};

use super::{clock::Clock, code};
use crate::consent::outgoing::Handover;

/// The most calls for one batch. Halving 200 down to one takes 17: each batch finds at least one
/// that is refused, or none is left.
const MAX_CALLS: usize = 24;

/// No call begins later: all of a batch should be over within the lease of 30 seconds.
const MAX_TIME: Duration = Duration::from_secs(15);

/// What came of calling a part of a batch.
#[derive(Debug)]
pub(super) enum Called {
    /// An answer for each of the part, in its order.
    Each(Vec<Handover>),
    /// The part was refused as a whole, perhaps for the sake of one: for each, where it is the
    /// only one.
    Refused(Handover),
    /// Nothing else of the batch can be called now: for each of the part, and for each of the rest.
    Over(Handover, Handover),
}

/// Calls each part, in halves where it is refused, and answers for each of `0..length`.
pub(super) async fn call<F, C>(
    clock: &Clock,
    length: usize,
    parts: Vec<Range<usize>>,
    mut call: F,
) -> Vec<Handover>
where
    F: FnMut(Range<usize>) -> C,
    C: Future<Output = Called>,
{
    let began = clock.now();
    let mut answers = vec![code::again(code::named("not_tried")); length];
    let mut parts = parts;
    parts.reverse();
    for _ in 0..MAX_CALLS {
        let Some(part) = parts.pop() else {
            break;
        };
        let called = call(part.clone()).await;
        match called {
            Called::Each(each) => {
                let mut each = each.into_iter();
                for answer in &mut answers[part] {
                    *answer = each.next().unwrap_or(Handover::Unknown);
                }
            }
            Called::Refused(handover) if part.len() <= 1 => answers[part].fill(handover),
            Called::Refused(_) => {
                let middle = part.start + part.len() / 2;
                parts.push(middle..part.end);
                parts.push(part.start..middle);
            }
            Called::Over(handover, rest) => {
                answers[part].fill(handover);
                for part in parts {
                    answers[part].fill(rest.clone());
                }
                break;
            }
        }
        if clock.now().saturating_duration_since(began) >= MAX_TIME {
            break;
        }
    }
    answers
}
