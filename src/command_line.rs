//! Where does the command end, and where do its arguments begin?
//!
//! Pure: tokens in, [`CommandLine`] out. What is a command is decided by its first token's name:
//! Python's own grammar for `python3`, the way to the script for the launchers, the first separator for
//! the rest. A *separator* is a `--` that is followed by a flag, an override or nothing; any other `--`
//! belongs to the launcher (`uv run -- main.py`).
//!
//! No value may decide it. What is before a separator is a command only after a program that is
//! known to start others, or where nothing there can be the application's argument; every other line is
//! marked by its [`Ending`], and passes only if the command is named elsewhere.

mod end;
mod launcher;
mod program;
mod shell;

use std::path::Path;

use crate::error::{Error, Result, quote};
use crate::hydra;
use crate::token::split_attached;
use end::{End, NoScript, before_flags};
pub use program::Program;
pub use shell::Script;

/// What the command runs, as far as its own words tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum App {
    /// A Python file (or folder, or `-`).
    Script(String),
    /// A Python module, as after `-m`.
    Module(String),
    /// A program: no script was looked for.
    Program(String),
    /// An interpreter or launcher up to a separator, without a script.
    Unknown,
}

impl App {
    /// What the command line `tokens` runs; unknown too where nobody can tell where the command
    /// ends.
    pub fn of(tokens: Vec<String>) -> Self {
        split_command(tokens, false).map_or(Self::Unknown, |line| line.app)
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
    /// What says that the command ends there.
    pub ending: Ending,
}

/// What says that a command ends where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its grammar: the script, the module, the program alone. Or it is a command by itself.
    Grammar,
    /// A separator.
    Separator,
    /// A separator, but the flags or overrides before it may be the application's.
    AfterFlags,
    /// The first of several separators, of which one may be a value.
    FirstOfSeveral,
}

/// What the tokens after `run` are.
#[derive(Debug)]
pub enum Tokens {
    /// A command with its arguments.
    WithCommand(CommandLine),
    /// Arguments alone, to be given to [`with_default`].
    Arguments(Vec<String>),
}

/// Splits the tokens after `run`.
///
/// # Errors
/// There is a command, and nobody can tell where it ends.
pub fn split(mut tokens: Vec<String>) -> Result<Tokens> {
    if tokens.first().is_some_and(|first| first == "--") {
        tokens.remove(0);
    }
    if tokens.first().is_none_or(|token| is_argument(token)) {
        return Ok(Tokens::Arguments(tokens));
    }
    split_command(tokens, false).map(Tokens::WithCommand)
}

/// The default command (and what it has of arguments) before `arguments`.
///
/// # Errors
/// The command is empty.
pub fn with_default(command: Vec<String>, mut arguments: Vec<String>) -> Result<CommandLine> {
    let mut line = split_command(command, true)?;
    line.arguments.append(&mut arguments);
    Ok(line)
}

/// Splits a command line that starts with a command at its script or module; `None` where it starts
/// none. Nothing is looked for but these, and no separator.
///
/// # Errors
/// A launcher has an option that nobody here knows, and so no place where its script is.
pub fn split_at_script(tokens: Vec<String>) -> Result<Option<CommandLine>> {
    match end::script(&tokens) {
        Ok(end) => Ok(Some(end.split(tokens))),
        Err(NoScript::From(_)) => Ok(None),
        Err(NoScript::UnknownOption(at)) => Err(unknown_option(&tokens, at)),
    }
}

/// Splits a command line that starts with a command. A `complete` one (the default command) is named
/// as a command: its separator counts, and without one and without a script all of it is the command.
fn split_command(tokens: Vec<String>, complete: bool) -> Result<CommandLine> {
    let Some(first) = tokens.first() else {
        return Err(Error::refused("the default command is empty"));
    };
    let program = Program::of(first);
    let (from, unknown) = match end::script(&tokens) {
        Ok(end) => return Ok(end.split(tokens)),
        Err(NoScript::From(from)) => (from, None),
        Err(NoScript::UnknownOption(at)) => (at + 1, Some(at)),
    };
    let by_separator = end::separator(&tokens, from, program);
    let whole = |index| End::after(index, App::Program(first.clone()));
    let end = match (by_separator, program) {
        (Ok(Some(end)), _) if complete => End { ending: Ending::Grammar, ..end },
        (Ok(None), _) if complete => whole(tokens.len() - 1),
        (Ok(Some(end)), _) => end,
        // All that follows is the application's, and a `--` after a flag is for it to judge.
        (_, Program::Other) if !complete => whole(0),
        (Err(error), _) => return Err(error),
        (Ok(None), program) => {
            let error = unknown.map(|at| unknown_option(&tokens, at));
            return Err(error.unwrap_or_else(|| no_end(&tokens, program)));
        }
    };
    Ok(end.split(tokens))
}

fn no_end(tokens: &[String], program: Program) -> Error {
    let separator = with_separator(tokens);
    match program {
        // Its script may hold anything, and is not shown.
        Program::Shell => cannot_tell(
            first(tokens),
            "a shell's script may count on the number of its arguments",
        )
        .help(
            "let the shim interpose instead (`hydra-shim install DIR`, DIR first in PATH): the \
             python3 inside the script is then translated; or put `--` before the \
             application's arguments, after the `$0` of a `-c` script",
        ),
        Program::Starter => cannot_tell(tokens, "it starts another program").help(separator),
        _ => cannot_tell(tokens, "no script (*.py) and no `-m MODULE`").help(match program {
            Program::Python => format!("name the script, as main.py; or {separator}"),
            _ => separator,
        }),
    }
}

fn unknown_option(tokens: &[String], at: usize) -> Error {
    let option = split_attached(tokens.get(at).map_or("", String::as_str)).0;
    let separator = with_separator(tokens);
    let why = format!("whether the option {} takes the next word is not known", quote(option));
    cannot_tell(first(tokens), &why).help(if option.starts_with("--") {
        format!("write {option}=VALUE if it does; or {separator}")
    } else {
        separator
    })
}

/// Says that nobody can tell where a command ends, of which `tokens` are the beginning.
pub(crate) fn cannot_tell(tokens: &[String], why: &str) -> Error {
    let command = quote(&before_flags(tokens));
    Error::refused(format!("cannot tell where the command {command} ends: {why}"))
}

/// The first of `tokens` alone.
pub(crate) fn first(tokens: &[String]) -> &[String] {
    tokens.get(..1).unwrap_or_default()
}

fn with_separator(tokens: &[String]) -> String {
    let program = first(tokens).concat();
    format!("put `--` before the application's arguments: hydra-shim run {program} … -- --lr 0.1")
}

/// Whether a token can only be an application's argument: a flag or an override.
pub(crate) fn is_argument(token: &str) -> bool {
    token.starts_with('-') || hydra::native_key(token).is_some()
}

#[cfg(test)]
mod tests;
