//! A key and the value it gets.

use std::borrow::Cow;
use std::mem;

use crate::declarations::{Arity, Flag, SECRET};
use crate::error::quote;
use crate::hydra::Spelling;
use crate::value::Value;

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
    /// A later argument that sets the same key, as it may be shown.
    pub replaced_by: Option<String>,
}

impl Setting<'_> {
    /// Whether repetitions add up.
    pub fn is_list(&self) -> bool {
        matches!(self.flag.arity, Arity::AtLeast(_)) && matches!(self.spelling, Spelling::List(_))
    }

    /// Puts the items of `earlier`, a setting of the same list, before its own.
    pub(crate) fn follow(&mut self, earlier: &mut Self) {
        if let (Value::List(items), Value::List(before)) = (&mut self.value, &mut earlier.value) {
            before.append(items);
            *items = mem::take(before);
        }
        let spellings = (&mut self.spelling, &mut earlier.spelling);
        if let (Spelling::List(items), Spelling::List(before)) = spellings {
            before.append(items);
            *items = mem::take(before);
        }
    }
}

/// A value as it may be shown in a message.
pub(crate) fn shown(text: &str, secret: bool) -> String {
    if secret { SECRET.to_owned() } else { quote(text) }
}
