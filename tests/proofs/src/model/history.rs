//! What truly happened, kept apart from what the machines store, and what of it must not be.

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    ClaimToken, ConsentState, Content, Ending, Event, Fact, Handover, MessageKind, OptIn, Outgoing,
    OutgoingText, Policy, Record, Revision,
    storage::{Change, Commit, CurrentPolicy},
};

use super::{
    clock::Clock,
    guarantee::Guarantee,
    input::{Input, Names, What},
    shelf::{Inputs, Shelf},
};

const INTERVAL: TimeDelta = TimeDelta::hours(12);
const LEASE: TimeDelta = TimeDelta::seconds(30);

/// Enough of the past to see each guarantee broken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct History {
    /// Texts and requests that acted.
    acted: Inputs,
    /// Texts that caused a prompt.
    caused: Inputs,
    cycles: Vec<Cycle>,
    /// How often the contact opted out, or was.
    pub(super) opt_outs: u8,
    /// Messages that may have reached the contact.
    handed: Texts,
    /// Messages whose hand-over began under their present claim.
    tried: Texts,
    /// Messages whose hand-over may not begin any more.
    barred: Texts,
    /// Messages whose hand-over may begin once: they were claimed when they were taken back.
    claimed: Texts,
    /// The first guarantee that did not hold.
    pub(super) broken: Option<Guarantee>,
}

/// A set of outgoing texts, by the revision that made each.
pub(super) type Texts = u32;

/// What was handed over of a cycle's prompts, those certainly not sent aside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cycle {
    from: Revision,
    /// Prompts decided, those aside that gave their place back.
    asked: u8,
    confirmations: u8,
    reminders: u8,
    /// When the last hand-over ended, in true time.
    ended: Option<DateTime<Utc>>,
}

impl Cycle {
    fn count(&mut self, kind: MessageKind) -> &mut u8 {
        if kind == MessageKind::Reminder { &mut self.reminders } else { &mut self.confirmations }
    }
}

/// A text that is being handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Air {
    pub(super) revision: Revision,
    pub(super) kind: MessageKind,
    /// When it is over, whatever becomes of it: an outbox keeps within the lease.
    pub(super) by: DateTime<Utc>,
}

/// What a commit is judged by.
pub(super) struct Committing<'a> {
    pub(super) commit: &'a Commit,
    /// What came in, if the commit is a handler's.
    pub(super) input: Option<(u8, Input)>,
    /// What was stored before it.
    pub(super) before: &'a Shelf,
    pub(super) in_air: Texts,
    /// Opt-outs before the task got its permit, if it has one.
    pub(super) opt_outs: Option<u8>,
    /// The claim that the task holds.
    pub(super) token: Option<ClaimToken>,
}

/// The place of a text in a set.
pub(super) fn bit(revision: Revision) -> Texts {
    let bit = u32::try_from(revision.number()).ok().and_then(|number| 1_u32.checked_shl(number));
    bit.expect("a path has few revisions")
}

impl History {
    /// A commit was applied; what its outcome must name.
    pub(super) fn commit(
        &mut self,
        names: &Names,
        policies: &[CurrentPolicy],
        of: &Committing<'_>,
    ) -> Texts {
        let commit = of.commit;
        let after = match commit.change {
            Change::Put(record) => Some(record),
            Change::Keep => None,
        };
        if let Some(settlement) = &commit.settle {
            let row = of.before.row(&settlement.id);
            let last = row.map(|row| ClaimToken::new(row.place.claims));
            self.insist(last == of.token, Guarantee::Late);
            self.give_back(of);
        }
        if commit.settle.is_none() && (after.is_some() || !commit.outgoing.is_empty()) {
            self.act(of);
        }
        let mut named = 0;
        if let Some(after) = after {
            self.begin_cycle(of.before.record, after);
            named = self.take_back(of, after);
            self.explain(names, policies, of, after);
        }
        for outgoing in &commit.outgoing {
            if let Content::Text(text) = &outgoing.content {
                self.decide(names, of, text);
            }
        }
        named
    }

    /// G9
    fn act(&mut self, of: &Committing<'_>) {
        if let Some((number, input)) = of.input
            && input.what.is_marked()
        {
            self.insist(self.acted & (1 << number) == 0, Guarantee::Once);
            self.acted |= 1 << number;
        }
    }

    fn begin_cycle(&mut self, before: Option<Record>, after: Record) {
        let was_pending = before.is_some_and(|record| record.pending().is_some());
        if after.pending().is_some() && !was_pending {
            self.cycles.push(Cycle {
                from: after.revision,
                asked: 0,
                confirmations: 0,
                reminders: 0,
                ended: None,
            });
        }
    }

    /// R6.2: the prompt that the record waits for was not sent.
    fn give_back(&mut self, of: &Committing<'_>) {
        let pending = of.before.record.as_ref().and_then(Record::pending);
        let outstanding = pending.and_then(|pending| pending.outstanding);
        let Some(Fact::Event(event)) = of.commit.entry.as_ref().map(|entry| &entry.fact) else {
            return;
        };
        if let Event::Settled(settled) = &**event
            && outstanding.is_some_and(|waits| waits.revision == settled.revision)
            && matches!(settled.ending, Ending::NotSent { .. } | Ending::Expired)
            && let Some(cycle) = self.cycles.last_mut()
        {
            cycle.asked -= 1;
        }
    }

    /// G5, R6.4: what is queued is taken back, and what is claimed must be named.
    fn take_back(&mut self, of: &Committing<'_>, after: Record) -> Texts {
        let before = of.before.record.map(|record| record.state);
        let opted_out = |state: ConsentState| matches!(state, ConsentState::OptedOut { .. });
        let active = |state: ConsentState| state.may_be_messaged();
        let all = opted_out(after.state) && !before.is_some_and(opted_out);
        self.opt_outs += u8::from(all);
        let prompts = active(after.state) && !before.is_some_and(active);
        let settled = of.commit.settle.as_ref().map(|settlement| &settlement.id);
        let mut named = 0;
        for row in &of.before.line {
            let Content::Text(text) = &row.outgoing.content else { continue };
            let is_taken_back = all || prompts && text.kind.is_prompt();
            if !is_taken_back || settled == Some(&row.outgoing.id) {
                continue;
            }
            let this = bit(row.outgoing.id.revision);
            self.barred |= this;
            if row.place.claimed {
                named |= this;
                if (of.in_air | self.tried) & this == 0 {
                    self.barred &= !this;
                    self.claimed |= this;
                }
            }
        }
        named
    }

    /// G6
    fn explain(
        &mut self,
        names: &Names,
        policies: &[CurrentPolicy],
        of: &Committing<'_>,
        after: Record,
    ) {
        let ConsentState::Active { how, .. } = after.state else { return };
        if of.before.record.is_some_and(|record| record.state == after.state) {
            return;
        }
        let explained = of.input.zip(of.commit.entry.as_ref()).is_some_and(|(input, entry)| {
            let (number, Input { what, .. }) = input;
            let fact = Fact::Event(Box::new(names.event(number, what)));
            let under = policies.iter().find(|policy| policy.revision == entry.policy_revision);
            entry.record() == Some(&after)
                && entry.fact == fact
                && under.is_some_and(|under| self.follows(how, what, &under.policy))
        });
        self.insist(explained, Guarantee::Explained);
    }

    /// Whether what came in makes active in this way.
    fn follows(&self, how: OptIn, what: What, policy: &Policy) -> bool {
        match what {
            What::Says(words) if how == OptIn::Keyword => {
                matches!(words, "YES" | "OK")
                    && self.cycles.last().is_some_and(|cycle| cycle.asked > 0)
            }
            What::Says(_) => {
                matches!(how, OptIn::FirstText | OptIn::Restart) && !policy.double_opt_in()
            }
            What::Activates => how == OptIn::Override,
            What::Message | What::Requests | What::OptsOut | What::Blocked => false,
        }
    }

    /// G3 and G4, of a text that is decided.
    fn decide(&mut self, names: &Names, of: &Committing<'_>, text: &OutgoingText) {
        let input = of.input;
        if text.kind == MessageKind::Message {
            let before = of.before.record;
            let active = before.is_some_and(|record| record.state.may_be_messaged());
            let asked_for = input.is_some_and(|(_, Input { what, .. })| {
                matches!(what, What::Message | What::Requests)
            });
            let permitted = of.opt_outs.is_none_or(|opt_outs| opt_outs == self.opt_outs);
            self.insist(active && asked_for && permitted, Guarantee::Consent);
        }
        if text.kind.is_prompt() {
            let cause = text.answers.as_ref().and_then(|id| names.number(id));
            let here =
                input.filter(|(number, input)| input.what.is_text() && cause == Some(*number));
            self.insist(here.is_some(), Guarantee::Cause);
            if let Some((number, _)) = here {
                self.insist(self.caused & (1 << number) == 0, Guarantee::Cause);
                self.caused |= 1 << number;
            }
            if let Some(cycle) = self.cycles.last_mut() {
                cycle.asked += 1;
            }
        }
    }

    /// A message was claimed by a dispatcher.
    pub(super) fn claim(&mut self, outgoing: &Outgoing) {
        self.tried &= !bit(outgoing.id.revision);
    }

    /// A hand-over begins, while others are in the air.
    pub(super) fn begin(
        &mut self,
        (outgoing, text): (&Outgoing, &OutgoingText),
        clock: Clock,
        others: &[Air],
        shelf: &Shelf,
        reminders: u8,
    ) -> Air {
        let revision = outgoing.id.revision;
        let this = bit(revision);
        self.insist(self.handed & this == 0, Guarantee::AtMostOnce);
        self.insist(self.barred & this == 0, Guarantee::Barrier);
        self.insist(clock.now <= text.not_after, Guarantee::Deadline);
        self.handed |= this;
        self.tried |= this;
        self.barred |= self.claimed & this;
        let spacing = if clock.was_set_back() { Guarantee::Backwards } else { Guarantee::Spacing };
        if text.kind.is_prompt() {
            let together = others.iter().any(|air| {
                air.kind.is_prompt() && self.cycle_of(air.revision) == self.cycle_of(revision)
            });
            let at = self.cycle_of(revision);
            let Some(cycle) = at.and_then(|at| self.cycles.get_mut(at)) else {
                self.insist(false, Guarantee::Cause);
                return self.air(outgoing, text, clock, shelf);
            };
            let is_reminder = text.kind == MessageKind::Reminder;
            *cycle.count(text.kind) += 1;
            let capped = cycle.confirmations <= 1 && cycle.reminders <= reminders;
            let spaced = cycle.ended.is_none_or(|ended| clock.true_time() - ended >= INTERVAL);
            self.insist(capped, Guarantee::Cap);
            self.insist(!is_reminder || spaced && !together, spacing);
        }
        self.air(outgoing, text, clock, shelf)
    }

    fn air(&self, outgoing: &Outgoing, text: &OutgoingText, clock: Clock, shelf: &Shelf) -> Air {
        let row = shelf.row(&outgoing.id).filter(|row| row.place.claimed);
        let by = row.map_or(clock.now + LEASE, |row| row.place.due).max(clock.now);
        Air { revision: outgoing.id.revision, kind: text.kind, by }
    }

    /// A hand-over ends; without an answer when its machine crashes.
    pub(super) fn end(&mut self, air: Air, handover: Option<&Handover>, clock: Clock) {
        let not_sent =
            matches!(handover, Some(Handover::NotSent { .. } | Handover::Blocked { .. }));
        if not_sent {
            self.handed &= !bit(air.revision);
        }
        if air.kind.is_prompt()
            && let Some(at) = self.cycle_of(air.revision)
            && let Some(cycle) = self.cycles.get_mut(at)
        {
            if not_sent {
                *cycle.count(air.kind) -= 1;
            } else {
                cycle.ended = cycle.ended.max(Some(clock.true_time()));
            }
        }
    }

    /// An outcome must name what it could not take back.
    pub(super) fn name(&mut self, due: Texts, named: Texts) {
        self.insist(due & !named == 0, Guarantee::Barrier);
    }

    fn cycle_of(&self, revision: Revision) -> Option<usize> {
        self.cycles.iter().rposition(|cycle| cycle.from <= revision)
    }

    fn insist(&mut self, holds: bool, guarantee: Guarantee) {
        if !holds {
            self.broken.get_or_insert(guarantee);
        }
    }
}
