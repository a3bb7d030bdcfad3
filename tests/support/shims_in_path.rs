//! A place where shims lie in PATH in front of a real virtual environment with Hydra.

#![allow(dead_code, reason = "no test file uses all of it")]
#![allow(unreachable_pub, reason = "each test file includes this module privately")]

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::assert::OutputAssertExt;
use tempfile::TempDir;

use crate::support::{HYDRA, both_streams, shim_command, venv};

/// Prints what arrived, and ends before the rest of the file is run: the rest is for detection.
pub const SHOW: &str = "import sys\nprint(sys.argv[1:])\nsys.exit()\n";

/// A Hydra application, behind [`SHOW`] or in a module.
pub const APP: &str =
    "import hydra\n\n\n@hydra.main(version_base=None)\ndef main(cfg):\n    pass\n";

/// The flags of most cases.
pub const FLAGS: [&str; 4] = ["--lr", "0.1", "--note", "a,b"];
/// What [`SHOW`] prints of [`FLAGS`] where the shim did nothing.
pub const UNTOUCHED: &str = "['--lr', '0.1', '--note', 'a,b']\n";
/// What [`SHOW`] prints of [`FLAGS`] as overrides.
pub const TRANSLATED: &str = "['lr=0.1', \"note='a,b'\"]\n";

/// What [`SHOW`] prints of [`FLAGS`].
pub fn decision(translated: bool) -> &'static str {
    if translated { TRANSLATED } else { UNTOUCHED }
}

/// Shims in `shims/`, made by `install`; behind them `bin/` and a virtual environment; and `app/`,
/// the working directory.
pub struct Site {
    dir: TempDir,
    /// The environment.
    pub venv: PathBuf,
}

impl Site {
    /// With shims of these names, or of those that `install` chooses.
    pub fn new(names: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let venv = venv(HYDRA).unwrap();
        let site = Self { dir, venv };
        for folder in ["app", "bin"] {
            fs::create_dir(site.path(folder)).unwrap();
        }
        shim_command().arg("install").arg(site.path("shims")).args(names).assert().success();
        site
    }

    /// A path below the folder that holds everything.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// The files of the working directory, in place of those that it had.
    pub fn files(&self, files: &[(&str, &str)]) -> &Self {
        fs::remove_dir_all(self.path("app")).unwrap();
        fs::create_dir(self.path("app")).unwrap();
        for (name, text) in files {
            self.file(name, text.as_bytes());
        }
        self
    }

    /// One more file of the working directory.
    pub fn file(&self, name: &str, bytes: &[u8]) {
        let path = self.path("app").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A program behind the shims.
    pub fn program(&self, name: &str, text: &str) -> &Self {
        write_executable(&self.path("bin").join(name), text);
        self
    }

    /// PATH: the shims, then what is real.
    pub fn search_path(&self) -> Vec<PathBuf> {
        let [shims, bin] = ["shims", "bin"].map(|folder| self.path(folder));
        vec![shims, bin, self.venv.join("bin"), "/usr/bin".into(), "/bin".into()]
    }

    /// A command line as a shell or a container runtime starts it, by its name through PATH.
    pub fn command(&self, argv: &[&str]) -> Command {
        self.placed(argv, &self.search_path())
    }

    /// The same without shims.
    pub fn without_shims(&self, argv: &[&str]) -> Command {
        self.placed(argv, &self.search_path()[1..])
    }

    fn placed(&self, argv: &[&str], folders: &[PathBuf]) -> Command {
        let path: OsString = std::env::join_paths(folders).unwrap();
        let mut command = Command::new(argv[0]);
        command.args(&argv[1..]).current_dir(self.path("app"));
        command.stdin(Stdio::null()).env_clear();
        command.env("PATH", path).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// What a command line printed; see [`printed`].
    pub fn shown(&self, argv: &[&str]) -> String {
        printed(&mut self.command(argv))
    }
}

/// An executable file. It is written by another process: one that this process has open for
/// writing, and with it a fork of another test's thread, could not be executed (ETXTBSY).
pub fn write_executable(path: &Path, text: &str) {
    let mut install = Command::new("install");
    install.args(["-m", "755", "/dev/stdin"]).arg(path);
    let mut install = install.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = install.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    assert!(install.wait().unwrap().success());
}

/// What a command printed; all of the outcome, where it was not a silent success.
pub fn printed(command: &mut Command) -> String {
    match command.output() {
        Ok(output) if output.status.success() && output.stderr.is_empty() => {
            String::from_utf8(output.stdout).unwrap()
        }
        Ok(output) => both_streams(&output),
        Err(error) => format!("{command:?}: {error}"),
    }
}

/// All of an outcome, to be compared.
pub fn outcome(output: &Output) -> (Option<i32>, String, String) {
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|bytes| bytes.escape_ascii().to_string());
    (output.status.code(), stdout, stderr)
}

/// One line for each case of a table that came out otherwise than expected.
#[derive(Default)]
pub struct Failures(Vec<String>);

impl Failures {
    /// Compares one case.
    pub fn compare(&mut self, case: &str, got: &str, expected: &str) {
        if got != expected {
            self.0.push(format!("{case}\n  got      {got}\n  expected {expected}"));
        }
    }

    /// Fails the test with all of them.
    pub fn assert_none(self) {
        let count = self.0.len();
        assert!(count == 0, "{count} cases:\n{}", self.0.join("\n"));
    }
}
