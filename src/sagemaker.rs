//! SageMaker's hyperparameters: what its toolkits make of them on the command line, and what was meant.
//!
//! Both toolkits start the script with a flag for each hyperparameter, and set `SM_HPS` to a JSON object
//! of all of them. The flag's text has lost the type: sagemaker-training (5.1, `mapping.to_cmd_args`) writes
//! a list as Python's `repr`, a dict as `k=v,…` and None as nothing; sagemaker-train (1.27,
//! `container_drivers/common/utils.py`) writes JSON, but takes a string that looks like JSON for it, so
//! that `1.10` becomes `1.1`.

use std::collections::HashMap;

use crate::value::{Value, as_json, json};

/// Holds the hyperparameters.
pub const HYPERPARAMETERS_VARIABLE: &str = "SM_HPS";

/// The hyperparameters of a run, by their names.
#[derive(Clone, Debug, Default)]
pub struct Hyperparameters(HashMap<String, Value>);

impl Hyperparameters {
    /// Reads the value of [`HYPERPARAMETERS_VARIABLE`]; `None` if it is not a JSON object. What cannot be sent
    /// of it (`NaN`, which is not JSON) is left out.
    pub fn read(text: &str) -> Option<Self> {
        let mut rest = Some(text.trim().strip_prefix('{')?.strip_suffix('}')?);
        let mut all = HashMap::new();
        while let Some(members) = rest {
            let (member, after) = as_json(members)?;
            if let Ok(Some(Value::Dict(member))) = json(&format!("{{{member}}}")) {
                all.extend(member);
            }
            rest = after.strip_prefix(',');
        }
        Some(Self(all))
    }

    /// The value of the hyperparameter of which a toolkit makes the flag `written` with `text`.
    pub fn sent_as(&self, written: &str, text: &str) -> Option<&Value> {
        // The older toolkit writes a name of one letter with one dash.
        let name = written.strip_prefix("--").or_else(|| written.strip_prefix('-'))?;
        self.0.get(name).filter(|value| is_text_of(value, text))
    }
}

/// Whether a toolkit writes `value` as `text`.
fn is_text_of(value: &Value, text: &str) -> bool {
    match value {
        Value::Null if text.is_empty() => true,
        Value::Dict(entries) if are_pairs(entries, text).is_some() => true,
        Value::Text(own) if own == text => true,
        Value::Text(own) => matches!(json(own), Ok(Some(value)) if is_text_of(&value, text)),
        value => read(text).is_some_and(|(read, rest)| rest.is_empty() && is_same(&read, value)),
    }
}

/// Whether `text` is these entries as `key=value,…`, in this order.
fn are_pairs(entries: &[(String, Value)], text: &str) -> Option<()> {
    let mut rest = text;
    for (at, (key, value)) in entries.iter().enumerate() {
        rest = if at == 0 { rest } else { rest.strip_prefix(',')? };
        rest = rest.strip_prefix(key.as_str())?.strip_prefix('=')?;
        rest = match value {
            Value::Text(own) => rest.strip_prefix(own.as_str())?,
            value => {
                let (read, after) = read(rest)?;
                is_same(&read, value).then_some(after)?
            }
        };
    }
    rest.is_empty().then_some(())
}

/// The value that `text` starts with, in Python's notation or in JSON, up to a comma, and the rest.
fn read(text: &str) -> Option<(Value, &str)> {
    let (written, rest) = as_json(text)?;
    Some((json(&written).ok()??, rest))
}

/// Whether two values are equal, however their floats are written and in whatever order their keys are: the
/// older toolkit sorts those of `SM_HPS`.
fn is_same(a: &Value, b: &Value) -> bool {
    let is_float = |digits: &str| digits.contains(['.', 'e']);
    match (a, b) {
        (Value::Number(a), Value::Number(b)) if is_float(a) && is_float(b) => {
            a.parse::<f64>() == b.parse()
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Dict(entries), Value::Dict(b)) => {
            let a: HashMap<_, _> = entries.iter().map(|(key, a)| (key, a)).collect();
            a.len() == b.len() && b.iter().all(|(key, b)| a.get(key).is_some_and(|a| is_same(a, b)))
        }
        (a, b) => a == b,
    }
}
