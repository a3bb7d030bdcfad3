//! Where, in `command` and `args` together, the application's own arguments start.

use super::Possible;
use crate::command_line::{Program, Script, Tokens, split};

/// Where the application's arguments start.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// The index of the first of them.
    pub(super) at: usize,
    /// The scripts of shells in front, each at its index in the whole command line.
    pub(super) scripts: Vec<Script>,
}

/// Looks for the start. The error says why there is none.
pub(super) fn find(tokens: &[String]) -> Possible<Start> {
    // `kfp/dsl/component_factory.py`: the command of a lightweight Python component.
    if tokens.iter().any(|token| token.contains("executor_main")) {
        return Err("this is a lightweight Python component, whose flags are for KFP's own \
                    executor and no Hydra application"
            .to_owned());
    }
    let mut start = Start::default();
    loop {
        let rest = tokens.get(start.at..).unwrap_or_default();
        if rest.first().is_none_or(|first| Program::of(first) != Program::Shell) {
            break;
        }
        if !shell(rest, &mut start)? {
            start.at = start.at.min(tokens.len());
            return Ok(start);
        }
    }
    let rest = tokens.get(start.at..).unwrap_or_default().to_vec();
    let arguments = match split(rest).map_err(|error| error.message)? {
        Tokens::WithCommand(line) => line.arguments,
        // A component without a command: the image's own is run.
        Tokens::Arguments(arguments) => arguments,
    };
    start.at = tokens.len().saturating_sub(arguments.len());
    Ok(start)
}

/// Steps over a shell and its script; `true` if a command line of its own follows, as behind
/// `sh -c '…; "$0" "$@"'`.
fn shell(tokens: &[String], start: &mut Start) -> Possible<bool> {
    let script = Script::find(tokens);
    let Some((script, text)) = script.and_then(|found| Some((found, tokens.get(found.at)?))) else {
        return Err("a shell without a script".to_owned());
    };
    start.scripts.push(Script { at: start.at + script.at, ..script });
    start.at += script.at + 1;
    if !script.inline {
        return Ok(false);
    }
    let plain = text.replace(['"', '{', '}'], "");
    if plain.contains("$0 $@") || plain.contains("$0 $*") {
        return Ok(true);
    }
    // Behind the script comes `$0`.
    start.at += 1;
    if plain.contains("$@") || plain.contains("$*") {
        return Ok(false);
    }
    Err("the shell's script does not pass its arguments on with \"$@\"".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_behind_the_script() {
        let all = "\"$0\" \"$@\"";
        for (tokens, expected) in [
            (vec![], Ok(0)),
            (vec!["--lr", "1"], Ok(0)),
            (vec!["python3", "main.py", "--lr"], Ok(2)),
            (vec!["python3", "-u", "-m", "a.b", "--lr"], Ok(4)),
            (vec!["torchrun", "--nproc_per_node", "2", "train.py", "--lr"], Ok(4)),
            (vec!["my-train", "--lr"], Ok(1)),
            (vec!["sh", "-exc", all, "python3", "main.py", "--lr"], Ok(5)),
            (vec!["bash", "-o", "pipefail", "-c", all, "--lr"], Ok(5)),
            (vec!["sh", "-c", "a && exec ${0} \"${@}\"", "python3", "main.py", "--lr"], Ok(5)),
            (vec!["sh", "-c", "python3 main.py \"$@\"", "main", "--lr"], Ok(4)),
            (vec!["sh", "-c", all, "sh", "-c", "x \"$@\"", "y", "--lr"], Ok(7)),
            (vec!["bash", "run.sh", "--lr"], Ok(2)),
            (vec!["sh", "-c", "python3 main.py --lr $0", "1"], Err("\"$@\"")),
            (vec!["sh", "-c"], Err("without a script")),
            (vec!["python3", "-m", "kfp.dsl.executor_main", "--x"], Err("lightweight")),
            (vec!["python3", "-c", "code", "--lr"], Err("no script")),
        ] {
            let tokens: Vec<String> = tokens.into_iter().map(str::to_owned).collect();
            match (find(&tokens), expected) {
                (Ok(start), Ok(at)) => assert_eq!(start.at, at, "{tokens:?}"),
                (Err(why), Err(part)) => assert!(why.contains(part), "{tokens:?}: {why}"),
                (found, _) => panic!("{tokens:?}: {found:?}"),
            }
        }
    }
}
