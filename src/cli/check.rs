//! `check`: does it compose? Asks the application's own Hydra, with `--cfg job --resolve`, which
//! composes the config and runs nothing of the application.

mod cause;
mod losses;
mod mask;

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::ArgMatches;

use super::{command_alone, dry_run, named, path, print, say, tokens, warn};
use crate::command_line::App;
use crate::error::{Error, Kind, Result, quote, visible};
use crate::exec;
use crate::hydra::{self, FlagValue, HydraFlag, hydra_flag};
use crate::interpose::{self, APPS_VARIABLE, Environment};
use crate::log::Log;
use crate::project::{self, Named, Project};
use crate::started;
use crate::token::split_attached;
use crate::translate::Translation;
use crate::yaml::Node;

/// Checks the command line, or each task of the component, and prints the configs that they compose
/// as YAML documents; of several components a line each, and how many compose.
///
/// # Errors
/// A command line cannot be translated, or as [`check_one`]; with `--strict` also where there is a
/// warning. Of several errors all but the last have been reported.
pub(super) fn check(options: &ArgMatches) -> anyhow::Result<()> {
    let files: Vec<&PathBuf> = options.get_many("component").unwrap_or_default().collect();
    let tokens = tokens(options)?;
    let mut outcome = Outcome::default();
    match files.as_slice() {
        [] => {
            let translation = project::translate_tokens(tokens, named(options))?;
            outcome.add(None, check_one(&translation, path(options, "rules")));
        }
        [file] => outcome.add_component(file, options, &command_alone(tokens)?)?,
        files => return check_several(files, options, &command_alone(tokens)?),
    }
    print(&outcome.configs.join("---\n"))?;
    outcome.result(options.get_flag("strict"))
}

/// Checks components with `command`, and prints a line for each.
fn check_several(
    files: &[&PathBuf],
    options: &ArgMatches,
    command: &[String],
) -> anyhow::Result<()> {
    let names: Vec<String> = files.iter().map(|file| visible(&file.to_string_lossy())).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let (mut composed, mut untouched) = (0, 0);
    for (file, name) in files.iter().zip(&names) {
        let mut outcome = Outcome { of: format!("{name}: "), ..Outcome::default() };
        let added = outcome.add_component(file, options, command);
        let is_untouched = added.is_ok() && outcome.errors.is_empty() && outcome.configs.is_empty();
        let result = match added.and_then(|()| outcome.result(options.get_flag("strict"))) {
            _ if is_untouched => "passes untouched: not a Hydra application".to_owned(),
            Ok(()) => "composes".to_owned(),
            Err(error) => dry_run::in_one_line(&Error::from_chain(&error)),
        };
        composed += usize::from(result == "composes");
        untouched += usize::from(is_untouched);
        print(&format!("{name:width$}  {result}\n"))?;
    }
    let all = files.len();
    let others = match untouched {
        0 => String::new(),
        _ => format!(", {untouched} not a Hydra application"),
    };
    print(&format!("{composed} of {all} components compose{others}\n"))?;
    let failed = all - composed - untouched;
    let refused = || Error::refused(format!("{failed} of {all} components do not compose"));
    if failed == 0 { Ok(()) } else { Err(refused().help("the reason is in its line").into()) }
}

/// What the checks of all tasks gave.
#[derive(Default)]
struct Outcome {
    /// Of several components, what says in a message of which it is.
    of: String,
    configs: Vec<String>,
    errors: Vec<Error>,
    warnings: usize,
}

impl Outcome {
    /// Adds the checks of a component's tasks, with `command` in the place of their own if there is one.
    fn add_component(
        &mut self,
        file: &Path,
        options: &ArgMatches,
        command: &[String],
    ) -> anyhow::Result<()> {
        let pipeline = project::read_pipeline(file)?;
        for run in dry_run::task_runs(&pipeline, options, command)? {
            // Of a single task nobody asks which.
            let task = (pipeline.tasks.len() > 1).then_some(run.task.name.as_str());
            match run.outcome {
                Err(reason) => {
                    let of = format!("{}{}", self.of, prefix(task));
                    say(&format!("skipped: {of}not a Hydra application: {reason}"));
                }
                // Of one component a check was asked for.
                Ok(translation)
                    if !self.of.is_empty()
                        && is_other_program(&translation.command, path(options, "rules"))? =>
                {
                    // Of a single task the line says it.
                    if task.is_some() {
                        let of = format!("{}{}", self.of, prefix(task));
                        say(&format!("skipped: {of}not a Hydra application"));
                    }
                }
                Ok(translation) if translation.errors().next().is_none() => {
                    self.add(task, check_one(&translation, path(options, "rules")));
                }
                Ok(translation) => {
                    let errors = translation.errors().cloned();
                    errors.for_each(|error| self.add(task, Err(error)));
                }
            }
        }
        Ok(())
    }

    /// Adds a check; of one task of several `task` is the name.
    fn add(&mut self, task: Option<&str>, checked: Result<Checked>) {
        let of_task = prefix(task);
        match checked {
            Ok(Checked { config, warnings }) => {
                for warning in &warnings {
                    warn(&format!("{}{of_task}{warning}", self.of));
                }
                self.warnings += warnings.len();
                let title = task.map(|name| format!("# task {}\n", quote(name)));
                self.configs.push(title.unwrap_or_default() + &config);
            }
            Err(error) => {
                self.errors.push(Error { message: format!("{of_task}{}", error.message), ..error });
            }
        }
    }

    fn result(mut self, strict: bool) -> anyhow::Result<()> {
        if strict && self.warnings > 0 {
            self.errors.push(Error::refused("there are warnings, and --strict was given"));
        } else if self.errors.is_empty() && self.configs.is_empty() {
            self.errors.push(Error::refused("no task of it is a Hydra application"));
        }
        let Some(last) = self.errors.pop() else { return Ok(()) };
        let log = Log::from_environment();
        for error in self.errors {
            let message = format!("{}{}", self.of, error.message);
            log.report_error(&Error { message, ..error });
        }
        Err(last.into())
    }
}

/// What says in a message of which task it is.
fn prefix(task: Option<&str>) -> String {
    task.map(|name| format!("task {}: ", quote(name))).unwrap_or_default()
}

/// A command line that composes.
struct Checked {
    /// The config, without secrets.
    config: String,
    warnings: Vec<String>,
}

/// Runs the translated command with `--cfg job --resolve`.
///
/// # Errors
/// The program is not a Hydra application, cannot be started, or Hydra complains: then with the flag
/// that it complains about, and who declared it.
fn check_one(translation: &Translation, rules: Option<&Path>) -> Result<Checked> {
    refuse_other_programs(&translation.command, rules)?;
    let output = compose(translation, translation.overrides(), hydra::COMPOSE_RESOLVED)?;
    if output.status.success() {
        let config = String::from_utf8_lossy(&output.stdout);
        let warnings = losses::warnings(translation, &config);
        return Ok(Checked {
            config: mask::config(translation, &config),
            warnings: warnings.iter().map(|warning| translation.masked(warning)).collect(),
        });
    }
    let mut error = cause::explain(translation, &complaint_of(&output));
    if translation.overrides().any(|text| hydra_flag(text).is_some_and(HydraFlag::sweeps)) {
        error =
            error.or_help("a sweep composes several configs: check it with one value for each key");
    }
    let help = error.help.map(|help| translation.masked(&help));
    Err(Error { message: translation.masked(&error.message), help, ..error })
}

/// All that a failed run printed.
fn complaint_of(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes);
    format!("{}{}", text(&output.stderr), text(&output.stdout))
}

/// What to do where the command is not what check can start.
const NAME_THE_COMMAND: &str = "name the command: hydra-shim check … -- python3 src/train.py";

/// The application that a command starts, and what says what it is.
fn program_of(command: &[String]) -> (App, Environment) {
    let path = std::env::var_os("PATH");
    let program = command.first().map_or("", String::as_str);
    let program = exec::find(OsStr::new(program), path).unwrap_or_default();
    (App::of(command.to_vec()), Environment::read(program.as_os_str()))
}

/// Whether the command starts a program that is known not to be a Hydra application.
fn is_other_program(command: &[String], rules: Option<&Path>) -> Result<bool> {
    let (app, environment) = program_of(command);
    let project = Project::read(&app, Named { rules, component: None })?;
    Ok(interpose::is_other(&app, &environment, project.naming(&app)))
}

/// A program that is not a Hydra application would not understand `--cfg job`, and simply run.
fn refuse_other_programs(command: &[String], rules: Option<&Path>) -> Result<()> {
    let (app, environment) = program_of(command);
    let known = match &app {
        App::Program(name) => {
            is_python_program(&exec::find(OsStr::new(name), std::env::var_os("PATH"))?)
        }
        app => {
            let project = Project::read(app, Named { rules, component: None })?;
            interpose::recognise(app, &environment, project.naming(app)).is_application
        }
    };
    if known {
        return Ok(());
    }
    let error = Error::refused(format!(
        "{} is not known as a Hydra application, and would run instead of composing its config",
        quote(&command.join(" "))
    ));
    Err(match &app {
        App::Script(name) | App::Module(name)
            if interpose::source_file(&app, &environment).is_some() =>
        {
            error.help(format!("name it: {APPS_VARIABLE}={name} hydra-shim check …"))
        }
        App::Script(name) | App::Module(name) => {
            Error::new(Kind::NotFound, format!("{} is not found", quote(name)))
                .help(format!("it is looked for in the working directory; {NAME_THE_COMMAND}"))
        }
        _ => error.help(format!(
            "check takes a script, a module or an installed Python program; {NAME_THE_COMMAND}"
        )),
    })
}

/// Whether a program is a Python script: by its first lines, as pip and setuptools write them (where
/// the interpreter's path is long, `/bin/sh` in the first and Python in the second). One that cannot be
/// read or executed counts: starting it says why.
fn is_python_program(file: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|mut opened| {
        opened.by_ref().take(1024).read_to_end(&mut start)?;
        opened.metadata()
    });
    let executable = |metadata: &Metadata| metadata.permissions().mode() & 0o111 != 0;
    if !read.is_ok_and(|metadata| executable(&metadata)) {
        return true;
    }
    let text = String::from_utf8_lossy(&start);
    text.starts_with("#!") && text.lines().take(2).any(|line| line.contains("python"))
}

/// Has the application's Hydra compose its config with `overrides`, and print it as `flags` say.
fn compose<'a>(
    translation: &Translation,
    overrides: impl Iterator<Item = &'a String>,
    flags: &[&str],
) -> Result<Output> {
    let name = translation.command.first().map_or("", String::as_str);
    let program = exec::find(OsStr::new(name), std::env::var_os("PATH"))?;
    let mut process = Command::new(&program);
    process.args(translation.command.iter().skip(1)).args(composing(overrides));
    // Where a shim is in Python's place, it lets a line of ours pass.
    process
        .envs(started::by(translation, program.as_os_str()).map(|file| (started::VARIABLE, file)));
    process.args(flags).env_remove(hydra::FULL_ERROR_VARIABLE);
    process
        .output()
        .map_err(|error| exec::explain(&program, &process.get_args().collect::<Vec<_>>(), &error))
}

/// As [`compose`], with `instead` in the place of what the step at `index` gives.
fn compose_with(translation: &Translation, index: usize, instead: &[String]) -> Result<Output> {
    let steps = translation.trace.iter().enumerate();
    let overrides = steps.flat_map(|(at, step)| if at == index { instead } else { &step.to });
    compose(translation, overrides, hydra::COMPOSE_RESOLVED)
}

/// The overrides, and those of Hydra's own flags that say where the config is.
fn composing<'a>(overrides: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let mut kept = Vec::new();
    let mut rest = overrides.peekable();
    while let Some(token) = rest.next() {
        let (name, _) = split_attached(token);
        let Some(own) = hydra_flag(name) else {
            kept.push(token);
            continue;
        };
        let value = match own.value {
            FlagValue::Required if name == token => rest.next(),
            FlagValue::Optional(choices) => rest.next_if(|next| choices.contains(&next.as_str())),
            _ => None,
        };
        if own.locates_config() {
            kept.push(token);
            kept.extend(value);
        }
    }
    kept
}

/// All nodes of a config in the order of its text, each with the key that leads to it: `a.b`, `a[0]`;
/// of the whole config it is empty.
fn nodes(root: &Node) -> Vec<(String, &Node)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), root)];
    while let Some((key, node)) = open.pop() {
        let dot = if key.is_empty() { "" } else { "." };
        let entries = node.entries().unwrap_or_default().iter();
        let entries = entries
            .filter_map(|(name, value)| Some((format!("{key}{dot}{}", name.text()?), value)));
        let items = node.items().unwrap_or_default().iter().enumerate();
        let items = items.map(|(index, item)| (format!("{key}[{index}]"), item));
        let inner: Vec<_> = entries.chain(items).collect();
        open.extend(inner.into_iter().rev());
        found.push((key, node));
    }
    found
}
