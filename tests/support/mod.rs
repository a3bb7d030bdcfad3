//! What the integration tests share: the shim under test, and the real Hydra that judges it.
//!
//! Hydra is never imitated. [`venv`] installs it into `target/test-venvs`, once per version,
//! and [`Oracle`] asks it what an application would receive.
//!
//! A value is compared as one line of text, exact to the type (`tagged.py` writes it, [`seen`]
//! spells what is expected).

#![allow(dead_code, reason = "no test file uses all of it")]
#![allow(unreachable_pub, reason = "each test file includes this module privately")]

pub mod kfp;
pub mod launched;
pub mod private_python;
pub mod shims_in_path;
pub mod venv;
pub mod working_folder;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use assert_cmd::assert::{Assert, OutputAssertExt};
use serde::Deserialize;
use serde_json::{Value, json};
pub use venv::{venv, venv_with};
use working_folder::translated;

/// The Hydra that users get from pip today, and the oldest patch release that is promised.
pub const HYDRA: &str = "1.3.8";
/// See [`HYDRA`].
pub const OLD_HYDRA: &str = "1.3.2";

/// The variables that the shim reads; a test starts without those of whoever runs it.
const VARIABLES: [&str; 8] = [
    "HYDRA_SHIM_APPS",
    "HYDRA_SHIM_COMMAND",
    "HYDRA_SHIM_COMPONENT",
    "HYDRA_SHIM_LOG",
    "HYDRA_SHIM_NOT_APPS",
    "HYDRA_SHIM_RULES",
    "HYDRA_SHIM_STARTED",
    "SM_HPS",
];

/// The program under test.
pub fn shim() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_hydra-shim"))
}

/// A call of the shim in an environment without its variables.
pub fn shim_command() -> Command {
    let mut command = Command::new(shim());
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command
}

/// A file or folder of the tests, by its path below `tests/`.
pub fn tests_path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(below)
}

/// What a process wrote, for the message of a failure.
pub fn both_streams(output: &Output) -> String {
    output.clone().assert().to_string()
}

/// The message of a call that ends with this code and prints nothing else: without `hydra-shim: error: `,
/// its help in the same line.
pub fn refused(call: Assert, code: i32) -> String {
    let call = call.code(code).stdout("");
    let stderr = stderr(&call);
    let message = stderr.strip_prefix("hydra-shim: error: ").unwrap_or_else(|| panic!("{call}"));
    message.trim_end().replace("\n  help: ", "; help: ")
}

/// What a call printed that succeeds without a word on stderr.
pub fn succeeded(call: Assert) -> String {
    stdout(&call.success().stderr(""))
}

/// What a call wrote on stdout.
pub fn stdout(call: &Assert) -> String {
    String::from_utf8(call.get_output().stdout.clone()).unwrap()
}

/// What a call wrote on stderr.
pub fn stderr(call: &Assert) -> String {
    String::from_utf8(call.get_output().stderr.clone()).unwrap()
}

/// What `translate --format json` printed.
#[derive(Debug, Deserialize)]
pub struct Translation {
    /// The command that is started.
    pub command: Vec<String>,
    /// Everything after the command, in order.
    pub overrides: Vec<String>,
    /// What became of each flag, in order.
    pub trace: Vec<Step>,
}

/// One flag of a [`Translation`].
#[derive(Debug, Deserialize)]
pub struct Step {
    /// The overrides that it became.
    pub to: Vec<String>,
    /// The key that is set.
    pub key: Option<String>,
}

/// Runs `translate --format json` with `arguments`, in a folder without rules. The error is the message
/// of its refusal.
pub fn translate<S: AsRef<str>>(arguments: &[S]) -> Result<Translation, String> {
    let mut call = shim_command();
    call.args(["translate", "--format", "json"]).args(arguments.iter().map(AsRef::as_ref));
    let printed = translated(call.current_dir("/"))?;
    Ok(serde_json::from_value(printed).unwrap())
}

fn strings(array: &Value) -> Vec<String> {
    let items = array.as_array().unwrap_or_else(|| panic!("no array: {array}"));
    items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Expected values, as `tagged.py` writes them.
pub mod seen {
    /// Python's None.
    pub const NONE: &str = "None";

    /// A bool.
    pub fn bool(value: bool) -> String {
        if value { "True" } else { "False" }.to_owned()
    }

    /// An int, by its digits.
    pub fn int(digits: &str) -> String {
        format!("int:{digits}")
    }

    /// A float, by Python's repr.
    pub fn float(repr: &str) -> String {
        format!("float:{repr}")
    }

    /// A str.
    pub fn str(text: &str) -> String {
        serde_json::to_string(text).unwrap()
    }

    /// A list of values that are written like this already.
    pub fn list<S: AsRef<str>>(items: &[S]) -> String {
        let items: Vec<_> = items.iter().map(AsRef::as_ref).collect();
        format!("[{}]", items.join(", "))
    }

    /// A dict with str keys, of values that are written like this already, in order.
    pub fn dict<S: AsRef<str>>(items: &[(&str, S)]) -> String {
        let items: Vec<_> =
            items.iter().map(|(key, item)| format!("{}: {}", str(key), item.as_ref())).collect();
        format!("{{{}}}", items.join(", "))
    }
}

/// Prints a line on stderr, in spite of the test harness, which hides the stderr of what passes.
pub fn say(line: &str) {
    let mut stderr = std::io::stderr().lock();
    writeln!(stderr, "{line}").unwrap();
}

/// A Python process that answers with the real Hydra; see `oracle.py`.
pub struct Oracle {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts the oracle with that version of Hydra. The error says why there is none.
    pub fn start(hydra_version: &str) -> Result<Self, String> {
        let mut child = Command::new(venv(hydra_version)?.join("bin/python"))
            .args(["-W", "ignore"])
            .arg(tests_path("support/oracle.py"))
            .env("PYTHONIOENCODING", "utf-8")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut oracle = Self { child, requests, answers };
        let version = oracle.ask(&json!({"op": "version"}));
        assert_eq!(version, hydra_version, "the environment holds another Hydra");
        Ok(oracle)
    }

    /// For each JSON text: the value that Python reads from it.
    pub fn loads<S: AsRef<str>>(&mut self, texts: &[S]) -> Vec<Result<String, String>> {
        let texts: Vec<_> = texts.iter().map(AsRef::as_ref).collect();
        each(&self.ask(&json!({"op": "loads", "texts": texts})))
    }

    /// For each key with its overrides: the value at the key, in a config that had null there.
    pub fn apply(&mut self, cases: &[(String, Vec<String>)]) -> Vec<Result<String, String>> {
        each(&self.ask(&json!({"op": "apply", "cases": cases})))
    }

    /// As [`Oracle::apply`], after `--multirun` wrote the overrides anew for its job.
    pub fn apply_multirun(
        &mut self,
        cases: &[(String, Vec<String>)],
    ) -> Vec<Result<String, String>> {
        each(&self.ask(&json!({"op": "apply", "cases": cases, "multirun": true})))
    }

    /// The config that an application of that folder composes: all of it, or what is at `key`.
    pub fn composed(
        &mut self,
        directory: &Path,
        name: &str,
        overrides: &[String],
        key: Option<&str>,
    ) -> Result<String, String> {
        let answer = self.answer(&json!({
            "op": "composed", "directory": directory, "name": name, "overrides": overrides,
            "key": key,
        }));
        one(&answer)
    }

    /// Registers the structured configs of a Python file.
    pub fn store(&mut self, path: &Path) {
        self.ask(&json!({"op": "store", "path": path}));
    }

    /// The reasons for which the value of a JSON text cannot reach a Hydra application.
    pub fn obstacles(&mut self, text: &str) -> Vec<String> {
        strings(&self.ask(&json!({"op": "obstacles", "text": text})))
    }

    /// The result of an operation that does not fail.
    fn ask(&mut self, request: &Value) -> Value {
        let answer = self.answer(request);
        match answer.get("ok") {
            Some(value) => value.clone(),
            None => panic!("{} at {request}", answer["error"]),
        }
    }

    fn answer(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the oracle said {line:?} ({error}) to {request}"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It waits for requests; nothing of it is worth keeping.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One answer for each item of a request.
fn each(answers: &Value) -> Vec<Result<String, String>> {
    answers.as_array().unwrap().iter().map(one).collect()
}

fn one(answer: &Value) -> Result<String, String> {
    match answer.get("ok") {
        Some(value) => Ok(value.as_str().unwrap().to_owned()),
        None => Err(answer["error"].as_str().unwrap().to_owned()),
    }
}
