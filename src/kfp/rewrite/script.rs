//! A shell's script in front of the arguments may count on how many they are:
//! `sh -c 'mkdir -p "$(dirname "$6")"; "$0" "$@"' python3 main.py --model {outputPath: model}`.

use super::Note;
use super::layout::{Outcome, Slot};
use crate::command_line::Script;
use crate::error::quote;
use crate::kfp::items::token;

/// What the script among `slots` would get instead of what it counts on.
/// `first_if` is the index of the first `if`, after which nobody knows the numbers.
pub(super) fn notes(
    slots: &[Slot],
    script: &Script,
    first_if: usize,
    outcome: &Outcome,
) -> Vec<Note> {
    let Some(slot) = slots.get(script.at) else { return Vec::new() };
    let text = token(slot.element);
    let mut messages = Vec::new();
    if outcome.parts.len() < slots.len() {
        if !script.inline {
            messages.push(format!(
                "{}: where there were two arguments is one now; look whether it counts them",
                quote(&text)
            ));
        } else if counts(&text) {
            messages.push(
                "the shell's script counts its arguments, and where there were two is one now"
                    .to_owned(),
            );
        }
    }
    if script.inline {
        let moved = |number| moved(number, script.at + 1, first_if, outcome);
        messages.extend(positions(&text).into_iter().filter_map(moved));
    }
    messages.into_iter().map(|message| Note { line: slot.node.line, message }).collect()
}

/// What becomes of the argument that a script calls `$number`, if anything; `$0` is at `zero`.
fn moved(number: usize, zero: usize, first_if: usize, outcome: &Outcome) -> Option<String> {
    let old = zero + number;
    let place = *outcome.places.get(old)?;
    let is_value = outcome.places.get(old - 1) == Some(&place);
    let is_merged = is_value || outcome.places.get(old + 1) == Some(&place);
    if place == old && !is_merged {
        return None;
    }
    let now = place.checked_sub(zero)?;
    let what = if old > first_if {
        "and the arguments have moved".to_owned()
    } else if is_value {
        format!("whose value is now `${{{now}#*=}}`")
    } else if is_merged {
        format!("which is now a part of `${{{now}}}`")
    } else {
        format!("which is now `${{{now}}}`")
    };
    Some(format!("the shell's script uses `${number}`, {what}"))
}

/// The numbers of the arguments that a script uses: `$6`, `${10}`, `${3:-x}`.
fn positions(script: &str) -> Vec<usize> {
    let digits = |text: &str, most: usize| {
        let end = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        text.get(..end).and_then(|digits| digits.parse().ok())
    };
    let mut positions: Vec<usize> = script
        .split('$')
        .skip(1)
        .filter_map(|after| match after.strip_prefix('{') {
            Some(braced) => digits(braced, 6),
            None => digits(after, 1),
        })
        .filter(|number| *number > 0)
        .collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// Whether a script counts its arguments in another way than by their numbers.
fn counts(script: &str) -> bool {
    let is_shift = |word| word == "shift" || word == "shift;";
    script.contains("$#") || script.contains("${@:") || script.split_whitespace().any(is_shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_uses_numbers() {
        let used = |script: &str| positions(script).into_iter().collect::<Vec<_>>();
        let script = "mkdir \"$(dirname \"$6\")\" ${10} ${3:-x} $12 $0 $$ $@ ${} $";
        assert_eq!(used(script), [1, 3, 6, 10]);
        assert!(used("").is_empty());
        assert!(counts("while [ $# -gt 0 ]; do echo; done"));
        assert!(counts("a=$1; shift; \"$@\""));
        assert!(!counts("shifty"));
    }
}
