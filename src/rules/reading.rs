//! How a rules file is read: what may be written in two ways, what its words may be, and what is
//! said where one is wrong.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeOwned, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::{AppRules, FlagRule, Key, Keys, Type, hydra, without_dashes};
use crate::error::quote;
use crate::value::{self, Value};

/// Reads the entries of a mapping, in order.
///
/// # Errors
/// It is not a mapping, or as [`Entry::read`].
pub(super) fn entries<'de, D, T>(deserializer: D) -> Result<Vec<(String, T)>, D::Error>
where
    D: Deserializer<'de>,
    T: Entry,
{
    struct InOrder<T>(PhantomData<T>);
    impl<'de, T: Entry> Visitor<'de> for InOrder<T> {
        type Value = Vec<(String, T)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a mapping")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(name) = map.next_key::<String>()? {
                T::check_name(&name).map_err(A::Error::custom)?;
                let Either(value) = map.next_value()?;
                entries.push((name, value));
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_any(InOrder(PhantomData))
}

/// Reads [`entries`] of a key that may be absent.
///
/// # Errors
/// As [`entries`].
pub(super) fn some_entries<'de, D, T>(deserializer: D) -> Result<Option<Vec<(String, T)>>, D::Error>
where
    D: Deserializer<'de>,
    T: Entry,
{
    entries(deserializer).map(Some)
}

/// How something is written.
pub(super) enum Written<F> {
    Text(String),
    /// As a mapping.
    Full(F),
}

/// What is written as a text, or in full.
pub(super) trait Entry: Sized {
    /// How it is written in full.
    type Full: DeserializeOwned;
    /// What it is, for messages.
    const EXPECTED: &'static str;

    /// What was written; an error is at its place in the file.
    fn read(written: Written<Self::Full>) -> Result<Self, String>;

    /// Whether it may have this name.
    fn check_name(_name: &str) -> Result<(), String> {
        Ok(())
    }
}

/// Reads an [`Entry`] in either way.
struct Either<T>(T);

impl<'de, T: Entry> Deserialize<'de> for Either<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherVisitor(PhantomData)).map(Self)
    }
}

struct EitherVisitor<T>(PhantomData<T>);

impl<'de, T: Entry> Visitor<'de> for EitherVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::read(Written::Text(text.to_owned())).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let full = T::Full::deserialize(MapAccessDeserializer::new(map))?;
        T::read(Written::Full(full)).map_err(A::Error::custom)
    }
}

impl Entry for FlagRule {
    type Full = Self;
    const EXPECTED: &'static str = "a Hydra key, or a mapping";

    fn read(written: Written<Self>) -> Result<Self, String> {
        match written {
            Written::Text(text) if Type::named(&text).is_some() => {
                // As YAML takes it in braces.
                let written = if text.contains('[') { format!("{text:?}") } else { text.clone() };
                Err(format!(
                    "{} may be a type or a key: for the type write {{type: {written}}}, for the key \
                     {{key: {written}}}",
                    quote(&text)
                ))
            }
            Written::Text(text) => Ok(Self { key: Some(text.parse()?), ..Self::default() }),
            Written::Full(rule) => match &rule.ty {
                Some(ty) if rule.mkdir.is_some() && !matches!(ty, Type::Path | Type::Text) => {
                    Err(format!("`mkdir` is for a path, not for the type {ty}"))
                }
                Some(ty) if rule.merge.is_some() && !matches!(ty, Type::Dict(_)) => {
                    Err(format!("`merge` is for a dict, not for the type {ty}"))
                }
                _ => Ok(rule),
            },
        }
    }

    fn check_name(name: &str) -> Result<(), String> {
        let text = without_dashes(name);
        if text.is_empty() || text.starts_with('-') || text.contains([' ', '=']) {
            return Err(format!("{} is not a flag's name", quote(text)));
        }
        Ok(())
    }
}

impl Entry for Key {
    type Full = IgnoredAny;
    const EXPECTED: &'static str = "a Hydra key";

    fn read(written: Written<IgnoredAny>) -> Result<Self, String> {
        match written {
            Written::Text(text) => text.parse(),
            Written::Full(_) => Err(format!("expected {}", Self::EXPECTED)),
        }
    }
}

impl Entry for AppRules {
    type Full = Keys;
    const EXPECTED: &'static str = "a mapping, or off";

    fn read(written: Written<Keys>) -> Result<Self, String> {
        match written {
            Written::Text(text) if is_off(&text) => Ok(Self::Off),
            Written::Text(text) => {
                Err(format!("an app's rules are {}, not {}", Self::EXPECTED, quote(&text)))
            }
            Written::Full(keys) if keys.command.is_some() || keys.apps.is_some() => {
                Err("`command` and `apps` are keys of the file, not of one of its apps".to_owned())
            }
            Written::Full(keys) => Ok(Self::Keys(keys)),
        }
    }
}

/// Whether this is what is written for an application that is never translated.
pub(super) fn is_off(text: &str) -> bool {
    // YAML 1.1 reads one as the other.
    matches!(text, "off" | "false")
}

/// The words of a command: a list, or a text that is split as a shell splits it.
#[derive(Clone, Debug)]
pub(super) struct Words(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = match Value::deserialize(deserializer)? {
            Value::Text(line) => shell_words::split(&line)
                .map_err(|error| format!("`command` is not a command line: {error}")),
            list => Vec::deserialize(&list)
                .map_err(|_| "this is not a command line, or a list of its words".to_owned()),
        };
        match words.map_err(D::Error::custom)? {
            words if words.is_empty() => Err(D::Error::custom("`command` is empty")),
            words => Ok(Self(words)),
        }
    }
}

/// An override as Hydra has it.
#[derive(Clone, Debug)]
pub(super) struct Override(pub(super) String);

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match hydra::native_key(text) {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(format!(
                "{} is not an override: append takes them as Hydra has them, as hydra.run.dir=/tmp/hydra",
                quote(text)
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Override {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        value::from_text(deserializer)
    }
}
