//! The same program behind three doors: started directly, by `hydra-shim run`, and by its own
//! name with a shim in front of it in PATH.

#![allow(dead_code, reason = "no test file uses all of it")]
#![allow(unreachable_pub, reason = "each test file includes this module privately")]

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::{Assert, OutputAssertExt};
use tempfile::TempDir;

use crate::support::shim;
use crate::support::shims_in_path::write_executable;

/// All doors.
pub const DOORS: [&str; 3] = ["directly", "run", "interposed"];
/// Those that lead through the shim.
pub const BEHIND: [&str; 2] = ["run", "interposed"];

/// Real programs in `bin/`, shims of the same names in `shims/`, and `cwd/` to work in.
pub struct Stage {
    dir: TempDir,
}

impl Stage {
    /// With no programs.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["bin", "shims", "cwd"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        Self { dir }
    }

    /// A path below the folder that holds everything.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// An executable script, and a shim of its name.
    pub fn script(&self, name: &str, text: &str) {
        write_executable(&self.path("bin").join(name), text);
        symlink(shim(), self.path("shims").join(name)).unwrap();
    }

    /// `cat`, with files whose names are overrides: `cat --file status` reads /proc/self/status
    /// in a process that never was anything but `cat` behind the shim.
    pub fn facts(&self) {
        for name in "status environ cmdline comm limits mountinfo cgroup".split(' ') {
            let link = self.path("cwd").join(format!("file={name}"));
            symlink(Path::new("/proc/self").join(name), link).unwrap();
        }
        // By its own name: it may be one of several programs in one file.
        symlink("/bin/cat", self.path("bin/cat")).unwrap();
        symlink(shim(), self.path("shims/cat")).unwrap();
    }

    /// The program by a door: with an override directly, with a flag behind the shim.
    pub fn door(&self, door: &str, name: &str, key: &str, value: &str) -> Command {
        if door != "directly" {
            return self.behind(door, name, &[&format!("--{key}"), value]);
        }
        let mut command = Command::new(self.path("bin").join(name));
        command.arg(format!("{key}={value}"));
        self.place(&mut command);
        command
    }

    /// The program behind the shim, by one of the doors that lead through it.
    pub fn behind(&self, door: &str, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(shim());
        command.args(["run", name]);
        if door == "interposed" {
            command = Command::new(self.path("shims").join(name));
            // As a shell calls what it found in PATH.
            command.arg0(name);
        }
        command.args(arguments);
        self.place(&mut command);
        command
    }

    /// The working directory and the environment of all doors.
    pub fn place(&self, command: &mut Command) {
        command.current_dir(self.path("cwd"));
        command.env_clear().env("PATH", self.search_path());
    }

    /// PATH: the shims, then what is real.
    pub fn search_path(&self) -> OsString {
        let [shims, bin] = ["shims", "bin"].map(|folder| self.path(folder));
        std::env::join_paths([shims, bin, "/usr/bin".into(), "/bin".into()]).unwrap()
    }

    /// Asserts that all doors lead to the same outcome, and returns it.
    pub fn same(&self, name: &str, key: &str, value: &str) -> Assert {
        self.same_with("", name, key, value, |_| {})
    }

    /// As [`Stage::same`], each command changed before it starts.
    pub fn same_with(
        &self,
        case: &str,
        name: &str,
        key: &str,
        value: &str,
        change: impl Fn(&mut Command),
    ) -> Assert {
        let outcomes = DOORS.map(|door| {
            let mut command = self.door(door, name, key, value);
            change(&mut command);
            let mut outcome = command.output().unwrap();
            if value == "status" {
                outcome.stdout = steady_lines(&outcome.stdout);
            }
            outcome
        });
        let [direct, run, interposed] = outcomes;
        let case = format!("{case} {name} {key}={value}: behind the shim (left), without (right)");
        assert_eq!(run, direct, "run {case}");
        assert_eq!(interposed, direct, "interposed {case}");
        direct.assert()
    }
}

/// /proc/self/status without what differs from process to process.
fn steady_lines(status: &[u8]) -> Vec<u8> {
    let varies = "Tgid Pid Ngid NStgid NSpid Vm Rss Hugetlb Cpus Mems SigQ";
    let text = String::from_utf8_lossy(status);
    let own_id = text.lines().find_map(|line| line.strip_prefix("Pid:\t"));
    let mut steady = String::new();
    for line in text.lines() {
        let name = line.split(':').next().unwrap_or_default();
        if !varies.split(' ').any(|prefix| name.starts_with(prefix)) && !name.contains("ctxt") {
            // The leader of a session or group has its own id there.
            let fields = line.split('\t');
            let fields = fields.map(|field| if Some(field) == own_id { "OWN" } else { field });
            steady += &fields.collect::<Vec<_>>().join("\t");
            steady.push('\n');
        }
    }
    steady.into_bytes()
}

/// Runs in the child between fork and exec: system calls only.
pub type Prepare = fn() -> io::Result<()>;

/// Has a child prepare itself before it becomes the command.
pub fn prepare(command: &mut Command, prepare: Prepare) {
    // SAFETY: each `Prepare` of these tests makes system calls only and allocates nothing.
    unsafe { command.pre_exec(prepare) };
}

/// The result of a system call that returns -1 when it fails.
pub fn check(result: libc::c_int) -> io::Result<()> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
