//! JSON text as a [`Value`], every number in the digits it was sent with.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Value;
use super::number::{MAX_INT_DIGITS, overflows};
use crate::error::{Error, Result};

/// How deep lists and dicts may be nested. Hydra's parser is recursive Python: hydra-core 1.3.8 on
/// CPython 3.11 fails at 89 nested lists or 82 nested dicts when called from the top of a program,
/// and an application calls it from further down.
const MAX_DEPTH: usize = 64;

/// `text` as JSON: `None` where it is not JSON.
///
/// # Errors
/// It is JSON, but holds something that cannot be sent: half a surrogate pair, a NUL, a number
/// that overflows, nesting deeper than Hydra reads.
pub fn json(text: &str) -> Result<Option<Value>> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) => json_value(raw, 0).map(Some),
        Err(_) => Ok(None),
    }
}

fn json_value(raw: &RawValue, depth: usize) -> Result<Value> {
    let text = raw.get();
    let inner = depth + 1;
    if inner > MAX_DEPTH && text.starts_with(['[', '{']) {
        return Err(Error::refused(format!(
            "is nested deeper than {MAX_DEPTH} levels, which Hydra's parser does not read"
        )));
    }
    match text.as_bytes().first() {
        Some(b'[') => {
            let items: Vec<&RawValue> = from_json(text)?;
            let items = items.into_iter().map(|item| json_value(item, inner));
            Ok(Value::List(items.collect::<Result<_>>()?))
        }
        Some(b'{') => {
            // A repeated key has its last value in its first place, as Python's `json.loads` has it.
            let members: IndexMap<String, &RawValue> = from_json(text)?;
            let entries =
                members.into_iter().map(|(key, value)| Ok((key, json_value(value, inner)?)));
            Ok(Value::Dict(entries.collect::<Result<_>>()?))
        }
        Some(b'"') => Ok(Value::Text(from_json(text)?)),
        Some(b't') => Ok(Value::Bool(true)),
        Some(b'f') => Ok(Value::Bool(false)),
        Some(b'n') => Ok(Value::Null),
        _ => json_number(text),
    }
}

/// A number of a list or dict: its digits as sent. JSON has typed it already, so it never turns
/// into text.
fn json_number(text: &str) -> Result<Value> {
    let digits = text.trim_start_matches('-');
    let whole = digits.bytes().all(|b| b.is_ascii_digit());
    if whole && digits.len() > MAX_INT_DIGITS {
        return Err(Error::refused(format!(
            "holds an integer of {} digits; Python reads at most {MAX_INT_DIGITS}",
            digits.len()
        )));
    }
    if !whole && overflows(text) {
        return Err(Error::refused(format!("holds {text}, which overflows a 64-bit float")));
    }
    Ok(Value::Number(text.to_owned()))
}

/// One step into text whose syntax is known to be JSON.
fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::refused(format!("is JSON that cannot be sent on ({error})")))
}
