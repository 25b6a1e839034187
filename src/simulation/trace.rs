//! What is seen of a seed: what was stored, what left, what hosts were told.

mod handed;
mod life;

use alloc::{sync::Arc, vec::Vec};

pub(super) use self::{
    handed::{End, Handed, Held},
    life::{Claimed, Life, Step, state},
};
use super::{
    aftermath::Aftermath,
    cast::{ACCOUNTS, CONTACTS, Cast},
    clock::millis,
};
use crate::{
    consent::{
        contact::Contact,
        event::Text,
        ledger::Entry,
        outgoing::{ClaimToken, Content, Outgoing, OutgoingId, OutgoingText},
        policy::Policy,
    },
    engine::Outcome,
    storage::{Change, Commit, Mark, Snapshot},
};

/// All that invariants look at. Times are milliseconds, true ones unless it says otherwise.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) cast: Arc<Cast>,
    /// The most by which clocks differ; none: any.
    pub(super) bound: Option<i64>,
    /// By contact.
    pub(super) lives: Vec<Life>,
    pub(super) books: [Books; ACCOUNTS],
    /// In the order in which they began.
    pub(super) handed: Vec<Handed>,
    pub(super) answers: Vec<Answer>,
    /// What was seen to be wrong while it happened: the invariant, and how.
    pub(super) broken: Option<(&'static str, &'static str)>,
    /// What is stored at the end.
    pub(super) after: Aftermath,
}

/// What is known of an account.
#[derive(Debug)]
pub(super) struct Books {
    /// Its own ledger: settings, and refusals for contacts without a record.
    pub(super) entries: Vec<Entry>,
    /// By revision.
    pub(super) policies: Vec<Arc<Policy>>,
    pub(super) texts: Vec<Written>,
    /// How often each request acted.
    pub(super) requests: Vec<u32>,
}

/// A text as a contact wrote it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) contact: usize,
    pub(super) body: &'static str,
    pub(super) media: bool,
    /// Whether a machine was given it.
    pub(super) given: bool,
    /// How often a mark of it was stored.
    pub(super) marked: u32,
    /// When that was, by its machine's clock.
    pub(super) decided: i64,
}

/// What a host was told of a text.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) contact: usize,
    /// The number of its account's text.
    pub(super) text: usize,
    pub(super) outcome: Outcome,
}

impl Trace {
    pub(super) fn new(cast: Arc<Cast>, bound: Option<i64>) -> Self {
        let books = || Books {
            entries: Vec::new(),
            policies: alloc::vec![cast.policies[0].clone()],
            texts: Vec::new(),
            requests: Vec::new(),
        };
        Self {
            bound,
            lives: (0..ACCOUNTS * CONTACTS).map(|_| Life::default()).collect(),
            books: [books(), books()],
            handed: Vec::new(),
            answers: Vec::new(),
            broken: None,
            after: Aftermath::default(),
            cast,
        }
    }

    /// Says what is wrong, unless something is already.
    pub(super) fn breaks(&mut self, invariant: &'static str, words: &'static str) {
        self.broken.get_or_insert((invariant, words));
    }

    /// Takes in a commit that was applied; whose it is.
    pub(super) fn applied(&mut self, commit: Commit, in_flight: Vec<OutgoingId>, machine: usize) {
        let Some((contact, books)) = self.find(&commit.contact) else {
            return self.breaks("apart", "a commit for somebody whom nothing happened to");
        };
        match &commit.mark {
            Some(Mark::Text { inbox, id }) => {
                let index = self.cast.text_index(inbox, id);
                match index.and_then(|index| self.books[books].texts.get_mut(index)) {
                    Some(text) => {
                        (text.marked, text.decided) = (text.marked + 1, millis(commit.at));
                    }
                    None => self.breaks("apart", "the mark of a text that nobody wrote"),
                }
            }
            Some(Mark::Request { id }) => {
                let index = Cast::request_index(id);
                match index.and_then(|index| self.books[books].requests.get_mut(index)) {
                    Some(acted) => *acted += 1,
                    None => self.breaks("apart", "the mark of a request that nobody made"),
                }
            }
            None => {}
        }
        let life = &mut self.lives[contact];
        let before = life.record;
        if let Change::Put(record) = commit.change {
            life.record = Some(record);
            life.cycle += usize::from(record.pending().is_none());
        }
        let after = life.record;
        if after.is_none() {
            self.books[books].entries.extend(commit.entry.clone());
        }
        let life = &mut self.lives[contact];
        let settled = commit.settle.as_ref();
        let token = settled.and_then(|settled| {
            life.claims.iter().rfind(|claim| claim.id == settled.id).map(|claim| claim.token)
        });
        let cycle = life.cycle;
        life.steps.push(Step { commit, in_flight, before, after, cycle, machine, token });
    }

    /// Takes in a claim; how many steps its contact has.
    pub(super) fn claimed(&mut self, outgoing: &Outgoing, token: ClaimToken) -> usize {
        let Some((contact, _)) = self.find(&outgoing.id.contact) else {
            self.breaks("apart", "a claim for somebody whom nothing happened to");
            return 0;
        };
        let life = &mut self.lives[contact];
        let position = life.steps.len();
        let (id, destination) = (outgoing.id.clone(), outgoing.destination());
        life.claims.push(Claimed { id, destination, token, position });
        position
    }

    /// A message is committed under a permit that was given when its contact had so many steps.
    pub(super) fn permitted(&mut self, contact: &Contact, since: usize) {
        let Some((index, _)) = self.find(contact) else { return };
        if self.lives[index].steps.iter().skip(since).any(Step::opts_out) {
            self.breaks("consent", "a permit from before an opt-out was taken");
        }
    }

    /// What was read must have been stored, for this contact and its account; how many steps the
    /// contact has.
    pub(super) fn read(&mut self, contact: &Contact, snapshot: &Snapshot) -> usize {
        let Some((index, books)) = self.find(contact) else { return 0 };
        let steps = &self.lives[index].steps;
        let count = steps.len();
        let stood = snapshot.record.is_none()
            || steps.iter().rev().any(|step| step.after == snapshot.record);
        let revision = usize::try_from(snapshot.current.revision.number()).ok();
        let policy = revision.and_then(|revision| self.books[books].policies.get(revision));
        let own = policy.is_some_and(|policy| {
            Arc::ptr_eq(policy, &snapshot.current.policy)
                || policy.settings() == snapshot.current.policy.settings()
        });
        if !stood {
            self.breaks("fold", "what was read was never stored");
        }
        if !own {
            self.breaks("apart", "read with settings that the account never had");
        }
        count
    }

    /// A mark that stood: something must have acted under it.
    pub(super) fn duplicate(&mut self, contact: &Contact, mark: Option<&Mark>) {
        let stood = self.find(contact).is_some_and(|(_, books)| {
            let books = &self.books[books];
            match mark {
                Some(Mark::Text { inbox, id }) => {
                    let index = self.cast.text_index(inbox, id);
                    index.and_then(|index| books.texts.get(index)).is_some_and(|t| t.marked > 0)
                }
                Some(Mark::Request { id }) => {
                    let index = Cast::request_index(id);
                    index.and_then(|index| books.requests.get(index)).is_some_and(|n| *n > 0)
                }
                None => false,
            }
        });
        if !stood {
            self.breaks("once", "called a duplicate, and never acted");
        }
    }

    /// A host was told what came of a text.
    pub(super) fn answered(&mut self, contact: usize, text: &Text<'_>, outcome: Outcome) {
        let Some(text) = self.cast.text_index(&text.inbox, &text.id) else { return };
        self.answers.push(Answer { contact, text, outcome });
    }

    pub(super) fn find(&self, contact: &Contact) -> Option<(usize, usize)> {
        let index = self.cast.index(contact)?;
        Some((index, index / CONTACTS))
    }

    /// The step of a contact that decided this message.
    pub(super) fn decided(&self, contact: usize, id: &OutgoingId) -> Option<usize> {
        let steps = &self.lives[contact].steps;
        steps.iter().rposition(|step| step.commit.outgoing.iter().any(|own| own.id == *id))
    }

    /// The texts among what was handed over.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&Handed, &OutgoingText)> {
        self.handed.iter().filter_map(|handed| match &handed.outgoing.content {
            Content::Text(text) => Some((handed, text)),
            Content::Status(_) => None,
        })
    }

    /// The step that decided what was handed over, where there is one.
    pub(super) fn decision(&self, handed: &Handed) -> Option<&Step> {
        self.lives[handed.contact].steps.get(handed.decided?)
    }

    /// The settings that a step was decided under.
    pub(super) fn policy(&self, contact: usize, step: &Step) -> Option<&Arc<Policy>> {
        let revision = step.commit.entry.as_ref()?.policy_revision.number();
        self.books[contact / CONTACTS].policies.get(usize::try_from(revision).ok()?)
    }
}
