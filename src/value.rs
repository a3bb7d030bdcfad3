//! Text and a type in, a typed [`Value`] out.
//!
//! Nothing here knows how Hydra quotes a value (see [`crate::hydra`]) or where the text came from; a
//! number is written so that JSON, YAML and Hydra read the same one. An error's message is the clause that
//! follows the flag and the value: "is not an int".
//! The rules for undeclared text (`auto`) are made so that a value which is *meant* as text is never
//! taken for something else: a date, a commit id, `nan` or `None` stay strings.

mod deserialize;
mod json;
mod notation;
mod number;
mod ty;

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};

use crate::error::{Error, Result, quote};
use number::{float, integer};

pub use json::json;
pub use notation::as_json;
pub use number::is_typed_number;
pub(crate) use number::python_float;
pub use ty::{Element, Type};

/// A value as the application will read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `None`.
    Null,
    /// `True` or `False`.
    Bool(bool),
    /// An integer or a float, in the digits it was sent with; a float has a dot or an exponent.
    Number(String),
    /// Exactly these characters.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A dict, in the order in which it was sent; every key once.
    Dict(Vec<(String, Value)>),
}

impl Value {
    /// Reads `text` as a value of type `ty`; [`Type::Hydra`] is text here, and is its writer's
    /// business.
    ///
    /// # Errors
    /// The text is not a value of that type, or a value that no Hydra application can be sent.
    pub fn parse(text: &str, ty: &Type) -> Result<Self> {
        let not = || Error::refused(format!("is not {}", ty.with_article()));
        match ty {
            Type::Auto => auto(text),
            Type::Text | Type::Path | Type::Hydra | Type::ExecutorInput => {
                Ok(Self::Text(text.to_owned()))
            }
            Type::Or(ty, texts) => match Self::parse(text, ty) {
                Err(_) if texts.iter().any(|other| other == text) => auto(text),
                parsed => parsed,
            },
            Type::Int => integer(text).map(Self::Number).ok_or_else(not),
            Type::Float => float(text).map(Self::Number).ok_or_else(not),
            Type::Bool => boolean(text).map(Self::Bool).ok_or_else(not),
            Type::List(_) => Self::array(text, ty)?.map(Self::List).ok_or_else(|| {
                not().help("write a JSON array, as KFP does: [1, 2] or [\"a\", \"b\"]")
            }),
            Type::Dict(element) => match json(text)? {
                Some(dict @ Self::Dict(_)) => dict.with_elements(*element),
                _ => Err(not().help("write a JSON object, as KFP does: {\"a\": 1}")),
            },
        }
    }

    /// The items of `text` where it is a JSON array, as those of a list of type `ty`. Python's `json`
    /// writes `NaN`, `Infinity` and `-Infinity` into it, which are floats here and no JSON elsewhere.
    ///
    /// # Errors
    /// An item is not a value of the list's element type, or cannot be sent.
    pub fn array(text: &str, ty: &Type) -> Result<Option<Vec<Self>>> {
        let Some(inner) = text.strip_prefix('[') else { return Ok(None) };
        let element = if let Type::List(element) = ty { *element } else { Element::Any };
        match (json(text)?, element, inner.trim_end().strip_suffix(']')) {
            (Some(Self::List(items)), ..) => {
                items.into_iter().map(|item| item.fit(element)).collect::<Result<_>>().map(Some)
            }
            (None, Element::Float, Some(inner)) => {
                let items = inner.split(',').map(|item| float(item.trim()).map(Self::Number));
                Ok(items.collect())
            }
            _ => Ok(None),
        }
    }

    /// This list or dict with each element as the declared element type.
    ///
    /// # Errors
    /// An element is not of that type.
    pub fn with_elements(self, element: Element) -> Result<Self> {
        match self {
            Self::List(items) => {
                let items = items.into_iter().map(|item| item.fit(element));
                items.collect::<Result<_>>().map(Self::List)
            }
            Self::Dict(entries) => {
                let entries = entries.into_iter().map(|(key, item)| Ok((key, item.fit(element)?)));
                entries.collect::<Result<_>>().map(Self::Dict)
            }
            value => Ok(value),
        }
    }

    /// This element of a list or dict as the declared element type.
    fn fit(self, element: Element) -> Result<Self> {
        let number = match (element, &self) {
            (Element::Any, _) | (Element::Text, Self::Text(_)) | (Element::Bool, Self::Bool(_)) => {
                return Ok(self);
            }
            (Element::Shortest, _) => return Ok(self.shortest()),
            (Element::Int, Self::Number(digits)) => integer(digits),
            (Element::Float, Self::Number(digits)) => float(digits),
            _ => None,
        };
        number.map(Self::Number).ok_or_else(|| {
            let ty = element.ty().with_article();
            Error::refused(format!("holds {}, which is not {ty}", self.describe()))
        })
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

    /// How many values it holds, itself included; long text counts for more than one.
    pub(crate) fn size(&self) -> usize {
        1 + match self {
            Self::Text(text) | Self::Number(text) => text.len() / 64,
            Self::List(items) => items.iter().map(Self::size).sum(),
            Self::Dict(entries) => entries.iter().map(|(_, item)| 1 + item.size()).sum(),
            Self::Null | Self::Bool(_) => 0,
        }
    }

    /// The value at `key` of a dict.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dict(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// It and all that it holds, at any depth, each with its key in a dict.
    pub fn nodes(&self) -> Vec<(Option<&str>, &Self)> {
        let mut nodes = vec![(None, self)];
        let mut read = 0;
        while let Some((_, node)) = nodes.get(read) {
            match node {
                Self::List(items) => nodes.extend(items.iter().map(|item| (None, item))),
                Self::Dict(entries) => {
                    nodes.extend(entries.iter().map(|(key, value)| (Some(key.as_str()), value)));
                }
                _ => {}
            }
            read += 1;
        }
        nodes
    }

    /// Each text and number in it, at any depth; a dict's keys are neither.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.nodes().into_iter().filter_map(|(_, node)| match node {
            Self::Text(text) | Self::Number(text) => Some(text.as_str()),
            _ => None,
        })
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

/// Whether text is a list or dict in Python's notation, `['a', 'b']`, which is not JSON.
pub fn is_python_notation(text: &str) -> bool {
    let brackets = |open, close| text.starts_with(open) && text.ends_with(close);
    (brackets('[', ']') || brackets('{', '}')) && text.contains('\'')
}

/// Undeclared text: typed where it is plainly JSON, else exactly its characters.
fn auto(text: &str) -> Result<Value> {
    let as_text = || Value::Text(text.to_owned());
    Ok(match text {
        "null" => Value::Null,
        _ if text.eq_ignore_ascii_case("true") => Value::Bool(true),
        _ if text.eq_ignore_ascii_case("false") => Value::Bool(false),
        _ if is_typed_number(text) => Value::Number(text.to_owned()),
        _ if text.starts_with(['[', '{']) => json(text)?.unwrap_or_else(as_text),
        _ => as_text(),
    })
}

/// Reads a scalar of a file by its text, whatever YAML would take it for. An error is at its place.
///
/// # Errors
/// It is not a scalar, or [`FromStr`] refuses its text.
pub(crate) fn from_text<'de, T, D>(deserializer: D) -> std::result::Result<T, D::Error>
where
    T: FromStr<Err = String>,
    D: Deserializer<'de>,
{
    struct Text<T>(PhantomData<T>);
    impl<T: FromStr<Err = String>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text(PhantomData))
}

/// Reads a scalar that may be absent, as [`from_text`].
///
/// # Errors
/// As [`from_text`].
pub(crate) fn some_from_text<'de, T, D>(deserializer: D) -> std::result::Result<Option<T>, D::Error>
where
    T: FromStr<Err = String>,
    D: Deserializer<'de>,
{
    from_text(deserializer).map(Some)
}

/// Reads a truth value of a file, in the words of [`boolean`].
///
/// # Errors
/// It is not one.
pub(crate) fn truth<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<bool>, D::Error> {
    struct Truth(bool);
    impl FromStr for Truth {
        type Err = String;

        fn from_str(text: &str) -> std::result::Result<Self, String> {
            boolean(text).map(Self).ok_or_else(|| format!("{} is not true or false", quote(text)))
        }
    }
    from_text(deserializer).map(|Truth(truth)| Some(truth))
}

/// A truth value in the words that YAML 1.1 and argparse wrappers use.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}
