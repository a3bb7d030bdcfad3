//! Plain scalars, typed as YAML 1.1 has it and `PyYAML` reads it.

/// A plain scalar's value by YAML 1.1, as PyYAML's `SafeLoader` resolves it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    /// `null`, `~`, or nothing.
    Null,
    /// `true`, `yes`, `on` and their opposites.
    Bool(bool),
    /// A decimal integer.
    Int(String),
    /// A float with a dot.
    Float(f64),
    /// Anything else.
    Text,
}

/// The value of a plain scalar.
pub(super) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        _ => {}
    }
    let (sign, unsigned) = match text.strip_prefix(['-', '+']) {
        Some(unsigned) => (text.get(..1).unwrap_or("").trim_start_matches('+'), unsigned),
        None => ("", text),
    };
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Scalar::Float(if sign == "-" { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Scalar::Text;
    }
    let digits = unsigned.replace('_', "");
    if !unsigned.starts_with('.')
        && let Some(value) = integer(&digits, unsigned)
    {
        let sign = if value == "0" { "" } else { sign };
        return Scalar::Int(format!("{sign}{value}"));
    }
    if let Some(value) = sexagesimal_float(unsigned) {
        return Scalar::Float(if sign == "-" { -value } else { value });
    }
    match format!("{sign}{digits}").parse() {
        Ok(float) if is_float(text, unsigned) => Scalar::Float(float),
        _ => Scalar::Text,
    }
}

/// A float has a dot, and a sign in its exponent: `[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?` or,
/// without a sign, `\.[0-9][0-9_]*([eE][-+][0-9]+)?`.
fn is_float(text: &str, unsigned: &str) -> bool {
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let starts = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let Some((whole, fraction)) = mantissa.split_once('.') else { return false };
    is_digits(whole)
        && is_digits(fraction)
        && (starts(whole) || text.starts_with('.') && starts(fraction))
        && exponent.is_none_or(|e| e.starts_with(['-', '+']) && !e.contains('_'))
}

/// The decimal digits of an integer without its sign, in any of YAML 1.1's notations: `12`, `0x1f`,
/// `0b11`, `017` (octal), `1:30` (base 60); `written` has its underscores still.
fn integer(digits: &str, written: &str) -> Option<String> {
    let (radix, rest) = match digits.as_bytes() {
        [b'0', b'x', ..] if written.starts_with("0x") => (16, digits.get(2..)?),
        [b'0', b'b', ..] if written.starts_with("0b") => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ if digits.contains(':') => return sexagesimal(written),
        _ => {
            let decimal = digits.bytes().all(|byte| byte.is_ascii_digit());
            return decimal.then(|| digits.to_owned());
        }
    };
    // A sign is none of the digits.
    let value = u128::from_str_radix(rest, radix).ok().filter(|_| !rest.starts_with('+'))?;
    Some(value.to_string())
}

/// `1:30`, or `[1-9][0-9_]*(:[0-5]?[0-9])+`.
fn sexagesimal(text: &str) -> Option<String> {
    let (first, rest) = text.split_once(':')?;
    let digits = first.replace('_', "");
    let mut value: u128 = digits.parse().ok().filter(|_| digits.starts_with(|c| c > '0'))?;
    for part in rest.split(':') {
        let number: u128 = part.parse().ok().filter(|_| is_below_60(part))?;
        value = value.checked_mul(60)?.checked_add(number)?;
    }
    Some(value.to_string())
}

/// `1:30.5`, or `[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*`.
fn sexagesimal_float(text: &str) -> Option<f64> {
    let (first, rest) = text.split_once(':')?;
    let (whole, fraction) = rest.split_once('.')?;
    let digits = first.replace('_', "");
    let fraction = fraction.replace('_', "");
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(&digits) || !is_number(&fraction) || !whole.split(':').all(is_below_60) {
        return None;
    }
    // From the last to the first, so that sums are rounded as `construct_yaml_float` has them.
    let mut parts = whole.rsplit(':').chain([digits.as_str()]);
    let mut value: f64 = format!("{}.{fraction}", parts.next()?).parse().ok()?;
    let mut base = 1.0;
    for part in parts {
        base *= 60.0;
        value += part.parse::<f64>().ok()? * base;
    }
    Some(value)
}

fn is_below_60(part: &str) -> bool {
    matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_pyyamls() {
        for (text, expected) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("yes", Scalar::Bool(true)),
            ("Off", Scalar::Bool(false)),
            ("12", Scalar::Int("12".into())),
            ("-1_000", Scalar::Int("-1000".into())),
            ("007", Scalar::Int("7".into())),
            ("08", Scalar::Text),
            ("-0", Scalar::Int("0".into())),
            ("-0x1F", Scalar::Int("-31".into())),
            ("0b11", Scalar::Int("3".into())),
            ("0b12", Scalar::Text),
            ("0_x1", Scalar::Text),
            ("12:30", Scalar::Int("750".into())),
            ("1:60", Scalar::Text),
            ("1:3_0", Scalar::Text),
            ("-1:30.5", Scalar::Float(-90.5)),
            ("-.5", Scalar::Text),
            ("._5", Scalar::Text),
            ("1_.5_", Scalar::Float(1.5)),
            ("0:30", Scalar::Text),
            ("0x", Scalar::Text),
            ("1.5", Scalar::Float(1.5)),
            ("1.0e-05", Scalar::Float(1e-5)),
            ("1e5", Scalar::Text),
            ("1.0e5", Scalar::Text),
            ("-.inf", Scalar::Float(f64::NEG_INFINITY)),
            ("nan", Scalar::Text),
            ("2024-11-23", Scalar::Text),
            ("a", Scalar::Text),
            (".", Scalar::Text),
        ] {
            assert_eq!(resolve(text), expected, "{text:?}");
        }
    }
}
