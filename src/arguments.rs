//! The first pass: what each argument is.
//!
//! A flag with its value, an override, one of Hydra's own flags, or nothing that can be passed on.
//! Every error that an argument can cause is made here. The rule that everything serves: a value can
//! never become a flag or an override. The token after a flag is its value whatever it looks like, and
//! where it might not be one (it starts with a dash) the run is refused, unless a declaration says how
//! many tokens the flag takes.

mod closed_mode;
mod declared;
mod hydra_switch;
mod passed;
mod setting;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::declarations::{Declarations, Flag, SECRET};
use crate::error::{Error, Result, quote};
use crate::hydra::{self, FlagValue, HydraFlag, Key};
use crate::kfp;
use crate::sagemaker::HYPERPARAMETERS_VARIABLE;
use crate::token::split_attached;
use crate::value::{self, Type, Value};
use declared::negated_switch;
pub use setting::Setting;
pub(crate) use setting::shown;

/// An argument: the tokens that it was made of, and what they are.
#[derive(Debug)]
pub struct Argument<'a> {
    /// The tokens.
    pub from: Vec<String>,
    /// Whether its value is never shown.
    pub secret: bool,
    /// Whether a flag for the same key has the last word, wherever it is.
    pub yields: bool,
    /// What they are, or why they cannot be passed on.
    pub kind: Result<ArgumentKind<'a>>,
}

/// What an argument turned out to be.
#[derive(Debug)]
pub enum ArgumentKind<'a> {
    /// A key gets a value.
    Setting(Box<Setting<'a>>),
    /// A flag that is left out.
    Dropped,
    /// Passed byte for byte.
    Override(String),
    /// One of Hydra's own flags, with its value.
    HydraFlag,
    /// The inputs and outputs in KFP's executor input; the parser passes on each by itself.
    Passed(Vec<Argument<'a>>),
}

/// Says what each argument is, one after the other; the declared variables come first.
pub struct ArgumentParser<'a> {
    tokens: &'a [String],
    /// How many of the tokens are read.
    at: usize,
    declared: &'a Declarations,
    /// What comes before the rest: the variables, and what is in KFP's executor input.
    pending: std::vec::IntoIter<Argument<'a>>,
    has_executor_input: bool,
    /// After a `--`.
    as_it_is: bool,
    /// Whether the line has a flag that is not Hydra's own.
    has_official_flag: bool,
    /// The keys of the flags that are declared secret.
    secrets: Vec<&'a str>,
    /// What the component itself writes beside its flags: each word, and each with the one after it.
    literals: HashSet<&'a [String]>,
    /// The flag or override before, if there is one.
    previous: Option<Previous<'a>>,
}

/// What an error has to know of the argument before.
#[derive(Clone, Copy)]
struct Previous<'a> {
    token: &'a str,
    secret: bool,
    is_hydra_flag: bool,
}

impl<'a> Iterator for ArgumentParser<'a> {
    type Item = Argument<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(argument) = self.pending.next() {
            return Some(argument);
        }
        let mut token = self.take()?;
        if token == "--" && !self.as_it_is && self.is_admitted(1) {
            self.as_it_is = true;
            token = self.take()?;
        }
        let start = self.at - 1;
        let flag = if self.as_it_is { None } else { self.declared_as(split_attached(token).0) };
        let secret = self.is_secret(flag, token);
        let kind = match flag {
            Some(flag) => self.declared_flag(flag, token, secret),
            None => self.undeclared(token, secret),
        };
        if kind.is_err() && self.at == start + 1 && token.starts_with("--") && !token.contains('=')
        {
            // For a dry run, which goes on: most likely its value.
            self.take_if(|next| !is_flag_or_override(next));
        }
        let mut from = self.tokens.get(start..self.at).unwrap_or_default().to_vec();
        let is_hidden = kind.is_err() && self.may_be_secret(token);
        if is_hidden {
            from = vec![SECRET.to_owned()];
        }
        let is_hydra_flag = matches!(kind, Ok(ArgumentKind::HydraFlag));
        self.previous = Some(Previous { token, secret: secret || is_hidden, is_hydra_flag });
        if let Ok(ArgumentKind::Passed(arguments)) = kind {
            self.pending = arguments.into_iter();
            return self.next();
        }
        Some(Argument { from, secret, yields: false, kind })
    }
}

impl<'a> ArgumentParser<'a> {
    /// Reads `tokens` by what is `declared`.
    pub fn new(tokens: &'a [String], declared: &'a Declarations) -> Self {
        let secret = declared.flags.iter().filter(|flag| flag.is_secret());
        let literals = &declared.literals;
        let mut parser = Self {
            tokens,
            at: 0,
            declared,
            pending: Vec::new().into_iter(),
            has_executor_input: false,
            as_it_is: false,
            has_official_flag: tokens
                .iter()
                .any(|token| hydra_switch::is_official(token, declared)),
            secrets: secret.map(|flag| flag.key.name.as_str()).collect(),
            literals: literals.windows(1).chain(literals.windows(2)).collect(),
            previous: None,
        };
        let variables = declared.variables.iter().map(|variable| parser.variable(variable));
        parser.pending = variables.collect::<Vec<_>>().into_iter();
        parser
    }

    /// The tokens that are not read yet.
    fn rest(&self) -> &'a [String] {
        self.tokens.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<&'a str> {
        self.rest().first().map(String::as_str)
    }

    fn take(&mut self) -> Option<&'a str> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// The next token, if it is such a one.
    fn take_if(&mut self, is_such: impl FnOnce(&str) -> bool) -> Option<&'a str> {
        if self.peek().is_some_and(is_such) { self.take() } else { None }
    }

    /// The declared flag that is `written` so.
    fn declared_as(&self, written: &'a str) -> Option<&'a Flag> {
        let flags = &self.declared.flags;
        flags.named(written).or_else(|| self.declared.flag(self.letter(written)?))
    }

    /// The name of the hyperparameter that is `written` with one dash, as SageMaker's older toolkit does where the
    /// name is one letter.
    fn letter(&self, written: &'a str) -> Option<&'a str> {
        let name = written.strip_prefix('-').filter(|name| name.len() == 1 && !self.as_it_is)?;
        self.is_hyperparameter(written).then_some(name)
    }

    /// Whether the flag `written` and the next token are one of SageMaker's hyperparameters.
    fn is_hyperparameter(&self, written: &str) -> bool {
        let sent = |next| self.declared.hyperparameters.sent_as(written, next);
        self.peek().and_then(sent).is_some()
    }

    /// Whether what `token` sets is never shown, whoever sets it.
    fn is_secret(&self, flag: Option<&Flag>, token: &str) -> bool {
        match flag {
            Some(flag) if flag.ty == Type::ExecutorInput => !self.secrets.is_empty(),
            Some(flag) => self.is_secret_key(&flag.key.name),
            // With one dash as well: a slip of the pen.
            None if token.starts_with('-') => {
                let name = split_attached(token).0.trim_start_matches('-');
                self.is_secret_key(&self.declared.key_of(name))
            }
            None => hydra::native_key(token).is_some_and(|key| self.is_secret_key(key)),
        }
    }

    /// Whether `key` is, holds or is in the key of a secret flag.
    fn is_secret_key(&self, key: &str) -> bool {
        self.secrets.iter().any(|secret| hydra::is_in(key, secret) || hydra::is_in(secret, key))
    }

    /// A token for a message, without a secret that is attached to it.
    fn quoted(&self, token: &str) -> String {
        let (written, _) = split_attached(token);
        let is_secret = self.is_secret(self.declared.flags.named(written), token);
        quote(if is_secret { written } else { token })
    }

    /// A token that is not a declared flag, and that no flag took.
    fn undeclared(&mut self, token: &'a str, secret: bool) -> Result<ArgumentKind<'a>> {
        let (written, attached) = split_attached(token);
        let name = written.strip_prefix("--").filter(|_| !self.as_it_is);
        if let Some(name) = name {
            if let Some(flag) = negated_switch(self.declared, name, attached) {
                let value = Ok(Value::Bool(false));
                return self.setting(Cow::Borrowed(flag), written, "false", value, secret);
            }
            if self.declared.drops(name) {
                if attached.is_none() {
                    self.take_if(|next| !is_flag_or_override(next));
                }
                return Ok(ArgumentKind::Dropped);
            }
        }
        self.admit(token)?;
        if let Some(name) = self.letter(written) {
            self.official_flag(name, written, attached, secret)
        } else if let Some(flag) = hydra::hydra_flag(written) {
            // Also after a `--`: Hydra takes its own flags only after the overrides.
            self.hydra_flag(flag, token)
        } else if let Some(name) = name {
            self.official_flag(name, written, attached, secret)
        } else if self.as_it_is || hydra::native_key(token).is_some() {
            Ok(ArgumentKind::Override(token.to_owned()))
        } else {
            Err(self.unexpected(token))
        }
    }

    /// A flag that nobody declared, with its value.
    fn official_flag(
        &mut self,
        name: &'a str,
        written: &'a str,
        attached: Option<&'a str>,
        secret: bool,
    ) -> Result<ArgumentKind<'a>> {
        let text = match (attached, self.peek()) {
            (Some(text), _) => text,
            (None, None) => "true",
            (None, Some(next)) if may_be_flag(next) && !self.is_hyperparameter(written) => {
                return Err(no_value(written, &self.quoted(next)));
            }
            (None, Some(next)) => {
                self.at += 1;
                next
            }
        };
        let key = Key::existing(self.declared.key_of(name));
        let flag = match self.declared.hyperparameters.sent_as(written, text) {
            Some(_) => Flag::new(name, key, Type::Auto, HYPERPARAMETERS_VARIABLE),
            None if kfp::is_unfilled_placeholder(text) => {
                return Err(Error::refused(format!(
                    "{written}: the value {} is a placeholder that the orchestrator did not fill in",
                    quote(text)
                ))
                .help("check the name in the component's YAML; a declared input may hold any text"));
            }
            None => Flag::undeclared(name, key, Type::Auto),
        };
        self.declared_value(Cow::Owned(flag), written, &[text], secret)
    }

    /// One of Hydra's own flags, with its value.
    fn hydra_flag(&mut self, flag: &HydraFlag, token: &'a str) -> Result<ArgumentKind<'a>> {
        let (written, attached) = split_attached(token);
        self.admit_switch(flag, token)?;
        let value = match (flag.value, attached) {
            (FlagValue::None, Some(_)) => return Err(takes_no_value(written, token)),
            (_, Some(_)) | (FlagValue::None, None) => None,
            (FlagValue::Required, None) => {
                let value = self.take_if(|next| !next.starts_with('-'));
                if value.is_none() {
                    let next = self.peek().map(|next| self.quoted(next));
                    return Err(needs_value(flag, written, next));
                }
                value
            }
            (FlagValue::Optional(choices), None) => self.take_if(|next| choices.contains(&next)),
        };
        match value {
            // It chooses files and packages.
            Some(value) if !self.is_admitted(2) => {
                Err(closed_mode::not_the_components(written, value))
            }
            _ => Ok(ArgumentKind::HydraFlag),
        }
    }

    /// Whether the component itself writes the last `count` tokens that were read.
    fn is_literal(&self, count: usize) -> bool {
        let last = self.tokens.get(self.at.saturating_sub(count)..self.at);
        last.is_some_and(|last| self.literals.contains(last))
    }

    /// Whether the last `count` tokens that were read may be undeclared: in closed mode only if the
    /// component itself writes them.
    fn is_admitted(&self, count: usize) -> bool {
        !self.declared.closed || self.is_literal(count)
    }

    /// Admits the argument `token`, which no declaration names.
    fn admit(&self, token: &str) -> Result<()> {
        if self.is_admitted(1) {
            return Ok(());
        }
        let named = if self.may_be_secret(token) {
            SECRET
        } else if (token.starts_with('-') && !self.as_it_is) || self.is_secret(None, token) {
            split_attached(token).0
        } else {
            token
        };
        Err(closed_mode::not_declared(self.declared, named))
    }

    /// Whether `token` follows a secret, of which it may be a part.
    fn may_be_secret(&self, token: &str) -> bool {
        self.previous.is_some_and(|previous| previous.secret) && !token.starts_with("--")
    }

    fn unexpected(&self, token: &str) -> Error {
        let place = self.at;
        let error = Error::refused(format!(
            "unexpected argument {} (argument {place}): expected --name value, key=value, or one \
             of Hydra's own flags",
            if self.may_be_secret(token) { shown(token, true) } else { self.quoted(token) }
        ));
        if token.starts_with('-') {
            return error.help(
                "a parameter's flag has two dashes; an option of the command itself is written before \
                 a `--`: hydra-shim run mpirun -n 4 my-train -- --lr 0.1",
            );
        }
        let Some(Previous { token, is_hydra_flag, .. }) = self.previous else {
            return error.help(match place {
                1 => {
                    "a value needs a name: --NAME VALUE, or NAME=VALUE; if it is a word of the command, \
                     end that with `--`: hydra-shim run timeout 10 python3 main.py -- --lr 0.1"
                }
                _ => "a parameter's value follows its flag",
            });
        };
        let flag = split_attached(token).0;
        let is_bool = |flag: &Flag| flag.ty == Type::Bool;
        error.help(if is_hydra_flag {
            hydra_switch::how_to_set_its_key(flag)
        } else if self.declared.flags.named(flag).is_some_and(is_bool) {
            format!(
                "{flag} is declared bool: its values are true, yes, on, 1 and false, no, off, 0"
            )
        } else if flag.starts_with("--") {
            format!(
                "if it belongs to {flag}, pass one value: {flag} 'A B', or {flag} \
                 '[\"A\",\"B\"]' for a list"
            )
        } else {
            "a parameter's value follows its flag".to_owned()
        })
    }
}

fn no_value(written: &str, next: &str) -> Error {
    Error::refused(format!("{written} has no value: the next argument, {next}, starts with a dash"))
        .help(format!(
            "if {written} is a switch, write {written}=true; if that is its value, write \
         {written}=VALUE"
        ))
}

fn takes_no_value(written: &str, token: &str) -> Error {
    Error::refused(format!(
        "{written} is one of Hydra's own flags and takes no value, but was given {}",
        quote(token)
    ))
    .help(hydra_switch::how_to_set_its_key(written))
}

fn needs_value(flag: &HydraFlag, written: &str, next: Option<String>) -> Error {
    let found = next
        .map_or_else(|| "nothing follows".to_owned(), |next| format!("{next} starts with a dash"));
    Error::refused(format!("{written} is one of Hydra's own flags and needs a value, but {found}"))
        .help(format!("write {}=VALUE", flag.long))
}

/// Whether a token ends the values of a flag that takes several.
fn is_flag_or_override(token: &str) -> bool {
    may_be_flag(token) || hydra::native_key(token).is_some()
}

fn may_be_flag(token: &str) -> bool {
    token.starts_with('-') && !is_negative_number(token)
}

fn is_negative_number(token: &str) -> bool {
    token.starts_with('-') && value::is_typed_number(token)
}

#[cfg(test)]
mod tests;
