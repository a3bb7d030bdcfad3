//! The types that a flag's value may be declared to have.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use crate::error::quote;

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
    /// A value of that type, or one of these texts, which are what they look like: a component
    /// writes them where it has no value.
    Or(Box<Type>, Vec<String>),
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

impl Type {
    /// The names of the types that rules may give a flag, `str` for `string` aside.
    pub(crate) const NAMES: [&'static str; 17] = [
        "auto",
        "string",
        "path",
        "int",
        "float",
        "bool",
        "hydra",
        "list",
        "list[string]",
        "list[int]",
        "list[float]",
        "list[bool]",
        "dict",
        "dict[string]",
        "dict[int]",
        "dict[float]",
        "dict[bool]",
    ];

    /// The type of that name: `int`, `list[float]`, `dict[str, int]`, …
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "string" | "str" => Self::Text,
            "path" => Self::Path,
            "int" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            "hydra" => Self::Hydra,
            "list" => Self::List(Element::Any),
            "dict" => Self::Dict(Element::Any),
            _ => {
                let (outer, element) = name.strip_suffix(']')?.split_once('[')?;
                // A dict's keys are always text.
                let element = match (outer, element.split_once(',')) {
                    ("dict", Some(("str" | "string", element))) => element,
                    _ => element,
                };
                let element = Element::named(element.trim())?;
                match outer {
                    "list" => Self::List(element),
                    "dict" => Self::Dict(element),
                    _ => return None,
                }
            }
        })
    }

    /// Its name for a sentence: `an int`.
    pub(crate) fn with_article(&self) -> String {
        let article = if matches!(self, Self::Int | Self::Auto) { "an" } else { "a" };
        format!("{article} {self}")
    }
}

impl Element {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "string" | "str" => Self::Text,
            "int" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            _ => return None,
        })
    }

    /// The type of one element by itself.
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

impl FromStr for Type {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::named(name).ok_or_else(|| {
            format!("unknown type {}, expected one of `{}`", quote(name), Self::NAMES.join("`, `"))
        })
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::from_text(deserializer)
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
            Self::Or(ty, _) => write!(f, "{ty}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_the_name_that_it_shows() {
        for name in Type::NAMES {
            let shown = Type::named(name).unwrap().to_string();
            assert_eq!(shown.replace("[str]", "[string]"), name);
        }
    }
}
