//! KFP's executor input as a flag's value: each input and output in it is an argument of its own.

use std::borrow::Cow;
use std::collections::HashMap;
use std::mem;

use super::{Argument, ArgumentKind, ArgumentParser, closed_mode, declared};
use crate::declarations::{Arity, Empty, Flag};
use crate::error::{Error, Result};
use crate::hydra::Key;
use crate::kfp::executor_input::{self, Passed};
use crate::kfp::{self, parameter};
use crate::value::{Type, Value};

impl<'a> ArgumentParser<'a> {
    /// The inputs and outputs in `text`, the executor input that the flag `written` passes.
    ///
    /// # Errors
    /// It is not an executor input, or not the first.
    pub(super) fn executor_input(&mut self, written: &str, text: &str) -> Result<ArgumentKind<'a>> {
        let refused = |clause: &str| {
            Error::refused(format!("{written}: the executor input {clause}")).help(
                "KFP writes it where a component has `{{$}}`; if it is something else, declare the \
                 flag's type in the rules",
            )
        };
        if mem::replace(&mut self.has_executor_input, true) {
            return Err(refused("is there a second time"));
        }
        if kfp::is_unfilled_placeholder(text) {
            return Err(refused("is a placeholder that the orchestrator did not fill in"));
        }
        let all = executor_input::read(text).map_err(|error| refused(&error.message))?;
        let mut places: HashMap<String, String> = HashMap::with_capacity(all.len());
        let arguments = all.into_iter().map(|passed| {
            let mut argument = self.passed(&passed, written);
            if let Ok(ArgumentKind::Setting(setting)) = &argument.kind {
                let key = &setting.flag.key.name;
                if let Some(other) = places.insert(key.clone(), passed.place.clone()) {
                    let place = &passed.place;
                    argument.kind = Err(Error::refused(format!(
                        "{written}: {other} and {place} would both set the key {key}"
                    ))
                    .help(format!(
                        "name a key for each in the rules: flags: {{{other}: KEY, {place}: KEY}}"
                    )));
                }
            }
            argument
        });
        Ok(ArgumentKind::Passed(arguments.collect()))
    }

    /// An input or output that the flag `written` passes: the component says of which type it is, and
    /// the rules what they say of a flag of its name.
    fn passed(&self, passed: &Passed, written: &str) -> Argument<'a> {
        let Passed { place, value, ty } = passed;
        let (declared, name) = (self.declared, passed.name());
        let of_component = declared.ports.named(&format!("--{place}"));
        let of_rules = declared.flag(place).or_else(|| declared.flag(name));
        let key = || Key::existing(declared.key_of(name));
        let undeclared = || Flag::new(name, key(), Type::Auto, "KFP");
        let mut flag = of_component.cloned().unwrap_or_else(undeclared);
        if let Some(Flag { rule, source: Some(source), .. }) = of_rules {
            flag.obey(rule, source.clone());
        }
        flag.arity = Arity::Exactly(1);
        if flag.ty == Type::Auto {
            flag.ty.clone_from(ty);
        }
        let secret = self.is_secret_key(&flag.key.name);
        let text = parameter::text(value);
        let from = vec![written.to_owned(), format!("{name}={text}")];
        let is_empty = text.is_empty() || *value == Value::Null;
        let is_dropped = declared.drops(name) || declared.drops(place);
        let written = format!("{name} of {written}");
        let kind = if is_dropped || (is_empty && flag.rule.empty == Some(Empty::Drop)) {
            Ok(ArgumentKind::Dropped)
        } else if declared.closed
            && of_component.is_none()
            && of_rules.is_none_or(|flag| flag.by_component)
        {
            Err(closed_mode::not_declared(declared, &written))
        } else {
            let value = match value {
                Value::Null if flag.ty != Type::Auto && !flag.takes_null() => {
                    Err(Error::refused(format!("is not {}", flag.ty.with_article())))
                }
                value => declared::typed_as_sent(Some(value), &[&text], &flag),
            };
            self.setting(Cow::Owned(flag), &written, &text, value, secret)
        };
        Argument { from, secret, yields: true, kind }
    }
}
