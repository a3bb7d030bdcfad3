//! What can go wrong, said so that a person can act on it, and the exit codes that say it to a machine.
//!
//! An [`Error`] is made where the facts are (the flag, the value, the file and line) and printed
//! in one place, [`crate::log::Log::report_error`]. What needs no help and no exit code of its own (a
//! file, a subcommand) is an `anyhow` error; [`Error::from_chain`] makes one of the other. Which code a
//! kind of error exits with depends on who called: see [`Caller::exit_code`].

use std::fmt;

use serde::Serialize;

/// A refusal, with the reason and, where there is one, the next step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Error {
    /// What failed, in one line: the flag, the value, the file.
    #[serde(rename = "error")]
    pub message: String,
    /// What would be right; empty where nothing useful can be said.
    pub help: Option<String>,
    /// Decides the exit code.
    #[serde(skip)]
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

    /// A refusal of what is in a line and column, both from 1, of a file.
    pub fn at(file: &str, (line, column): (usize, usize), message: impl AsRef<str>) -> Self {
        Self::refused(format!("{file}:{line}:{column}: {}", message.as_ref()))
    }

    /// A refusal of what is in a line, from 1, of a file.
    pub fn in_line(file: &str, line: usize, message: impl AsRef<str>) -> Self {
        Self::refused(format!("{file}:{line}: {}", message.as_ref()))
    }

    /// An error of the given kind, without help.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, kind }
    }

    /// The end of an error's way: the contexts around it as one message, and kind and help of the
    /// [`Error`] among them.
    pub fn from_chain(error: &anyhow::Error) -> Self {
        let message = format!("{error:#}");
        match error.downcast_ref::<Self>() {
            Some(found) => Self { message, ..found.clone() },
            None => Self::refused(message),
        }
    }

    /// The same error with a next step.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same error with a next step, unless it has one.
    #[must_use]
    pub fn or_help(self, help: impl Into<String>) -> Self {
        if self.help.is_some() { self } else { self.help(help) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Who called: the two kinds of callers expect different codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// `run`, or interposed: the codes of `env`, `nice` and `docker run`, so that no code of the
    /// application is taken for one of ours.
    Exec,
    /// Every other subcommand.
    Tool,
}

impl Caller {
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

/// `text` for an error message: in backquotes, [`visible`], at most 200 characters of it.
pub fn quote(text: &str) -> String {
    const SHOWN: usize = 200;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}…`", visible(text.get(..end).unwrap_or(text))),
        None => format!("`{}`", visible(text)),
    }
}

/// `text` in one line, as a terminal may get it: what would end the line, move in it or reorder it is
/// escaped.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Control characters, Unicode's line ends, and what changes the direction of text
/// (<https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>).
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
