//! The rules once more, for one contact whose hand-overs take no time: written from RULES.md alone.

use super::letters::{
    Ending, Letter, Rules,
    Stage::{self, Absent, Active, OutByCarrier, OutByContact, OutByStaff, Pending},
};

/// Milliseconds from one prompt to the next.
const INTERVAL: i64 = 12 * 3_600_000;

/// A contact, unknown at first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Person {
    pub(crate) stage: Stage,
    prompts: u8,
    last_prompt: Option<i64>,
    yes_shown: bool,
    not_sent: u8,
    texted: bool,
    help_at: Option<i64>,
    window_began: Option<i64>,
    window_count: u8,
    last_text: Option<Letter>,
    last_text_is_marked: bool,
}

/// Decision or `refused`, its reason, and the kind of the text handed over.
pub(crate) type Said = (&'static str, &'static str, Option<&'static str>);

impl Person {
    pub(crate) fn next_reminder_at(&self, rules: &Rules) -> Option<i64> {
        let left = self.stage == Pending && self.prompts <= rules.reminders;
        self.last_prompt.filter(|_| left).map(|last| last + INTERVAL)
    }

    pub(crate) fn meet(&mut self, letter: Letter, now: i64, rules: &Rules) -> Said {
        let before = *self;
        let (decision, reason, sent) = match letter {
            Letter::Again => match self.last_text {
                // R4.1 leaves open how someone active is told; it need not look for a mark.
                Some(text)
                    if !self.last_text_is_marked || self.stage == Active && idle(text, rules) =>
                {
                    self.text(text, now, rules)
                }
                _ => ("none", "duplicate", None),
            },
            Letter::Added if self.stage != Absent => ("none", "already_present", None),
            Letter::Added => {
                self.stage = if rules.double_opt_in { Pending } else { Active };
                ("none", "added", None)
            }
            Letter::Existing if self.stage == Absent || self.stage == Pending && !self.texted => {
                self.turn(Active, "existing", None)
            }
            Letter::Existing => ("none", "already_present", None),
            Letter::SetActive => match self.stage {
                Absent => ("refused", "unknown_contact", None),
                Active => ("none", "already_active", None),
                OutByCarrier => ("refused", "carrier_blocked", None),
                Pending | OutByStaff | OutByContact => self.turn(Active, "overridden", None),
            },
            Letter::SetOptedOut => match self.stage {
                Absent | Pending | Active => self.turn(OutByStaff, "overridden", None),
                OutByStaff | OutByContact | OutByCarrier => ("none", "already_opted_out", None),
            },
            Letter::CarrierBlock if self.stage == OutByCarrier => {
                ("none", "already_opted_out", None)
            }
            Letter::CarrierBlock => self.turn(OutByCarrier, "carrier_block", None),
            Letter::Message if self.stage == Active => ("deliver", "active", Some("message")),
            Letter::Message => ("refused", "not_opted_in", None),
            text => {
                (self.last_text, self.last_text_is_marked) = (Some(text), false);
                self.text(text, now, rules)
            }
        };
        if let Some(kind) = sent {
            self.handed_over(kind, now, rules, &before);
        }
        (decision, reason, sent)
    }

    fn turn(&mut self, to: Stage, reason: &'static str, reply: Option<&'static str>) -> Said {
        self.stage = to;
        self.last_prompt = None;
        (if to == Active { "mark_active" } else { "opt_out" }, reason, reply)
    }

    fn text(&mut self, text: Letter, now: i64, rules: &Rules) -> Said {
        self.last_text_is_marked |= self.stage != Active || !idle(text, rules);
        self.texted = true;
        let window_open = self.window_began.is_some_and(|began| now - began < rules.window);
        let restarts_used = if window_open { self.window_count } else { 0 };
        if text == Letter::Stop {
            if matches!(self.stage, OutByContact | OutByCarrier) {
                return ("none", "already_opted_out", None);
            }
            let is_final = restarts_used >= rules.restarts;
            let reply = if is_final { "opted_out_final" } else { "opted_out" };
            return self.turn(OutByContact, "opt_out_keyword", Some(reply));
        }
        if text == Letter::Help && rules.help_reply {
            if self.help_at.is_some_and(|at| now - at < 10 * 60_000) {
                return ("none", "help_too_soon", None);
            }
            self.help_at = Some(now);
            if self.stage == Absent {
                self.stage = if rules.double_opt_in { Pending } else { Active };
            }
            return ("send_help", "help_keyword", Some("help"));
        }
        let yes_works = rules.yes_is_keyword || self.yes_shown;
        let restart_word = text == Letter::Start || text == Letter::Yes;
        let no = match text {
            Letter::Liked => Some("reaction"),
            Letter::PleaseStop => Some("suspected_opt_out"),
            Letter::No => Some("declined"),
            _ => None,
        };
        match (self.stage, no) {
            (Absent, Some(no)) if no != "declined" || !rules.double_opt_in => {
                self.stage = Pending;
                ("none", no, None)
            }
            (Absent, _) if rules.double_opt_in => self.ask("new_contact", rules),
            (Absent, _) => self.turn(Active, "double_opt_in_off", None),
            (Active, Some("suspected_opt_out")) => ("none", "suspected_opt_out", None),
            (Active, _) => ("none", "active", None),
            (OutByStaff | OutByContact | OutByCarrier, _) => {
                if !restart_word {
                    ("none", "opted_out", None)
                } else if restarts_used >= rules.restarts {
                    ("none", "restart_limit", None)
                } else {
                    self.window_began = if window_open { self.window_began } else { Some(now) };
                    self.window_count = restarts_used + 1;
                    if !rules.double_opt_in {
                        return self.turn(Active, "restarted", None);
                    }
                    (self.prompts, self.yes_shown, self.not_sent) = (0, false, 0);
                    self.ask("restarted", rules)
                }
            }
            (Pending, _) if self.prompts > 0 && text == Letter::Yes && yes_works => {
                self.turn(Active, "keyword_matched", rules.confirmed_reply.then_some("confirmed"))
            }
            (Pending, Some(no)) => ("none", no, None),
            (Pending, None) if !rules.double_opt_in => match self.prompts {
                0 => self.turn(Active, "double_opt_in_off", None),
                _ if restart_word => self.turn(Active, "restarted", None),
                _ => ("none", "double_opt_in_off", None),
            },
            (Pending, None) if self.prompts > rules.reminders => {
                ("none", "reminders_used_up", None)
            }
            (Pending, None) if self.last_prompt.is_some_and(|last| now - last < INTERVAL) => {
                ("none", "too_soon", None)
            }
            (Pending, None) if self.prompts == 0 => self.ask("not_asked_yet", rules),
            (Pending, None) => self.ask("reminder_due", rules),
        }
    }

    fn ask(&mut self, reason: &'static str, rules: &Rules) -> Said {
        self.stage = Pending;
        self.prompts += 1;
        self.yes_shown |= rules.yes_is_keyword;
        if reason == "reminder_due" {
            ("send_reminder", reason, Some("reminder"))
        } else {
            ("send_confirmation", reason, Some("confirmation"))
        }
    }

    fn handed_over(&mut self, kind: &str, now: i64, rules: &Rules, before: &Self) {
        let is_prompt = kind == "confirmation" || kind == "reminder";
        match rules.outbox {
            Ending::Blocked => drop(self.turn(OutByCarrier, "", None)),
            Ending::Accepted | Ending::Unknown if is_prompt => {
                (self.last_prompt, self.not_sent) = (Some(now), 0);
            }
            Ending::NotSent if is_prompt => {
                self.prompts -= 1;
                self.yes_shown = kind == "reminder" && before.yes_shown;
                self.not_sent += 1;
                if self.not_sent >= 3 {
                    self.last_prompt = Some(now);
                }
            }
            Ending::Accepted | Ending::Unknown | Ending::NotSent => {}
        }
    }
}

fn idle(text: Letter, rules: &Rules) -> bool {
    [Letter::Hi, Letter::Liked, Letter::No, Letter::PleaseStop].contains(&text)
        || text == Letter::Help && !rules.help_reply
}
