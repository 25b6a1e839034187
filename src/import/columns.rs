//! Which columns are the phone and the status, by their headers.

use std::string::String;

use csv::ByteRecord;

use super::error::HeaderError;

/// Headers that mean the phone, folded.
const PHONE: [&str; 23] = [
    "phone",
    "phonenumber",
    "phoneno",
    "phonee164",
    "e164",
    "mobile",
    "mobilephone",
    "mobilephonenumber",
    "mobilenumber",
    "mobileno",
    "cell",
    "cellphone",
    "cellphonenumber",
    "cellnumber",
    "cellular",
    "smsphone",
    "smsphonenumber",
    "smsnumber",
    "telephone",
    "telephonenumber",
    "tel",
    "msisdn",
    "contactphone",
];

/// Headers that mean opted out, folded: a yes there must mean that texts are not wanted.
const OPTED_OUT: [&str; 19] = [
    "optout",
    "optedout",
    "isoptedout",
    "hasoptedout",
    "smsoptout",
    "smsoptedout",
    // Salesforce's API name of a field of one's own: `SMS_Opt_Out__c`.
    "smsoptoutc",
    "textoptout",
    "textoptedout",
    "optoutsms",
    "optedoutsms",
    "optoutofsms",
    "optedoutofsms",
    "optedoutoftexts",
    "unsubscribed",
    "smsunsubscribed",
    "donottext",
    "donotsms",
    "donotmessage",
];

/// Parts of headers that may mean opted out, folded, where nothing better is found.
const MAYBE_OPTED_OUT: [&str; 7] =
    ["optout", "optedout", "optingout", "unsub", "donottext", "donotsms", "donotcontact"];
/// Parts of headers that are about something other than texts.
const NOT_ABOUT_TEXTS: [&str; 3] = ["mail", "fax", "post"];

/// Which headers are the phone and the opted-out column.
///
/// Headers are compared by their letters and digits, in any case: `Mobile Phone`, `mobile_phone`
/// and `MOBILE-PHONE` are one. By default the phone is `phone`, `mobile`, `cell`, `telephone`, with
/// `number` or `phone` behind or not, `tel`, `msisdn`, `e164`, `sms phone`, and their like; opted
/// out is `opt out`, `opted out`, `sms opted out`, `unsubscribed`, `do not text`, and their like. A
/// column that means opted *in* is never read. All others are handed through.
///
/// A file without an opted-out column is taken as one that says nothing of it. But where a header
/// looks as if it could be one (`Opt-Out Status`), it is refused before anything is imported: name
/// the column, or say that there is none.
///
/// ```
/// use optin::import::Columns;
///
/// let columns = Columns::default().with_phone("Handy").with_opted_out("Keine SMS");
/// # let _ = columns;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    phone: Option<String>,
    opted_out: OptedOut,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum OptedOut {
    #[default]
    Usual,
    Named(String),
    Absent,
}

impl Columns {
    /// The same columns, with this header for the phone.
    #[must_use]
    pub fn with_phone(self, header: impl Into<String>) -> Self {
        Self { phone: Some(header.into()), ..self }
    }

    /// The same columns, with this header for opted out, which the file must have then.
    #[must_use]
    pub fn with_opted_out(self, header: impl Into<String>) -> Self {
        Self { opted_out: OptedOut::Named(header.into()), ..self }
    }

    /// The same columns, and none for opted out, whatever the headers look like.
    #[must_use]
    pub fn without_opted_out(self) -> Self {
        Self { opted_out: OptedOut::Absent, ..self }
    }

    /// Where the phone and the opted-out column are.
    pub(super) fn find(&self, headers: &ByteRecord) -> Result<(usize, Option<usize>), HeaderError> {
        let phone = match &self.phone {
            Some(name) => only(headers, |header| is_named(header, name)),
            None => only(headers, is_phone),
        };
        let phone = phone
            .map_err(|(first, second)| HeaderError::PhoneTwice { first, second })?
            .ok_or(HeaderError::PhoneMissing)?;
        let twice = |(first, second)| HeaderError::OptedOutTwice { first, second };
        let opted_out = match &self.opted_out {
            OptedOut::Usual => match only(headers, is_opted_out).map_err(twice)? {
                Some(at) => Some(at),
                None => match headers.iter().position(is_maybe_opted_out) {
                    Some(at) => return Err(HeaderError::OptedOutUnclear { column: at + 1 }),
                    None => None,
                },
            },
            OptedOut::Named(name) => {
                let at = only(headers, |header| is_named(header, name)).map_err(twice)?;
                Some(at.ok_or(HeaderError::OptedOutMissing)?)
            }
            OptedOut::Absent => None,
        };
        if opted_out == Some(phone) {
            return Err(HeaderError::SameColumn { column: phone + 1 });
        }
        Ok((phone, opted_out))
    }
}

/// Whether a header is one of those that are read by default.
pub(super) fn is_usual(header: &[u8]) -> bool {
    is_phone(header) || is_opted_out(header)
}

/// Letters and digits in lower case: what headers are compared by. A header that is no UTF-8 has
/// none, so that it is never taken for another.
pub(super) fn folded(header: &[u8]) -> String {
    let text = core::str::from_utf8(header).unwrap_or_default();
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether this header is the one that somebody named.
pub(super) fn is_named(header: &[u8], name: &str) -> bool {
    let folded_name = folded(name.as_bytes());
    if folded_name.is_empty() {
        return core::str::from_utf8(header).is_ok_and(|header| header.trim() == name.trim());
    }
    folded(header) == folded_name
}

fn is_phone(header: &[u8]) -> bool {
    PHONE.contains(&&*folded(header))
}

fn is_opted_out(header: &[u8]) -> bool {
    OPTED_OUT.contains(&&*folded(header))
}

fn is_maybe_opted_out(header: &[u8]) -> bool {
    let header = folded(header);
    let has = |part: &&str| header.contains(part);
    MAYBE_OPTED_OUT.iter().any(has) && !NOT_ABOUT_TEXTS.iter().any(has)
}

/// The one header of this kind, if any; or the first two, counted from 1.
fn only(
    headers: &ByteRecord,
    is_meant: impl Fn(&[u8]) -> bool,
) -> Result<Option<usize>, (usize, usize)> {
    let mut meant = headers.iter().enumerate().filter(|(_, header)| is_meant(header));
    match (meant.next(), meant.next()) {
        (Some((first, _)), Some((second, _))) => Err((first + 1, second + 1)),
        (first, _) => Ok(first.map(|(at, _)| at)),
    }
}
