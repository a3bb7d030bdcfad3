//! The command line of `sh` and `bash`, and of a container that starts with one.

use super::program::Program;
use super::{is_argument, split_given};

/// The script that a shell runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its index among the shell's tokens, of which the first is the shell.
    pub at: usize,
    /// Whether the token is the script itself (`-c`), and not the name of its file.
    pub inline: bool,
}

impl Script {
    /// Looks for it behind a shell's options; `None` where nothing follows them.
    pub fn find(tokens: &[String]) -> Option<Self> {
        let mut inline = false;
        let mut at = 1;
        while let Some(option) = tokens.get(at).filter(|token| token.starts_with(['-', '+'])) {
            at += 1;
            if !option.starts_with("--") {
                inline |= option.contains('c');
                // `-o pipefail`
                at += usize::from(option.contains(['o', 'O']));
            }
        }
        (at < tokens.len()).then_some(Self { at, inline })
    }
}

/// Where a container's arguments begin in `tokens`, its whole command line: behind the command, or
/// behind the command that a shell's `-c` script gets as its arguments (`sh -c '…; "$0" "$@"'
/// python3 main.py --lr 0.1`). Where nobody can tell, at the first flag.
pub fn arguments_start(tokens: &[String]) -> usize {
    let mut start = 0;
    loop {
        let rest = tokens.get(start..).unwrap_or_default();
        let Some(first) = rest.first().filter(|first| !is_argument(first)) else {
            return start;
        };
        let at_first_flag = || start + 1 + first_flag(rest.get(1..).unwrap_or_default());
        if Program::of(first) != Program::Shell {
            return match split_given(rest.to_vec()) {
                Ok(line) => tokens.len() - line.arguments.len(),
                Err(_) => at_first_flag(),
            };
        }
        match Script::find(rest) {
            Some(Script { at, inline: true }) => start += at + 1,
            _ => return at_first_flag(),
        }
    }
}

fn first_flag(tokens: &[String]) -> usize {
    tokens.iter().position(|token| token.starts_with("--")).unwrap_or(tokens.len())
}
