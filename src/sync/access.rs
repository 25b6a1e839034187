//! Where an account's CRM is, and the token that opens it: [`Access`], kept by [`Accounts`].

use alloc::{string::String, sync::Arc, vec::Vec};
use core::{fmt, future::Future};

use http::{
    HeaderValue, Method, Request, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};

use crate::consent::id::AccountId;

/// What the host knows of its accounts at one CRM.
///
/// Tokens are the host's to keep and to refresh. One that ends soon is best refreshed before:
/// every call that an expired one spoils is tried again only after the engine's back-off.
///
/// ```
/// use std::sync::Mutex;
///
/// use optin::{AccountId, sync::{Access, Accounts}};
///
/// /// One account; its token is refreshed by somebody else.
/// struct One(Mutex<Option<Access>>);
///
/// impl Accounts for One {
///     async fn access(&self, _account: &AccountId) -> Option<Access> {
///         self.0.lock().ok()?.clone()
///     }
///
///     fn expired(&self, _account: &AccountId, access: &Access) {
///         if let Ok(mut kept) = self.0.lock() {
///             // Not the one that came meanwhile.
///             kept.take_if(|kept| kept == access);
///         }
///     }
/// }
/// ```
pub trait Accounts: Send + Sync {
    /// The account's access; absent while it is not connected, or its token is being refreshed:
    /// its statuses are tried again later. Asked once for each call.
    fn access(&self, account: &AccountId) -> impl Future<Output = Option<Access>> + Send;

    /// Told when the CRM refused this token: from now on give another one. Must not wait; do the
    /// refreshing elsewhere.
    fn expired(&self, account: &AccountId, access: &Access);
}

impl<A: Accounts> Accounts for &A {
    fn access(&self, account: &AccountId) -> impl Future<Output = Option<Access>> + Send {
        A::access(self, account)
    }

    fn expired(&self, account: &AccountId, access: &Access) {
        A::expired(self, account, access);
    }
}

impl<A: Accounts> Accounts for Arc<A> {
    fn access(&self, account: &AccountId) -> impl Future<Output = Option<Access>> + Send {
        A::access(self, account)
    }

    fn expired(&self, account: &AccountId, access: &Access) {
        A::expired(self, account, access);
    }
}

/// The address of an account's CRM and the token for it. `Debug` does not show the token.
///
/// ```
/// use optin::sync::Access;
///
/// let access = Access::new("https://acme.my.salesforce.com", "secret")?;
/// assert_eq!(format!("{access:?}"), "Access(https://acme.my.salesforce.com, ..)");
/// # Ok::<(), optin::sync::InvalidAccess>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    address: String,
    bearer: HeaderValue,
}

/// An address or a token that cannot be used.
///
/// Mend the account's set-up: ask whoever connected it to do so again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAccess {
    /// Not `https://` and a host, nothing behind it. (`http://` is for a loopback address.)
    #[error("the address is not https, or has more than a host and a port")]
    Address,
    /// Empty, or with something in it that no header can hold.
    #[error("the token cannot stand in a header")]
    Token,
}

impl Access {
    /// An access with a bearer token, at an address without a path: `hubspot::ADDRESS`, or the
    /// instance of a Salesforce account.
    ///
    /// Over plain `http://` only a loopback address is called, for tests: a token in the clear is
    /// anybody's.
    ///
    /// # Errors
    /// [`InvalidAccess`].
    pub fn new(address: &str, token: &str) -> Result<Self, InvalidAccess> {
        let uri: Uri = address.parse().map_err(|_| InvalidAccess::Address)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidAccess::Address);
        };
        let loopback = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
        let private = scheme == "https" || (scheme == "http" && loopback);
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if !private || !bare || authority.as_str().contains('@') {
            return Err(InvalidAccess::Address);
        }
        if token.trim().is_empty() {
            return Err(InvalidAccess::Token);
        }
        let mut bearer = HeaderValue::from_str(&alloc::format!("Bearer {token}"))
            .map_err(|_| InvalidAccess::Token)?;
        bearer.set_sensitive(true);
        Ok(Self { address: alloc::format!("{scheme}://{authority}"), bearer })
    }

    /// A request with a JSON body; `path` is made of names that were looked at.
    pub(super) fn request(&self, method: Method, path: &str, body: Vec<u8>) -> Request<Vec<u8>> {
        let json = HeaderValue::from_static("application/json");
        Request::builder()
            .method(method)
            .uri(alloc::format!("{}{path}", self.address))
            .header(AUTHORIZATION, self.bearer.clone())
            .header(ACCEPT, json.clone())
            .header(CONTENT_TYPE, json)
            .body(body)
            .expect("the address was parsed, and names in the path are letters and digits")
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({}, ..)", self.address)
    }
}
