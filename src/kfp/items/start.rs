//! Where, in a container's `command` and `args` together, the application's own arguments start.

use super::text::first_token;
use crate::command_line::{Program, Script, Tokens, split};
use crate::kfp::component::Component;

/// Where the application's arguments start.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// The index of the first of them.
    pub at: usize,
    /// The scripts of shells in front, each at its index in the whole command line.
    pub scripts: Vec<Script>,
    /// Why nobody can tell; `at` is then the first flag.
    pub doubt: Option<String>,
}

impl Start {
    /// Looks for the start in all that a component writes: after the command, or after the command that
    /// a shell's script gets as its arguments (`sh -c '…; "$0" "$@"' python3 main.py --lr 0.1`).
    pub fn in_component(component: &Component) -> Self {
        let elements = component.command.iter().chain(&component.args);
        Self::of(&elements.map(first_token).collect::<Vec<_>>())
    }

    fn of(tokens: &[String]) -> Self {
        let mut start = Self::default();
        while let rest = tokens.get(start.at..).unwrap_or_default()
            && let Some(first) = rest.first()
            && matches!(Program::of(first), Program::Shell)
        {
            let Some(script) = Script::find(rest) else {
                return start.at_first_flag(tokens, "a shell without a script".to_owned());
            };
            let text = rest.get(script.at).map_or("", String::as_str);
            start.scripts.push(Script { at: start.at + script.at, ..script });
            start.at += script.at + 1;
            let arguments = if script.inline { Arguments::of(text) } else { Arguments::Passed };
            match arguments {
                Arguments::AreCommand => {}
                // A script in a file takes any words before the flags.
                Arguments::Passed if !script.inline => {
                    start.at = first_flag(tokens, start.at);
                    return start;
                }
                // The first word after the script is its `$0`, whatever it looks like.
                Arguments::Passed => {
                    start.at = tokens.len().min(start.at + 1);
                    return start;
                }
                Arguments::Unused => {
                    start.at = tokens.len().min(start.at + 1);
                    let why = "the shell's script does not pass its arguments on with \"$@\"";
                    return start.at_first_flag(tokens, why.to_owned());
                }
            }
        }
        let rest = tokens.get(start.at..).unwrap_or_default().to_vec();
        let is_empty = rest.is_empty();
        match split(rest) {
            Ok(Tokens::WithCommand(line)) => start.at = tokens.len() - line.arguments.len(),
            // No command: the image's own is run.
            Ok(Tokens::Arguments(arguments)) => start.at = tokens.len() - arguments.len(),
            Err(error) => {
                start.at += usize::from(!is_empty);
                return start.at_first_flag(tokens, error.message);
            }
        }
        start
    }

    fn at_first_flag(self, tokens: &[String], why: String) -> Self {
        Self { at: first_flag(tokens, self.at), doubt: Some(why), ..self }
    }
}

/// What a shell's script does with its arguments.
enum Arguments {
    /// `"$0" "$@"`: they are a command line of their own.
    AreCommand,
    /// `"$@"`: some program gets them.
    Passed,
    /// Neither.
    Unused,
}

impl Arguments {
    fn of(script: &str) -> Self {
        let plain = script.replace(['"', '{', '}'], "");
        if plain.contains("$0 $@") || plain.contains("$0 $*") {
            Self::AreCommand
        } else if plain.contains("$@") || plain.contains("$*") {
            Self::Passed
        } else {
            Self::Unused
        }
    }
}

/// The index of the first flag from `at` on.
fn first_flag(tokens: &[String], at: usize) -> usize {
    let mut after = tokens.iter().skip(at);
    after.position(|token| token.starts_with("--")).map_or(tokens.len(), |found| at + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_after_the_command_or_the_shells_script() {
        let all = "\"$0\" \"$@\"";
        let passed = "exec python3 main.py \"$@\"";
        for (tokens, at, doubt) in [
            (&[][..], 0, None),
            (&["--lr", "1"], 0, None),
            (&["lr={{$.inputs.parameters['lr']}}"], 0, None),
            (&["python3", "main.py", "--lr"], 2, None),
            (&["python3", "-u", "-m", "a.b", "--lr"], 4, None),
            (&["torchrun", "--nproc_per_node", "2", "train.py", "--lr"], 4, None),
            (&["my-train", "--lr"], 1, None),
            (&["sh", "-exc", all, "python3", "main.py", "--lr"], 5, None),
            (&["sh", "-ce", all, "python3", "main.py", "word"], 5, None),
            (&["bash", "-o", "pipefail", "-c", all, "my-train", "word"], 6, None),
            (&["bash", "-o", "pipefail", "-c", all, "--lr"], 5, None),
            (&["sh", "-c", "a && exec ${0} \"${@}\"", "python3", "main.py", "--lr"], 5, None),
            (&["sh", "-c", all, "sh", "-c", all, "my-train", "--lr"], 7, None),
            (&["sh", "-c", all, "sh", "-c", "x \"$@\"", "y", "--lr"], 7, None),
            (&["bash", "run.sh", "word", "--lr"], 3, None),
            // Any word in the place of `$0` is one.
            (&["bash", "-c", passed, "main", "--lr"], 4, None),
            (&["bash", "-c", passed, "_", "--lr"], 4, None),
            (&["bash", "-c", passed, "--", "--lr"], 4, None),
            (&["bash", "-c", passed, "--", "--", "--lr"], 4, None),
            (&["bash", "-c", passed, "--lr", "1"], 4, None),
            (&["bash", "-c", passed], 3, None),
            (&["sh", "-c"], 2, Some("without a script")),
            (&["sh", "-c", "python3 main.py --lr $0", "1"], 4, Some("\"$@\"")),
            (&["python3", "-c", "code", "--lr"], 3, Some("no script")),
        ] {
            let tokens: Vec<String> = tokens.iter().copied().map(str::to_owned).collect();
            let start = Start::of(&tokens);
            let doubts = match (&start.doubt, doubt) {
                (Some(why), Some(part)) => why.contains(part),
                (why, part) => why.is_none() && part.is_none(),
            };
            assert!(start.at == at && doubts, "{tokens:?}: {start:?}");
        }
    }
}
