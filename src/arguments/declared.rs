//! The values of declared flags: how many arguments are one, and of which type they are.

use std::borrow::Cow;
use std::iter;

use super::{
    Argument, ArgumentKind, ArgumentParser, Setting, closed_mode, is_flag_or_override, shown,
};
use crate::declarations::{Arity, Declarations, Empty, Flag, Source, Variable};
use crate::error::{Error, Result, quote};
use crate::hydra::{self, Spelling};
use crate::token::split_attached;
use crate::value::{Element, Type, Value};

impl<'a> ArgumentParser<'a> {
    /// An environment variable that sets a key, typed by the flag declared for that key.
    pub(super) fn variable(&self, variable: &Variable) -> Argument<'a> {
        let mut declared = self.declared.flags.iter();
        let flag = declared.find(|flag| {
            flag.key.name == variable.key.name && !matches!(flag.arity, Arity::Exactly(n) if n != 1)
        });
        let undeclared =
            || Flag::new("", variable.key.clone(), Type::Auto, variable.source.clone());
        let mut flag = flag.cloned().unwrap_or_else(undeclared);
        flag.arity = Arity::Exactly(1);
        let written = format!("${}", variable.name);
        let secret = self.is_secret_key(&flag.key.name);
        let kind = self.declared_value(Cow::Owned(flag), &written, &[&variable.value], secret);
        Argument { from: vec![written, variable.value.clone()], secret, yields: true, kind }
    }

    /// A declared flag, written as `token`, with the arguments that are its values.
    ///
    /// # Errors
    /// Values are missing, or do not fit its type, or closed mode refuses them.
    pub(super) fn declared_flag(
        &mut self,
        flag: &'a Flag,
        token: &'a str,
        secret: bool,
    ) -> Result<ArgumentKind<'a>> {
        let (written, attached) = split_attached(token);
        let mut texts = self.values(flag, written, attached)?;
        if texts.is_empty() && matches!(flag.arity, Arity::Exactly(0) | Arity::Switch) {
            texts.push("true");
        }
        if let ([text], Type::ExecutorInput) = (texts.as_slice(), &flag.ty) {
            return self.executor_input(written, text);
        }
        self.declared_value(Cow::Borrowed(flag), written, &texts, secret)
    }

    /// The values of a flag: the one that is attached to it, and those of the arguments after it that
    /// are its values too.
    fn values(
        &mut self,
        flag: &Flag,
        written: &str,
        attached: Option<&'a str>,
    ) -> Result<Vec<&'a str>> {
        let mut texts: Vec<&str> = attached.into_iter().collect();
        let least = match flag.arity {
            Arity::Exactly(count) | Arity::AtLeast(count) => count,
            Arity::Switch | Arity::AtMost(_) => 0,
        };
        while texts.len() < least {
            let missing = || values_missing(written, texts.len(), least, flag.source.as_ref());
            texts.push(self.take().ok_or_else(missing)?);
        }
        match flag.arity {
            Arity::Exactly(_) => {}
            _ if attached.is_some() => {}
            Arity::Switch => texts.extend(self.take_if(|next| flag.is_switch_word(next))),
            Arity::AtLeast(_) => {
                texts.extend(iter::from_fn(|| self.take_if(|next| !is_flag_or_override(next))));
            }
            Arity::AtMost(count) => {
                // `--tag={{…}}` follows as `--tag`.
                let follows = |next: &str| {
                    let (name, _) = split_attached(next);
                    flag.followers.iter().any(|f| f == next || f == name)
                };
                texts.extend(iter::from_fn(|| self.take_if(|next| !follows(next))).take(count));
                if let [next, again, ..] = self.rest()
                    && texts.len() < count
                    && split_attached(next).0 == split_attached(again).0
                {
                    return Err(ambiguous(written, &self.quoted(next), flag.source.as_ref()));
                }
            }
        }
        Ok(texts)
    }

    /// A flag whose value is `texts`.
    pub(super) fn declared_value(
        &self,
        flag: Cow<'a, Flag>,
        written: &str,
        texts: &[&str],
        secret: bool,
    ) -> Result<ArgumentKind<'a>> {
        let text = texts.join(" ");
        if sets_nothing(&flag, &text) {
            return Ok(ArgumentKind::Dropped);
        }
        let sent = match texts {
            [text] => self.declared.hyperparameters.sent_as(written, text),
            _ => None,
        };
        let value = typed_as_sent(sent, texts, &flag);
        self.setting(flag, written, &text, value, secret)
    }

    /// A flag with its value, unless there is no such value, Hydra cannot spell it or its key, or
    /// closed mode refuses it.
    pub(super) fn setting(
        &self,
        flag: Cow<'a, Flag>,
        written: &str,
        text: &str,
        value: Result<Value>,
        secret: bool,
    ) -> Result<ArgumentKind<'a>> {
        if !hydra::is_key(&flag.key.name) {
            return Err(bad_key(written, &flag.key.name));
        }
        let spelled = value.and_then(|value| {
            if self.declared.closed {
                closed_mode::admit_value(&flag, written, &value)?;
            }
            let spelling = match &value {
                Value::Text(text) if flag.ty == Type::Hydra => Spelling::One(text.clone()),
                value => hydra::spell(value)?,
            };
            Ok((value, spelling))
        });
        let (value, spelling) =
            spelled.map_err(|error| no_such_value(&flag, written, text, secret, error))?;
        let (written, text) = (written.to_owned(), text.to_owned());
        let setting = Setting { flag, written, text, value, spelling, replaced_by: None };
        Ok(ArgumentKind::Setting(Box::new(setting)))
    }
}

/// Whether the value `text` is empty or null, and the rules say that it sets nothing then.
pub(super) fn sets_nothing(flag: &Flag, text: &str) -> bool {
    flag.rule.empty == Some(Empty::Drop) && matches!(text, "" | "null")
}

/// The value that `texts` are by what is declared.
fn typed(texts: &[&str], flag: &Flag) -> Result<Value> {
    match texts {
        [text] if is_null(flag, text) => Ok(Value::Null),
        texts if flag.loose_list => many(texts, &flag.ty),
        [] => Ok(Value::Bool(true)),
        [text] => Value::parse(text, &flag.ty),
        texts => texts
            .iter()
            .map(|text| Value::parse(text, &flag.ty))
            .collect::<Result<_>>()
            .map(Value::List),
    }
}

/// The value that `texts` are; if it is known what was `sent` as them, then that, as far as no declared type
/// says otherwise.
pub(super) fn typed_as_sent(sent: Option<&Value>, texts: &[&str], flag: &Flag) -> Result<Value> {
    match (sent, &flag.ty) {
        (Some(sent), Type::Auto) | (Some(sent @ Value::Text(_)), Type::Text | Type::Path) => {
            Ok(sent.clone())
        }
        (Some(Value::Null), _) if flag.takes_null() => Ok(Value::Null),
        (Some(Value::Null), Type::Text | Type::Path) => {
            Err(Error::refused(format!("is not {}", flag.ty.with_article())))
        }
        (Some(Value::Null), _) => typed(&["null"], flag),
        (Some(sent @ Value::List(_)), Type::List(element))
        | (Some(sent @ Value::Dict(_)), Type::Dict(element)) => {
            sent.clone().with_elements(*element)
        }
        (Some(Value::Text(own)), _) => typed(&[own], flag),
        _ => typed(texts, flag),
    }
}

/// Whether the text is null: where that is a value of the flag, and for a list of anything, of which it
/// could as well be an item.
fn is_null(flag: &Flag, text: &str) -> bool {
    let is_list_of_anything = flag.loose_list && flag.ty == Type::List(Element::Any);
    match text {
        "null" => flag.takes_null() || is_list_of_anything,
        "" => flag.nullable && flag.ty != Type::Text,
        _ => false,
    }
}

/// The flag that `--no-NAME` turns off, if the rules declare it a bool.
pub(super) fn negated_switch<'a>(
    declared: &'a Declarations,
    name: &str,
    attached: Option<&str>,
) -> Option<&'a Flag> {
    let positive = name.strip_prefix("no-").or_else(|| name.strip_prefix("no_"))?;
    let flag = declared.flag(positive)?;
    (attached.is_none() && flag.arity == Arity::Switch).then_some(flag)
}

/// The arguments end after the first `there` of a flag's `count` values.
fn values_missing(written: &str, there: usize, count: usize, source: Option<&Source>) -> Error {
    let missing = match (count - there, count) {
        (1, 1) => "its value is missing".to_owned(),
        (missing, _) if missing == count => format!("its {count} values are missing"),
        (1, _) => format!("1 of its {count} values is missing"),
        (missing, _) => format!("{missing} of its {count} values are missing"),
    };
    let by = source.map(|source| format!(" (declared by {source})")).unwrap_or_default();
    Error::refused(format!("{written}: {missing} at the end of the command line{by}")).help(
        match count {
            1 => format!("write it after the flag: {written} VALUE"),
            _ => format!("write {count} values after the flag"),
        },
    )
}

fn ambiguous(written: &str, next: &str, source: Option<&Source>) -> Error {
    let by = source.map(|source| format!(" ({source})")).unwrap_or_default();
    Error::refused(format!(
        "{written}: its value may be absent{by}, and {next} after it may be that value or the next flag"
    ))
    .help("give the input a default instead of writing it under `if`")
}

fn bad_key(written: &str, key: &str) -> Error {
    Error::refused(format!(
        "{}: {} is not a key in Hydra's grammar: {}",
        quote(written),
        quote(key),
        hydra::why_no_key(key)
    ))
    .help("a key is a name like lr, or a path like model.optimizer.lr")
}

/// Says that `text` cannot be the value of the flag `written`: `error` has the clause that follows it.
fn no_such_value(flag: &Flag, written: &str, text: &str, secret: bool, error: Error) -> Error {
    // A clause quotes parts of the value.
    let clause = if secret { format!("cannot be passed as {}", flag.ty) } else { error.message };
    let help = match text {
        _ if secret => None,
        "null" | "" => {
            Some("if null is a value of it, declare `nullable: true` in the rules".to_owned())
        }
        _ => error.help,
    };
    let text = shown(text, secret);
    let message = format!("{written}: the value {text} {clause}{}", flag.declared());
    Error { help, ..Error::refused(message) }
}

/// The items of a flag that takes several: JSON arrays spliced in, other texts by the list's
/// element type.
fn many(texts: &[&str], ty: &Type) -> Result<Value> {
    let element = match ty {
        Type::List(element) => element.ty(),
        ty => ty.clone(),
    };
    let mut items = Vec::new();
    for text in texts {
        match Value::array(text, ty)? {
            Some(spliced) => items.extend(spliced),
            None if texts.len() == 1 => items.push(Value::parse(text, &element)?),
            None => items.push(Value::parse(text, &element).map_err(|error| Error {
                message: format!("holds {}, which {}", quote(text), error.message),
                ..error
            })?),
        }
    }
    Ok(Value::List(items))
}
