//! A translation as people and programs read it.

use std::borrow::Cow;

use serde::Serialize;

use crate::translate::{Step, Translation};

/// `translate --format json`.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    argv: Vec<&'a String>,
    command: &'a [String],
    overrides: Vec<&'a String>,
    warnings: &'a [String],
    trace: Vec<TraceEntry<'a>>,
}

#[derive(Serialize)]
struct TraceEntry<'a> {
    from: Cow<'a, [String]>,
    to: Cow<'a, [String]>,
    key: Option<&'a str>,
    r#type: String,
}

impl<'a> From<&'a Step> for TraceEntry<'a> {
    fn from(step: &'a Step) -> Self {
        Self {
            from: step.shown_from(),
            to: step.shown_to(),
            key: step.key.as_deref(),
            r#type: step.kind.to_string(),
        }
    }
}

impl<'a> From<&'a Translation> for Report<'a> {
    fn from(translation: &'a Translation) -> Self {
        Self {
            argv: translation.argv().collect(),
            command: &translation.command,
            overrides: translation.overrides().collect(),
            warnings: &translation.warnings,
            trace: translation.trace.iter().map(TraceEntry::from).collect(),
        }
    }
}

/// The translation as one JSON object, without a line's end.
pub fn json(translation: &Translation) -> String {
    // Strings, lists and options: nothing that JSON could not hold.
    serde_json::to_string(&Report::from(translation)).unwrap_or_default()
}

/// The command line quoted for a POSIX shell, without a line's end.
pub fn shell(translation: &Translation) -> String {
    shell_words::join(translation.argv())
}
