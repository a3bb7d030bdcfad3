//! Text and a type in, a typed [`Value`] out.
//!
//! Nothing here knows how Hydra spells a value (see [`crate::hydra`]) or where the text came from.
//! The rules for undeclared text (`auto`) are made so that a value which is *meant* as text is never
//! taken for something else: a date, a commit id, `nan` or `None` stay strings.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::hydra;

/// A value as the application will read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `None`.
    Null,
    /// `True` or `False`.
    Bool(bool),
    /// An integer or a float, in the digits it was sent with.
    Number(String),
    /// Exactly these characters.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A dict, in the order in which it was sent; every key once.
    Dict(Vec<(String, Value)>),
}

/// The type of a flag's value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Type {
    /// Nothing declared: JSON's types where the text is plainly JSON, else text.
    #[default]
    Auto,
    /// Text, whatever it looks like.
    Text,
    /// Text that names a file or folder.
    Path,
    /// A whole number; `3.0` and `1e3` are whole too.
    Int,
    /// A floating-point number; `1` becomes `1.0`.
    Float,
    /// A truth value.
    Bool,
    /// A JSON array.
    List(Element),
    /// A JSON object.
    Dict(Element),
    /// Several values behind one flag, each of its own type: a list.
    Tuple(Vec<Type>),
    /// Hydra's own syntax: sweeps, interpolations.
    Hydra,
}

/// The type of what a list or a dict holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Element {
    /// As JSON has it.
    #[default]
    Any,
    /// As JSON has it, but a whole number without `.0`: KFP's local runner writes every number of
    /// a list or dict as a float, its backend writes the shortest form (measured, KFP 2.17).
    Shortest,
    /// Text.
    Text,
    /// Whole numbers.
    Int,
    /// Floating-point numbers.
    Float,
    /// Truth values.
    Bool,
}

impl Element {
    /// The type of one element that stands alone.
    pub fn ty(self) -> Type {
        match self {
            Self::Any | Self::Shortest => Type::Auto,
            Self::Text => Type::Text,
            Self::Int => Type::Int,
            Self::Float => Type::Float,
            Self::Bool => Type::Bool,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Text => f.write_str("string"),
            Self::Path => f.write_str("path"),
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::Bool => f.write_str("bool"),
            Self::List(element) => write!(f, "list{element}"),
            Self::Dict(element) => write!(f, "dict{element}"),
            Self::Tuple(types) => {
                let types: Vec<String> = types.iter().map(ToString::to_string).collect();
                write!(f, "list[{}]", types.join(", "))
            }
            Self::Hydra => f.write_str("hydra"),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any | Self::Shortest => "",
            Self::Text => "[str]",
            Self::Int => "[int]",
            Self::Float => "[float]",
            Self::Bool => "[bool]",
        })
    }
}

/// Why a value cannot be had: a clause that follows the flag and the value in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// "is no int", "has the key `q\"`, which …".
    pub clause: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without a next step.
    pub fn new(clause: impl Into<String>) -> Self {
        Self { clause: clause.into(), help: None }
    }

    /// The same problem with a next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Value {
    /// Reads `text` as a value of type `ty`; [`Type::Hydra`] is text here, and is its writer's
    /// business, as the parts of a [`Type::Tuple`] are their reader's.
    ///
    /// # Errors
    /// The text is no value of that type, or a value that no Hydra application can be sent.
    pub fn parse(text: &str, ty: &Type) -> Result<Self, Problem> {
        let not = || Problem::new(format!("is no {ty}"));
        match ty {
            Type::Auto => auto(text),
            Type::Tuple(_) | Type::Text | Type::Path | Type::Hydra => {
                Ok(Self::Text(text.to_owned()))
            }
            Type::Int => integer(text).map(Self::Number).ok_or_else(not),
            Type::Float => float(text).map(Self::Number).ok_or_else(not),
            Type::Bool => boolean(text).map(Self::Bool).ok_or_else(not),
            Type::List(element) => match json(text)? {
                Some(Self::List(items)) => items
                    .into_iter()
                    .map(|item| item.fit(*element))
                    .collect::<Result<_, _>>()
                    .map(Self::List),
                _ => Err(not().help("write a JSON array, as KFP does: [1, 2] or [\"a\", \"b\"]")),
            },
            Type::Dict(element) => match json(text)? {
                Some(Self::Dict(entries)) => entries
                    .into_iter()
                    .map(|(key, item)| Ok((key, item.fit(*element)?)))
                    .collect::<Result<_, _>>()
                    .map(Self::Dict),
                _ => Err(not().help("write a JSON object, as KFP does: {\"a\": 1}")),
            },
        }
    }

    /// This element of a list or dict as the declared element type.
    fn fit(self, element: Element) -> Result<Self, Problem> {
        let not = |value: &Self, ty| {
            Problem::new(format!("holds {}, which is no {ty}", value.describe()))
        };
        match (element, self) {
            (Element::Any, value) => Ok(value),
            (Element::Shortest, value) => Ok(value.shortest()),
            (Element::Text, value @ Self::Text(_)) | (Element::Bool, value @ Self::Bool(_)) => {
                Ok(value)
            }
            (Element::Int, value) => match &value {
                Self::Number(digits) => {
                    integer(digits).map(Self::Number).ok_or_else(|| not(&value, "int"))
                }
                _ => Err(not(&value, "int")),
            },
            (Element::Float, value) => match &value {
                Self::Number(digits) => {
                    float(digits).map(Self::Number).ok_or_else(|| not(&value, "float"))
                }
                _ => Err(not(&value, "float")),
            },
            (Element::Text, value) => Err(not(&value, "string")),
            (Element::Bool, value) => Err(not(&value, "bool")),
        }
    }

    /// Whole numbers without `.0`, at any depth.
    fn shortest(self) -> Self {
        match self {
            Self::Number(digits) => {
                Self::Number(digits.strip_suffix(".0").map(str::to_owned).unwrap_or(digits))
            }
            Self::List(items) => Self::List(items.into_iter().map(Self::shortest).collect()),
            Self::Dict(entries) => Self::Dict(
                entries.into_iter().map(|(key, value)| (key, value.shortest())).collect(),
            ),
            value => value,
        }
    }

    /// Whether `holds` does for any text in it, at any depth; a dict's keys are not text.
    pub fn any_text(&self, holds: &impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Text(text) => holds(text),
            Self::List(items) => items.iter().any(|item| item.any_text(holds)),
            Self::Dict(entries) => entries.iter().any(|(_, item)| item.any_text(holds)),
            Self::Null | Self::Bool(_) | Self::Number(_) => false,
        }
    }

    /// Adds each text and number in it to `texts`, at any depth.
    pub fn texts(&self, texts: &mut Vec<String>) {
        match self {
            Self::Text(text) | Self::Number(text) => texts.push(text.clone()),
            Self::List(items) => items.iter().for_each(|item| item.texts(texts)),
            Self::Dict(entries) => entries.iter().for_each(|(_, item)| item.texts(texts)),
            Self::Null | Self::Bool(_) => {}
        }
    }

    /// The first dict key, at any depth, that is one of `keys`.
    pub fn find_key<'a>(&self, keys: &[&'a str]) -> Option<&'a str> {
        match self {
            Self::List(items) => items.iter().find_map(|item| item.find_key(keys)),
            Self::Dict(entries) => entries.iter().find_map(|(key, item)| {
                keys.iter().find(|wanted| *wanted == key).copied().or_else(|| item.find_key(keys))
            }),
            _ => None,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(truth) => truth.to_string(),
            Self::Number(digits) => digits.clone(),
            Self::Text(text) => format!("the text {text:?}"),
            Self::List(_) => "a list".to_owned(),
            Self::Dict(_) => "a dict".to_owned(),
        }
    }
}

/// Undeclared text: typed where it is plainly JSON, else exactly its characters.
fn auto(text: &str) -> Result<Value, Problem> {
    if text.eq_ignore_ascii_case("true") {
        return Ok(Value::Bool(true));
    }
    if text.eq_ignore_ascii_case("false") {
        return Ok(Value::Bool(false));
    }
    if text == "null" {
        return Ok(Value::Null);
    }
    if hydra::is_typed_number(text) {
        return Ok(Value::Number(text.to_owned()));
    }
    if text.starts_with(['[', '{'])
        && let Some(value) = json(text)?
    {
        return Ok(value);
    }
    Ok(Value::Text(text.to_owned()))
}

/// A truth value in the words that YAML 1.1 and argparse wrappers use.
pub fn boolean(text: &str) -> Option<bool> {
    const TRUE: [&str; 4] = ["true", "yes", "on", "1"];
    const FALSE: [&str; 4] = ["false", "no", "off", "0"];
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match (is(TRUE), is(FALSE)) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// The most digits that Python turns into an int (`sys.int_info.default_max_str_digits`).
pub const MAX_INT_DIGITS: usize = 4300;

/// The parts of a decimal number: `-12.50e3` has the digits `12` and `50` and the exponent 3.
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: Option<i64>,
}

impl<'a> Decimal<'a> {
    /// Python's `float()` syntax without underscores, blanks, `inf` and `nan`.
    fn parse(text: &'a str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                // Saturate: an exponent past i64 overflows every float all the same.
                let size = digits.parse().unwrap_or(i64::from(i32::MAX));
                let size = if exponent.starts_with('-') { -size } else { size };
                (mantissa, Some(size))
            }
            None => (rest, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        (digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()))
            .then_some(Self { negative, whole, fraction, exponent })
    }
}

/// `text` as the digits of a whole number, if it is one.
fn integer(text: &str) -> Option<String> {
    let decimal = Decimal::parse(text)?;
    let all = format!("{}{}", decimal.whole, decimal.fraction);
    let significant = all.trim_start_matches('0');
    let digits = significant.trim_end_matches('0');
    let zeros = i64::try_from(significant.len() - digits.len()).ok()?;
    let fraction = i64::try_from(decimal.fraction.len()).ok()?;
    let sign = if decimal.negative { "-" } else { "" };
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let shift = usize::try_from(decimal.exponent.unwrap_or(0) - fraction + zeros).ok()?;
    (digits.len().checked_add(shift)? <= MAX_INT_DIGITS)
        .then(|| format!("{sign}{digits}{}", "0".repeat(shift)))
}

/// `text` as a number that Hydra reads as a float, if it is one and does not overflow.
fn float(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    for special in ["nan", "inf"] {
        if unsigned.eq_ignore_ascii_case(special) {
            return Some(text.to_owned());
        }
    }
    if unsigned.eq_ignore_ascii_case("infinity") {
        return Some(if text.starts_with('-') { "-inf" } else { "inf" }.to_owned());
    }
    let decimal = Decimal::parse(text)?;
    // Hydra's lexer has no leading zeros: `007.5` would be a string.
    let whole = match decimal.whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let sign = if decimal.negative { "-" } else { "" };
    let written = match (decimal.fraction, decimal.exponent) {
        ("", None) => format!("{sign}{whole}.0"),
        ("", Some(exponent)) => format!("{sign}{whole}e{exponent}"),
        (fraction, None) => format!("{sign}{whole}.{fraction}"),
        (fraction, Some(exponent)) => format!("{sign}{whole}.{fraction}e{exponent}"),
    };
    (!hydra::overflows(&written)).then_some(written)
}

/// `text` as JSON: `None` where it is none.
///
/// # Errors
/// It is JSON, but holds something that cannot be sent: half a surrogate pair, a NUL, a number
/// that overflows, nesting deeper than Hydra reads.
pub fn json(text: &str) -> Result<Option<Value>, Problem> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) => json_value(raw, 0).map(Some),
        Err(_) => Ok(None),
    }
}

fn json_value(raw: &RawValue, depth: usize) -> Result<Value, Problem> {
    let text = raw.get();
    let inner = depth + 1;
    if inner > hydra::MAX_DEPTH && text.starts_with(['[', '{']) {
        return Err(Problem::new(format!(
            "is nested deeper than {} levels, which Hydra's parser does not read",
            hydra::MAX_DEPTH
        )));
    }
    match text.as_bytes().first() {
        Some(b'[') => {
            let items: Vec<&RawValue> = from_json(text)?;
            let items = items.into_iter().map(|item| json_value(item, inner));
            Ok(Value::List(items.collect::<Result<_, _>>()?))
        }
        Some(b'{') => {
            let Members(members) = from_json(text)?;
            let entries = last_of_each(members)
                .into_iter()
                .map(|(key, value)| Ok((key, json_value(value, inner)?)));
            Ok(Value::Dict(entries.collect::<Result<_, _>>()?))
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
fn json_number(text: &str) -> Result<Value, Problem> {
    let digits = text.trim_start_matches('-');
    let whole = digits.bytes().all(|b| b.is_ascii_digit());
    if whole && digits.len() > MAX_INT_DIGITS {
        return Err(Problem::new(format!(
            "holds an integer of {} digits; Python reads at most {MAX_INT_DIGITS}",
            digits.len()
        )));
    }
    if !whole && hydra::overflows(text) {
        return Err(Problem::new(format!("holds {text}, which overflows a 64-bit float")));
    }
    Ok(Value::Number(text.to_owned()))
}

/// One step into text whose syntax is known to be JSON.
fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Problem> {
    serde_json::from_str(text)
        .map_err(|error| Problem::new(format!("is JSON that cannot be sent on ({error})")))
}

/// A JSON object's members in order, repeated keys included.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder).map(Members)
    }
}

/// Repeated keys: the last value, at the first place, as Python's `json.loads` has it.
fn last_of_each<T>(members: Vec<(String, T)>) -> Vec<(String, T)> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<(String, T)> = Vec::with_capacity(members.len());
    for (key, value) in members {
        let place = places.get(&key).copied();
        if let Some(entry) = place.and_then(|place| kept.get_mut(place)) {
            entry.1 = value;
        } else {
            places.insert(key.clone(), kept.len());
            kept.push((key, value));
        }
    }
    kept
}
