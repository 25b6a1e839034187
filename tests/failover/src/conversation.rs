//! Who writes what: each writer has contacts of its own, and each contact one of three courses.

use optin::{AccountId, Contact, Decision, Event, InboxId, MessageId, PhoneNumber, Reason, Text};

/// Fictional numbers of a writer in one account: 200 area codes of 100.
const NUMBERS: u64 = 20_000;

/// What one contact does, in this order.
pub(crate) type Course = &'static [Step];

/// One thing that happens to a contact, and what must come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// What the contact writes; `None`: the host messages it.
    pub(crate) body: Option<&'static str>,
    pub(crate) decision: Decision,
    pub(crate) reason: Reason,
}

const fn text(body: &'static str, decision: Decision, reason: Reason) -> Step {
    Step { body: Some(body), decision, reason }
}

const ASK: Step = text("Hi", Decision::SendConfirmation, Reason::NewContact);
const CONFIRM: Step = text("yes", Decision::MarkActive, Reason::KeywordMatched);
const CHAT: Step = text("See you at six", Decision::None, Reason::Active);
const STOP: Step = text("STOP", Decision::OptOut, Reason::OptOutKeyword);
const RESTART: Step = text("START", Decision::SendConfirmation, Reason::Restarted);
const MESSAGE: Step = Step { body: None, decision: Decision::Deliver, reason: Reason::Active };

const COURSES: [Course; 3] = [
    &[ASK, CONFIRM, MESSAGE, CHAT, STOP],
    &[ASK, CONFIRM, CHAT],
    &[ASK, STOP, RESTART, CONFIRM, MESSAGE],
];

impl Step {
    /// Whether it changes nothing, so that nothing is stored of it.
    pub(crate) fn is_silent(self) -> bool {
        self == CHAT
    }
}

/// The contact that a writer comes to as its `index`th, and its course.
pub(crate) fn contact(
    writer: usize,
    index: u64,
) -> Result<(Contact, Course), Box<dyn std::error::Error>> {
    let place = index % NUMBERS;
    let area = 200 + writer as u64 * (NUMBERS / 100) + place / 100;
    let number = PhoneNumber::parse(&format!("+1{area}55501{:02}", place % 100))?;
    let course = COURSES[(index % COURSES.len() as u64) as usize];
    Ok((Contact::new(account(index)?, number), course))
}

/// The account that the `index`th contact of every writer is of.
pub(crate) fn account(index: u64) -> Result<AccountId, Box<dyn std::error::Error>> {
    Ok(AccountId::new(&format!("account-{}", index / NUMBERS))?)
}

/// The id of a step's text or request.
pub(crate) fn id(
    writer: usize,
    index: u64,
    step: usize,
) -> Result<MessageId, Box<dyn std::error::Error>> {
    Ok(MessageId::new(&format!("{writer}-{index}-{step}"))?)
}

/// Where all texts come in and leave from.
pub(crate) fn inbox() -> Result<InboxId, Box<dyn std::error::Error>> {
    Ok(InboxId::new("+18885550100")?)
}

/// The event of a contact's text.
pub(crate) fn texted(
    body: &'static str,
    id: MessageId,
) -> Result<Event<'static>, Box<dyn std::error::Error>> {
    Ok(Event::Texted(Text::new(inbox()?, id, body)))
}
