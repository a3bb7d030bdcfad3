//! `rewrite`: reads the file, writes the result or the difference.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{diff, replace};
use crate::error::quote;
use crate::kfp::rewrite;
use crate::project;

/// Where the result goes.
pub(super) enum Target<'a> {
    /// Only to stdout.
    Stdout,
    /// Over the file itself.
    InPlace,
    /// To another file.
    File(&'a Path),
}

/// Rewrites the component YAML `file`, and gives what is to be printed on stdout: with `diff` the
/// difference, else the result if it goes nowhere else.
///
/// # Errors
/// The file cannot be read, is none that can be rewritten, or the target cannot be written; it is
/// then as it was.
pub(super) fn rewrite(file: &Path, target: &Target, diff: bool) -> Result<String> {
    let name = file.to_string_lossy();
    let text = project::read_text(file)?;
    let rewritten = rewrite::rewrite(&text, &name)?;
    for note in &rewritten.notes {
        super::warn(&format!("{name}:{}: {}", note.line, note.message));
    }
    if !rewritten.notes.is_empty() {
        let _ = writeln!(
            std::io::stderr(),
            "  help: the shim in the image passes each of them exactly, from the YAML as it is: \
             `hydra-shim component` shows how"
        );
    }
    let written = match target {
        // Nothing changed: the file keeps its time.
        Target::InPlace if rewritten.text == text => Ok(()),
        Target::InPlace => write(file, &rewritten.text),
        Target::File(out) => write(out, &rewritten.text),
        Target::Stdout => Ok(()),
    };
    written?;
    Ok(match target {
        _ if diff => diff::unified(&name, &text, &rewritten.text),
        Target::Stdout => rewritten.text,
        _ => String::new(),
    })
}

fn write(path: &Path, text: &str) -> Result<()> {
    replace::replace(path, text.as_bytes())
        .with_context(|| format!("cannot write {}", quote(&path.to_string_lossy())))
}
