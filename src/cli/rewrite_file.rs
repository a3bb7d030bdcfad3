//! `rewrite`: reads the file, writes the result or the difference.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{diff, replace};
use crate::error::quote;
use crate::kfp::rewrite;
use crate::project;

/// Rewrites the component YAML `file` to the file `out`, and gives what is to be printed on stdout: with
/// `diff` the difference, else the result if it goes nowhere else.
///
/// # Errors
/// The file cannot be read, is not one that can be rewritten, or the target cannot be written; it is
/// then as it was.
pub(super) fn rewrite(file: &Path, out: Option<&Path>, diff: bool) -> Result<String> {
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
    // Where nothing changes the file keeps its time.
    if let Some(out) = out.filter(|out| *out != file || rewritten.text != text) {
        replace::replace(out, rewritten.text.as_bytes())
            .with_context(|| format!("cannot write {}", quote(&out.to_string_lossy())))?;
    }
    Ok(match out {
        _ if diff => diff::unified(&name, &text, &rewritten.text),
        None => rewritten.text,
        Some(_) => String::new(),
    })
}
