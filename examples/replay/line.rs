//! One line of input, read whole or refused (RULES 7).

use std::collections::BTreeSet;

use chrono::{DateTime, Timelike, Utc};
use optin::{
    AccountId, Actor, ActorId, CarrierCode, Contact, Event, InboxId, InvalidId, Message, MessageId,
    Note, Override, Permission, PhoneNumber, Role, Source, Text,
};
use serde_json::{Map, Value};

use super::json;

/// What a line asks for, and when.
pub(crate) struct Line {
    pub(crate) at: DateTime<Utc>,
    pub(crate) does: Does,
}

pub(crate) enum Does {
    Event { contact: Contact, event: Event<'static> },
    Settings { account: AccountId, actor: Actor, patch: Map<String, Value> },
    Outbox(OutboxResult),
    Tick,
}

#[derive(Clone, Copy)]
pub(crate) enum OutboxResult {
    Accepted,
    NotSent,
    Unknown,
}

/// Why a line cannot be applied: its code, and what is wrong.
pub(crate) struct LineError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

fn bad_line(message: impl Into<String>) -> LineError {
    LineError { code: "bad_line", message: message.into() }
}

impl Line {
    /// Reads a line. What is wrong with its fields comes before what is wrong with its contact.
    pub(crate) fn read(line: &[u8]) -> Result<Self, LineError> {
        let object = json::object(line).ok_or_else(|| bad_line("the line is not a JSON object"))?;
        let mut fields = Fields { object, path: "" };
        let kind = fields.string("type")?;
        let at = fields.time("at")?;
        let does = match kind.as_str() {
            "tick" => Does::Tick,
            "outbox" => Does::Outbox(fields.word("result", outbox_result)?),
            "settings" => Does::Settings {
                account: fields.id("account", AccountId::new)?,
                actor: fields.actor()?,
                patch: fields.object("settings")?,
            },
            "inbound" | "added" | "existing" | "override" | "carrier_block" | "send" => {
                let account = fields.id("account", AccountId::new)?;
                let number = fields.string("contact")?;
                let event = fields.event(&kind, at)?;
                fields.end()?;
                let number = PhoneNumber::parse(&number).map_err(|error| LineError {
                    code: "bad_contact",
                    message: error.to_string(),
                })?;
                return Ok(Self {
                    at,
                    does: Does::Event { contact: Contact::new(account, number), event },
                });
            }
            _ => return Err(bad_line("the type is unknown")),
        };
        fields.end()?;
        Ok(Self { at, does })
    }
}

/// An object's fields, taken one by one; none may be left.
struct Fields {
    object: Map<String, Value>,
    path: &'static str,
}

impl Fields {
    /// A field that may be left out, which `null` means too.
    fn optional(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    fn required(&mut self, name: &str) -> Result<Value, LineError> {
        self.optional(name).ok_or_else(|| bad_line(format!("`{}{name}` is missing", self.path)))
    }

    fn wrong(&self, name: &str) -> LineError {
        bad_line(format!("`{}{name}` is of the wrong type", self.path))
    }

    fn string(&mut self, name: &str) -> Result<String, LineError> {
        match self.required(name)? {
            Value::String(string) => Ok(string),
            _ => Err(self.wrong(name)),
        }
    }

    fn boolean(&mut self, name: &str) -> Result<Option<bool>, LineError> {
        match self.optional(name) {
            None => Ok(None),
            Some(Value::Bool(boolean)) => Ok(Some(boolean)),
            Some(_) => Err(self.wrong(name)),
        }
    }

    fn object(&mut self, name: &str) -> Result<Map<String, Value>, LineError> {
        match self.required(name)? {
            Value::Object(object) => Ok(object),
            _ => Err(self.wrong(name)),
        }
    }

    fn word<T>(&mut self, name: &str, read: fn(&str) -> Option<T>) -> Result<T, LineError> {
        let word = self.string(name)?;
        read(&word)
            .ok_or_else(|| bad_line(format!("`{}{name}` is not one of its words", self.path)))
    }

    fn id<T>(&mut self, name: &str, new: fn(&str) -> Result<T, InvalidId>) -> Result<T, LineError> {
        let id = self.string(name)?;
        new(&id).map_err(|error| bad_line(error.to_string()))
    }

    fn time(&mut self, name: &str) -> Result<DateTime<Utc>, LineError> {
        let time = self.string(name)?;
        rfc_3339(&time).ok_or_else(|| bad_line(format!("`{name}` is not an RFC 3339 time")))
    }

    fn actor(&mut self) -> Result<Actor, LineError> {
        let mut fields = Self { object: self.object("actor")?, path: "actor." };
        let id = fields.id("id", ActorId::new)?;
        let role = fields.string("role")?;
        let granted = fields.permissions()?;
        let role = match role.as_str() {
            "owner" => Role::Owner,
            "admin" => Role::Admin,
            "member" => Role::Member(granted),
            _ => return Err(bad_line("`actor.role` is not one of its words")),
        };
        fields.end()?;
        Ok(Actor::new(id, role))
    }

    fn permissions(&mut self) -> Result<BTreeSet<Permission>, LineError> {
        let names = match self.optional("permissions") {
            None => return Ok(BTreeSet::new()),
            Some(Value::Array(names)) => names,
            Some(_) => return Err(self.wrong("permissions")),
        };
        let permissions = names.iter().map(|name| name.as_str().and_then(permission));
        permissions
            .collect::<Option<_>>()
            .ok_or_else(|| bad_line("`actor.permissions` has something that is no permission"))
    }

    fn event(&mut self, kind: &str, at: DateTime<Utc>) -> Result<Event<'static>, LineError> {
        Ok(match kind {
            "inbound" => {
                let inbox = self.id("inbox", InboxId::new)?;
                let id = self.id("id", MessageId::new)?;
                let text = Text::new(inbox, id, self.string("text")?)
                    .with_media(self.boolean("media")?.unwrap_or(false))
                    .with_provider_replied(self.boolean("provider_replied")?.unwrap_or(false))
                    .with_sent_at(at);
                Event::Texted(text)
            }
            "added" => Event::Added {
                source: self.word("source", source)?,
                opted_out: self.boolean("opted_out")?,
            },
            "existing" => Event::DeclaredExisting { actor: self.actor()? },
            "override" => Event::Overridden {
                actor: self.actor()?,
                to: self.word("status", status)?,
                note: self.note()?,
            },
            "carrier_block" => Event::CarrierBlocked { code: self.id("code", CarrierCode::new)? },
            _ => {
                let inbox = self.id("inbox", InboxId::new)?;
                let actor = self.actor()?;
                Event::MessageRequested(Message::new(inbox, self.string("text")?).with_actor(actor))
            }
        })
    }

    fn note(&mut self) -> Result<Option<Note>, LineError> {
        match self.optional("note") {
            None => Ok(None),
            Some(Value::String(note)) => match Note::new(note) {
                Ok(note) => Ok(Some(note)),
                Err(error) => Err(bad_line(error.to_string())),
            },
            Some(_) => Err(self.wrong("note")),
        }
    }

    fn end(self) -> Result<(), LineError> {
        if self.object.is_empty() { Ok(()) } else { Err(bad_line("the line has an unknown field")) }
    }
}

/// Stricter than chrono, which takes a minus sign that is not ASCII, and any minute's second 60.
fn rfc_3339(time: &str) -> Option<DateTime<Utc>> {
    let ascii = Some(time).filter(|time| time.is_ascii())?;
    let time = DateTime::parse_from_rfc3339(ascii).ok()?.to_utc();
    let is_leap = time.nanosecond() >= 1_000_000_000;
    let ends_the_day = time.num_seconds_from_midnight() == 86_399;
    (!is_leap || ends_the_day).then_some(time)
}

fn outbox_result(word: &str) -> Option<OutboxResult> {
    Some(match word {
        "accepted" => OutboxResult::Accepted,
        "not_sent" => OutboxResult::NotSent,
        "unknown" => OutboxResult::Unknown,
        _ => return None,
    })
}

fn source(word: &str) -> Option<Source> {
    Some(match word {
        "user" => Source::User,
        "csv" => Source::Csv,
        "api" => Source::Api,
        "hubspot" => Source::Hubspot,
        "salesforce" => Source::Salesforce,
        _ => return None,
    })
}

fn status(word: &str) -> Option<Override> {
    Some(match word {
        "active" => Override::Active,
        "opted_out" => Override::OptedOut,
        _ => return None,
    })
}

fn permission(word: &str) -> Option<Permission> {
    Some(match word {
        "compliance_settings" => Permission::ComplianceSettings,
        "opt_in_management" => Permission::OptInManagement,
        "override_revocation" => Permission::OverrideRevocation,
        _ => return None,
    })
}
