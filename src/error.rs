//! What can go wrong, said so that a person can act on it, and the exit codes that say it to a machine.
//!
//! An [`Error`] is made where the facts are (the flag, the value, the file and line) and printed
//! in one place, [`Error`]'s `Display`: `hydra-shim: error: …`, then `  help: …` where there is a
//! next step. Which code a kind of error exits with depends on the door it left by: see
//! [`Door::exit_code`].

use std::fmt;

/// A refusal, with the reason and, where there is one, the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What failed, in one line: the flag, the value, the file.
    pub message: String,
    /// What would be right; empty where nothing useful can be said.
    pub help: Option<String>,
    /// Decides the exit code.
    pub kind: Kind,
}

/// The classes of failure that have exit codes of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Arguments, declarations or files are not as they must be.
    Refused,
    /// The command line of one of our own subcommands is wrong.
    Usage,
    /// The command is there but cannot be executed.
    CannotExecute,
    /// The command is not found.
    NotFound,
}

/// The result of everything that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A refusal of what was given.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// A refusal of what stands in line and column, both from 1, of a file.
    pub fn at(file: &str, (line, column): (usize, usize), message: impl AsRef<str>) -> Self {
        Self::refused(format!("{file}:{line}:{column}: {}", message.as_ref()))
    }

    /// A refusal of what stands in a line, from 1, of a file.
    pub fn in_line(file: &str, line: usize, message: impl AsRef<str>) -> Self {
        Self::refused(format!("{file}:{line}: {}", message.as_ref()))
    }

    /// An error of the given kind, without help.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, kind }
    }

    /// The same error with a next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hydra-shim: error: {}", self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Who called: the two kinds of callers expect different codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `run`, or interposed: the codes of `env`, `nice` and `docker run`, so that no code of the
    /// application is taken for one of ours.
    Exec,
    /// Every other subcommand.
    Tool,
}

impl Door {
    /// The process's exit code for an error of `kind`.
    ///
    /// 126 and 127 are what POSIX's `env` exits with in the same cases, 125 what GNU coreutils' does.
    pub fn exit_code(self, kind: Kind) -> i32 {
        match (kind, self) {
            (Kind::CannotExecute, _) => 126,
            (Kind::NotFound, _) => 127,
            (_, Self::Exec) => 125,
            (Kind::Usage, Self::Tool) => 2,
            (Kind::Refused, Self::Tool) => 1,
        }
    }
}

/// `text` for an error message: in backquotes, control characters escaped, at most 200
/// characters of it.
pub fn quote(text: &str) -> String {
    const SHOWN: usize = 200;
    let mut quoted = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == SHOWN {
            quoted.push('…');
            break;
        }
        push_visible(&mut quoted, c);
    }
    quoted.push('`');
    quoted
}

/// Adds a character, a control character escaped: it could end a line, or rewrite it on a terminal.
pub(crate) fn push_visible(text: &mut String, c: char) {
    if c.is_control() {
        text.extend(c.escape_default());
    } else {
        text.push(c);
    }
}
