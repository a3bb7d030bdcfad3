//! The values of declared flags: how many arguments are one, and of which type they are.

use super::{Argument, Reader, Setting, bad_key, closed_mode, is_flag_or_override, split_attached};
use crate::declarations::{Arity, Declarations, Flag, Source, Variable};
use crate::error::{Error, Result, quote};
use crate::hydra;
use crate::value::{self, Problem, Type, Value};

impl<'a> Reader<'a> {
    /// An environment variable that sets a key, typed by the flag declared for that key.
    pub(super) fn variable(&self, variable: &Variable) -> Result<Argument> {
        let mut declared = self.declared.flags.iter();
        let mut flag = declared
            .find(|flag| {
                flag.key.name == variable.key.name
                    && !matches!(flag.arity, Arity::Exactly(n) if n != 1)
            })
            .cloned()
            .unwrap_or_else(|| {
                Flag::new("", variable.key.clone(), Type::Auto, variable.source.clone())
            });
        flag.arity = Arity::Exactly(1);
        let shown = format!("${}", variable.name);
        let text = variable.value.clone();
        self.declared_value(&flag, &shown, vec![shown.clone(), text.clone()], &[text])
    }

    /// A declared flag, written as `token`, with the arguments that are its values.
    ///
    /// # Errors
    /// Values are missing, or do not fit its type, or closed mode refuses them.
    pub(super) fn declared_flag(&mut self, flag: &'a Flag, token: String) -> Result<Argument> {
        let (written, attached) = split_attached(&token);
        let written = written.to_owned();
        let mut texts: Vec<String> = attached.map(str::to_owned).into_iter().collect();
        let attached = texts.len();
        self.take_values(flag, &written, &mut texts)?;
        let behind = texts.iter().skip(attached).cloned();
        let from = std::iter::once(token).chain(behind).collect();
        if texts.is_empty() && matches!(flag.arity, Arity::Exactly(0) | Arity::Switch) {
            texts.push("true".to_owned());
        }
        self.declared_value(flag, &written, from, &texts)
    }

    /// Adds to `texts`, in which an attached value is, those of the arguments behind a flag that
    /// are its values too.
    fn take_values(&mut self, flag: &Flag, written: &str, texts: &mut Vec<String>) -> Result<()> {
        let attached = !texts.is_empty();
        match flag.arity {
            Arity::Exactly(count) => {
                while texts.len() < count {
                    let Some(text) = self.tokens.next() else {
                        return Err(values_missing(written, texts.len(), count, &flag.source));
                    };
                    texts.push(text);
                }
            }
            _ if attached => {}
            Arity::Switch => texts.extend(self.take_if(|next| value::boolean(next).is_some())),
            Arity::Many => {
                while let Some(text) = self.take_if(|next| !is_flag_or_override(next)) {
                    texts.push(text);
                }
            }
            Arity::AtMost(count) => {
                // `--tag={{…}}` follows as `--tag`.
                let follows = |next: &str| {
                    let (name, _) = split_attached(next);
                    flag.followers.iter().any(|f| f == next || f == name)
                };
                while texts.len() < count
                    && let Some(text) = self.take_if(|next| !follows(next))
                {
                    texts.push(text);
                }
                if let [next, again, ..] = self.tokens.as_slice()
                    && texts.len() < count
                    && split_attached(next).0 == split_attached(again).0
                {
                    return Err(ambiguous(written, next, &flag.source));
                }
            }
        }
        Ok(())
    }

    /// A declared flag whose value is `texts`.
    fn declared_value(
        &self,
        flag: &Flag,
        written: &str,
        from: Vec<String>,
        texts: &[String],
    ) -> Result<Argument> {
        if !hydra::is_key(&flag.key.name) {
            return Err(bad_key(written, &flag.key.name));
        }
        let shown = texts.join(" ");
        if flag.drop_empty && (shown.is_empty() || shown == "null") {
            return Ok(Argument::Dropped(from));
        }
        if let ([text], Arity::Exactly(1)) = (texts, flag.arity) {
            let null = text == "null" || (text.is_empty() && flag.ty != Type::Text);
            if flag.nullable && null {
                return self.setting(flag, written, text, from, Value::Null);
            }
        }
        let value = match (flag.arity, texts) {
            _ if flag.loose_list => many(texts, &flag.ty),
            (Arity::Exactly(_) | Arity::Switch | Arity::AtMost(1), [text]) => {
                Value::parse(text, &flag.ty)
            }
            (Arity::AtMost(_), []) => Ok(Value::Bool(true)),
            (Arity::Many, texts) => many(texts, &flag.ty),
            (_, texts) => each(texts, &flag.ty),
        };
        match value {
            Ok(value) => self.setting(flag, written, &shown, from, value),
            Err(problem) => {
                let setting = Setting::declared(flag, written, &shown, from, Value::Null);
                Err(setting.error(&shown, problem))
            }
        }
    }

    /// A declared flag with its value, unless closed mode refuses it.
    pub(super) fn setting(
        &self,
        flag: &Flag,
        written: &str,
        text: &str,
        from: Vec<String>,
        value: Value,
    ) -> Result<Argument> {
        let setting = Setting::declared(flag, written, text, from, value);
        if self.declared.closed
            && let Some(problem) = closed_mode::problem(flag, written, &setting)
        {
            return Err(setting.error(text, problem));
        }
        Ok(Argument::Setting(setting))
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

/// The arguments end behind the first `there` of a flag's `count` values.
fn values_missing(written: &str, there: usize, count: usize, source: &Source) -> Error {
    let missing = match (count - there, count) {
        (1, 1) => "its value is missing".to_owned(),
        (missing, _) if missing == count => format!("its {count} values are missing"),
        (1, _) => format!("1 of its {count} values is missing"),
        (missing, _) => format!("{missing} of its {count} values are missing"),
    };
    Error::refused(format!(
        "{written}: {missing} at the end of the command line (declared by {source})"
    ))
    .help(match count {
        1 => format!("write it behind the flag: {written} VALUE"),
        _ => format!("write {count} values behind the flag"),
    })
}

fn ambiguous(written: &str, next: &str, source: &Source) -> Error {
    Error::refused(format!(
        "{written}: its value may be absent ({source}), and {} behind it may be that value or the \
         next flag",
        quote(next)
    ))
    .help("give the input a default instead of writing it under `if`")
}

/// The items of a flag that takes several: JSON arrays spliced in, other texts by the list's
/// element type.
fn many(texts: &[String], ty: &Type) -> std::result::Result<Value, Problem> {
    let element = match ty {
        Type::List(element) => element.ty(),
        ty => ty.clone(),
    };
    let mut items = Vec::new();
    for text in texts {
        let array = if text.starts_with('[') { value::json(text)? } else { None };
        match array {
            Some(Value::List(_)) => {
                if let Value::List(spliced) = Value::parse(text, ty)? {
                    items.extend(spliced);
                }
            }
            _ => items.push(Value::parse(text, &element)?),
        }
    }
    Ok(Value::List(items))
}

/// The parts of a value that several arguments make.
fn each(texts: &[String], ty: &Type) -> std::result::Result<Value, Problem> {
    let types: Vec<&Type> = match ty {
        Type::Tuple(types) => types.iter().collect(),
        ty => vec![ty; texts.len()],
    };
    let values = texts.iter().zip(types).map(|(text, ty)| Value::parse(text, ty));
    values.collect::<std::result::Result<_, _>>().map(Value::List)
}
