//! Where does the command end, and where do its arguments begin?
//!
//! Pure: tokens in, [`CommandLine`] out. What is a command is decided by its first token's name:
//! Python's own grammar for `python3`, a search for the script for the launchers, the first
//! separator for the rest. A *separator* is a `--` that is followed by a flag, an override or
//! nothing; any other `--` belongs to the launcher (`uv run -- main.py`).

mod end;
mod program;
mod shell;

use std::path::Path;

use crate::error::{Error, Result, quote};
use crate::hydra;
use end::End;
pub use program::Program;
pub use shell::Script;

/// What the command runs, as far as its own words tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum App {
    /// A Python file (or folder, or `-`).
    Script(String),
    /// A Python module, as behind `-m`.
    Module(String),
    /// A program: no script was looked for.
    Program(String),
    /// An interpreter or launcher up to a separator, without a script.
    Unknown,
}

impl App {
    /// What the command line `tokens` runs; unknown too where there is no telling where the command
    /// ends.
    pub fn of(tokens: Vec<String>) -> Self {
        split_given(tokens).map_or(Self::Unknown, |line| line.app)
    }

    /// Whether `name` names it: the end of the script's path in whole parts, or the module, or the
    /// program.
    pub fn is_named(&self, name: &str) -> bool {
        let ends = |path: &str| Path::new(path).ends_with(name.trim_start_matches("./"));
        match self {
            Self::Script(path) | Self::Program(path) => ends(path),
            Self::Module(module) => module == name,
            Self::Unknown => false,
        }
    }
}

/// A command and the arguments that are the application's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The program and everything up to the script, module or separator.
    pub command: Vec<String>,
    /// The rest, without the separator.
    pub arguments: Vec<String>,
    /// What the command runs.
    pub app: App,
}

/// What the tokens behind `run` are.
#[derive(Debug)]
pub enum Tokens {
    /// A command with its arguments.
    WithCommand(CommandLine),
    /// Arguments alone, to be given to [`with_default`].
    Arguments(Vec<String>),
}

/// Splits the tokens behind `run`.
///
/// # Errors
/// There is a command, and no telling where it ends.
pub fn split(mut tokens: Vec<String>) -> Result<Tokens> {
    if tokens.first().is_some_and(|first| first == "--") {
        tokens.remove(0);
    }
    if tokens.first().is_none_or(|token| is_argument(token)) {
        return Ok(Tokens::Arguments(tokens));
    }
    split_command(tokens, false).map(Tokens::WithCommand)
}

/// The default command (and what it has of arguments) in front of `arguments`.
///
/// # Errors
/// The command is empty.
pub fn with_default(command: Vec<String>, mut arguments: Vec<String>) -> Result<CommandLine> {
    let mut line = split_command(command, true)?;
    line.arguments.append(&mut arguments);
    Ok(line)
}

/// Splits tokens that start with a command, whatever it is called.
///
/// # Errors
/// There is no telling where the command ends.
pub fn split_given(tokens: Vec<String>) -> Result<CommandLine> {
    split_command(tokens, false)
}

/// Splits a command line that starts with a command. A `complete` one has no arguments of its own
/// that could be told by a separator (the default command): without a script all of it is the
/// command.
fn split_command(tokens: Vec<String>, complete: bool) -> Result<CommandLine> {
    let Some(first) = tokens.first() else {
        return Err(Error::refused("the default command is empty"));
    };
    let program = Program::of(first);
    let found = match program {
        Program::Python => end::python(&tokens),
        Program::Launcher => end::script(&tokens, 1),
        // The word after a `-c` script is its `$0`, `--` too, and would be lost.
        Program::Shell => {
            let script = Script::find(&tokens).filter(|script| script.inline);
            let after = script.map_or(1, |script| script.at + 2);
            end::separator(&tokens, after).map(End::before_separator)
        }
        Program::Other => end::separator(&tokens, 1).map(End::before_separator),
    };
    let last = tokens.len() - 1;
    match (found, program) {
        (Some(end), program) => Ok(end.split(tokens, program)),
        (None, Program::Other) if !complete => Ok(End::behind(0).split(tokens, Program::Other)),
        (None, _) if complete => Ok(End::behind(last).split(tokens, Program::Other)),
        (None, Program::Shell) => Err(Error::refused(format!(
            "cannot tell where the command {} ends: a shell's script may count on the number of \
             its arguments",
            quote(first)
        ))
        .help(
            "let the shim interpose instead (`hydra-shim install DIR`, DIR first in PATH): the \
             python3 inside the script is then translated; or put `--` in front of the \
             application's arguments, after the `$0` of a `-c` script",
        )),
        (None, _) => Err(Error::refused(format!(
            "cannot tell where the command {} ends: no script (*.py) and no `-m MODULE`",
            quote(&before_flags(&tokens))
        ))
        .help(format!(
            "put `--` in front of the application's arguments: hydra-shim run {first} … -- \
             --lr 0.1"
        ))),
    }
}

/// The tokens up to the first flag: what follows may be a secret.
fn before_flags(tokens: &[String]) -> String {
    let end = tokens.iter().position(|token| token.starts_with("--") && token.len() > 2);
    let shown = tokens.get(..end.unwrap_or(tokens.len())).unwrap_or_default().join(" ");
    if end.is_some() { shown + " …" } else { shown }
}

/// Whether a token can only be an application's argument: a flag or an override.
fn is_argument(token: &str) -> bool {
    token.starts_with('-') || hydra::native_key(token).is_some()
}

#[cfg(test)]
mod tests;
