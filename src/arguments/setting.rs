//! A key and the value it gets, and what may be said of it.

use crate::declarations::{Arity, Flag, Mkdir, SECRET, Source};
use crate::error::{Error, quote};
use crate::hydra::Key;
use crate::value::{Problem, Type, Value};

/// A key and the value it gets.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The flag as it was written, with its dashes (or the variable's name).
    pub flag: String,
    /// The value's text.
    pub text: String,
    /// All the arguments that it was made from.
    pub from: Vec<String>,
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Value,
    /// Its type.
    pub ty: Type,
    /// Whether repetitions add up.
    pub arity: Arity,
    /// Who declared it.
    pub declared_by: Option<Source>,
    /// Never shown.
    pub secret: bool,
    /// A dict is merged.
    pub merge: bool,
    /// The folder it wants.
    pub mkdir: Mkdir,
    /// An undeclared flag's value that could be taken for an override.
    pub looks_native: bool,
}

impl Setting {
    /// What the flag `written` sets, which is declared as `flag`.
    pub(super) fn declared(
        flag: &Flag,
        written: &str,
        text: &str,
        from: Vec<String>,
        value: Value,
    ) -> Self {
        Self {
            flag: written.to_owned(),
            text: text.to_owned(),
            from,
            key: flag.key.clone(),
            value,
            ty: flag.ty.clone(),
            arity: flag.arity,
            declared_by: Some(flag.source.clone()),
            secret: flag.secret,
            merge: flag.merge,
            mkdir: flag.mkdir,
            looks_native: false,
        }
    }

    /// What an undeclared flag sets: null, until its value is known.
    pub(super) fn undeclared(
        flag: String,
        text: String,
        from: Vec<String>,
        key: Key,
        looks_native: bool,
    ) -> Self {
        Self {
            flag,
            text,
            from,
            key,
            value: Value::Null,
            ty: Type::Auto,
            arity: Arity::Exactly(1),
            declared_by: None,
            secret: false,
            merge: false,
            mkdir: Mkdir::No,
            looks_native,
        }
    }

    /// A value as it may be shown in a message.
    pub fn shown(&self, text: &str) -> String {
        if self.secret { SECRET.to_owned() } else { quote(text) }
    }

    /// The error that says why `text` cannot be this flag's value.
    pub fn error(&self, text: &str, problem: Problem) -> Error {
        // A clause quotes parts of the value.
        let clause =
            if self.secret { format!("cannot be passed as {}", self.ty) } else { problem.clause };
        let declared = match &self.declared_by {
            Some(by) => format!(" (declared {} by {by})", self.ty),
            None => String::new(),
        };
        let message = format!("{}: the value {} {clause}{declared}", self.flag, self.shown(text));
        Error { help: problem.help.filter(|_| !self.secret), ..Error::refused(message) }
    }
}
