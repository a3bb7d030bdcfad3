//! Where, in `command` and `args` together, the application's own arguments start.

use super::Possible;
use crate::command_line::{Program, split};

/// Where the application's arguments start.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// The index of the first of them.
    pub(super) at: usize,
    /// The indices of the scripts of shells in front, as text (`sh -c TEXT`) or as a file.
    pub(super) scripts: Vec<Script>,
}

/// A shell's script.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Script {
    /// Its index.
    pub(super) at: usize,
    /// Whether the element is the script, and not the name of its file.
    pub(super) inline: bool,
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
    let rest = tokens.get(start.at..).unwrap_or_default();
    // A component without a command: the image's own is run.
    let unknown = || Ok(vec!["python3".to_owned(), "main.py".to_owned()]);
    let line = split(rest.to_vec(), unknown).map_err(|error| error.message)?;
    start.at = tokens.len().saturating_sub(line.arguments.len());
    Ok(start)
}

/// Steps over a shell and its script; `true` if a command line of its own follows, as behind
/// `sh -c '…; "$0" "$@"'`.
fn shell(tokens: &[String], start: &mut Start) -> Possible<bool> {
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
    let Some(script) = tokens.get(at) else {
        return Err("a shell without a script".to_owned());
    };
    start.scripts.push(Script { at: start.at + at, inline });
    start.at += at + 1;
    if !inline {
        return Ok(false);
    }
    let plain = script.replace(['"', '{', '}'], "");
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
