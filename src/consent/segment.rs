//! What a text costs: GSM-7 or UCS-2, and how many segments (R3.4, 3GPP TS 23.038).

/// How a text is coded on the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Encoding {
    /// Seven bits a character; 160 in a single segment, 153 in each of several.
    Gsm7,
    /// Sixteen bits a code unit; 70 in a single segment, 67 in each of several.
    Ucs2,
}

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Segments {
    /// How it is coded: one character outside GSM-7 makes the whole text UCS-2.
    pub encoding: Encoding,
    /// Its length in septets (GSM-7) or code units (UCS-2).
    pub units: usize,
    /// The number of segments that are sent and paid; 0 for an empty text.
    pub count: usize,
}

/// The number of segments that a text costs.
///
/// A character is never cut in two: one of two units that would straddle a boundary moves to the
/// next segment.
///
/// ```
/// use optin::segments;
///
/// assert_eq!(segments("Reply YES to confirm.").count, 1);
/// assert_eq!(segments(&"x".repeat(161)).count, 2);
/// ```
pub fn segments(text: &str) -> Segments {
    match measure(text, septets, 160, 153) {
        Some((units, count)) => Segments { encoding: Encoding::Gsm7, units, count },
        None => {
            let (units, count) =
                measure(text, |char| Some(char.len_utf16()), 70, 67).unwrap_or((0, 0));
            Segments { encoding: Encoding::Ucs2, units, count }
        }
    }
}

fn measure(
    text: &str,
    width: impl Fn(char) -> Option<usize>,
    single: usize,
    several: usize,
) -> Option<(usize, usize)> {
    let (mut units, mut full, mut last) = (0, 0, 0);
    for char in text.chars() {
        let width = width(char)?;
        units += width;
        if last + width > several {
            full += 1;
            last = 0;
        }
        last += width;
    }
    let count = match units {
        0 => 0,
        units if units <= single => 1,
        _ => full + 1,
    };
    Some((units, count))
}

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Septets of a character in GSM-7; `None` for one outside it.
pub(super) fn septets(char: char) -> Option<usize> {
    if BASIC.contains(char) {
        Some(1)
    } else if EXTENSION.contains(char) {
        Some(2)
    } else {
        None
    }
}
