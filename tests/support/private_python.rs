//! A Python of a test's own, whose place may be taken.

#![allow(dead_code, reason = "no test file uses all of it")]
#![allow(unreachable_pub, reason = "each test file includes this module privately")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::venv::site_packages;
use super::{HYDRA, both_streams, shim_command, venv};

/// An installation: `bin` with a copy of the interpreter and links to it, `lib` a link to its libraries,
/// by which Python takes the folder for its prefix. In `app` a working directory.
pub struct PrivatePython {
    dir: TempDir,
    /// The interpreter's file: where the links end.
    pub file: PathBuf,
}

impl PrivatePython {
    /// A copy of `$PYTHON` or `python3`.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Others may come in, too.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let facts = "import os, sys\nexe = getattr(sys, '_base_executable', sys.executable)\n\
            print(os.path.realpath(exe), sys.base_prefix, '%d.%d' % sys.version_info[:2], sep='\\n')";
        let output = Command::new(&python).args(["-c", facts]).output().unwrap();
        let facts = String::from_utf8(output.stdout).unwrap();
        let [interpreter, prefix, version] = facts.lines().collect::<Vec<_>>()[..] else {
            panic!("{python}: {facts}");
        };
        let private = Self { file: dir.path().join("bin").join(format!("python{version}")), dir };
        for folder in ["bin", "app"] {
            fs::create_dir(private.path(folder)).unwrap();
        }
        copy(interpreter, &private.file);
        for (link, to) in
            [("python3", private.file.file_name().unwrap()), ("python", "python3".as_ref())]
        {
            symlink(to, private.path("bin").join(link)).unwrap();
        }
        symlink(Path::new(prefix).join("lib"), private.path("lib")).unwrap();
        private
    }

    /// A path below its prefix.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// A virtual environment of it, without pip; `options` are `venv`'s.
    pub fn venv(&self, name: &str, options: &[&str]) -> PathBuf {
        let environment = self.path(name);
        let mut command = Command::new(self.path("bin/python3"));
        run(command.args(["-m", "venv", "--without-pip"]).args(options).arg(&environment));
        environment
    }

    /// A virtual environment of it, `environment`, with Hydra.
    pub fn hydra_venv(&self) -> PathBuf {
        self.venv_with_those_of(&venv(HYDRA).unwrap())
    }

    /// A virtual environment of it, `environment`, with the packages of another one.
    pub fn venv_with_those_of(&self, other: &Path) -> PathBuf {
        let environment = self.venv("environment", &[]);
        let pth = site_packages(&environment).join("other.pth");
        fs::write(pth, format!("{}\n", site_packages(other).display())).unwrap();
        environment
    }

    /// `install --in-place` of it, or with further options.
    pub fn install<S: AsRef<OsStr>>(&self, options: &[S]) -> Command {
        let mut command = shim_command();
        command.args(["install", "--in-place"]).args(options);
        command.current_dir(self.path("bin"));
        command
    }

    /// The shim takes its place.
    pub fn take_place(&self) {
        run(&mut self.install(&[&self.file]));
    }

    /// It is put back.
    pub fn put_back(&self) {
        run(self.install(&[&self.file]).arg("--undo"));
    }

    /// Where it is kept.
    pub fn kept(&self) -> PathBuf {
        kept(&self.file)
    }
}

/// Where the interpreter of a place is kept.
pub fn kept(file: &Path) -> PathBuf {
    let mut kept = file.as_os_str().to_owned();
    kept.push(".hydra-shim-kept");
    kept.into()
}

/// Copies a program by another process: one that this process still writes, in a fork of another test's,
/// could not be executed.
pub fn copy(from: impl AsRef<OsStr>, to: &Path) {
    run(Command::new("cp").arg(from.as_ref()).arg(to));
}

/// What a command that succeeds prints.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", both_streams(&output));
    String::from_utf8(output.stdout).unwrap()
}
