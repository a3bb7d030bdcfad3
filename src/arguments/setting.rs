//! A key and the value it gets.

use std::borrow::Cow;

use crate::declarations::{Arity, Flag, SECRET};
use crate::error::{Error, quote};
use crate::hydra::{self, Spelling};
use crate::value::{Problem, Value};

/// A key and the value it gets.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// What is declared for the key; of an undeclared flag, the default.
    pub flag: Cow<'a, Flag>,
    /// The flag as it was written, with its dashes (or the variable's name).
    pub written: String,
    /// The value's text.
    pub text: String,
    /// The value.
    pub value: Value,
    /// As Hydra spells it.
    pub spelling: Spelling,
}

impl Setting<'_> {
    /// Whether repetitions add up.
    pub fn is_list(&self) -> bool {
        matches!(self.flag.arity, Arity::AtLeast(_)) && matches!(self.spelling, Spelling::List(_))
    }

    /// Goes on with the items of `more`, of two lists.
    pub(crate) fn add(&mut self, more: Self) {
        if let (Value::List(items), Value::List(more)) = (&mut self.value, more.value) {
            items.extend(more);
        }
        if let (Spelling::List(items), Spelling::List(more)) = (&mut self.spelling, more.spelling) {
            items.extend(more);
        }
        self.written = more.written;
        self.text = more.text;
    }

    /// The overrides by which its key gets its value.
    pub fn assignments(&self) -> Vec<String> {
        hydra::assignments(&self.flag.key, &self.spelling, self.flag.rule.merge == Some(true))
    }
}

/// A value as it may be shown in a message.
pub(crate) fn shown(text: &str, secret: bool) -> String {
    if secret { SECRET.to_owned() } else { quote(text) }
}

/// The error that says why `text` cannot be the value of the flag `written`.
pub(super) fn refused(
    flag: &Flag,
    written: &str,
    text: &str,
    secret: bool,
    problem: Problem,
) -> Error {
    // A clause quotes parts of the value.
    let clause = if secret { format!("cannot be passed as {}", flag.ty) } else { problem.clause };
    let help = match text {
        "null" => {
            Some("if null is a value of it, declare `nullable: true` in the rules".to_owned())
        }
        _ => problem.help,
    };
    let text = shown(text, secret);
    let message = format!("{written}: the value {text} {clause}{}", flag.declared());
    Error { help: help.filter(|_| !secret), ..Error::refused(message) }
}
