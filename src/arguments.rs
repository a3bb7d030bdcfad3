//! What each argument is: a flag with its value, an override, one of Hydra's own flags, or nothing
//! that can be passed on.
//!
//! The rule that everything here serves: a value can never become a flag or an override. The token
//! behind a flag is its value whatever it looks like, and where it might not be one (it starts with
//! a dash) the run is refused, unless a declaration says how many tokens the flag takes.

mod closed_mode;
mod declared;
mod setting;

use crate::declarations::{Declarations, SECRET, Variable};
use crate::error::{Error, Result, quote};
use crate::hydra::{self, Key, OwnFlag, OwnValue};
use crate::kfp;
use crate::value::{self, Type, Value};
use declared::negated_switch;
pub use setting::Setting;

/// What an argument turned out to be.
#[derive(Debug)]
pub enum Argument {
    /// A key gets a value.
    Setting(Setting),
    /// A flag that is left out, with its value.
    Dropped(Vec<String>),
    /// Passed byte for byte.
    Verbatim(String),
    /// One of Hydra's own flags, with its value.
    Own(Vec<String>),
    /// Nothing that can be passed on, and its place from 1.
    Unexpected(String, usize),
}

/// A flag's name with its dashes, and the value that is attached to it (`--name=value`).
pub(crate) fn split_attached(token: &str) -> (&str, Option<&str>) {
    match token.split_once('=') {
        Some((written, value)) => (written, Some(value)),
        None => (token, None),
    }
}

/// Says what each argument is, one after the other; the declared variables come first. An error is
/// an argument that may not be passed on, or a value that does not fit.
pub struct Reader<'a> {
    tokens: std::vec::IntoIter<String>,
    count: usize,
    declared: &'a Declarations,
    variables: std::slice::Iter<'a, Variable>,
    /// Behind a `--`.
    as_it_is: bool,
    /// Behind the value of a secret flag: what follows may be a part of it.
    after_secret: bool,
}

impl Iterator for Reader<'_> {
    type Item = Result<Argument>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(variable) = self.variables.next() {
            return Some(self.variable(variable));
        }
        let mut token = self.tokens.next()?;
        if token == "--" && !self.as_it_is {
            self.as_it_is = true;
            token = self.tokens.next()?;
        }
        let read = if self.as_it_is {
            self.rest_as_it_is(token)
        } else if token.starts_with("--") {
            self.flag(token)
        } else if token.starts_with('-') {
            self.short_option(token)
        } else {
            self.word(token)
        };
        self.after_secret = matches!(&read, Ok(Argument::Setting(setting)) if setting.secret);
        Some(read)
    }
}

impl<'a> Reader<'a> {
    /// Reads `arguments` by what is `declared`.
    pub fn new(arguments: Vec<String>, declared: &'a Declarations) -> Self {
        Self {
            count: arguments.len(),
            tokens: arguments.into_iter(),
            declared,
            variables: declared.variables.iter(),
            as_it_is: false,
            after_secret: false,
        }
    }

    /// How many of the arguments are read.
    pub(crate) fn place(&self) -> usize {
        self.count - self.tokens.len()
    }

    fn peek(&self) -> Option<&str> {
        self.tokens.as_slice().first().map(String::as_str)
    }

    /// The next token, if it is such a one.
    fn take_if(&mut self, is_such: impl FnOnce(&str) -> bool) -> Option<String> {
        if self.peek().is_some_and(is_such) { self.tokens.next() } else { None }
    }

    /// A token that starts with two dashes and is more than that.
    fn flag(&mut self, token: String) -> Result<Argument> {
        let declared: &'a Declarations = self.declared;
        let (written, attached) = split_attached(&token);
        let name = written.get(2..).unwrap_or_default();
        if let Some(flag) = declared.flag(name) {
            return self.declared_flag(flag, token);
        }
        if let Some(flag) = negated_switch(declared, name, attached) {
            let written = written.to_owned();
            return self.setting(flag, &written, "false", vec![token], Value::Bool(false));
        }
        if declared.drops(name) {
            let attached = attached.is_some();
            return Ok(self.dropped(token, attached));
        }
        closed_mode::admit(self.declared, &token, written)?;
        match hydra::own_flag(written) {
            Some(own) => self.own_flag(own, token),
            None => self.undeclared_flag(token),
        }
    }

    /// A flag to be left out, with its value.
    fn dropped(&mut self, token: String, attached: bool) -> Argument {
        let mut from = vec![token];
        if !attached {
            from.extend(self.take_if(|next| !is_flag_or_override(next)));
        }
        Argument::Dropped(from)
    }

    /// A flag that nobody declared.
    fn undeclared_flag(&mut self, token: String) -> Result<Argument> {
        let (written, attached) = split_attached(&token);
        let flag = written.to_owned();
        let name = written.get(2..).unwrap_or_default();
        let key = if self.declared.underscores { name.replace('-', "_") } else { name.to_owned() };
        let mut looks_native = false;
        let (text, next) = match (attached, self.peek()) {
            (Some(text), _) => (text.to_owned(), None),
            (None, None) => ("true".to_owned(), None),
            (None, Some(next)) if next.starts_with('-') && !is_negative_number(next) => {
                return Err(no_value(written, next));
            }
            (None, Some(next)) => {
                looks_native = hydra::native_key(next).is_some();
                (next.to_owned(), self.tokens.next())
            }
        };
        if !hydra::is_key(&key) {
            return Err(bad_key(written, &key));
        }
        if kfp::is_unfilled_placeholder(&text) {
            return Err(Error::refused(format!(
                "{written}: the value {} is a placeholder that the orchestrator did not fill in",
                quote(&text)
            ))
            .help("check the name in the component's YAML; a declared input may hold any text"));
        }
        let value = Value::parse(&text, &Type::Auto);
        let from = std::iter::once(token).chain(next).collect();
        let mut setting = Setting::undeclared(flag, text, from, Key::existing(key), looks_native);
        setting.value = value.map_err(|problem| setting.error(&setting.text, problem))?;
        Ok(Argument::Setting(setting))
    }

    /// One of Hydra's own flags.
    fn own_flag(&mut self, own: &OwnFlag, token: String) -> Result<Argument> {
        let (written, attached) = split_attached(&token);
        let value = match (own.value, attached) {
            (OwnValue::None, Some(_)) => return Err(takes_no_value(written, &token)),
            (_, Some(_)) | (OwnValue::None, None) => None,
            (OwnValue::Required, None) => {
                let value = self.take_if(|next| !next.starts_with('-'));
                if value.is_none() {
                    return Err(needs_value(own, written, self.peek()));
                }
                value
            }
            (OwnValue::Optional(choices), None) => self.take_if(|next| choices.contains(&next)),
        };
        if let Some(value) = &value {
            closed_mode::admit_own_value(self.declared, written, value)?;
        }
        Ok(Argument::Own(std::iter::once(token).chain(value).collect()))
    }

    /// A token that starts with one dash.
    fn short_option(&mut self, token: String) -> Result<Argument> {
        let declared: &'a Declarations = self.declared;
        if let Some(flag) = declared.short_flag(&token) {
            return self.declared_flag(flag, token);
        }
        let (written, _) = split_attached(&token);
        self.admit(&token, written)?;
        match hydra::own_flag(written) {
            Some(own) => self.own_flag(own, token),
            None => Ok(self.unexpected(token)),
        }
    }

    /// A token without a dash that no flag took.
    fn word(&self, token: String) -> Result<Argument> {
        self.admit(&token, &token)?;
        if hydra::native_key(&token).is_none() {
            return Ok(self.unexpected(token));
        }
        Ok(Argument::Verbatim(token))
    }

    /// What follows a `--`.
    fn rest_as_it_is(&mut self, token: String) -> Result<Argument> {
        self.admit(&token, &token)?;
        match hydra::own_flag(split_attached(&token).0) {
            // Hydra takes its own flags only behind the overrides.
            Some(own) => self.own_flag(own, token),
            None => Ok(Argument::Verbatim(token)),
        }
    }

    /// As [`closed_mode::admit`], of what is no `--name`.
    fn admit(&self, token: &str, written: &str) -> Result<()> {
        closed_mode::admit(self.declared, token, if self.after_secret { SECRET } else { written })
    }

    fn unexpected(&self, token: String) -> Argument {
        Argument::Unexpected(token, self.place())
    }
}

fn no_value(written: &str, next: &str) -> Error {
    Error::refused(format!(
        "{written} has no value: the next argument, {}, starts with a dash",
        quote(next)
    ))
    .help(format!(
        "if {written} is a switch, write {written}=true; if that is its value, write \
         {written}=VALUE"
    ))
}

fn takes_no_value(written: &str, token: &str) -> Error {
    let name = written.trim_start_matches('-');
    Error::refused(format!(
        "{written} is one of Hydra's own flags and takes no value, but was given {}",
        quote(token)
    ))
    .help(format!("to set the key `{name}`, write the override {name}=VALUE"))
}

fn needs_value(own: &OwnFlag, written: &str, next: Option<&str>) -> Error {
    let found = next.map_or_else(
        || "nothing follows".to_owned(),
        |next| format!("{} starts with a dash", quote(next)),
    );
    Error::refused(format!("{written} is one of Hydra's own flags and needs a value, but {found}"))
        .help(format!("write {}=VALUE", own.long))
}

/// Whether a token ends the values of a flag that takes several.
fn is_flag_or_override(token: &str) -> bool {
    (token.starts_with('-') && !is_negative_number(token)) || hydra::native_key(token).is_some()
}

fn is_negative_number(token: &str) -> bool {
    token.starts_with('-') && value::is_typed_number(token)
}

fn bad_key(written: &str, key: &str) -> Error {
    Error::refused(format!(
        "{}: {} is no key in Hydra's grammar: {}",
        quote(written),
        quote(key),
        hydra::why_no_key(key)
    ))
    .help("a key is a name like lr, or a path like model.optimizer.lr")
}

#[cfg(test)]
mod tests;
