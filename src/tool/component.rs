//! `component`: what the orchestrator would pass to each task, and what Hydra would get.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use serde::Serialize;

use crate::error::{Error, Result, quote};
use crate::kfp::compiled::{Pipeline, Task};
use crate::kfp::fill::{self, Filled, Received, Values};
use crate::nearest::unknown;
use crate::report::{self, Report};
use crate::sources;
use crate::translate::{Step, Translation};

/// The widest that a cell of the table gets.
const WIDEST: usize = 48;

/// A task's way through the placeholders and the translation.
struct DryRun<'a> {
    task: &'a Task,
    filled: Filled,
    translation: Translation,
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

/// Runs the subcommand and returns what it prints.
///
/// # Errors
/// The file is none that KFP would take, a value does not fit, or a task's arguments cannot be
/// translated.
pub(super) fn component(options: &ArgMatches) -> Result<String> {
    let file = options.get_one::<PathBuf>("file").map_or(Path::new(""), PathBuf::as_path);
    let pipeline = sources::read_pipeline(file)?;
    let runs = dry_runs(&pipeline, options, &[])?;
    Ok(match options.get_one::<String>("format").map(String::as_str) {
        Some("json") => json(&runs),
        Some("shell") => shell(&runs),
        _ => {
            let colours = std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            table(&runs, &pipeline.skipped, colours)
        }
    })
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
    let pipeline = sources::read_pipeline(file)?;
    let runs = dry_runs(&pipeline, options, command)?;
    Ok(runs.into_iter().map(|run| run.translation).collect())
}

/// The tasks that are asked for, filled in and translated.
fn dry_runs<'a>(
    pipeline: &'a Pipeline,
    options: &ArgMatches,
    command: &[String],
) -> Result<Vec<DryRun<'a>>> {
    let path = |name| options.get_one::<PathBuf>(name).map(PathBuf::as_path);
    let tasks = select(pipeline, options.get_one::<String>("task").map(String::as_str))?;
    let set: Vec<String> = options.get_many("set").unwrap_or_default().cloned().collect();
    let values = match path("values") {
        Some(file) => {
            Values::read(Some((&sources::read_text(file)?, &sources::shown_path(file))), &set)?
        }
        None => Values::read(None, &set)?,
    };
    values.check(pipeline, &tasks)?;
    let runs = tasks.into_iter().map(|task| {
        dry_run(pipeline, task, &values, path("rules"), command).map_err(|error| Error {
            message: format!("task {}: {}", quote(&task.name), error.message),
            ..error
        })
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
        return Err(unknown("task", name, names));
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
    let mut translation = sources::translate_component(&task.component, &received, rules, command)?;
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
    // Strings and lists: nothing that JSON could not hold.
    let json = serde_json::to_string(&Tasks { tasks: tasks.collect() });
    json.unwrap_or_default() + "\n"
}

/// A line per task; of several, each behind its name as a comment.
fn shell(runs: &[DryRun]) -> String {
    let lines = runs.iter().map(|run| {
        let line = report::shell(&run.translation);
        match runs {
            [_] => format!("{line}\n"),
            _ => format!("# {}\n{line}\n", run.task.name),
        }
    });
    lines.collect()
}

fn table(runs: &[DryRun], skipped: &[String], colours: bool) -> String {
    let style = |code: &str, text: &str| {
        if colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let mut out = String::new();
    for run in runs {
        let image = &run.task.component.image;
        let _ = writeln!(out, "{}  {image}\n", style("1", &run.task.name));
        let rows = rows(run);
        let widths = widths(&rows);
        for (index, row) in rows.iter().enumerate() {
            let line = line(row, &widths);
            let line = if index == 0 { style("2", &line) } else { line };
            let _ = writeln!(out, "  {line}");
        }
        let command = shell_words::join(run.translation.shown_argv());
        let _ = writeln!(out, "\n{command}\n");
        for warning in &run.translation.warnings {
            let _ = writeln!(out, "{} {warning}\n", style("33", "warning:"));
        }
    }
    if !skipped.is_empty() {
        let _ = writeln!(out, "no container: {}\n", skipped.join(", "));
    }
    // One empty line between the parts, none at the end.
    out.truncate(out.trim_end().len());
    out + "\n"
}

const COLUMNS: usize = 5;
type Row = [String; COLUMNS];

/// The table's head and a row for each step of the translation.
fn rows(run: &DryRun) -> Vec<Row> {
    let head = ["received", "key", "type", "declared by", "override"].map(str::to_owned);
    let mut used = HashSet::new();
    let steps = run.translation.trace.iter().map(|step| {
        let sample =
            if is_sample(step, &run.filled.received, &mut used) { " (sample)" } else { "" };
        [
            shortened(&readable(&step.shown_from())) + sample,
            shortened(step.key.as_deref().unwrap_or_default()),
            step.kind.to_string(),
            step.declared_by.clone().unwrap_or_default(),
            shortened(&step.shown_to().join(" ")),
        ]
    });
    std::iter::once(head).chain(steps).collect()
}

/// Whether a sample is in what the step was made from. Steps come in the order of the arguments, and
/// the flag, which no secret masks, finds them.
fn is_sample(step: &Step, received: &[Received], used: &mut HashSet<usize>) -> bool {
    let Some(flag) = step.from.first() else {
        return false;
    };
    let mut found =
        received.iter().enumerate().filter(|(at, r)| r.text == *flag && !used.contains(at));
    let Some((at, _)) = found.next() else {
        return false;
    };
    used.insert(at);
    received.iter().skip(at).take(step.shown_from().len()).any(|received| received.sample)
}

/// Quoted for a shell where a person could not tell the words apart.
fn readable(words: &[String]) -> String {
    let hard = |word: &String| word.is_empty() || word.contains([' ', '"', '\'', '\n', '\t']);
    let words = words.iter().map(|word| {
        if hard(word) { shell_words::quote(word) } else { Cow::Borrowed(word.as_str()) }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str) -> String {
    let mut cell = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == WIDEST {
            cell.pop();
            cell.push('…');
            break;
        }
        // A line stays a line.
        cell.push(if c.is_control() { '␣' } else { c });
    }
    cell
}

fn widths(rows: &[Row]) -> [usize; COLUMNS] {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn line(row: &Row, widths: &[usize; COLUMNS]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
    let line: Vec<String> = cells.collect();
    line.join("  ").trim_end().to_owned()
}
