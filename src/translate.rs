//! The heart: arguments and declarations in, a [`Translation`] out. Pure.
//!
//! Two steps. [`crate::arguments`] says what each argument is; here the settings of one key are
//! brought together (the last wins, a list adds up) and written as Hydra spells them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::arguments::{self, Argument, Setting};
use crate::declarations::{Arity, Declarations, Mkdir};
use crate::error::{Result, quote};
use crate::hydra;
use crate::value::{Type, Value};

/// What stands for the value of a flag declared secret.
pub const SECRET: &str = "***";

/// The application's command line as Hydra takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translation {
    /// The command, as it was given.
    pub command: Vec<String>,
    /// Everything behind the command, in order, Hydra's own flags last.
    pub overrides: Vec<String>,
    /// What a person should know though nothing is wrong.
    pub warnings: Vec<String>,
    /// Where each override comes from.
    pub trace: Vec<Step>,
    /// The folders to make before the application starts.
    pub folders: Vec<String>,
    /// The texts of secret values, to be masked in what others print.
    pub secrets: Vec<String>,
}

/// One argument's way through the translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The arguments; a secret is masked.
    pub from: Vec<String>,
    /// The overrides; empty where something later replaced them. A secret is masked.
    pub to: Vec<String>,
    /// The key that was set, if one was.
    pub key: Option<String>,
    /// The type, `override` for one passed as it was, or `hydra flag`.
    pub kind: Cow<'static, str>,
    /// Who declared the type; `None` where nobody did.
    pub declared_by: Option<String>,
}

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
    let mut arguments = arguments::parse(arguments, declared)?;
    bring_together(&mut arguments);
    let mut translation = Translation { command, ..Translation::default() };
    let mut own_flags = Vec::new();
    for argument in arguments {
        match argument {
            Argument::Setting(setting) => translation.add(*setting)?,
            Argument::Replaced(setting, by) => translation.add_replaced(*setting, &by),
            Argument::Dropped(from) => translation.trace.push(Step {
                from,
                to: Vec::new(),
                key: None,
                kind: "dropped".into(),
                declared_by: None,
            }),
            Argument::Verbatim(text) => translation.add_verbatim(text, declared),
            Argument::Own(tokens) => own_flags.push(tokens),
            Argument::Nothing => {}
        }
    }
    translation.append(declared);
    for tokens in own_flags {
        translation.overrides.extend(tokens.iter().cloned());
        translation.trace.push(Step {
            from: tokens.clone(),
            to: tokens,
            key: None,
            kind: "hydra flag".into(),
            declared_by: None,
        });
    }
    Ok(translation)
}

/// Of the settings of one key the last stays, at its place; those of a list add up there.
fn bring_together(arguments: &mut [Argument]) {
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for index in 0..arguments.len() {
        let (before, from_here) = arguments.split_at_mut(index);
        let Some(Argument::Setting(setting)) = from_here.first_mut() else { continue };
        let Some(earlier) = last.insert(setting.key.name.clone(), index) else { continue };
        let Some(place) = before.get_mut(earlier) else { continue };
        let Argument::Setting(replaced) = std::mem::replace(place, Argument::Nothing) else {
            continue;
        };
        match (setting.arity, &mut setting.value, &replaced.value) {
            (Arity::Many, Value::List(items), Value::List(earlier)) => {
                items.splice(..0, earlier.iter().cloned());
                setting.from.splice(..0, replaced.from);
            }
            _ => *place = Argument::Replaced(replaced, setting.shown_from()),
        }
    }
}

impl Translation {
    /// `command` and `overrides`: the whole command line.
    pub fn argv(&self) -> Vec<String> {
        [self.command.as_slice(), self.overrides.as_slice()].concat()
    }

    /// [`Self::argv`] with secrets masked, for logs.
    pub fn shown_argv(&self) -> Vec<String> {
        let overrides = self.trace.iter().flat_map(|step| &step.to);
        self.command.iter().chain(overrides).cloned().collect()
    }

    fn add(&mut self, setting: Setting) -> Result<()> {
        let written = match (&setting.value, &setting.ty) {
            (Value::Text(text), Type::Hydra) => vec![format!("{}={text}", setting.key)],
            (value, _) => hydra::assignments(&setting.key, value, setting.merge)
                .map_err(|problem| setting.error(&setting.text, problem))?,
        };
        if setting.ty != Type::Hydra && setting.value.any_text(&|text| text.contains("${")) {
            self.warnings.push(format!(
                "{}: a literal `${{` arrives as it is, but hydra.utils.instantiate and \
                 OmegaConf.resolve would evaluate it",
                setting.flag
            ));
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
        if setting.secret {
            self.secrets.push(setting.text.clone());
            setting.value.texts(&mut self.secrets);
            let values = written.iter().filter_map(|text| text.split_once('='));
            self.secrets.extend(values.map(|(_, value)| value.to_owned()).filter(|v| v != "{}"));
        }
        match (setting.mkdir, &setting.value) {
            // A URI is no place in this file system.
            (_, Value::Text(path)) if path.contains("://") => {}
            (Mkdir::Folder, Value::Text(path)) => self.folders.push(path.clone()),
            (Mkdir::Parent, Value::Text(path)) => {
                if let Some((parent, _)) = path.trim_end_matches('/').rsplit_once('/')
                    && !parent.is_empty()
                {
                    self.folders.push(parent.to_owned());
                }
            }
            _ => {}
        }
        let shown = if setting.secret {
            vec![format!("{}={SECRET}", setting.key)]
        } else {
            written.clone()
        };
        self.trace.push(setting.into_step(shown));
        self.overrides.extend(written);
        Ok(())
    }

    fn add_replaced(&mut self, setting: Setting, by: &[String]) {
        self.warnings.push(format!(
            "{} is set again by {}: only the last value counts",
            quote(&setting.shown_from().join(" ")),
            quote(&by.join(" ")),
        ));
        self.trace.push(setting.into_step(Vec::new()));
    }

    fn add_verbatim(&mut self, text: String, declared: &Declarations) {
        let key = hydra::native_key(&text);
        // An override may set what a flag declares secret.
        let secret = declared.flags.iter().any(|flag| flag.secret && key == Some(&flag.key.name));
        let shown = match text.split_once('=') {
            Some((left, value)) if secret => {
                self.secrets.push(value.to_owned());
                format!("{left}={SECRET}")
            }
            _ => text.clone(),
        };
        self.trace.push(Step {
            key: key.map(str::to_owned),
            from: vec![shown.clone()],
            to: vec![shown],
            kind: "override".into(),
            declared_by: None,
        });
        self.overrides.push(text);
    }

    fn append(&mut self, declared: &Declarations) {
        for text in &declared.append {
            self.trace.push(Step {
                from: Vec::new(),
                to: vec![text.clone()],
                key: hydra::native_key(text).map(str::to_owned),
                kind: "override".into(),
                declared_by: Some("append".to_owned()),
            });
            self.overrides.push(text.clone());
        }
    }
}

impl Setting {
    fn into_step(self, to: Vec<String>) -> Step {
        Step {
            from: if self.secret { self.shown_from() } else { self.from },
            to,
            key: Some(self.key.name),
            kind: match self.ty {
                Type::Auto => "auto".into(),
                ty => ty.to_string().into(),
            },
            declared_by: self.declared_by,
        }
    }
}
