//! The dry runs for people: a row for each step of the translation.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::dry_run::DryRun;
use crate::error::visible;
use crate::kfp::fill::Received;
use crate::report;
use crate::translate::Step;

/// The widest that a cell gets.
const WIDEST: usize = 48;

/// A table for each run, its command and its warnings; then the tasks that start no container.
pub(super) fn table(runs: &[DryRun], skipped: &[String], colours: bool) -> String {
    let style = |code: &str, text: &str| {
        if colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let mut out = String::new();
    for run in runs {
        let (name, image) = (visible(&run.task.name), visible(&run.task.component.image));
        let _ = writeln!(out, "{}  {image}\n", style("1", &name));
        let rows = rows(run);
        let widths = widths(&rows);
        for (index, row) in rows.iter().enumerate() {
            let line = line(row, &widths);
            let line = if index == 0 { style("2", &line) } else { line };
            let _ = writeln!(out, "  {line}");
        }
        let command = report::shown_command(&run.translation.shown_argv());
        let _ = writeln!(out, "\n{command}\n");
        for warning in &run.translation.warnings {
            let _ = writeln!(out, "{} {}\n", style("33", "warning:"), visible(warning));
        }
    }
    if !skipped.is_empty() {
        let _ = writeln!(out, "no container: {}\n", visible(&skipped.join(", ")));
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
    let mut used = vec![false; run.filled.received.len()];
    let steps = run.translation.trace.iter().map(|step| {
        let sample =
            if is_sample(step, &run.filled.received, &mut used) { " (sample)" } else { "" };
        [
            shortened(&readable(&step.shown_from())) + sample,
            shortened(step.key.as_deref().unwrap_or_default()),
            step.kind.to_string(),
            visible(&step.declared_by.as_ref().map(ToString::to_string).unwrap_or_default()),
            shortened(&step.shown_to().join(" ")),
        ]
    });
    std::iter::once(head).chain(steps).collect()
}

/// Whether a sample is in what the step was made from. Steps come in the order of the arguments, and
/// the flag, which no secret masks, finds them.
fn is_sample(step: &Step, received: &[Received], used: &mut [bool]) -> bool {
    let Some(flag) = step.from.first() else {
        return false;
    };
    let mut places = received.iter().zip(used).enumerate();
    let Some((at, (_, used))) = places.find(|(_, (r, used))| r.text == *flag && !**used) else {
        return false;
    };
    *used = true;
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
