//! The dry runs for people: a row for each step of the translation.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::dry_run::{TaskRun, in_one_line, texts};
use crate::error::{is_invisible, visible};
use crate::kfp::fill::Received;
use crate::report;
use crate::translate::{Step, Translation};

/// The widest that a cell gets.
const WIDEST: usize = 48;

/// For each task a table, with its command and its warnings, or why there is none; then the tasks that
/// start no container. Nothing in it is invisible but the colours.
pub(super) fn table(runs: &[TaskRun], skipped: &[String], colours: bool) -> String {
    let style = |code: &str, text: &str| {
        if colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let mut out = String::new();
    for task in runs {
        let (name, image) = (visible(&task.task.name), visible(&task.task.component.image));
        let _ = writeln!(out, "{}  {image}\n", style("1", &name));
        match &task.outcome {
            Err(reason) => {
                let received = report::shown_command(&texts(&task.filled));
                let end = if received.is_empty() { "" } else { "\n\n" };
                let _ = writeln!(out, "{received}{end}not a Hydra application: {reason}\n");
            }
            Ok(translation) => {
                let lines = steps(translation, &task.filled.received);
                for (index, line) in lines.iter().enumerate() {
                    let line = if index == 0 { &style("2", line) } else { line };
                    let _ = writeln!(out, "  {line}");
                }
                out.push('\n');
                if translation.errors().next().is_none() {
                    let command = report::shown_command(&translation.shown_argv());
                    let _ = writeln!(out, "{command}\n");
                }
                for warning in &translation.warnings {
                    let _ = writeln!(out, "{} {}\n", style("33", "warning:"), visible(warning));
                }
            }
        }
    }
    if !skipped.is_empty() {
        let _ = writeln!(out, "no container: {}\n", visible(&skipped.join(", ")));
    }
    // One empty line between the parts, none at the end.
    out.truncate(out.trim_end().len());
    out + "\n"
}

/// The lines of the table: its head, and one for each step of the translation of what was received.
pub(super) fn steps(translation: &Translation, received: &[Received]) -> Vec<String> {
    let rows = rows(translation, received);
    let widths = widths(&rows);
    rows.iter().map(|row| line(row, &widths)).collect()
}

const COLUMNS: usize = 5;
type Row = [String; COLUMNS];

/// The table's head and a row for each step of the translation.
fn rows(translation: &Translation, received: &[Received]) -> Vec<Row> {
    let head = ["received", "key", "type", "declared by", "override"].map(str::to_owned);
    let mut after = 0;
    let steps = translation.trace.iter().map(|step| {
        let place = place(step, received, after);
        after = place.map_or(after, |place| place + step.from.len());
        let sample = if is_sample(step, received, place) { " (sample)" } else { "" };
        let result = match step.kind.error() {
            Some(error) => in_one_line(error),
            None => shortened(&step.shown_to().join(" ")),
        };
        [
            shortened(&readable(&step.shown_from())) + sample,
            shortened(step.key.as_deref().unwrap_or_default()),
            step.kind.to_string(),
            visible(&step.declared_by.as_ref().map(ToString::to_string).unwrap_or_default()),
            result,
        ]
    });
    std::iter::once(head).chain(steps).collect()
}

/// Where in what was received a step begins: after the one before it, but for Hydra's own flags, which
/// the translation puts at the end.
fn place(step: &Step, received: &[Received], after: usize) -> Option<usize> {
    let flag = step.from.first()?;
    let find = |start: usize| {
        let at = received.iter().skip(start).position(|received| received.text == *flag);
        at.map(|at| start + at)
    };
    find(after).or_else(|| find(0))
}

/// Whether a sample is in what the step at `place` was made from, if these are whole words.
fn is_sample(step: &Step, received: &[Received], place: Option<usize>) -> bool {
    let words = |place| received.iter().skip(place).zip(&step.from);
    let is_in = |(word, from): (&Received, &String)| word.text == *from && !word.samples.is_empty();
    place.is_some_and(|place| words(place).any(is_in))
}

/// Quoted for a shell where a person could not tell the words apart.
fn readable(words: &[String]) -> String {
    let hard = |word: &String| word.is_empty() || word.contains([' ', '"', '\'', '\n', '\t']);
    let words = words.iter().map(|word| {
        if hard(word) { shell_words::quote(word) } else { Cow::Borrowed(word.as_str()) }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// In one line, at most [`WIDEST`] characters.
fn shortened(text: &str) -> String {
    let mut shown = text.chars().map(|c| if is_invisible(c) { '␣' } else { c });
    let mut cell: String = shown.by_ref().take(WIDEST).collect();
    if shown.next().is_some() {
        cell.pop();
        cell.push('…');
    }
    cell
}

/// How wide each column is.
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
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
