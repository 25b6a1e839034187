//! How a task ended: what a host was told, or what it must do again.

use super::storage::Failed;
use crate::{
    dispatch::Round,
    engine::{ChangePolicyError, HandleError, Outcome, SendError},
};

/// How a task ended.
pub(super) enum End {
    Handled(Outcome),
    Refused,
    /// Nothing came of it, and nothing is to be done again.
    Nothing,
    /// To be done again.
    Failed,
    Contended,
    /// What must not happen.
    Unexpected(&'static str),
}

pub(super) fn handled<E>(result: Result<Outcome, HandleError<Failed<E>>>) -> End {
    match result {
        Ok(outcome) => End::Handled(outcome),
        Err(error) => failed(&error),
    }
}

pub(super) fn sent<E>(result: Result<Option<Outcome>, SendError<Failed<E>>>) -> End {
    match result {
        Ok(Some(outcome)) => End::Handled(outcome),
        Ok(None) | Err(SendError::PermitEnded) => End::Nothing,
        Err(SendError::Handle(error)) => failed(&error),
    }
}

pub(super) fn dispatched<E>(result: Result<Round, HandleError<Failed<E>>>) -> End {
    match result {
        Ok(_) => End::Nothing,
        Err(HandleError::Refused(_)) => End::Unexpected("a dispatcher was refused"),
        Err(error) => failed(&error),
    }
}

pub(super) fn settings<E, X, T>(result: Result<T, ChangePolicyError<Failed<E>, X>>) -> End {
    match result {
        Ok(_) => End::Nothing,
        Err(ChangePolicyError::Refused(_)) => End::Refused,
        Err(ChangePolicyError::Invalid(_)) => End::Unexpected("valid settings were called invalid"),
        Err(ChangePolicyError::Changed { .. }) => {
            End::Unexpected("settings were compared without being asked to")
        }
        Err(ChangePolicyError::Storage(Failed::Itself(_))) => End::Unexpected(STORAGE),
        Err(ChangePolicyError::Storage(Failed::Before | Failed::NotKnown)) => End::Failed,
        Err(ChangePolicyError::Contended) => End::Contended,
    }
}

const STORAGE: &str = "the storage itself failed";

fn failed<E>(error: &HandleError<Failed<E>>) -> End {
    match error {
        HandleError::Refused(_) => End::Refused,
        HandleError::Storage(Failed::Itself(_)) => End::Unexpected(STORAGE),
        HandleError::Storage(Failed::Before | Failed::NotKnown) => End::Failed,
        HandleError::Contended => End::Contended,
    }
}
