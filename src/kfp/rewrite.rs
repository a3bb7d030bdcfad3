//! A component YAML in the official style, rewritten to Hydra's.
//!
//! | official | Hydra style |
//! |---|---|
//! | `--lr, {inputValue: N}` | `lr={{$.inputs.parameters['N']}}` |
//! | `--data, {inputPath: N}` | `data={{$.inputs.artifacts['N'].path}}` |
//! | `--model, {outputPath: N}` | `model={{$.outputs.artifacts['N'].path}}`, or `{{$.outputs.parameters['N'].output_file}}` |
//! | `{inputUri: N}`, `{outputUri: N}` | `.uri` |
//! | `--epochs, "10"` | `epochs=10`, spelled so that Hydra reads exactly it |
//! | `--verbose` | `verbose=true` |
//!
//! `N` is the name in the compiled pipeline ([`super::types::sanitize`]); KFP fills such text in
//! as it fills in a placeholder, also inside the branches of an `if`. What has no such form is
//! left, and what the form cannot carry is said: both are [`Note`]s. Elements that are Hydra's
//! already stay as they are.
//!
//! Pure, and checked: the result is read again, and has to be the same file but for the elements
//! that were meant.

mod assignment;
mod edit;
mod layout;
mod pass;
mod scalar;
mod script;
mod verify;

use std::sync::Arc;

use super::component::Component;
use super::spec;
use crate::declarations::SourceFile;
use crate::error::{Error, Result};
use crate::yaml::{self, Scalars};
use edit::apply;

/// A file, rewritten.
#[derive(Clone, Debug, Default)]
pub struct Rewritten {
    /// What it is now.
    pub text: String,
    /// What the Hydra style cannot carry, in the order of the file.
    pub notes: Vec<Note>,
}

/// Something that a person has to know, or to do by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line in the original file.
    pub line: usize,
    /// What it is about (a flag, mostly), and what is the matter.
    pub message: String,
}

/// What can be had, or the reason why not, for a note.
type Possible<T> = std::result::Result<T, String>;

/// Rewrites the component YAML `text`; `file` names it in errors.
///
/// # Errors
/// It is no component YAML, or a compiled pipeline, or cannot be changed without changing more of
/// it than what is rewritten.
pub fn rewrite(text: &str, file: &str) -> Result<Rewritten> {
    let component = component(text, file)?;
    let changes = pass::rewrite(text, &yaml::outline(text, file)?, &component);
    let new = apply(text, &changes.edits);
    let is_as_meant = || verify::is_only(text, &new, &changes.command, &changes.args);
    if !changes.edits.is_empty() && !is_as_meant() {
        return Err(Error::refused(format!(
            "{file}: rewriting its arguments would change other parts of it"
        ))
        .help("write its `command` and `args` without anchors and aliases, or use the shim"));
    }
    let mut notes = changes.notes;
    notes.sort_by_key(|note| note.line);
    Ok(Rewritten { text: new, notes })
}

/// The component in a component YAML.
fn component(text: &str, file: &str) -> Result<Component> {
    let spec: spec::File = yaml::read(text, file, Scalars::Typed)?;
    if spec.is_compiled() && spec.implementation.is_none() {
        return Err(Error::refused(format!(
            "{file}: this is a compiled pipeline, made from component YAMLs"
        ))
        .help("rewrite the component YAMLs and compile the pipeline again"));
    }
    let source = SourceFile { name: file.to_owned(), text: text.to_owned() };
    Component::of(spec, &Arc::new(source))
}

#[cfg(test)]
mod tests;
