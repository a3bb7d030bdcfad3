//! The command line of `sh` and `bash`.

use super::Program;

/// The script that a shell runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its index among the shell's tokens, of which the first is the shell.
    pub at: usize,
    /// Whether the token is the script itself (`-c`), and not the name of its file.
    pub inline: bool,
}

impl Script {
    /// Whether they are those of a login shell, which takes PATH from the system's profile.
    pub fn is_login(tokens: &[String]) -> bool {
        let is_shell =
            tokens.first().is_some_and(|shell| matches!(Program::of(shell), Program::Shell));
        let mut options = tokens.iter().skip(1).take_while(|token| token.starts_with('-'));
        let is_login = |option: &String| {
            option == "--login" || (option.contains('l') && !option.starts_with("--"))
        };
        is_shell && options.any(is_login)
    }

    /// Looks for it after a shell's options; `None` where nothing follows them.
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
