//! A real number at Twilio: what the environment says of it.
//!
//! The answer to a text leaves in the answer to its webhook, as TwiML, and needs no account. What
//! staff write needs the message API: build with `--features number` for a client that can call it.

use std::sync::Arc;

use optin::{
    erased::BoxOutbox,
    provider::{
        InvalidSecret, InvalidSetting, Secret,
        twilio::{Messages, Secrets},
    },
};

use crate::clock::Clock;

/// A real number's webhooks, and the way to it.
pub struct Number {
    /// What the webhooks are signed with.
    pub secrets: Secrets,
    /// The address that Twilio was given for them, to the letter: it is signed too.
    pub address: String,
    /// The message API; absent where what staff write cannot leave.
    messages: Option<Messages>,
}

/// The environment makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum NumberError {
    /// Half of it is set.
    #[error("with TWILIO_AUTH_TOKEN set, TWILIO_WEBHOOK must be the address that Twilio was given")]
    NoAddress,
    /// The token.
    #[error("TWILIO_AUTH_TOKEN: {0}")]
    Secret(#[from] InvalidSecret),
    /// The account.
    #[error("TWILIO_ACCOUNT_SID: {0}")]
    Setting(#[from] InvalidSetting),
    /// The API cannot be called.
    #[error("TWILIO_ACCOUNT_SID is for calls of Twilio's API: build with --features number")]
    NoClient,
}

impl Number {
    /// Reads `TWILIO_AUTH_TOKEN`, `TWILIO_WEBHOOK` and `TWILIO_ACCOUNT_SID`; `None` where the first
    /// is not set.
    ///
    /// # Errors
    /// [`NumberError`]: mend the environment.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, NumberError> {
        let Some(token) = variable("TWILIO_AUTH_TOKEN") else { return Ok(None) };
        let secret = Secret::new(&token)?;
        let address = variable("TWILIO_WEBHOOK").ok_or(NumberError::NoAddress)?;
        let messages = match variable("TWILIO_ACCOUNT_SID") {
            Some(_) if !cfg!(feature = "number") => return Err(NumberError::NoClient),
            Some(account) => Some(Messages::by_auth_token(&account, &secret)?),
            None => None,
        };
        Ok(Some(Self { secrets: Secrets::auth_token(secret), address, messages }))
    }

    /// Where what staff write leaves, by the engine's clock.
    pub(crate) fn outbox(&self, clock: Arc<Clock>) -> Option<BoxOutbox> {
        self.messages.clone().and_then(|messages| over(messages, clock))
    }
}

#[cfg(feature = "number")]
fn over(messages: Messages, clock: Arc<Clock>) -> Option<BoxOutbox> {
    let (client, now) = (crate::client::Aside::default(), move || clock.now());
    Some(BoxOutbox::new(optin::provider::twilio::Twilio::new(client, messages, now)))
}

#[cfg(not(feature = "number"))]
fn over(_messages: Messages, _clock: Arc<Clock>) -> Option<BoxOutbox> {
    None
}

#[cfg(test)]
mod tests {
    use super::{Number, NumberError};

    fn read(set: &[(&str, &str)]) -> Result<Option<Number>, NumberError> {
        Number::read(|name| {
            set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn half_a_number_is_refused() {
        assert!(matches!(read(&[]), Ok(None)));
        let token = ("TWILIO_AUTH_TOKEN", "12345");
        assert!(matches!(read(&[token]), Err(NumberError::NoAddress)));
        let address = ("TWILIO_WEBHOOK", "https://example.com/webhooks/twilio");
        let number = read(&[token, address]).ok().flatten();
        assert!(number.is_some_and(|number| number.messages.is_none()));
        let account = ("TWILIO_ACCOUNT_SID", "AC1");
        let whole = read(&[token, address, account]);
        if cfg!(feature = "number") {
            assert!(whole.ok().flatten().is_some_and(|number| number.messages.is_some()));
        } else {
            assert!(matches!(whole, Err(NumberError::NoClient)));
        }
        let empty = ("TWILIO_AUTH_TOKEN", "");
        assert!(matches!(read(&[empty, address]), Err(NumberError::Secret(_))));
    }
}
