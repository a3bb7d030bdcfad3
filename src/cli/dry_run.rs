//! `component`: what the orchestrator would pass to each task, and what Hydra would get.

use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::ArgMatches;
use serde::Serialize;

use super::{path, print, required_path, table, write};
use crate::error::{quote, visible};
use crate::kfp::compiled::{Pipeline, Task};
use crate::kfp::fill::{self, Filled, Values};
use crate::nearest::unknown;
use crate::project;
use crate::report::{self, Report};
use crate::translate::Translation;

/// A task's way through the placeholders and the translation.
pub(super) struct DryRun<'a> {
    pub(super) task: &'a Task,
    pub(super) filled: Filled,
    pub(super) translation: Translation,
}

#[derive(Serialize)]
struct Tasks<'a> {
    tasks: Vec<TaskReport<'a>>,
}

#[derive(Serialize)]
struct TaskReport<'a> {
    task: &'a str,
    image: &'a str,
    received: Vec<&'a str>,
    #[serde(flatten)]
    translation: Report<'a>,
}

/// Runs the subcommand and prints.
///
/// # Errors
/// The file is none that KFP would take, a value does not fit, or a task's arguments cannot be
/// translated.
pub(super) fn component(options: &ArgMatches) -> Result<()> {
    let pipeline = project::read_pipeline(required_path(options, "file"))?;
    let runs = dry_runs(&pipeline, options, &[])?;
    match options.get_one::<String>("format").map(String::as_str) {
        Some("json") => print(&json(&runs)),
        Some("shell") => print(&shell(&runs)),
        _ => {
            // <https://no-color.org>
            let colours = std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            write(&table::table(&runs, &pipeline.skipped, colours))
        }
    }
}

/// What Hydra would get in each task of the component in `file`, with `command` in the place of the
/// component's own, if that is not empty.
///
/// # Errors
/// As [`component`].
pub(super) fn translations(
    file: &Path,
    options: &ArgMatches,
    command: &[String],
) -> Result<Vec<Translation>> {
    let pipeline = project::read_pipeline(file)?;
    let runs = dry_runs(&pipeline, options, command)?;
    Ok(runs.into_iter().map(|run| run.translation).collect())
}

/// The tasks that are asked for, filled in and translated.
fn dry_runs<'a>(
    pipeline: &'a Pipeline,
    options: &ArgMatches,
    command: &[String],
) -> Result<Vec<DryRun<'a>>> {
    let tasks = select(pipeline, options.get_one::<String>("task").map(String::as_str))?;
    let set: Vec<String> = options.get_many("set").unwrap_or_default().cloned().collect();
    let values = match path(options, "values") {
        Some(file) => {
            Values::read(Some((&project::read_text(file)?, &project::shown_path(file))), &set)?
        }
        None => Values::read(None, &set)?,
    };
    values.check(pipeline, &tasks)?;
    let runs = tasks.into_iter().map(|task| {
        dry_run(pipeline, task, &values, path(options, "rules"), command)
            .with_context(|| format!("task {}", quote(&task.name)))
    });
    runs.collect()
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

fn dry_run<'a>(
    pipeline: &Pipeline,
    task: &'a Task,
    values: &Values,
    rules: Option<&Path>,
    command: &[String],
) -> Result<DryRun<'a>> {
    let filled = fill::fill(pipeline, task, values)?;
    let received: Vec<String> = filled.received.iter().map(|r| r.text.clone()).collect();
    let mut translation = project::translate_component(&task.component, &received, rules, command)?;
    if !filled.samples.is_empty() {
        let names: Vec<String> = filled.samples.iter().map(|name| quote(name)).collect();
        translation.warnings.push(format!(
            "samples stand for {}: give values with --set NAME=VALUE or --values FILE",
            names.join(", ")
        ));
    }
    Ok(DryRun { task, filled, translation })
}

fn json(runs: &[DryRun]) -> String {
    let tasks = runs.iter().map(|run| TaskReport {
        task: &run.task.name,
        image: &run.task.component.image,
        received: run.filled.received.iter().map(|received| received.text.as_str()).collect(),
        translation: Report::from(&run.translation),
    });
    report::json_line(&Tasks { tasks: tasks.collect() }) + "\n"
}

/// A line per task; of several, each after its name as a comment.
fn shell(runs: &[DryRun]) -> String {
    let lines = runs.iter().map(|run| {
        let line = super::shell(&run.translation);
        match runs {
            [_] => line,
            _ => format!("# {}\n{line}", visible(&run.task.name)),
        }
    });
    lines.collect()
}
