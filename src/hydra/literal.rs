//! The right side of an override: how a value is spelled so that Hydra reads exactly it.

use std::fmt;

use super::key::{Key, is_int_unsigned};
use crate::error::{Error, Result, quote};
use crate::value::Value;

/// How Hydra spells a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// A number, a text, a bool or null, or an override's right side as it was sent.
    One(String),
    /// A list, each item for itself.
    List(Vec<String>),
    /// A dict.
    Dict(String),
}

/// What OmegaConf reads as a value that is missing.
pub const MISSING: &str = "???";

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(text) | Self::Dict(text) => f.write_str(text),
            Self::List(items) => write!(f, "[{}]", items.join(",")),
        }
    }
}

/// How Hydra spells `value`.
///
/// # Errors
/// It has no spelling for it; the message is a clause, as [`Value::parse`]'s.
pub fn spell(value: &Value) -> Result<Spelling> {
    Ok(match value {
        Value::Null => Spelling::One("null".to_owned()),
        Value::Bool(truth) => Spelling::One(truth.to_string()),
        Value::Number(digits) => Spelling::One(digits.clone()),
        Value::Text(text) => Spelling::One(spell_text(text)?),
        Value::List(items) => {
            let items = items.iter().map(|item| Ok(spell(item)?.to_string()));
            Spelling::List(items.collect::<Result<_>>()?)
        }
        Value::Dict(entries) => {
            let entries = entries
                .iter()
                .map(|(key, item)| Ok(format!("{}: {}", spell_dict_key(key)?, spell(item)?)));
            let entries: Vec<String> = entries.collect::<Result<_>>()?;
            Spelling::Dict(format!("{{{}}}", entries.join(",")))
        }
    })
}

/// The overrides by which `key` gets exactly the value.
///
/// A dict takes three, `key={}`, `~key`, `+key={…}`: a lone `key={…}` merges into the dict that
/// the config has and rejects new keys, so the old dict is deleted first; and Hydra deletes
/// nothing that is null or `???`, so an empty dict is put there before (measured, 1.3.8); of a `++key`
/// with `++`. With `merge`, a dict is written `++key={…}`.
pub fn assignments(key: &Key, value: &Spelling, merge: bool) -> Vec<String> {
    let name = key.name.as_str();
    match value {
        Spelling::Dict(dict) if merge => vec![format!("++{name}={dict}")],
        Spelling::Dict(dict) if key.prefix != "+" => {
            vec![format!("{key}={{}}"), format!("~{name}"), format!("+{name}={dict}")]
        }
        value => vec![format!("{key}={value}")],
    }
}

/// The override that merges a dict, for the three of [`assignments`] by which it replaces one.
pub fn merging(written: &[String]) -> Option<String> {
    match written {
        [_, delete, add] if delete.starts_with('~') => Some(format!("+{add}")),
        _ => None,
    }
}

/// A string that arrives as exactly its characters.
///
/// Inside single quotes only three things are not themselves: a backslash run before `${`, which
/// OmegaConf halves and of which an odd one keeps `${` from being an interpolation; a backslash
/// run before a quote, and one before the closing quote, which Hydra halves.
fn spell_text(text: &str) -> Result<String> {
    if text == MISSING {
        return Err(Error::refused(
            "is `???`, which OmegaConf reads as a missing value and which has no other spelling",
        ));
    }
    if text.contains('\0') {
        return Err(Error::refused("holds a NUL character, which no command line can carry"));
    }
    if is_bare(text) {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    let mut backslashes = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\\' {
            backslashes += 1;
        } else {
            if c == '\'' || (c == '$' && rest.peek() == Some(&'{')) {
                out.extend(std::iter::repeat_n('\\', backslashes + 1));
            }
            backslashes = 0;
        }
        out.push(c);
    }
    out.extend(std::iter::repeat_n('\\', backslashes));
    out.push('\'');
    Ok(out)
}

/// Whether text needs no quotes: a letter, `_` or `/`, then letters, digits and `_ . / : -`, and
/// none of the words that the lexer takes for something else.
fn is_bare(text: &str) -> bool {
    const KEYWORDS: [&str; 5] = ["true", "false", "null", "nan", "inf"];
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'/'))
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b':' | b'-'))
        && !KEYWORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A dict's key. Rule `dictKey` has no quotes, so only what the lexer can spell bare or with a
/// backslash can be a key, and a key that is as a whole one number, bool or null is not text.
fn spell_dict_key(key: &str) -> Result<String> {
    let cannot = |why: String| {
        Error::refused(format!(
            "has the dict key {}, which Hydra's command line cannot spell: {why}",
            quote(key)
        ))
        .help("rename that key, or pass the dict in a file or as a string")
    };
    if key.is_empty() {
        return Err(cannot("it is empty".to_owned()));
    }
    if reads_as_number_bool_or_null(key) {
        return Err(cannot("it would arrive as a number, bool or null".to_owned()));
    }
    let mut out = String::with_capacity(key.len());
    for c in key.chars() {
        match c {
            '\\' | '(' | ')' | '[' | ']' | '{' | '}' | ':' | '=' | ',' | ' ' | '\t' => {
                out.push('\\');
                out.push(c);
            }
            '/' | '-' | '+' | '.' | '$' | '%' | '*' | '@' | '?' | '|' | '_' => out.push(c),
            c if c.is_ascii_alphanumeric() => out.push(c),
            c => return Err(cannot(format!("its grammar has no {c:?} outside quotes"))),
        }
    }
    Ok(out)
}

/// Whether the lexer takes the whole text for one `NULL`, `BOOL`, `INT` or `FLOAT` token.
fn reads_as_number_bool_or_null(text: &str) -> bool {
    let word = |w: &str| text.eq_ignore_ascii_case(w);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    word("null")
        || word("true")
        || word("false")
        || unsigned.eq_ignore_ascii_case("inf")
        || unsigned.eq_ignore_ascii_case("nan")
        || is_number_token(unsigned)
}

/// Fragments `INT_UNSIGNED`, `POINT_FLOAT` and `EXPONENT_FLOAT`, without the sign.
fn is_number_token(unsigned: &str) -> bool {
    let digits = |text: &str| {
        !text.is_empty()
            && text
                .split('_')
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent_ok =
        exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)));
    let mantissa_ok = match mantissa.split_once('.') {
        None => is_int_unsigned(mantissa),
        Some((whole, "")) => is_int_unsigned(whole),
        Some((whole, fraction)) => (whole.is_empty() || is_int_unsigned(whole)) && digits(fraction),
    };
    exponent_ok && mantissa_ok
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_bare_where_that_is_safe_and_quoted_elsewhere() {
        for (sent, written) in [
            ("example", "example"),
            ("gs://b/x", "gs://b/x"),
            ("/gcs/b/x.y", "/gcs/b/x.y"),
            ("None", "None"),
            ("", "''"),
            ("Null", "'Null'"),
            ("INF", "'INF'"),
            ("a,b", "'a,b'"),
            ("x=y", "'x=y'"),
            ("2024_11_23", "'2024_11_23'"),
            ("it's", r"'it\'s'"),
            (r"a\'b", r"'a\\\'b'"),
            (r"C:\dir\", r"'C:\dir\\'"),
            ("${oc.env:HOME}", r"'\${oc.env:HOME}'"),
            (r"\${x}", r"'\\\${x}'"),
            ("$x {y}", "'$x {y}'"),
            ("naïve", "'naïve'"),
        ] {
            assert_eq!(spell_text(sent).as_deref(), Ok(written), "{sent:?}");
        }
        assert!(spell_text("???").is_err());
        assert!(spell_text("a\0b").is_err());
    }

    #[test]
    fn dict_keys_are_spelled_or_named() {
        for (key, expected) in [
            ("a.b/c", "a.b/c"),
            ("007", "007"),
            (" a ", r"\ a\ "),
            ("${x}", r"$\{x\}"),
            ("f(x)", r"f\(x\)"),
            (r"\", r"\\"),
            ("1.2.3", "1.2.3"),
            ("nullable", "nullable"),
            ("???", "???"),
        ] {
            assert_eq!(spell_dict_key(key).as_deref(), Ok(expected), "{key:?}");
        }
        for key in [
            "", "1", "-1", "+1", "1_0", "1.", ".5", "1e5", "1.5E-3", "True", "NULL", "nan", "-inf",
            "q\"", "it's", "é", "a\nb", "a#", "a!", "~a", "a;b",
        ] {
            assert!(spell_dict_key(key).is_err(), "{key:?}");
        }
    }
}
