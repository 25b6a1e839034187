//! A real number at Twilio: what the environment says of it.
//!
//! The answer to a text leaves in the answer to its webhook, as TwiML, and needs no account. What
//! staff write needs the message API: build with `--features number` for a client that can call it.

use optin::{
    erased::BoxOutbox,
    provider::{InvalidSecret, InvalidSetting, Secret, twilio::Secrets},
};

/// A real number's webhooks, and the way to it.
pub struct Number {
    /// What the webhooks are signed with.
    pub secrets: Secrets,
    /// The address that Twilio was given for them, to the letter: it is signed too.
    pub address: String,
    /// What staff write; absent where it cannot leave.
    pub outbox: Option<BoxOutbox>,
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
        let account = variable("TWILIO_ACCOUNT_SID");
        let outbox = account.map(|account| api(&account, &secret)).transpose()?;
        Ok(Some(Self { secrets: Secrets::auth_token(secret), address, outbox }))
    }
}

#[cfg(feature = "number")]
fn api(account: &str, token: &Secret) -> Result<BoxOutbox, NumberError> {
    use optin::provider::twilio::{Messages, Twilio};

    let messages = Messages::by_auth_token(account, token)?;
    // The number's texts wait in the real time of its phones.
    Ok(BoxOutbox::new(Twilio::new(crate::client::Aside::default(), messages, chrono::Utc::now)))
}

#[cfg(not(feature = "number"))]
fn api(_account: &str, _token: &Secret) -> Result<BoxOutbox, NumberError> {
    Err(NumberError::NoClient)
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
        assert!(number.is_some_and(|number| number.outbox.is_none()));
        let empty = ("TWILIO_AUTH_TOKEN", "");
        assert!(matches!(read(&[empty, address]), Err(NumberError::Secret(_))));
    }
}
