//! What can come in, each with a name of its own.

use chrono::TimeDelta;
use optin::{
    AccountId, Actor, ActorId, CarrierCode, Contact, Event, InboxId, Message, MessageId, Note,
    Override, PhoneNumber, Role, Text,
};

use super::clock::START;

/// Something that comes in, from once to as often as the provider or the host repeats it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input {
    pub(super) what: What,
    pub(super) times: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The contact texts this.
    Says(&'static str),
    /// Staff messages the contact under a permit and a request id.
    Message,
    /// Staff asks to message the contact, under a request id alone.
    Requests,
    /// Staff sets the contact active, with a note and every permission.
    Activates,
    /// Staff opts the contact out.
    OptsOut,
    /// The provider says that the number has opted out.
    Blocked,
}

impl What {
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Says(_))
    }

    /// Whether a mark says that it was seen.
    pub(super) fn is_marked(self) -> bool {
        matches!(self, Self::Says(_) | Self::Message | Self::Requests)
    }
}

/// The names that everything goes by, made once.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) contact: Contact,
    inbox: InboxId,
    ids: Vec<MessageId>,
    actor: Actor,
    code: CarrierCode,
    note: Note,
}

impl Names {
    pub(super) fn new(inputs: usize) -> Self {
        let account = AccountId::new("acme").unwrap();
        let number = PhoneNumber::parse("+12065550100").unwrap();
        let id = |n: usize| MessageId::new(&n.to_string()).unwrap();
        Self {
            contact: Contact::new(account, number),
            inbox: InboxId::new("+18885550100").unwrap(),
            ids: (0..inputs).map(id).collect(),
            actor: Actor::new(ActorId::new("ana").unwrap(), Role::Owner),
            code: CarrierCode::new("21610").unwrap(),
            note: Note::new("by phone").unwrap(),
        }
    }

    /// The number of the input with this name.
    pub(super) fn number(&self, id: &MessageId) -> Option<u8> {
        let at = self.ids.iter().position(|known| known == id)?;
        u8::try_from(at).ok()
    }

    pub(super) fn event(&self, number: u8, what: What) -> Event<'static> {
        match what {
            What::Says(words) => {
                let text = Text::new(self.inbox.clone(), self.id(number), words);
                Event::Texted(if words == "Hi" {
                    // The provider's clock is ahead, which is nothing to the rules.
                    text.with_sent_at(START + TimeDelta::hours(13))
                } else {
                    text
                })
            }
            What::Message | What::Requests => Event::MessageRequested(self.message(number)),
            What::Activates => Event::Overridden {
                actor: self.actor.clone(),
                to: Override::Active,
                note: Some(self.note.clone()),
            },
            What::OptsOut => {
                Event::Overridden { actor: self.actor.clone(), to: Override::OptedOut, note: None }
            }
            What::Blocked => Event::CarrierBlocked { code: self.code.clone() },
        }
    }

    pub(super) fn message(&self, number: u8) -> Message<'static> {
        Message::new(self.inbox.clone(), "Hello").with_request(self.id(number))
    }

    fn id(&self, number: u8) -> MessageId {
        self.ids[usize::from(number)].clone()
    }
}
