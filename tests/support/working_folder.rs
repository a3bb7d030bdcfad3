//! A working directory with files, and the shim at work in it.

#![allow(dead_code, reason = "no test file uses all of it")]
#![allow(unreachable_pub, reason = "each test file includes this module privately")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{refused, shim_command, succeeded};

/// A temporary working directory.
pub struct Folder {
    dir: TempDir,
}

impl Folder {
    /// With these files, by their paths in it.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self { dir: tempfile::tempdir().unwrap() };
        for (name, text) in files {
            folder.file(name, text);
        }
        folder
    }

    /// One more file.
    pub fn file(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// All files of a folder of the project.
    pub fn copy(&self, from: &Path) {
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = self.path(entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                let inner = Self { dir: TempDir::new_in(self.dir.path()).unwrap() };
                inner.copy(&entry.path());
                fs::rename(inner.dir.keep(), to).unwrap();
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }

    /// A path in it.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// A call of the shim in it.
    pub fn shim(&self, arguments: &[&str]) -> Command {
        let mut command = shim_command();
        command.args(arguments).current_dir(&self.dir);
        command
    }

    /// `translate --format json`: everything that it printed.
    ///
    /// The error is the message, without `hydra-shim: error: `, its help in the same line.
    pub fn translate<S: AsRef<OsStr>>(&self, tokens: &[S]) -> Result<Value, String> {
        translated(self.shim(&["translate", "--format", "json"]).args(tokens))
    }

    /// The overrides in one line, or `error: ` and the message.
    pub fn overrides<S: AsRef<OsStr>>(&self, tokens: &[S]) -> String {
        in_one_line(self.translate(tokens))
    }
}

/// What a call of `translate --format json` printed; see [`Folder::translate`].
pub fn translated(command: &mut Command) -> Result<Value, String> {
    let output = command.output().unwrap();
    if !output.status.success() {
        return Err(refused(output.assert(), 1));
    }
    Ok(serde_json::from_str(&succeeded(output.assert())).unwrap())
}

/// The overrides in one line, or `error: ` and the message.
pub fn in_one_line(translated: Result<Value, String>) -> String {
    match translated {
        Ok(printed) => words(&printed, "overrides").join(" | "),
        Err(message) => format!("error: {message}"),
    }
}

/// The texts of one list of what `translate --format json` printed.
pub fn words(printed: &Value, name: &str) -> Vec<String> {
    let items = printed.get(name).and_then(Value::as_array);
    let items = items.unwrap_or_else(|| panic!("no list {name}: {printed}"));
    items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// A component with these inputs and arguments (from line 11 on), for `python3 main.py`.
pub fn component(inputs: &[&str], args: &[&str]) -> String {
    let args: Vec<String> = args.iter().map(|arg| format!("    - {arg}\n")).collect();
    format!(
        "name: Train\ninputs: [{}]\noutputs:\n- {{name: model, type: Model}}\n- {{name: score, type: \
         Float}}\nimplementation:\n  container:\n    image: train\n    command: [python3, \
         main.py]\n    args:\n{}",
        inputs.join(", "),
        args.concat(),
    )
}

/// `python3 main.py` and arguments that are written as for a shell.
pub fn main_py(arguments: &str) -> Vec<String> {
    split(&format!("python3 main.py {arguments}"))
}

/// The words of a line that is written as for a shell.
pub fn split(line: &str) -> Vec<String> {
    shell_words::split(line).unwrap()
}

/// What arguments, written as for a shell, become under rules; the working directory also has these
/// files.
pub fn under(rules: &str, files: &[(&str, &str)], arguments: &str) -> String {
    let folder = Folder::new(files);
    folder.file("hydra-shim.yaml", rules);
    folder.overrides(&main_py(arguments))
}

/// What arguments, written as for a shell, become by a component with these inputs and elements.
pub fn declared(inputs: &[&str], args: &[&str], arguments: &str) -> String {
    let folder = Folder::new(&[("c.yaml", &component(inputs, args))]);
    folder.overrides(&split(&format!("--component c.yaml python3 main.py {arguments}")))
}
