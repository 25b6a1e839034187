//! Cells that a spreadsheet would run as a formula, made harmless in a way that reading undoes.
//!
//! OWASP's ASVS (1.2.10) names `=`, `+`, `-`, `@`, tab and NUL as first characters to escape with a
//! single quote, and so does CWE-1236 of the first four. Line ends and the full-width forms of the
//! four, which spreadsheets take for them, are escaped too.
//!
//! A cell that begins with one of these after any number of `'` gets one more `'`; reading takes
//! one off from such a cell. So what is read is what was written, whatever it was.

use std::borrow::Cow;

use crate::consent::contact::PhoneNumber;

/// The cell as it is written: harmless in a spreadsheet.
///
/// A number in E.164 is so as it is: a plus and digits are a number to a spreadsheet too, and other
/// programs must find it in its usual form.
pub(super) fn guarded(cell: &[u8]) -> Cow<'_, [u8]> {
    if !is_guarded_or_formula(cell) || is_number(cell) {
        return Cow::Borrowed(cell);
    }
    let mut guarded = std::vec::Vec::with_capacity(cell.len() + 1);
    guarded.push(b'\'');
    guarded.extend_from_slice(cell);
    Cow::Owned(guarded)
}

/// The cell that was written.
pub(super) fn unguarded(cell: &[u8]) -> &[u8] {
    match cell {
        [b'\'', rest @ ..] if is_guarded_or_formula(rest) => rest,
        cell => cell,
    }
}

fn is_guarded_or_formula(cell: &[u8]) -> bool {
    let quotes = cell.iter().take_while(|byte| **byte == b'\'').count();
    let rest = &cell[quotes..];
    let full_width = ["＝", "＋", "－", "＠"];
    matches!(rest.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n' | 0))
        || full_width.iter().any(|form| rest.starts_with(form.as_bytes()))
}

fn is_number(cell: &[u8]) -> bool {
    core::str::from_utf8(cell).is_ok_and(|text| PhoneNumber::parse(text).is_ok())
}
