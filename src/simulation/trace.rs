//! What is seen of a seed: what was stored, what left, what hosts were told.

use alloc::{sync::Arc, vec::Vec};

use super::{
    aftermath::Aftermath,
    cast::{ACCOUNTS, CONTACTS, Cast},
};
use crate::{
    consent::{
        contact::Contact,
        decision::{Decision, Reason},
        event::{Event, Text},
        ledger::{Entry, Fact, Verdict},
        outgoing::{Content, Handover, Outgoing, OutgoingId, OutgoingText},
        policy::Policy,
        record::Record,
        state::ConsentState,
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
    /// What was seen to be wrong while it happened: the invariant, and how.
    pub(super) broken: Option<(&'static str, &'static str)>,
    /// What is stored at the end.
    pub(super) after: Aftermath,
}

/// What became of one contact.
#[derive(Debug, Default)]
pub(super) struct Life {
    /// What was stored, in its order.
    pub(super) steps: Vec<Step>,
    pub(super) record: Option<Record>,
    cycle: usize,
    /// Refusals that a host was told.
    pub(super) refusals: usize,
}

/// A commit that was applied, whether or not anybody heard so.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) commit: Commit,
    pub(super) in_flight: Vec<OutgoingId>,
    pub(super) before: Option<Record>,
    pub(super) after: Option<Record>,
    /// Which cycle it belongs to, as counted by the steps that ended one.
    pub(super) cycle: usize,
    pub(super) machine: usize,
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
}

/// A hand-over as the provider saw it.
#[derive(Clone, Debug)]
pub(super) struct Handed {
    pub(super) contact: usize,
    pub(super) outgoing: Outgoing,
    pub(super) machine: usize,
    pub(super) begun: i64,
    /// By the machine's clock.
    pub(super) begun_there: i64,
    /// How many steps the contact had when it began.
    pub(super) position: usize,
    /// The step that decided it, where there is one.
    pub(super) decided: Option<usize>,
    /// The claim under which it left, where there is one.
    pub(super) claim: Option<Held>,
    pub(super) end: Option<End>,
    /// When its task was dropped before that.
    pub(super) dropped: Option<i64>,
}

/// The answer that a task heard.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) at: i64,
    /// By the machine's clock.
    pub(super) there: i64,
    pub(super) handover: Handover,
}

/// A claim that a task was given.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) id: OutgoingId,
    /// How many steps the contact had then.
    pub(super) position: usize,
    /// When it ends by the machine's clock.
    pub(super) until: i64,
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
                    Some(text) => text.marked += 1,
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
        let cycle = life.cycle;
        life.steps.push(Step { commit, in_flight, before, after, cycle, machine });
    }

    /// What was read must have been stored, for this contact and its account.
    pub(super) fn read(&mut self, contact: &Contact, snapshot: &Snapshot) {
        let Some((index, books)) = self.find(contact) else { return };
        let mut steps = self.lives[index].steps.iter().rev();
        let stood = snapshot.record.is_none() || steps.any(|step| step.after == snapshot.record);
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

    /// A text that was answered has acted and is remembered, or nothing could come of it (R4.1).
    pub(super) fn answered(&mut self, contact: usize, text: &Text<'_>, outcome: &Outcome) {
        let index = self.cast.text_index(&text.inbox, &text.id);
        let texts = &self.books[contact / CONTACTS].texts;
        let marked = index.and_then(|index| texts.get(index)).is_some_and(|text| text.marked > 0);
        let silent = outcome.decision == Decision::None
            && matches!(outcome.state, Some(ConsentState::Active { .. }));
        if !marked && !silent {
            self.breaks("once", "a text was answered, and is not remembered");
        }
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

impl Step {
    /// The event that was decided, where its entry has one.
    pub(super) fn event(&self) -> Option<&Event<'static>> {
        match &self.commit.entry.as_ref()?.fact {
            Fact::Event(event) => Some(event),
            Fact::PolicyChanged { .. } => None,
        }
    }

    pub(super) fn verdict(&self) -> Option<(Decision, Reason)> {
        match &self.commit.entry.as_ref()?.verdict {
            Verdict::Decided { decision, reason, .. } => Some((*decision, *reason)),
            Verdict::PolicySet { .. } | Verdict::Refused(_) => None,
        }
    }

    pub(super) fn is_active(&self) -> bool {
        matches!(state(self.after), Some(ConsentState::Active { .. }))
    }

    pub(super) fn is_opted_out(&self) -> bool {
        matches!(state(self.after), Some(ConsentState::OptedOut { .. }))
    }

    /// Whether somebody was opted out by it, even if they were already.
    pub(super) fn opts_out(&self) -> bool {
        let was = matches!(state(self.before), Some(ConsentState::OptedOut { .. }));
        let anew = matches!(self.verdict(), Some((Decision::OptOut, reason)) if reason != Reason::AlreadyOptedOut);
        self.is_opted_out() && (!was || anew)
    }

    pub(super) fn settles(&self, id: &OutgoingId) -> bool {
        self.commit.settle.as_ref().is_some_and(|settlement| settlement.id == *id)
    }
}

pub(super) fn state(record: Option<Record>) -> Option<ConsentState> {
    record.map(|record| record.state)
}

impl Handed {
    /// Whether the contact may have got it, as far as anybody heard.
    pub(super) fn may_be_sent(&self) -> bool {
        let heard = self.end.as_ref().map(|end| &end.handover);
        !matches!(heard, Some(Handover::NotSent { .. } | Handover::Blocked { .. }))
    }

    pub(super) fn id(&self) -> &OutgoingId {
        &self.outgoing.id
    }
}
