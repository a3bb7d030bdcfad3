//! Where does the command end, and where do its arguments begin?
//!
//! Pure: tokens in, [`CommandLine`] out. What is a command is decided by its first token's name:
//! Python's own grammar for `python3`, a search for the script for the launchers, the first
//! separator for the rest. A *separator* is a `--` that is followed by a flag, an override or
//! nothing; any other `--` belongs to the launcher (`uv run -- main.py`).

use crate::error::{Error, Result, quote};
use crate::hydra;

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

/// How the end of a command is found, by its program's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// CPython: options, then a script or `-m MODULE`.
    Python,
    /// Something that starts Python further on.
    Launcher,
    /// A shell: its script may count on the number of its arguments.
    Shell,
    /// Anything else.
    Other,
}

const LAUNCHERS: [&str; 10] = [
    "torchrun",
    "accelerate",
    "deepspeed",
    "uv",
    "poetry",
    "conda",
    "env",
    "nice",
    "tini",
    "dumb-init",
];

/// Modules that start another script or module in the same command line.
const LAUNCHER_MODULES: [&str; 7] = [
    "torch.distributed.run",
    "torch.distributed.launch",
    "accelerate.commands.launch",
    "coverage",
    "pdb",
    "cProfile",
    "debugpy",
];

impl Program {
    /// Classifies a command's first token (a name or a path).
    pub fn of(token: &str) -> Self {
        let name = basename(token);
        let version = name.strip_prefix("python");
        if version.is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit() || b == b'.')) {
            Self::Python
        } else if LAUNCHERS.contains(&name) {
            Self::Launcher
        } else if matches!(name, "sh" | "bash") {
            Self::Shell
        } else {
            Self::Other
        }
    }
}

/// The last part of a path.
pub fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Splits the tokens behind `run`. Without a command among them the command is `default`'s, which
/// is asked only then.
///
/// # Errors
/// There is no telling where the command ends; or `default` fails.
pub fn split(
    mut tokens: Vec<String>,
    default: impl FnOnce() -> Result<Vec<String>>,
) -> Result<CommandLine> {
    if tokens.first().is_some_and(|first| first == "--") {
        tokens.remove(0);
    }
    if tokens.first().is_none_or(|token| is_argument(token)) {
        let mut line = split_command(default()?, true)?;
        line.arguments.append(&mut tokens);
        return Ok(line);
    }
    split_command(tokens, false)
}

/// Splits tokens that start with a command, whatever it is called.
///
/// # Errors
/// There is no telling where the command ends.
pub fn split_given(tokens: Vec<String>) -> Result<CommandLine> {
    split_command(tokens, false)
}

/// Where a container's arguments begin in `tokens`, its whole command line: behind the command, or
/// behind the command that a shell's `-c` script gets as its arguments (`sh -c '…; "$0" "$@"'
/// python3 main.py --lr 0.1`).
pub fn arguments_start(tokens: &[String]) -> usize {
    let mut start = 0;
    loop {
        let rest = tokens.get(start..).unwrap_or_default();
        let Some(first) = rest.first().filter(|first| !is_argument(first)) else {
            return start;
        };
        if Program::of(first) != Program::Shell {
            return match split_given(rest.to_vec()) {
                Ok(line) => tokens.len() - line.arguments.len(),
                Err(_) => start + 1 + first_flag(rest.get(1..).unwrap_or_default()),
            };
        }
        let has_script = |token: &String| token.starts_with('-') && token.ends_with('c');
        match rest.iter().skip(1).take_while(|token| token.starts_with('-')).position(has_script) {
            // The shell, its options, and the script.
            Some(option) => start += option + 3,
            None => return start + 1 + first_flag(rest.get(1..).unwrap_or_default()),
        }
    }
}

fn first_flag(tokens: &[String]) -> usize {
    tokens.iter().position(|token| token.starts_with("--")).unwrap_or(tokens.len())
}

impl App {
    /// Whether `name` names it: the end of the script's path in whole parts, or the module, or the
    /// program.
    pub fn is_named(&self, name: &str) -> bool {
        let ends = |path: &str| std::path::Path::new(path).ends_with(name.trim_start_matches("./"));
        match self {
            Self::Script(path) | Self::Program(path) => ends(path),
            Self::Module(module) => module == name,
            Self::Unknown => false,
        }
    }
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
        Program::Python => python(&tokens),
        Program::Launcher => script(&tokens, 1),
        Program::Shell | Program::Other => separator(&tokens, 1).map(End::before_separator),
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
             application's arguments",
        )),
        (None, _) => Err(Error::refused(format!(
            "cannot tell where the command {} ends: no script (*.py) and no `-m MODULE`",
            quote(&tokens.join(" "))
        ))
        .help(format!(
            "put `--` in front of the application's arguments: hydra-shim run {first} … -- \
             --lr 0.1"
        ))),
    }
}

/// The place where a command ends.
struct End {
    /// The command is the tokens before this index.
    command: usize,
    /// The arguments are the tokens from this index on.
    arguments: usize,
    app: App,
}

impl End {
    /// Behind the token at `index`; a `--` right there is dropped by [`End::split`].
    fn behind(index: usize) -> Self {
        Self { command: index + 1, arguments: index + 1, app: App::Unknown }
    }

    fn before_separator(index: usize) -> Self {
        Self { command: index, arguments: index + 1, app: App::Unknown }
    }

    fn running(self, app: App) -> Self {
        Self { app, ..self }
    }

    fn split(self, mut tokens: Vec<String>, program: Program) -> CommandLine {
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
fn python(tokens: &[String]) -> Option<End> {
    let mut index = 1;
    while let Some(token) = tokens.get(index) {
        if token == "--" {
            if is_separator(tokens, index) {
                return Some(End::before_separator(index));
            }
            index += 1;
        } else if token == "--check-hash-based-pycs" {
            index += 2;
        } else if token.starts_with("--") {
            index += 1;
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
fn script(tokens: &[String], start: usize) -> Option<End> {
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
    // Case matters: these are file names on Linux.
    token.strip_suffix(".py").is_some_and(|stem| !stem.is_empty())
}

fn separator(tokens: &[String], start: usize) -> Option<usize> {
    (start..tokens.len()).find(|index| is_separator(tokens, *index))
}

fn is_separator(tokens: &[String], index: usize) -> bool {
    tokens.get(index).is_some_and(|token| token == "--")
        && tokens.get(index + 1).is_none_or(|next| is_argument(next))
}

/// Whether a token can only be an application's argument: a flag or an override.
fn is_argument(token: &str) -> bool {
    token.starts_with('-') || hydra::native_key(token).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// `python3 -u main.py | --lr 0.1`: the command before the bar, the arguments behind it.
    fn shown(tokens: &str) -> String {
        let default = || Ok(words("python3 main.py"));
        match split(words(tokens), default) {
            Ok(line) => {
                let app = match line.app {
                    App::Script(path) => format!("script {path}"),
                    App::Module(name) => format!("module {name}"),
                    App::Program(name) => format!("program {name}"),
                    App::Unknown => "unknown".to_owned(),
                };
                format!("{} | {} ({app})", line.command.join(" "), line.arguments.join(" "))
            }
            Err(error) => format!("error: {}", error.message.split(':').next().unwrap_or("")),
        }
    }

    #[test]
    fn the_command_ends_where_it_should() {
        for (tokens, expected) in [
            // No command.
            ("", "python3 main.py |  (script main.py)"),
            ("--", "python3 main.py |  (script main.py)"),
            ("--lr 0.1", "python3 main.py | --lr 0.1 (script main.py)"),
            ("-- --lr 0.1", "python3 main.py | --lr 0.1 (script main.py)"),
            ("lr=0.1 -m", "python3 main.py | lr=0.1 -m (script main.py)"),
            ("-- ~lr", "python3 main.py | ~lr (script main.py)"),
            // Python.
            ("python3 main.py", "python3 main.py |  (script main.py)"),
            ("-- python3 main.py --lr 1", "python3 main.py | --lr 1 (script main.py)"),
            (
                "/usr/bin/python3.11 -u main.py a=1",
                "/usr/bin/python3.11 -u main.py | a=1 (script main.py)",
            ),
            (
                "python -uW ignore -X dev -Xutf8 train --lr 1",
                "python -uW ignore -X dev -Xutf8 train | --lr 1 (script train)",
            ),
            ("python3 -m pkg.mod --lr 1", "python3 -m pkg.mod | --lr 1 (module pkg.mod)"),
            ("python3 -ummain --lr 1", "python3 -ummain | --lr 1 (module main)"),
            ("python3 main.py -- --lr 1", "python3 main.py | --lr 1 (script main.py)"),
            ("python3 main.py --lr 1 -- x=1", "python3 main.py | --lr 1 -- x=1 (script main.py)"),
            ("python3 -- main.py --lr 1", "python3 -- main.py | --lr 1 (script main.py)"),
            ("python3 -u -- --lr 1", "python3 -u | --lr 1 (unknown)"),
            ("python3 - --lr 1", "python3 - | --lr 1 (script -)"),
            ("python3 -c pass -- --lr 1", "python3 -c pass | --lr 1 (unknown)"),
            ("python3 -c pass", "error: cannot tell where the command `python3 -c pass` ends"),
            (
                "python3 -c -- --lr 1",
                "error: cannot tell where the command `python3 -c -- --lr 1` ends",
            ),
            ("python3", "error: cannot tell where the command `python3` ends"),
            ("python3 -m", "error: cannot tell where the command `python3 -m` ends"),
            ("python3 -u -W", "error: cannot tell where the command `python3 -u -W` ends"),
            (
                "python3 --check-hash-based-pycs always main.py --lr 1",
                "python3 --check-hash-based-pycs always main.py | --lr 1 (script main.py)",
            ),
            (
                "python3 -m torch.distributed.run --nproc_per_node 2 train.py --lr 1",
                "python3 -m torch.distributed.run --nproc_per_node 2 train.py | --lr 1 (script train.py)",
            ),
            (
                "python3 -m coverage run -m pkg.train --lr 1",
                "python3 -m coverage run -m pkg.train | --lr 1 (module pkg.train)",
            ),
            // Launchers.
            (
                "torchrun --nproc_per_node=2 train.py --lr 1",
                "torchrun --nproc_per_node=2 train.py | --lr 1 (script train.py)",
            ),
            (
                "torchrun -m pkg.train -- --lr 1",
                "torchrun -m pkg.train | --lr 1 (module pkg.train)",
            ),
            (
                "env A=1 python3 -m cProfile -o p main.py --lr 1",
                "env A=1 python3 -m cProfile -o p main.py | --lr 1 (script main.py)",
            ),
            ("uv run -- main.py --lr 1", "uv run -- main.py | --lr 1 (script main.py)"),
            ("tini -- python3 main.py --lr 1", "tini -- python3 main.py | --lr 1 (script main.py)"),
            ("tini -- my-train -- --lr 1", "tini -- my-train | --lr 1 (unknown)"),
            (
                "tini -- my-train --lr 1",
                "error: cannot tell where the command `tini -- my-train --lr 1` ends",
            ),
            (
                "conda run -n x python .py main.py a=1",
                "conda run -n x python .py main.py | a=1 (script main.py)",
            ),
            // Shells.
            ("sh -c x -- --lr 1", "sh -c x | --lr 1 (unknown)"),
            ("bash -c x sh --", "bash -c x sh |  (unknown)"),
            ("sh -c x --lr 1", "error: cannot tell where the command `sh` ends"),
            // Anything else.
            ("my-train --lr 1", "my-train | --lr 1 (program my-train)"),
            ("my-train", "my-train |  (program my-train)"),
            ("mpirun -n 4 my-train -- --lr 1", "mpirun -n 4 my-train | --lr 1 (program mpirun)"),
            ("mpirun -- my-train -- a=1", "mpirun -- my-train | a=1 (program mpirun)"),
            ("./main.py --lr 1", "./main.py | --lr 1 (program ./main.py)"),
        ] {
            assert_eq!(shown(tokens), expected, "{tokens:?}");
        }
    }

    #[test]
    fn the_default_command_need_not_name_a_script() {
        for (default, expected) in [
            ("my-train", "my-train | --lr 1"),
            ("python3 -m pkg", "python3 -m pkg | --lr 1"),
            ("tini -- my-train", "tini -- my-train | --lr 1"),
            ("sh -c x", "sh -c x | --lr 1"),
            ("my-train --", "my-train | --lr 1"),
            ("python3 main.py a=1", "python3 main.py | a=1 --lr 1"),
        ] {
            let line = split(words("--lr 1"), || Ok(words(default))).unwrap();
            let shown = format!("{} | {}", line.command.join(" "), line.arguments.join(" "));
            assert_eq!(shown, expected, "{default:?}");
        }
        assert!(split(vec![], || Ok(vec![])).is_err());
    }
}
