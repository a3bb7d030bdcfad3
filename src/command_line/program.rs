//! What a program's name says about its command line.

use super::launcher::Launcher;

/// How the end of a command is found, by its program's name.
#[derive(Clone, Copy, Debug)]
pub enum Program {
    /// CPython: options, then a script or `-m MODULE`.
    Python,
    /// Something that starts Python further on.
    Launcher(&'static Launcher),
    /// A shell: its script may count on the number of its arguments.
    Shell,
    /// Something that starts another program further on; which one, only a separator tells.
    Starter,
    /// Anything else.
    Other,
}

/// Programs that start another one. What is before a separator is therefore a command, flags
/// included; where the program's own word is among their options is not known here.
const STARTERS: &[&[&str]] = &[
    // MPI's process managers: Open MPI and PRRTE, MPICH and Intel MPI (Hydra), and Horovod's on top.
    &["mpirun", "mpiexec", "mpiexec.hydra", "orterun", "prterun", "prun", "horovodrun"],
    // Batch systems: Slurm, LSF, ALPS and PALS.
    &["srun", "jsrun", "aprun"],
    // Another user or another set of privileges, as entry points of images use them.
    &["gosu", "su-exec", "setpriv", "sudo", "chroot", "unshare"],
    // A limit, a priority, a place to run, or a session: coreutils, util-linux, numactl, moreutils.
    &["timeout", "nohup", "stdbuf", "taskset", "numactl", "chrt", "ionice", "prlimit", "setsid"],
    // Measurements and diagnosis around a run.
    &["time", "catchsegv", "strace", "nsys", "ncu"],
    // Init processes of containers, and a display for those without one.
    &["catatonit", "xvfb-run"],
];

impl Program {
    /// Classifies a command's first token (a name or a path).
    pub fn of(token: &str) -> Self {
        let name = basename(token);
        let version = name.strip_prefix("python");
        if version.is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit() || b == b'.')) {
            Self::Python
        } else if let Some(launcher) = Launcher::named(name) {
            Self::Launcher(launcher)
        } else if matches!(name, "sh" | "bash") {
            Self::Shell
        } else if STARTERS.iter().any(|group| group.contains(&name)) {
            Self::Starter
        } else {
            Self::Other
        }
    }
}

/// The last part of a path.
fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
