//! A translation as people and programs read it.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

use crate::error::{Error, is_invisible};
use crate::translate::{Step, Translation};

/// `translate --format json`.
#[derive(Default, Serialize)]
pub(crate) struct Report<'a> {
    /// Null, as the two below, where nothing would be started.
    argv: Option<Vec<&'a String>>,
    command: Option<&'a [String]>,
    overrides: Option<Vec<&'a String>>,
    warnings: &'a [String],
    trace: Vec<TraceEntry<'a>>,
}

/// A step of a translation, without secrets.
#[derive(Serialize)]
pub(crate) struct TraceEntry<'a> {
    from: Cow<'a, [String]>,
    to: Cow<'a, [String]>,
    key: Option<&'a str>,
    r#type: String,
    /// Why it is refused.
    #[serde(flatten)]
    error: Option<&'a Error>,
}

impl<'a> TraceEntry<'a> {
    pub(crate) fn new(step: &'a Step) -> Self {
        Self {
            from: step.shown_from(),
            to: step.shown_to(),
            key: step.key.as_deref(),
            r#type: step.kind.to_string(),
            error: step.kind.error(),
        }
    }
}

impl<'a> Report<'a> {
    pub(crate) fn new(translation: &'a Translation) -> Self {
        let starts = translation.errors().next().is_none();
        Self {
            argv: starts.then(|| translation.argv().collect()),
            command: starts.then_some(&translation.command),
            overrides: starts.then(|| translation.overrides().collect()),
            warnings: &translation.warnings,
            trace: translation.trace.iter().map(TraceEntry::new).collect(),
        }
    }
}

/// JSON in one line, in which nothing is invisible: JSON itself escapes only what is below U+0020.
pub(crate) fn json_line(value: &impl Serialize) -> String {
    // Strings, lists and options: nothing that JSON could not hold.
    let json = serde_json::to_string(value).unwrap_or_default();
    let mut line = String::with_capacity(json.len());
    for c in json.chars() {
        if is_invisible(c) {
            let _ = write!(line, "\\u{:04x}", u32::from(c));
        } else {
            line.push(c);
        }
    }
    line
}

/// A command line for people: quoted for a shell, in one line that any terminal may get. A word with
/// something invisible in it is quoted as `$'…'`, which bash and zsh (and POSIX.1-2024) read.
pub fn shown_command(argv: &[String]) -> String {
    let words = argv.iter().map(|word| {
        if !word.contains(is_invisible) {
            return shell_words::quote(word).into_owned();
        }
        let mut quoted = String::from("$'");
        for c in word.chars() {
            match c {
                '\'' | '\\' => quoted.extend(['\\', c]),
                '\n' | '\t' | '\r' => quoted.extend(c.escape_default()),
                c if is_invisible(c) => {
                    let _ = write!(quoted, "\\u{:04x}", u32::from(c));
                }
                c => quoted.push(c),
            }
        }
        quoted + "'"
    });
    words.collect::<Vec<_>>().join(" ")
}
