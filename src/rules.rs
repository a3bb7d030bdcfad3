//! `hydra-shim.yaml`: what a team says about its flags. Pure; [`crate::project`] finds and reads
//! the file. JSON is YAML here.

mod reading;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Deserialize;

use crate::command_line::App;
use crate::declarations::{Arity, Declarations, Flag, FlagRule, Source, SourceFile, same_name};
use crate::error::Result;
use crate::hydra::{self, Key};
use crate::value::{self, Type, Value};
use crate::yaml::{self, Scalars};
use reading::{Override, Words};

/// A rules file, whose text is parsed once. What it says is taken from that when it is asked for, since a
/// mistake in it is only for what is translated.
#[derive(Debug)]
pub struct RulesFile {
    source: Arc<SourceFile>,
    value: Result<Value>,
}

/// What a rules file says of one application: its own keys over the general ones.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    keys: Keys,
    file: Arc<SourceFile>,
}

/// The keys of a rules file, or of one of its `apps`.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, expecting = "a mapping of the rules' keys")]
struct Keys {
    /// The command for when the arguments name none: a text, split as a shell splits it, or a list.
    command: Option<Words>,
    /// The unmodified KFP component, or a compiled component or pipeline: flags get their names, types and
    /// number of values from it.
    component: Option<String>,
    /// Whether a flag's dashes are kept in its key, or `--learning-rate` sets `learning_rate`.
    dashes: Option<Dashes>,
    /// What becomes of what nobody declares: it passes, or it is an error (closed mode).
    unknown: Option<Unknown>,
    /// Each flag's name, and its Hydra key or what is to be known of it.
    #[cfg_attr(test, schemars(schema_with = "tests::flags"))]
    #[serde(deserialize_with = "reading::entries")]
    flags: Vec<(String, FlagRule)>,
    /// Whether the value of `--executor_input` is KFP's, whose inputs and outputs are overrides of their own.
    #[serde(deserialize_with = "value::truth")]
    executor_input: Option<bool>,
    /// Flags that a launcher injects and the application must not see.
    drop: Option<Vec<String>>,
    /// Environment variables that set a key, unless a flag does.
    #[cfg_attr(test, schemars(schema_with = "tests::env"))]
    #[serde(deserialize_with = "reading::entries")]
    env: Vec<(String, Key)>,
    /// Overrides that are added at the end, unless the arguments set their keys.
    append: Option<Vec<Override>>,
    /// The same keys again, for one script or module of several; `off` for one that is never translated.
    #[cfg_attr(test, schemars(schema_with = "tests::apps"))]
    #[serde(deserialize_with = "reading::some_entries")]
    apps: Option<Vec<(String, AppRules)>>,
}

/// What the rules say of one application.
#[derive(Clone, Debug)]
enum AppRules {
    /// It is never translated.
    Off,
    /// The same keys again, of which these come first.
    Keys(Keys),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum Dashes {
    Keep,
    Underscore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum Unknown {
    Pass,
    Error,
}

/// What a rules file says of an application by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Nothing.
    Unnamed,
    /// It is in `apps`, or the script of `command`.
    Named,
    /// It is in `apps`, as `off`.
    Off,
}

impl RulesFile {
    /// Parses a rules file's `text`; `name` names it in messages.
    pub fn new(text: String, name: String) -> Self {
        let value = yaml::value(&text, &name, Scalars::Texts);
        Self { source: Arc::new(SourceFile { name, text }), value }
    }

    /// The file's name, as messages show it.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// What it says of `app`; an empty file says nothing.
    ///
    /// # Errors
    /// It is not YAML, or a key or a value is unknown; with its place and the nearest known one.
    pub fn rules(&self, app: &App) -> Result<Rules> {
        let SourceFile { name, text } = self.source.as_ref();
        let value = self.value.as_ref().map_err(Clone::clone)?;
        let general: Option<Keys> = yaml::typed(value, text, name)?;
        let general = general.unwrap_or_default();
        let mut apps = general.apps.iter().flatten();
        let own = match apps.find(|(name, _)| app.is_named(name)) {
            Some((_, AppRules::Keys(own))) => own.clone(),
            _ => Keys::default(),
        };
        Ok(Rules { keys: own.over(general), file: Arc::clone(&self.source) })
    }

    /// What it says of `app` by its name. Mistakes elsewhere in it do not count: who is named is told of
    /// them, and does not run without its rules. What is not YAML says nothing.
    pub fn naming(&self, app: &App) -> Naming {
        let Ok(keys) = &self.value else { return Naming::Unnamed };
        if let Some(Value::Dict(apps)) = keys.get("apps")
            && let Some((_, rules)) = apps.iter().find(|(name, _)| app.is_named(name))
        {
            let is_off = matches!(rules, Value::Text(text) if reading::is_off(text));
            return if is_off { Naming::Off } else { Naming::Named };
        }
        let command = keys.get("command").and_then(|command| Words::deserialize(command).ok());
        let by_command = command.is_some_and(|Words(command)| match App::of(command) {
            App::Script(path) => app.is_named(&path),
            App::Unknown => false,
            other => other == *app,
        });
        if by_command { Naming::Named } else { Naming::Unnamed }
    }
}

impl Rules {
    /// The default command.
    pub fn command(&self) -> Option<&[String]> {
        self.keys.command.as_ref().map(|Words(words)| words.as_slice())
    }

    /// The names in `apps`.
    pub fn app_names(&self) -> impl Iterator<Item = &str> {
        self.keys.apps.iter().flatten().map(|(name, _)| name.as_str())
    }

    /// The component's file, relative to the rules file.
    pub fn component(&self) -> Option<&str> {
        self.keys.component.as_deref()
    }

    /// The environment variables that set a key, with who says so.
    pub fn env(&self) -> impl Iterator<Item = (&str, &Key, Source)> {
        self.keys.env.iter().map(|(name, key)| (name.as_str(), key, Source::key(&self.file, name)))
    }

    /// The type that the rules give the flag `name`, without dashes.
    pub fn declared_type(&self, name: &str) -> Option<Type> {
        let typed = || self.keys.flags.iter().filter(|(_, rule)| rule.ty.is_some());
        let exact = typed().find(|(written, _)| without_dashes(written) == name);
        let alike = || typed().find(|(other, _)| same_name(without_dashes(other), name));
        exact.or_else(alike)?.1.ty.clone()
    }

    /// Lays these rules over what a component declares.
    pub fn over(&self, mut declared: Declarations) -> Declarations {
        declared.underscores = self.keys.dashes == Some(Dashes::Underscore);
        declared.closed = self.keys.unknown == Some(Unknown::Error);
        if declared.underscores {
            declared.flags.for_each(|flag| flag.key.name = flag.key.name.replace('-', "_"));
        }
        // In reverse, so that of two entries for a flag the first (an app's own) has the last word.
        for (written, rule) in self.keys.flags.iter().rev() {
            let name = without_dashes(written);
            let source = Source::key(&self.file, name);
            match declared.flags.named_mut(&format!("--{name}")) {
                Some(flag) if flag.name == name || flag.by_component => flag.obey(rule, source),
                _ => {
                    let key = Key::existing(declared.key_of(name));
                    let mut flag = Flag::new(name, key, Type::Auto, source.clone());
                    flag.obey(rule, source);
                    declared.flags.push(flag);
                }
            }
        }
        let drop = self.keys.drop.iter().flatten();
        declared.drop = drop.map(|name| without_dashes(name).to_owned()).collect();
        let append = self.keys.append.iter().flatten();
        declared.append = append.map(|Override(text)| text.clone()).collect();
        declared
    }
}

impl Keys {
    /// These keys over `general` ones. The command and the applications are the file's.
    fn over(self, general: Self) -> Self {
        // What it says is a flag's type.
        let executor_input = self.executor_input.or(general.executor_input).map(|is_kfps| {
            let ty = Some(if is_kfps { Type::ExecutorInput } else { Type::Text });
            ("executor_input".to_owned(), FlagRule { ty, ..FlagRule::default() })
        });
        Self {
            command: general.command,
            component: self.component.or(general.component),
            dashes: self.dashes.or(general.dashes),
            unknown: self.unknown.or(general.unknown),
            flags: self.flags.into_iter().chain(general.flags).chain(executor_input).collect(),
            executor_input: None,
            drop: self.drop.or(general.drop),
            env: [self.env, general.env].concat(),
            append: self.append.or(general.append),
            apps: general.apps,
        }
    }
}

impl Flag {
    /// Does as `rule` says, which `source` declares.
    pub(crate) fn obey(&mut self, rule: &FlagRule, source: Source) {
        self.rule = rule.clone().over(std::mem::take(&mut self.rule));
        if let Some(key) = &rule.key {
            self.key.clone_from(key);
        }
        if rule.nullable == Some(false) {
            self.nullable = false;
        }
        let Some(ty) = &rule.ty else { return };
        self.ty.clone_from(ty);
        self.loose_list = matches!(ty, Type::List(_));
        self.nullable = false;
        self.source = Some(source);
        // What a component writes after a flag stays its value: one that a stranger chose must not
        // become a flag because the rules call it a list.
        self.arity = match (ty, self.arity) {
            (Type::List(_), Arity::Exactly(count)) if self.by_component => Arity::AtLeast(count),
            (_, arity) if self.by_component && arity != Arity::Exactly(0) => arity,
            (Type::Bool, _) => Arity::Switch,
            (Type::List(_), _) => Arity::AtLeast(0),
            _ => Arity::Exactly(1),
        };
    }
}

/// A flag's name, written with its two dashes or without.
fn without_dashes(name: &str) -> &str {
    name.strip_prefix("--").unwrap_or(name)
}
