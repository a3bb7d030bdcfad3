//! The heart: arguments and declarations in, a [`Translation`] out. Pure.
//!
//! One argument after the other: [`crate::arguments`] says what it is, and here it is written as
//! Hydra spells it, and brought together with what has set its key before (the last wins, a list
//! adds up).

mod translation;

use crate::arguments::{Argument, Reader, Setting, split_attached};
use crate::declarations::{Arity, Declarations, Mkdir, SECRET, Source};
use crate::error::{Error, Result, quote};
use crate::hydra;
use crate::names::Places;
use crate::value::{self, Type, Value};
pub use translation::{DryRun, Step, StepKind, Translation};

/// Translates `arguments` for `command`.
///
/// # Errors
/// An argument is none that can be translated, a value does not fit its declared type, or Hydra
/// cannot spell it. Nothing is passed in a form that might arrive as something else.
pub fn translate(
    command: Vec<String>,
    arguments: Vec<String>,
    declared: &Declarations,
) -> Result<Translation> {
    let mut writer = Writer::new(declared);
    writer.trace.reserve(arguments.len() / 2);
    for argument in Reader::new(arguments, declared) {
        writer.take(argument?)?;
    }
    let run = writer.finish(command);
    match run.refused.into_iter().next() {
        Some((_, error)) => Err(error),
        None => Ok(run.translation),
    }
}

/// Translates `arguments` for `command` as [`translate`] does, and goes on after what it refuses.
pub fn dry_run(command: Vec<String>, arguments: &[String], declared: &Declarations) -> DryRun {
    let mut writer = Writer::new(declared);
    let mut reader = Reader::new(arguments.to_vec(), declared);
    let mut start = 0;
    while let Some(argument) = reader.next() {
        let end = reader.place();
        let from = arguments.get(start..end).unwrap_or_default();
        if let Err(error) = argument.and_then(|argument| writer.take(argument)) {
            let name = from.first().and_then(|token| split_attached(token).0.strip_prefix("--"));
            let flag = name.and_then(|name| declared.flag(name));
            let secret = flag.is_some_and(|flag| flag.secret);
            let step = Step { from: from.to_vec(), secret, ..Step::empty(StepKind::Refused) };
            writer.refused.push((writer.trace.len(), error));
            writer.trace.push(step);
        }
        start = end;
    }
    writer.finish(command)
}

/// Writes the overrides while the arguments are read.
struct Writer<'a> {
    declared: &'a Declarations,
    trace: Vec<Step>,
    /// For each key that a flag has set, its step.
    set: Places,
    /// For the steps up to the last of them, the list that it is to become: repetitions add up.
    lists: Vec<Option<Box<Setting>>>,
    own_flags: Vec<Vec<String>>,
    warnings: Vec<String>,
    /// With the steps that want them.
    folders: Vec<(usize, String)>,
    secrets: Vec<String>,
    /// The keys that flags declared secret set.
    secret_keys: Vec<&'a str>,
    after_own_flag: bool,
    refused: Vec<(usize, Error)>,
}

impl<'a> Writer<'a> {
    fn new(declared: &'a Declarations) -> Self {
        let secret = declared.flags.iter().filter(|flag| flag.secret);
        Self {
            declared,
            trace: Vec::new(),
            set: Places::new(),
            lists: Vec::new(),
            own_flags: Vec::new(),
            warnings: Vec::new(),
            folders: Vec::new(),
            secrets: Vec::new(),
            secret_keys: secret.map(|flag| flag.key.name.as_str()).collect(),
            after_own_flag: false,
            refused: Vec::new(),
        }
    }

    fn take(&mut self, argument: Argument) -> Result<()> {
        match argument {
            Argument::Setting(setting) => self.setting(setting)?,
            Argument::Dropped(from) => {
                self.trace.push(Step { from, ..Step::empty(StepKind::Dropped) });
            }
            Argument::Verbatim(text) => self.verbatim(text),
            Argument::Own(tokens) => {
                self.own_flags.push(tokens);
                self.after_own_flag = true;
                return Ok(());
            }
            Argument::Unexpected(token, place) => return Err(self.unexpected(&token, place)),
        }
        self.after_own_flag = false;
        Ok(())
    }

    /// A key gets a value: the last one that it is given, at its place; a list's items add up.
    fn setting(&mut self, mut setting: Setting) -> Result<()> {
        setting.secret |= self.holds_secret(&setting.key.name);
        let index = self.trace.len();
        let earlier = self.set.insert(setting.key.name.clone(), index);
        let list = earlier.and_then(|earlier| self.lists.get_mut(earlier)).and_then(Option::take);
        if setting.arity == Arity::Many {
            // Written when it is complete; until then its step is empty.
            let secret = setting.secret;
            self.trace.push(Step { secret, ..Step::empty(StepKind::Value(Type::Auto)) });
            let list = match (list, earlier) {
                (Some(list), _) => list.and(setting),
                (None, Some(earlier)) => {
                    self.replaced(earlier, &setting.clone().into_step(Vec::new()));
                    setting
                }
                (None, None) => setting,
            };
            self.lists.resize_with(index, || None);
            self.lists.push(Some(Box::new(list)));
            return Ok(());
        }
        let step = self.step(setting, index)?;
        if let Some(earlier) = earlier {
            if let (Some(list), Some(place)) = (list, self.trace.get_mut(earlier)) {
                *place = list.into_step(Vec::new());
            }
            self.replaced(earlier, &step);
        }
        self.trace.push(step);
        Ok(())
    }

    /// Writes a setting, as the step at `index`.
    fn step(&mut self, setting: Setting, index: usize) -> Result<Step> {
        let written = self.written(&setting)?;
        self.warn(&setting);
        match (setting.mkdir, &setting.value) {
            // A URI is no place in this file system.
            (_, Value::Text(path)) if path.contains("://") => {}
            (Mkdir::Folder, Value::Text(path)) => self.folders.push((index, path.clone())),
            (Mkdir::Parent, Value::Text(path)) => {
                let parent = path.trim_end_matches('/').rsplit_once('/').map(|(parent, _)| parent);
                let parent = parent.filter(|parent| !parent.is_empty());
                self.folders.extend(parent.map(|parent| (index, parent.to_owned())));
            }
            _ => {}
        }
        Ok(setting.into_step(written))
    }

    fn written(&mut self, setting: &Setting) -> Result<Vec<String>> {
        let written = match (&setting.value, &setting.ty) {
            (Value::Text(text), Type::Hydra) => vec![format!("{}={text}", setting.key)],
            (value, _) => hydra::assignments(&setting.key, value, setting.merge)
                .map_err(|problem| setting.error(&setting.text, problem))?,
        };
        if setting.secret {
            self.secrets.push(setting.text.clone());
            setting.value.texts(&mut self.secrets);
            let values = written.iter().filter_map(|text| text.split_once('='));
            self.secrets.extend(values.map(|(_, value)| value.to_owned()).filter(|v| v != "{}"));
        }
        Ok(written)
    }

    /// The step at `index` sets its key no more: `by` sets it again.
    fn replaced(&mut self, index: usize, by: &Step) {
        self.folders.retain(|(wanting, _)| *wanting != index);
        let Some(step) = self.trace.get_mut(index) else { return };
        step.to.clear();
        self.warnings.push(format!(
            "{} is set again by {}: only the last value counts",
            quote(&step.shown_from().join(" ")),
            quote(&by.shown_from().join(" ")),
        ));
    }

    fn warn(&mut self, setting: &Setting) {
        if setting.ty != Type::Hydra && hydra::holds_interpolation(&setting.value) {
            self.warnings.push(format!("{}: {}", setting.flag, hydra::EVALUATED_AGAIN));
        }
        let items = match (&setting.value, &setting.ty) {
            (Value::List(items), _) if setting.arity == Arity::Many => items.as_slice(),
            (text, Type::Auto) => std::slice::from_ref(text),
            _ => &[],
        };
        for item in items {
            if let Value::Text(text) = item
                && value::is_python_notation(text)
            {
                self.warnings.push(format!(
                    "{}: {} is a string: a list or dict is written as JSON, with double quotes, or \
                     declared `type: hydra`",
                    setting.flag,
                    setting.shown(text),
                ));
            }
        }
        if setting.looks_native {
            self.warnings.push(format!(
                "{} took {} as its value, though it looks like an override; if {} is a switch, \
                 write {}=true",
                setting.flag,
                setting.shown(&setting.text),
                setting.flag,
                setting.flag,
            ));
        }
    }

    /// Whether `key` is, holds or is in what some flag declares secret, whoever sets it.
    fn holds_secret(&self, key: &str) -> bool {
        let inside = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.secret_keys.iter().any(|secret| inside(key, secret) || inside(secret, key))
    }

    fn verbatim(&mut self, text: String) {
        let key = hydra::native_key(&text);
        let secret = key.is_some_and(|key| self.holds_secret(key));
        if let (Some((_, value)), true) = (text.split_once('='), secret) {
            self.secrets.push(value.to_owned());
        }
        self.trace.push(Step {
            key: key.map(str::to_owned),
            from: vec![text.clone()],
            to: vec![text],
            secret,
            ..Step::empty(StepKind::Override)
        });
    }

    fn unexpected(&self, token: &str, place: usize) -> Error {
        // Behind a secret's flag it may be a part of the secret.
        let secret = self.trace.last().is_some_and(|step| step.secret);
        let error = Error::refused(format!(
            "unexpected argument {} (argument {place}): expected --name value, key=value, or one \
             of Hydra's own flags",
            if secret { SECRET.to_owned() } else { quote(token) }
        ));
        if token.starts_with('-') {
            return error.help(
                "a parameter's flag has two dashes; an option of the command itself stands in front of \
                 a `--`: hydra-shim run mpirun -n 4 my-train -- --lr 0.1",
            );
        }
        if let (true, Some(own)) = (self.after_own_flag, self.own_flags.last()) {
            let own = own.first().map_or("", String::as_str);
            let name = own.trim_start_matches('-');
            return error.help(format!(
                "{own} is one of Hydra's own flags; to set the key `{name}`, write the override \
                 {name}=VALUE or declare the flag"
            ));
        }
        let flag = self.trace.last().and_then(|step| step.from.first());
        match flag.filter(|flag| flag.starts_with("--")) {
            Some(flag) => {
                let (flag, _) = split_attached(flag);
                error.help(format!(
                    "if it belongs to {flag}, pass one value: {flag} 'A B', or {flag} \
                     '[\"A\",\"B\"]' for a list"
                ))
            }
            None if place == 1 => error.help(
                "if the command goes on there, end it with `--`: hydra-shim run timeout 10 python3 main.py \
                 -- --lr 0.1",
            ),
            None => error.help("a parameter's value stands behind its flag"),
        }
    }

    /// What the rules append, and Hydra's own flags, which it takes only behind the overrides.
    fn finish(mut self, command: Vec<String>) -> DryRun {
        for (index, list) in std::mem::take(&mut self.lists).into_iter().enumerate() {
            let Some(list) = list else { continue };
            let (from, secret) = (list.from.clone(), list.secret);
            let step = self.step(*list, index).unwrap_or_else(|error| {
                self.refused.push((index, error));
                Step { from, secret, ..Step::empty(StepKind::Refused) }
            });
            if let Some(place) = self.trace.get_mut(index) {
                *place = step;
            }
        }
        self.refused.sort_by_key(|(index, _)| *index);
        // A list that went on later has left an empty step.
        let empty = |step: &Step| step.from.is_empty() && step.to.is_empty();
        let mut gone = self.trace.iter().scan(0, |gone, step| {
            let before = *gone;
            *gone += usize::from(empty(step));
            Some(before)
        });
        let mut at = 0;
        for (index, _) in &mut self.refused {
            let before = gone.nth(*index - at).unwrap_or(0);
            at = *index + 1;
            *index -= before;
        }
        self.trace.retain(|step| !empty(step));
        self.trace.extend(self.declared.append.iter().map(|text| Step {
            to: vec![text.clone()],
            key: hydra::native_key(text).map(str::to_owned),
            declared_by: Some(Source::from("append")),
            ..Step::empty(StepKind::Override)
        }));
        self.trace.extend(self.own_flags.into_iter().map(|tokens| Step {
            from: tokens.clone(),
            to: tokens,
            ..Step::empty(StepKind::HydraFlag)
        }));
        let translation = Translation {
            command,
            warnings: self.warnings,
            trace: self.trace,
            folders: self.folders.into_iter().map(|(_, folder)| folder).collect(),
            secrets: self.secrets,
        };
        DryRun { translation, refused: self.refused }
    }
}

impl Setting {
    /// A list, gone on with `more`.
    fn and(mut self, more: Self) -> Self {
        if let (Value::List(items), Value::List(more)) = (&mut self.value, more.value) {
            items.extend(more);
        }
        self.from.extend(more.from);
        self.flag = more.flag;
        self.text = more.text;
        self.secret |= more.secret;
        self
    }

    fn into_step(self, to: Vec<String>) -> Step {
        Step {
            from: self.from,
            to,
            secret: self.secret,
            key: Some(self.key.name),
            kind: StepKind::Value(self.ty),
            declared_by: self.declared_by,
        }
    }
}
