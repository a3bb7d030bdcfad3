//! Which texts are numbers, and how they are written so that the application reads them as such.
//!
//! Numbers stay text all the way: no digit is lost on the way through a float of ours.

/// The most digits that Python turns into an int (`sys.int_info.default_max_str_digits`).
pub(super) const MAX_INT_DIGITS: usize = 4300;

/// The parts of a decimal number: `-12.50e3` has the digits `12` and `50` and the exponent `3`.
struct Decimal<'a> {
    /// `-`, `+` or nothing.
    sign: &'a str,
    whole: &'a str,
    /// `None` without a dot.
    fraction: Option<&'a str>,
    /// With its sign; `None` without an `e`.
    exponent: Option<&'a str>,
}

impl<'a> Decimal<'a> {
    /// Python's `float()` syntax without underscores, blanks, `inf` and `nan`: Rust's, without the last two.
    fn parse(text: &'a str) -> Option<Self> {
        let (sign, rest) = text.split_at(usize::from(text.starts_with(['-', '+'])));
        let starts = rest.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        if !starts || text.parse::<f64>().is_err() {
            return None;
        }
        let (mantissa, exponent) = split(rest, ['e', 'E']);
        let (whole, fraction) = split(mantissa, ['.']);
        Some(Self { sign, whole, fraction, exponent })
    }

    fn fraction(&self) -> &'a str {
        self.fraction.unwrap_or_default()
    }

    /// The exponent's value; beyond an `i32` the nearest, which overflows every float all the same.
    fn exponent(&self) -> Option<i64> {
        let text = self.exponent?;
        let nearest = if text.starts_with('-') { i32::MIN } else { i32::MAX };
        Some(text.parse().unwrap_or(nearest).into())
    }
}

/// What is before the first of `separators`, and what is after it.
fn split<const N: usize>(text: &str, separators: [char; N]) -> (&str, Option<&str>) {
    text.split_once(separators).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// `text` as the digits of a whole number, if it is one.
pub(super) fn integer(text: &str) -> Option<String> {
    let decimal = Decimal::parse(text)?;
    let all = [decimal.whole, decimal.fraction()].concat();
    let significant = all.trim_start_matches('0');
    let digits = significant.trim_end_matches('0');
    let zeros = i64::try_from(significant.len() - digits.len()).ok()?;
    let fraction = i64::try_from(decimal.fraction().len()).ok()?;
    let sign = decimal.sign.trim_start_matches('+');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let shift = usize::try_from(decimal.exponent().unwrap_or(0) - fraction + zeros).ok()?;
    (digits.len().checked_add(shift)? <= MAX_INT_DIGITS)
        .then(|| format!("{sign}{digits}{}", "0".repeat(shift)))
}

/// `text` as a number that Hydra reads as a float, if it is one and does not overflow.
pub(super) fn float(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned.to_ascii_lowercase().as_str() {
        "nan" | "inf" => return Some(text.to_owned()),
        "infinity" => return Some(if text.starts_with('-') { "-inf" } else { "inf" }.to_owned()),
        _ => {}
    }
    let decimal = Decimal::parse(text)?;
    // Hydra's lexer has no leading zeros: `007.5` would be a string.
    let whole = match decimal.whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let sign = decimal.sign.trim_start_matches('+');
    let written = match (decimal.fraction(), decimal.exponent()) {
        ("", None) => format!("{sign}{whole}.0"),
        ("", Some(exponent)) => format!("{sign}{whole}e{exponent}"),
        (fraction, None) => format!("{sign}{whole}.{fraction}"),
        (fraction, Some(exponent)) => format!("{sign}{whole}.{fraction}e{exponent}"),
    };
    (!overflows(&written)).then_some(written)
}

/// Whether undeclared text is a number: JSON's syntax, and nothing that somebody may have meant as
/// text. A commit id like `12345e7` has an exponent without a sign or a dot after several digits;
/// a number of over 17 significant digits or one that overflows would not arrive as it was sent.
pub fn is_typed_number(text: &str) -> bool {
    let Some(Decimal { sign, whole, fraction, exponent }) = Decimal::parse(text) else {
        return false;
    };
    let is_json = sign != "+"
        && !whole.is_empty()
        && (whole == "0" || !whole.starts_with('0'))
        && fraction != Some("");
    if !is_json {
        return false;
    }
    if fraction.is_none() && exponent.is_none() {
        return whole.len() <= MAX_INT_DIGITS;
    }
    let plainly_exponent = exponent
        .is_none_or(|text| fraction.is_some() || whole.len() == 1 || text.starts_with(['+', '-']));
    let significant = [whole, fraction.unwrap_or("")].concat();
    let significant = significant.trim_matches('0').len();
    plainly_exponent && significant <= 17 && !overflows(text)
}

/// Whether a number in Python's syntax is beyond a 64-bit float: it would arrive as infinity, or
/// as 0 though it is not.
pub(super) fn overflows(number: &str) -> bool {
    let mantissa = number.split(['e', 'E']).next().unwrap_or("");
    let is_zero = !mantissa.bytes().any(|b| matches!(b, b'1'..=b'9'));
    match number.parse::<f64>() {
        Ok(float) => float.is_infinite() || (float == 0.0 && !is_zero),
        Err(_) => true,
    }
}

/// Python's `repr` of a float: the shortest digits, with an exponent below 1e-4 and from 1e16.
pub(crate) fn python_float(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    let shortest = format!("{float:e}");
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    let size: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&size) {
        let plain = float.to_string();
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if size < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", size.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_nobody_meant_as_text() {
        for number in [
            "0",
            "-0",
            "1",
            "-42",
            "1.5",
            "0.10",
            "1e5",
            "1E5",
            "1e-05",
            "-1e-05",
            "1.5e3",
            "12e-5",
            "12e+5",
            "12345678901234567890",
            "0.12345678901234567",
            "1.2345675e+06",
        ] {
            assert!(is_typed_number(number), "{number}");
        }
        for text in [
            "",
            "-",
            "+1",
            "007",
            "1_000",
            ".5",
            "1.",
            "12e5",
            "12345e7",
            "1e",
            "1e+",
            "0x1F",
            "nan",
            "inf",
            "1e999",
            "1e-999",
            "0.123456789012345678",
            "1 ",
            " 1",
            "--1",
            "1e5e5",
            "٣",
        ] {
            assert!(!is_typed_number(text), "{text}");
        }
        assert!(is_typed_number(&"9".repeat(4300)));
        assert!(!is_typed_number(&"9".repeat(4301)));
    }

    #[test]
    fn floats_are_pythons() {
        for (float, expected) in [
            (0.0, "0.0"),
            (f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1.25e-7, "1.25e-07"),
            (1_234_567.5, "1234567.5"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(python_float(float), expected);
        }
    }
}
