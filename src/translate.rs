//! The heart: arguments and declarations in, a [`Translation`] out. Pure.
//!
//! Three passes. [`crate::arguments`] *parses*: it says what each argument is, and makes every error
//! that one can cause. `resolve` decides which of several settings of a key holds. And here they
//! are *written* as Hydra takes them.

mod resolve;
mod translation;

use std::collections::HashSet;

use crate::arguments::{Argument, ArgumentKind, ArgumentParser, Setting, shown};
use crate::declarations::{Declarations, Mkdir, Source};
use crate::error::{Result, quote};
use crate::hydra;
use crate::value::{self, Type, Value};
use resolve::resolve;
pub use translation::{Step, StepKind, Translation};

/// Translates `arguments` for `command`.
///
/// # Errors
/// An argument cannot be translated, a value does not fit its declared type, or Hydra
/// cannot spell it. Nothing is passed in a form that might arrive as something else.
pub fn translate(
    command: Vec<String>,
    arguments: &[String],
    declared: &Declarations,
) -> Result<Translation> {
    dry_run(command, arguments, declared).accepted()
}

/// Translates `arguments` for `command` as [`translate`] does, and goes on after what it refuses: a step
/// that is refused has what was received and no override.
pub fn dry_run(command: Vec<String>, arguments: &[String], declared: &Declarations) -> Translation {
    write(command, resolve(ArgumentParser::new(arguments, declared)), declared)
}

/// Writes the overrides in the order of the arguments, then what the rules append, then Hydra's own
/// flags, which it takes only after the overrides.
fn write(command: Vec<String>, arguments: Vec<Argument>, declared: &Declarations) -> Translation {
    let mut translation =
        Translation { command, closed: declared.closed, ..Translation::default() };
    translation.warnings.clone_from(&declared.warnings);
    let mut hydra_flags = Vec::new();
    for argument in arguments {
        let mut step = Step::new(argument.from, StepKind::Dropped);
        step.secret = argument.secret;
        match argument.kind {
            Ok(ArgumentKind::Setting(setting)) => {
                step.key = Some(setting.flag.key.name.clone());
                step.kind = StepKind::Value(setting.flag.ty.clone());
                step.declared_by.clone_from(&setting.flag.source);
                if let Some(by) = &setting.replaced_by {
                    let from = quote(&step.shown_from().join(" "));
                    translation
                        .warnings
                        .push(format!("{from} is set again by {by}: only that value counts"));
                } else {
                    let merge = setting.flag.rule.merge == Some(true);
                    step.to = hydra::assignments(&setting.flag.key, &setting.spelling, merge);
                    translation.warnings.extend(warnings(&setting, &step));
                    translation.folders.extend(folder(&setting));
                }
                if step.secret {
                    translation.secrets.extend(secrets(&setting, &step));
                }
            }
            Ok(ArgumentKind::Override(text)) => {
                step.key = hydra::native_key(&text).map(str::to_owned);
                step.kind = StepKind::Override;
                if let (Some((_, value)), true) = (text.split_once('='), step.secret) {
                    translation.secrets.push(value.to_owned());
                }
                step.to = vec![text];
            }
            Ok(ArgumentKind::HydraFlag) => {
                step.kind = StepKind::HydraFlag;
                step.to.clone_from(&step.from);
                hydra_flags.push(step);
                continue;
            }
            Ok(ArgumentKind::Dropped | ArgumentKind::Passed(_)) => {}
            Err(error) => step.kind = StepKind::Refused(Some(error)),
        }
        translation.trace.push(step);
    }
    drop_repeated(&mut translation.trace);
    let appended = append(&translation, &declared.append);
    translation.trace.extend(appended);
    translation.trace.extend(hydra_flags);
    translation
}

/// Takes the overrides of the environment's variables, which come first, where the line has the same: an
/// application that starts itself again has them on its line.
fn drop_repeated(trace: &mut [Step]) {
    let is_variable = |step: &&Step| step.from.first().is_some_and(|from| from.starts_with('$'));
    let variables = trace.iter().take_while(is_variable).count();
    if let (variables @ [_, ..], line) = trace.split_at_mut(variables) {
        let there: HashSet<&String> = line.iter().flat_map(|step| &step.to).collect();
        for step in variables.iter_mut().filter(|step| step.to.iter().all(|to| there.contains(to)))
        {
            step.to.clear();
        }
    }
}

/// A step for each override of the rules' `append` that is not there yet, for the same reason.
fn append(translation: &Translation, append: &[String]) -> Vec<Step> {
    let there: HashSet<&String> =
        if append.is_empty() { HashSet::new() } else { translation.overrides().collect() };
    let missing = append.iter().filter(|text| !there.contains(text));
    let steps = missing.map(|text| Step {
        to: vec![text.clone()],
        key: hydra::native_key(text).map(str::to_owned),
        declared_by: Some(Source::from("append")),
        ..Step::new(Vec::new(), StepKind::Override)
    });
    steps.collect()
}

/// The folder that a setting wants.
fn folder(setting: &Setting) -> Option<String> {
    let Value::Text(path) = &setting.value else { return None };
    // A URI is not a place in this file system.
    if path.contains("://") {
        return None;
    }
    match setting.flag.rule.mkdir? {
        Mkdir::No => None,
        Mkdir::Folder => Some(path.clone()),
        Mkdir::Parent => {
            let (parent, _) = path.trim_end_matches('/').rsplit_once('/')?;
            Some(parent.to_owned()).filter(|parent| !parent.is_empty())
        }
    }
}

/// The texts of a secret setting that others must not print.
fn secrets(setting: &Setting, step: &Step) -> Vec<String> {
    let values = step.to.iter().filter_map(|text| text.split_once('='));
    let values = values.map(|(_, value)| value.to_owned()).filter(|value| value != "{}");
    let whole = std::iter::once(setting.text.clone());
    whole.chain(setting.value.texts().map(str::to_owned)).chain(values).collect()
}

/// What a person should know of a setting though nothing is wrong.
fn warnings(setting: &Setting, step: &Step) -> Vec<String> {
    let Setting { flag, written, text, value, .. } = setting;
    let mut warnings = Vec::new();
    if flag.ty != Type::Hydra && hydra::holds_interpolation(value) {
        warnings.push(format!("{written}: {}", hydra::EVALUATED_AGAIN));
    }
    let items = match value {
        Value::List(items) if setting.is_list() => items.as_slice(),
        text if flag.ty == Type::Auto => std::slice::from_ref(text),
        _ => &[],
    };
    for item in items {
        if let Value::Text(text) = item
            && value::is_python_notation(text)
        {
            warnings.push(format!(
                "{written}: {} is a string: a list or dict is written as JSON, with double quotes, or \
                 declared `type: hydra`",
                shown(text, step.secret),
            ));
        }
    }
    let is_undeclared = flag.source.is_none() && step.from.len() > 1;
    if is_undeclared && hydra::native_key(text).is_some() {
        warnings.push(format!(
            "{written} took {} as its value, though it looks like an override; if {written} is a \
             switch, write {written}=true",
            shown(text, step.secret),
        ));
    }
    warnings
}
