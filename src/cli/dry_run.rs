//! `component`: what the orchestrator would pass to each task, and what Hydra would get.

use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::ArgMatches;
use serde::Serialize;

use super::{path, print, required_path, table, write};
use crate::error::{Error, quote, visible};
use crate::kfp::compiled::{Pipeline, Task};
use crate::kfp::fill::{self, Filled, Values};
use crate::nearest::unknown;
use crate::project;
use crate::report::{self, Report};
use crate::translate::Translation;

/// A task with what its container receives.
pub(super) struct TaskRun<'a> {
    pub(super) task: &'a Task,
    pub(super) filled: Filled,
    /// What Hydra would get; or why it is known that the task starts no Hydra application.
    pub(super) outcome: std::result::Result<Translation, &'static str>,
}

/// Runs the subcommand and prints.
///
/// # Errors
/// The file is not one that KFP would take, or a value does not fit. Or, after the printing, a task's
/// arguments cannot be translated.
pub(super) fn component(options: &ArgMatches) -> Result<()> {
    let pipeline = project::read_pipeline(required_path(options, "file"))?;
    let runs = task_runs(&pipeline, options, &[])?;
    match options.get_one::<String>("format").map(String::as_str) {
        Some("json") => print(&json(&runs)),
        Some("shell") => print(&runs.iter().map(|run| shell(run, runs.len())).collect::<String>()),
        _ => {
            // <https://no-color.org>
            let colours = std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            write(&table::table(&runs, &pipeline.skipped, colours))
        }
    }?;
    let refused: Vec<String> = runs
        .iter()
        .filter(|run| run.outcome.as_ref().is_ok_and(|run| run.errors().next().is_some()))
        .map(|run| quote(&run.task.name))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    Err(Error::refused(format!("refused: {}", refused.join(", ")))
        .help("the reason is printed with the task")
        .into())
}

/// What each task that is asked for receives, and what becomes of it; with `command` in the place of
/// the component's own, if that is not empty.
///
/// # Errors
/// As [`component`], but for what is refused of a task's arguments.
pub(super) fn task_runs<'a>(
    pipeline: &'a Pipeline,
    options: &ArgMatches,
    command: &[String],
) -> Result<Vec<TaskRun<'a>>> {
    let runs = filled_tasks(pipeline, options)?.into_iter().map(|(task, filled)| {
        let outcome = match task.component.why_no_hydra_application() {
            Some(reason) => Err(reason),
            None => Ok(dry_run(task, &filled, path(options, "rules"), command)?),
        };
        Ok(TaskRun { task, filled, outcome })
    });
    runs.collect()
}

/// What each task that is asked for receives.
///
/// # Errors
/// A value does not fit.
pub(super) fn filled_tasks<'a>(
    pipeline: &'a Pipeline,
    options: &ArgMatches,
) -> Result<Vec<(&'a Task, Filled)>> {
    let tasks = select(pipeline, options.get_one::<String>("task").map(String::as_str))?;
    let set: Vec<String> = options.get_many("set").unwrap_or_default().cloned().collect();
    let values = match path(options, "values") {
        Some(file) => {
            Values::read(Some((&project::read_text(file)?, &project::shown_path(file))), &set)?
        }
        None => Values::read(None, &set)?,
    };
    values.check(pipeline, &tasks)?;
    let filled = tasks.into_iter().map(|task| {
        let filled = fill::fill(pipeline, task, &values)
            .with_context(|| format!("task {}", quote(&task.name)))?;
        Ok((task, filled))
    });
    filled.collect()
}

/// The tasks of that name, or of that name in an inner pipeline; all, if none is named.
fn select<'a>(pipeline: &'a Pipeline, name: Option<&str>) -> Result<Vec<&'a Task>> {
    let Some(name) = name else {
        return Ok(pipeline.tasks.iter().collect());
    };
    let ends = |task: &&Task| {
        let rest = task.name.strip_suffix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    let found: Vec<&Task> = pipeline.tasks.iter().filter(ends).collect();
    if found.is_empty() {
        let names = pipeline.tasks.iter().map(|task| task.name.as_str());
        return Err(unknown("task", name, names).into());
    }
    Ok(found)
}

fn dry_run(
    task: &Task,
    filled: &Filled,
    rules: Option<&Path>,
    command: &[String],
) -> Result<Translation> {
    let received = texts(filled);
    let split = received.split_at_checked(filled.command).unwrap_or_default();
    let mut translation = project::dry_run(&task.component, split, rules, command)?;
    let names: Vec<String> = filled.samples().into_iter().map(quote).collect();
    if !names.is_empty() {
        translation.warnings.push(format!(
            "sample values are used for {}: give values with --set NAME=VALUE or --values FILE",
            names.join(", ")
        ));
    }
    Ok(translation)
}

/// The command line that a container receives.
pub(super) fn texts(filled: &Filled) -> Vec<String> {
    filled.received.iter().map(|received| received.text.clone()).collect()
}

/// `component --format json`.
#[derive(Serialize)]
struct Tasks<'a> {
    tasks: Vec<TaskReport<'a>>,
}

#[derive(Serialize)]
struct TaskReport<'a> {
    task: &'a str,
    image: &'a str,
    received: Vec<String>,
    #[serde(flatten)]
    translation: Report<'a>,
    /// Why the task is not a Hydra application.
    #[serde(skip_serializing_if = "Option::is_none")]
    untouched: Option<&'a str>,
}

fn json(runs: &[TaskRun]) -> String {
    let tasks = runs.iter().map(|run| TaskReport {
        task: &run.task.name,
        image: &run.task.component.image,
        received: texts(&run.filled),
        translation: match &run.outcome {
            Ok(translation) => Report::new(translation),
            Err(_) => Report::default(),
        },
        untouched: run.outcome.as_ref().err().copied(),
    });
    report::json_line(&Tasks { tasks: tasks.collect() }) + "\n"
}

/// A line per task, of several after its name as a comment; comments alone, where there is nothing
/// that would be started.
fn shell(run: &TaskRun, tasks: usize) -> String {
    let name = visible(&run.task.name);
    match &run.outcome {
        Err(reason) => format!("# {name}: not a Hydra application: {reason}\n"),
        Ok(translation) if translation.errors().next().is_none() => {
            let line = super::shell(translation);
            if tasks == 1 { line } else { format!("# {name}\n{line}") }
        }
        Ok(translation) => {
            let refused = |error| format!("# {name}: refused: {}\n", in_one_line(error));
            translation.errors().map(refused).collect()
        }
    }
}

/// An error beside what it is about.
pub(super) fn in_one_line(error: &Error) -> String {
    let help = error.help.as_ref().map_or(String::new(), |help| format!("; help: {help}"));
    visible(&format!("{}{help}", error.message))
}
