//! The place where a command ends: after its script or module, or at a separator.

use super::launcher::Launcher;
use super::program::Program;
use super::shell::Script;
use super::{App, CommandLine, Ending, cannot_tell, is_argument};
use crate::error;
use crate::hydra;
use crate::token::split_attached;

/// The place where a command ends.
#[derive(Debug)]
pub(super) struct End {
    /// The command is the tokens before this index.
    pub command: usize,
    /// The arguments are the tokens from this index on.
    pub arguments: usize,
    pub app: App,
    pub ending: Ending,
}

impl End {
    /// After the token at `index`.
    pub(super) fn after(index: usize, app: App) -> Self {
        Self { command: index + 1, arguments: index + 1, app, ending: Ending::Grammar }
    }

    /// `tokens` as a command and its arguments.
    pub(super) fn split(self, mut tokens: Vec<String>) -> CommandLine {
        let mut arguments = tokens.split_off(self.command.min(tokens.len()));
        arguments.drain(..(self.arguments - self.command).min(arguments.len()));
        CommandLine { command: tokens, arguments, app: self.app, ending: self.ending }
    }
}

/// Where a search for the script goes on, or what it found.
pub(super) enum Step<'t> {
    /// The program at this index decides.
    Program(usize),
    /// The module of this name, in the token at this index, decides.
    Module(&'t str, usize),
    /// The command ends after its script or module, or there is none.
    Found(Result<End, NoScript>),
}

/// What there is in the place of a script.
pub(super) enum NoScript {
    /// Nothing; from this index on a separator may end the command.
    From(usize),
    /// At this index an option of which nobody can tell whether it takes the next token.
    UnknownOption(usize),
}

impl Step<'_> {
    /// There is no script; from the index `from` on a separator may end the command.
    pub(super) fn no_script(from: usize) -> Self {
        Self::Found(Err(NoScript::From(from)))
    }
}

/// Looks for the script or module that a command line starts.
pub(super) fn script(tokens: &[String]) -> Result<End, NoScript> {
    let mut step = Step::Program(0);
    loop {
        step = match step {
            Step::Found(found) => return found,
            Step::Program(at) => program(tokens, at),
            Step::Module(name, at) => match Launcher::named(&format!("-m {name}")) {
                Some(launcher) => launcher.walk(tokens, at + 1),
                None => Step::Found(Ok(after_script(tokens, at, App::Module(name.to_owned())))),
            },
        }
    }
}

/// After the token at `index`, which says what is run. A `--` directly after it is dropped.
fn after_script(tokens: &[String], index: usize, app: App) -> End {
    let next = index + 1;
    let dropped = tokens.get(next).is_some_and(|token| token == "--");
    End { arguments: next + usize::from(dropped), ..End::after(index, app) }
}

fn program(tokens: &[String], at: usize) -> Step<'_> {
    let Some(word) = tokens.get(at) else { return Step::no_script(at) };
    match Program::of(word) {
        Program::Python => python(tokens, at + 1),
        Program::Launcher(launcher) => launcher.walk(tokens, at + 1),
        Program::Shell => {
            let rest = tokens.get(at..).unwrap_or_default();
            // The word after a `-c` script is its `$0`, `--` too, and would be lost.
            let after = |script: Script| at + script.at + 1 + usize::from(script.inline);
            Step::no_script(Script::find(rest).map_or(tokens.len(), after))
        }
        Program::Starter | Program::Other if at > 0 && has_py_ending(word) => {
            Step::Found(Ok(after_script(tokens, at, App::Script(word.clone()))))
        }
        Program::Starter | Program::Other => Step::no_script(at + 1),
    }
}

/// CPython's command line (`Python/getopt.c` and `python --help`, 3.13), from its options on.
fn python(tokens: &[String], start: usize) -> Step<'_> {
    let mut index = start;
    while let Some(token) = tokens.get(index) {
        if token == "--" {
            if is_separator(tokens, index) {
                return Step::no_script(index);
            }
            index += 1;
        } else if token == "--check-hash-based-pycs" {
            index += 2;
        } else if token.starts_with("--help") || token == "--version" {
            index += 1;
        } else if token.starts_with("--") {
            // None of Python's: an argument, and the script was forgotten.
            return Step::no_script(tokens.len());
        } else if token == "-" || !token.starts_with('-') {
            let end = after_script(tokens, index, App::Script(token.clone()));
            return Step::Found(Ok(end));
        } else {
            let option = token.char_indices().find(|(_, c)| matches!(c, 'c' | 'm' | 'W' | 'X'));
            let Some((at, option)) = option else {
                index += 1;
                continue;
            };
            // Of a cluster, as `-uW` or `-Ic`, the rest is the value, or else the next token is.
            let attached = token.get(at + 1..).filter(|attached| !attached.is_empty());
            let last = index + usize::from(attached.is_none());
            match (option, attached.or(tokens.get(last).map(String::as_str))) {
                ('m', Some(module)) => return Step::Module(module, last),
                ('c' | 'm', _) => return Step::no_script(last + 1),
                _ => index = last + 1,
            }
        }
    }
    Step::no_script(index)
}

fn has_py_ending(word: &str) -> bool {
    // Case matters: these are file names on Linux.
    word.strip_suffix(".py").is_some_and(|stem| !stem.is_empty())
}

/// The command before the first separator from `from` on, if there is one. The command starts with
/// `program`.
///
/// # Errors
/// It may be the value of the flag before it.
pub(super) fn separator(
    tokens: &[String],
    from: usize,
    program: Program,
) -> error::Result<Option<End>> {
    let mut separators = (from..tokens.len()).filter(|index| is_separator(tokens, *index));
    let Some(at) = separators.next() else { return Ok(None) };
    let before = tokens.get(..at).unwrap_or_default();
    if let Some(flag) = before.last().filter(|token| takes_next(token)) {
        return Err(cannot_tell(tokens, &format!("the `--` after {flag} may be its value"))
            .help(format!("write {flag}=… for a value, or {flag}=true, and `--` after it")));
    }
    let own = before.get(from..).unwrap_or_default();
    let ending = match program {
        // Only a starter's own options are between it and its program, without a grammar known here.
        Program::Shell | Program::Other | Program::Launcher(_) | Program::Python
            if own.iter().any(|token| is_flag_or_override(token)) =>
        {
            Ending::AfterFlags
        }
        Program::Other => Ending::Separator,
        _ if separators.any(|later| !tokens.get(later - 1).is_some_and(|t| takes_next(t))) => {
            Ending::FirstOfSeveral
        }
        _ => Ending::Separator,
    };
    let app = match (program, tokens.first()) {
        (Program::Other | Program::Starter, Some(first)) => App::Program(first.clone()),
        _ => App::Unknown,
    };
    Ok(Some(End { command: at, arguments: at + 1, app, ending }))
}

/// Whether the token at `index` is a `--` that is followed by a flag, an override or nothing. Of two in
/// a row the first is not: it may be a value before the separator.
pub(super) fn is_separator(tokens: &[String], index: usize) -> bool {
    tokens.get(index).is_some_and(|token| token == "--")
        && tokens.get(index + 1).is_none_or(|next| is_flag_or_override(next))
}

fn is_flag_or_override(token: &str) -> bool {
    token != "--" && is_argument(token)
}

/// Whether a token is a flag whose value may be the next token.
pub(super) fn takes_next(token: &str) -> bool {
    token.len() > 2 && token.starts_with("--") && split_attached(token).1.is_none()
}

/// The tokens up to the first flag or override: it and what follows may be a secret.
pub(super) fn before_flags(tokens: &[String]) -> String {
    let is_end = |token: &String| {
        (token.starts_with("--") && token.len() > 2) || hydra::native_key(token).is_some()
    };
    let end = tokens.iter().position(is_end);
    let shown = tokens.get(..end.unwrap_or(tokens.len())).unwrap_or_default().join(" ");
    if end.is_some() { shown + " …" } else { shown }
}
