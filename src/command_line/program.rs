//! What a program's name says about its command line.

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

/// Programs that start Python further on in the same command line.
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
pub(super) const LAUNCHER_MODULES: [&str; 7] = [
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
fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
