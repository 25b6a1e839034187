//! What a row's phone and opted-out cells say.

use super::{formula, rejection::Rejection};
use crate::consent::contact::PhoneNumber;

/// Whom a row adds and with which status; or why it adds nobody.
pub(super) type Said = Result<(PhoneNumber, Option<bool>), Rejection>;

/// What a row says; without an opted-out column nothing is said of the status.
pub(super) fn read(phone: &[u8], opted_out: Option<&[u8]>) -> Said {
    let number = number(formula::unguarded(phone))?;
    let opted_out = opted_out.map_or(Ok(None), |cell| read_status(formula::unguarded(cell)))?;
    Ok((number, opted_out))
}

/// A number in E.164, with white space around it or none.
pub(super) fn number(cell: &[u8]) -> Result<PhoneNumber, Rejection> {
    let text = core::str::from_utf8(cell).map_err(|_| Rejection::NotUtf8)?.trim();
    PhoneNumber::parse(text).map_err(|_| what_else(text))
}

/// How a status is written.
pub(super) fn status(opted_out: bool) -> &'static str {
    if opted_out { "yes" } else { "no" }
}

fn read_status(cell: &[u8]) -> Result<Option<bool>, Rejection> {
    let text = core::str::from_utf8(cell).map_err(|_| Rejection::NotUtf8)?.trim();
    let is_one_of = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if text.is_empty() {
        Ok(None)
    } else if is_one_of(["yes", "y", "true", "t", "1"]) {
        Ok(Some(true))
    } else if is_one_of(["no", "n", "false", "f", "0"]) {
        Ok(Some(false))
    } else {
        Err(Rejection::UnknownStatus)
    }
}

/// What stands in place of a number.
fn what_else(text: &str) -> Rejection {
    if text.is_empty() {
        return Rejection::NoNumber;
    }
    if is_shortened(text) {
        return Rejection::ShortenedNumber;
    }
    let (has_plus, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = digits == rest.len();
    let is_written = digits > 3
        && rest.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "()-./".contains(c));
    // Eleven digits: no country has a national number so long and so commonly written, and every
    // number of North America with its country code is.
    let is_international = rest.starts_with("00") || (digits > 10 && !rest.starts_with('0'));
    match (has_plus, is_plain) {
        (true, true) => Rejection::NumberLength,
        (true, false) if is_written => Rejection::PunctuatedNumber,
        (false, true) if digits > 17 => Rejection::NotANumber,
        (false, true) if is_international => Rejection::PlusMissing,
        (false, _) if is_written => Rejection::NationalNumber,
        (true | false, _) => Rejection::NotANumber,
    }
}

/// `1.20656E+10`: what a spreadsheet makes of a long number without its `+`.
fn is_shortened(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    is_digits(whole) && is_digits(fraction) && exponent.strip_prefix('+').is_some_and(is_digits)
}
