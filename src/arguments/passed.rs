//! KFP's executor input as a flag's value: each input and output in it is an argument of its own.

use std::borrow::Cow;
use std::collections::HashSet;
use std::mem;

use super::declared::{sets_nothing, typed_as_sent};
use super::{Argument, ArgumentKind, ArgumentParser, closed_mode};
use crate::declarations::{Arity, Flag};
use crate::error::{Error, Result};
use crate::hydra::Key;
use crate::kfp::executor_input::{self, Passed};
use crate::kfp::{self, parameter};
use crate::value::Type;

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
        let mut keys = HashSet::with_capacity(all.len());
        let arguments = all.into_iter().map(|passed| {
            let mut argument = self.passed(&passed, written);
            if let Ok(ArgumentKind::Setting(setting)) = &argument.kind
                && !keys.insert(setting.flag.key.name.clone())
            {
                let (name, key) = (passed.name, &setting.flag.key.name);
                argument.kind = Err(Error::refused(format!(
                    "{name} of {written}: another input or output sets the key {key} as well"
                ))
                .help(format!(
                    "in the rules, name a key for each: flags: {{inputs.{name}: KEY, outputs.{name}: KEY}}"
                )));
            }
            argument
        });
        Ok(ArgumentKind::Passed(arguments.collect()))
    }

    /// An input or output that the flag `written` passes: the component says of which type it is, and
    /// the rules what they say of a flag of its name.
    fn passed(&self, passed: &Passed, written: &str) -> Argument<'a> {
        let Passed { name, full_name, value, ty } = passed;
        let declared = self.declared;
        let of_component = declared.ports.named(&format!("--{full_name}"));
        let of_rules = declared.flag(full_name).or_else(|| declared.flag(name));
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
        let (secret, text) = (self.is_secret_key(&flag.key.name), parameter::text(value));
        let from = vec![written.to_owned(), format!("{name}={text}")];
        let is_declared = of_component.is_some() || of_rules.is_some_and(|flag| !flag.by_component);
        let written = format!("{name} of {written}");
        let is_dropped = declared.drops(name) || declared.drops(full_name);
        let kind = if is_dropped || sets_nothing(&flag, &text) {
            Ok(ArgumentKind::Dropped)
        } else if declared.closed && !is_declared {
            Err(closed_mode::not_declared(declared, &written))
        } else {
            let value = typed_as_sent(Some(value), &[&text], &flag);
            self.setting(Cow::Owned(flag), &written, &text, value, secret)
        };
        Argument { from, secret, yields: true, kind }
    }
}
