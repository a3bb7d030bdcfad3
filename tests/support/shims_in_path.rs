//! A place where shims lie in PATH in front of a real virtual environment with Hydra. For the crate
//! `interpose_in_place` no Python is among them: the shim is in the place of the environment's.

#![allow(dead_code, reason = "no test file uses all of it")]
#![allow(unreachable_pub, reason = "each test file includes this module privately")]

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::assert::OutputAssertExt;
use tempfile::TempDir;

use crate::support::private_python::PrivatePython;
use crate::support::{HYDRA, both_streams, shim_command, venv};

/// Prints what arrived, and ends before the rest of the file is run: the rest is for detection.
pub const SHOW: &str = "import sys\nprint(sys.argv[1:])\nsys.exit()\n";

/// A Hydra application, behind [`SHOW`] or in a module.
pub const APP: &str = "import hydra\n\n\n@hydra.main(version_base=None)\ndef main(cfg):\n    pass\n\n\n\
                       if __name__ == '__main__':\n    main()\n";

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
    /// Whose Python it is, where that has the shim in its place.
    in_place: Option<PrivatePython>,
}

/// The folders with shims: in front of PATH, and one that has Pythons too.
const SHIMS: [&str; 2] = ["shims-in-path", "shims"];

impl Site {
    /// With shims of these names, or of those that `install` chooses.
    pub fn new(names: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let in_place = (env!("CARGO_CRATE_NAME") == "interpose_in_place").then(PrivatePython::new);
        let venv = match &in_place {
            Some(python) => python.hydra_venv(),
            None => venv(HYDRA).unwrap(),
        };
        let site = Self { dir, venv, in_place };
        for folder in ["app", "bin", SHIMS[0]] {
            fs::create_dir(site.path(folder)).unwrap();
        }
        let install = |folder: &str, names: &[&str]| {
            shim_command().arg("install").arg(site.path(folder)).args(names).assert().success();
        };
        install(SHIMS[1], names);
        if let Some(python) = &site.in_place {
            let others = names.iter().copied().filter(|name| !name.starts_with("python"));
            let others: Vec<&str> = others.collect();
            if !others.is_empty() {
                install(SHIMS[0], &others);
            }
            python.take_place();
        }
        site
    }

    /// The folder with the shims that are in front of PATH.
    pub fn shims(&self) -> PathBuf {
        self.path(SHIMS[usize::from(self.in_place.is_none())])
    }

    /// The real Python, as the shim starts it where it is called `python3`.
    pub fn direct(&self) -> Command {
        match &self.in_place {
            None => self.command(&[self.venv.join("bin/python3").to_str().unwrap()]),
            Some(python) => {
                let mut command = self.command(&[python.kept().to_str().unwrap()]);
                command.arg0("python3");
                command
            }
        }
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
        vec![
            self.shims(),
            self.path("bin"),
            self.venv.join("bin"),
            "/usr/bin".into(),
            "/bin".into(),
        ]
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
