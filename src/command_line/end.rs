//! The place where a command ends: behind its script or module, or at a separator.

use super::program::{LAUNCHER_MODULES, Program};
use super::{App, CommandLine, is_argument};

/// The place where a command ends.
pub(super) struct End {
    /// The command is the tokens before this index.
    command: usize,
    /// The arguments are the tokens from this index on.
    arguments: usize,
    app: App,
}

impl End {
    /// Behind the token at `index`; a `--` right there is dropped by [`End::split`].
    pub(super) fn behind(index: usize) -> Self {
        Self { command: index + 1, arguments: index + 1, app: App::Unknown }
    }

    /// In front of the separator at `index`, which is dropped.
    pub(super) fn before_separator(index: usize) -> Self {
        Self { command: index, arguments: index + 1, app: App::Unknown }
    }

    fn running(self, app: App) -> Self {
        Self { app, ..self }
    }

    /// `tokens` as a command, which is a `program`, and its arguments.
    pub(super) fn split(self, mut tokens: Vec<String>, program: Program) -> CommandLine {
        let mut arguments = tokens.split_off(self.command.min(tokens.len()));
        let behind_script = matches!(self.app, App::Script(_) | App::Module(_));
        let dropped = behind_script && arguments.first().is_some_and(|first| first == "--");
        let skipped = self.arguments - self.command + usize::from(dropped);
        arguments.drain(..skipped.min(arguments.len()));
        let app = match (self.app, program, tokens.first()) {
            (App::Unknown, Program::Other, Some(first)) => App::Program(first.clone()),
            (app, _, _) => app,
        };
        CommandLine { command: tokens, arguments, app }
    }
}

/// CPython's command line (`Python/getopt.c` and `python --help`, 3.13).
pub(super) fn python(tokens: &[String]) -> Option<End> {
    let mut index = 1;
    while let Some(token) = tokens.get(index) {
        if token == "--" {
            if is_separator(tokens, index) {
                return Some(End::before_separator(index));
            }
            index += 1;
        } else if token == "--check-hash-based-pycs" {
            index += 2;
        } else if token.starts_with("--help") || token == "--version" {
            index += 1;
        } else if token.starts_with("--") {
            // None of Python's: an argument, and the script was forgotten.
            return None;
        } else if token == "-" || !token.starts_with('-') {
            return Some(End::behind(index).running(App::Script(token.clone())));
        } else {
            match short_option(token) {
                Short::Flags => index += 1,
                Short::Takes(attached) => index += 1 + usize::from(attached.is_empty()),
                Short::Module(attached) => {
                    let at = index + usize::from(attached.is_empty());
                    let module = if attached.is_empty() { tokens.get(at)? } else { attached };
                    if LAUNCHER_MODULES.contains(&module) {
                        return script(tokens, at + 1);
                    }
                    return Some(End::behind(at).running(App::Module(module.to_owned())));
                }
                Short::Code(attached) => {
                    let after = index + 1 + usize::from(attached.is_empty());
                    return separator(tokens, after).map(End::before_separator);
                }
            }
        }
    }
    None
}

/// A cluster of Python's short options, as `-uW` or `-Ic`.
enum Short<'a> {
    /// Switches only.
    Flags,
    /// `-W` or `-X`: takes a value, attached or next.
    Takes(&'a str),
    /// `-m`, with what is attached to it.
    Module(&'a str),
    /// `-c`, with what is attached to it.
    Code(&'a str),
}

fn short_option(token: &str) -> Short<'_> {
    for (index, c) in token.char_indices().skip(1) {
        let attached = token.get(index + 1..).unwrap_or("");
        match c {
            'c' => return Short::Code(attached),
            'm' => return Short::Module(attached),
            'W' | 'X' => return Short::Takes(attached),
            _ => {}
        }
    }
    Short::Flags
}

/// A launcher's search: the first token from `start` that ends in `.py`, or `-m MODULE`, unless a
/// separator comes first.
pub(super) fn script(tokens: &[String], start: usize) -> Option<End> {
    for (index, token) in tokens.iter().enumerate().skip(start) {
        if is_separator(tokens, index) {
            return Some(End::before_separator(index));
        }
        if has_py_ending(token) {
            return Some(End::behind(index).running(App::Script(token.clone())));
        }
        if token == "-m"
            && let Some(module) = tokens.get(index + 1)
            && !module.starts_with('-')
        {
            if LAUNCHER_MODULES.contains(&module.as_str()) {
                return script(tokens, index + 2);
            }
            return Some(End::behind(index + 1).running(App::Module(module.clone())));
        }
    }
    None
}

fn has_py_ending(token: &str) -> bool {
    // Case matters: these are file names on Linux. `A=x.py` is a variable for `env`.
    let variable = token.split_once('=').is_some_and(|(name, _)| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    !variable && token.strip_suffix(".py").is_some_and(|stem| !stem.is_empty())
}

/// The index of the first separator from `start` on.
pub(super) fn separator(tokens: &[String], start: usize) -> Option<usize> {
    (start..tokens.len()).find(|index| is_separator(tokens, *index))
}

fn is_separator(tokens: &[String], index: usize) -> bool {
    tokens.get(index).is_some_and(|token| token == "--")
        && tokens.get(index + 1).is_none_or(|next| is_argument(next))
}
