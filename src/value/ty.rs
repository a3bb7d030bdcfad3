//! The types that a flag's value may be declared to have.

use std::fmt;
use std::str::FromStr;

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
    /// KFP's executor input, whose members are values of their own.
    ExecutorInput,
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

/// The types that rules may give a flag, by their names.
const NAMES: [(&str, Type); 17] = [
    ("auto", Type::Auto),
    ("string", Type::Text),
    ("path", Type::Path),
    ("int", Type::Int),
    ("float", Type::Float),
    ("bool", Type::Bool),
    ("hydra", Type::Hydra),
    ("list", Type::List(Element::Any)),
    ("list[str]", Type::List(Element::Text)),
    ("list[int]", Type::List(Element::Int)),
    ("list[float]", Type::List(Element::Float)),
    ("list[bool]", Type::List(Element::Bool)),
    ("dict", Type::Dict(Element::Any)),
    ("dict[str]", Type::Dict(Element::Text)),
    ("dict[int]", Type::Dict(Element::Int)),
    ("dict[float]", Type::Dict(Element::Float)),
    ("dict[bool]", Type::Dict(Element::Bool)),
];

impl Type {
    /// The type of that name: `int`, `list[float]`, … `str` and `string` are the same, and a dict may
    /// name its keys' type too, which is always text: `dict[str, int]`.
    pub fn named(name: &str) -> Option<Self> {
        let plain = match name {
            "str" => "string".to_owned(),
            name => {
                name.replace("[string", "[str").replace("dict[str,", "dict[").replace("[ ", "[")
            }
        };
        NAMES.into_iter().find(|(known, _)| *known == plain).map(|(_, ty)| ty)
    }

    /// Its name for a sentence: `an int`.
    pub(crate) fn with_article(&self) -> String {
        let article = if matches!(self, Self::Int | Self::Auto) { "an" } else { "a" };
        format!("{article} {self}")
    }
}

impl Element {
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
            let names = NAMES.map(|(name, _)| name).join("`, `");
            format!("unknown type {}, expected one of `{names}`", quote(name))
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Or(ty, _) => return ty.fmt(f),
            Self::List(Element::Shortest) => "list",
            Self::Dict(Element::Shortest) => "dict",
            Self::ExecutorInput => "executor input",
            ty => NAMES.iter().find(|(_, named)| named == ty).map_or("", |(name, _)| name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For the schema of the rules.
    impl schemars::JsonSchema for Type {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Type".into()
        }

        fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            let names = NAMES.map(|(name, _)| name);
            let others =
                r"^(str|(list|dict)\[string\]|dict\[(str|string), ?(str|string|int|float|bool)\])$";
            schemars::json_schema!({"anyOf": [{"enum": names}, {"type": "string", "pattern": others}]})
        }
    }

    #[test]
    fn each_type_has_the_name_that_it_shows() {
        for (name, ty) in NAMES {
            assert_eq!(ty.to_string(), name);
        }
        for (name, other) in [
            ("str", "string"),
            ("list[string]", "list[str]"),
            ("dict[string]", "dict[str]"),
            ("dict[str, int]", "dict[int]"),
            ("dict[string,float]", "dict[float]"),
        ] {
            assert_eq!(Type::named(name), Type::named(other), "{name}");
            assert!(Type::named(name).is_some(), "{name}");
        }
        for name in ["", "[str]", "list[str, int]", "dict[int, str]", "list[]", "int[int]"] {
            assert_eq!(Type::named(name), None, "{name}");
        }
    }
}
