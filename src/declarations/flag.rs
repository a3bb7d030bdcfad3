//! A declared flag.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::Source;
use crate::hydra::Key;
use crate::value::{self, Type};

/// A declared flag.
#[allow(clippy::struct_excessive_bools, reason = "each says something else of the flag")]
#[derive(Clone, Debug)]
pub struct Flag {
    /// Its name, without dashes.
    pub name: String,
    /// Whether it is written with one dash.
    pub short: bool,
    /// The key that it sets.
    pub key: Key,
    /// The type of its value.
    pub ty: Type,
    /// How many arguments are its value.
    pub arity: Arity,
    /// What the component writes after it where its value is absent; see [`Arity::AtMost`].
    pub followers: Vec<String>,
    /// Whether a component writes it, and with it how many arguments it takes.
    pub by_component: bool,
    /// A list of which a single item may come without JSON's brackets.
    pub loose_list: bool,
    /// An optional input: `null`, and an empty value of any type but text, is null.
    pub nullable: bool,
    /// Who declared it; `None` for one that nobody declared.
    pub source: Option<Source>,
    /// What the rules say of it.
    pub rule: FlagRule,
}

/// An entry of `flags` in the rules: this is the one place that a key of it is declared in.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, expecting = "a mapping of a flag's keys")]
pub struct FlagRule {
    /// The Hydra key that it sets, with + or ++ in front as in Hydra.
    #[serde(deserialize_with = "value::some_from_text")]
    pub key: Option<Key>,
    /// The type of its value.
    #[serde(rename = "type", deserialize_with = "value::some_from_text")]
    pub ty: Option<Type>,
    /// Which folder is made before the application starts: the one that it names, or its parent.
    #[serde(deserialize_with = "value::some_from_text")]
    pub mkdir: Option<Mkdir>,
    /// What becomes of an empty or null value: it is kept, or sets nothing.
    pub empty: Option<Empty>,
    /// A dict is merged into the config's dict instead of replacing it.
    #[serde(deserialize_with = "value::truth")]
    pub merge: Option<bool>,
    /// Its value is never shown: *** in errors, tables, traces and logs.
    #[serde(deserialize_with = "value::truth")]
    pub secret: Option<bool>,
    /// `null` is a value of it.
    #[serde(deserialize_with = "value::truth")]
    pub nullable: Option<bool>,
    /// What closed mode does with `${` in the value.
    pub dollar: Option<Permission>,
    /// What closed mode does with the keys of `hydra.utils.instantiate` in the value.
    pub targets: Option<Permission>,
}

impl FlagRule {
    /// These words over those of `general`: what they leave open, it says.
    #[must_use]
    pub fn over(self, general: Self) -> Self {
        Self {
            key: self.key.or(general.key),
            ty: self.ty.or(general.ty),
            mkdir: self.mkdir.or(general.mkdir),
            empty: self.empty.or(general.empty),
            merge: self.merge.or(general.merge),
            secret: self.secret.or(general.secret),
            nullable: self.nullable.or(general.nullable),
            dollar: self.dollar.or(general.dollar),
            targets: self.targets.or(general.targets),
        }
    }
}

/// How many arguments a declared flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// That many, whatever they look like; of several, the value is the list.
    Exactly(usize),
    /// Up to that many: the component writes some only if an input is given.
    AtMost(usize),
    /// The next one if it is a word for true or false; `--no-NAME` is false.
    Switch,
    /// That many, whatever they look like, which are those that a component writes; then all up to
    /// the next flag or override. JSON arrays are spliced in, repetitions add up.
    AtLeast(usize),
}

/// Which folder a path flag wants to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mkdir {
    /// None.
    No,
    /// The path itself.
    Folder,
    /// The folder that the path is in.
    Parent,
}

/// What becomes of an empty or null value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Empty {
    /// It is passed.
    Keep,
    /// It sets nothing.
    Drop,
}

/// What closed mode does with what could choose code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// It refuses it.
    Error,
    /// It lets it pass.
    Allow,
}

impl FromStr for Mkdir {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match value::boolean(text) {
            Some(true) => Ok(Self::Folder),
            Some(false) => Ok(Self::No),
            None if text == "parent" => Ok(Self::Parent),
            None => Err("`mkdir` is true, false or parent".to_owned()),
        }
    }
}

impl Flag {
    /// A flag that takes one value of type `ty`, with every other setting at its default.
    pub fn new(name: &str, key: Key, ty: Type, source: impl Into<Source>) -> Self {
        Self { source: Some(source.into()), ..Self::undeclared(name, key, ty) }
    }

    /// A flag that nobody declared.
    pub fn undeclared(name: &str, key: Key, ty: Type) -> Self {
        Self {
            name: name.to_owned(),
            short: false,
            key,
            ty,
            arity: Arity::Exactly(1),
            followers: Vec::new(),
            by_component: false,
            loose_list: false,
            nullable: false,
            source: None,
            rule: FlagRule::default(),
        }
    }

    /// The flag with its dashes.
    pub fn written(&self) -> String {
        format!("{}{}", if self.short { "-" } else { "--" }, self.name)
    }

    /// Whether its value is never shown.
    pub fn is_secret(&self) -> bool {
        self.rule.secret == Some(true)
    }

    /// Whether `null` is a value of it.
    pub fn takes_null(&self) -> bool {
        self.nullable || self.rule.nullable == Some(true)
    }

    /// Whether `word` after it is its value, if it is a switch.
    pub fn is_switch_word(&self, word: &str) -> bool {
        value::boolean(word).is_some() || (word == "null" && self.takes_null())
    }

    /// ` (declared int by hydra-shim.yaml:4)`, for messages; nothing where nobody declared it.
    pub(crate) fn declared(&self) -> impl fmt::Display {
        let by = |source: &Source| format!(" (declared {} by {source})", self.ty);
        self.source.as_ref().map(by).unwrap_or_default()
    }
}
