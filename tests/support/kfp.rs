//! The real KFP SDK, in `target/test-venvs`, and the recorded runs of real components.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::assert::OutputAssertExt;
use serde_json::Value;

use super::{say, stdout, tests_path, venv_with};

/// The SDK that judges; the source's comments name it too.
const KFP: &str = "2.17.0";

/// A virtual environment with the KFP SDK.
pub fn kfp_venv() -> PathBuf {
    venv_with(&format!("kfp-{KFP}"), &format!("kfp=={KFP}\n")).unwrap()
}

/// A virtual environment with what `examples/mnist` runs with.
pub fn mnist_venv() -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mnist/requirements.txt");
    venv_with("mnist", &fs::read_to_string(file).unwrap()).unwrap()
}

/// Runs a script of `tests/kfp` with the SDK and returns what it printed.
pub fn python(script: &str, argument: &Path, input: &Value) -> String {
    let mut child = Command::new(kfp_venv().join("bin/python"))
        .args(["-W", "ignore"])
        .arg(tests_path("kfp").join(script))
        .arg(argument)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    stdout(&child.wait_with_output().unwrap().assert().success())
}

/// What the SDK's own resolver makes of each request, `{"file", "values"}`: task to argv.
pub fn judge(requests: &[Value]) -> Vec<Value> {
    let printed = python("judge.py", Path::new(""), &Value::from(requests));
    serde_json::from_str(&printed).unwrap()
}

/// The recorded runs of real components: data that is no part of the project, in the file that
/// `$HYDRA_SHIM_KFP_VECTORS` names. Without it the test says so.
pub fn recorded_runs() -> Vec<Value> {
    let Some(file) = std::env::var_os("HYDRA_SHIM_KFP_VECTORS") else {
        say(
            "no recorded runs of components (HYDRA_SHIM_KFP_VECTORS): nothing was compared with them",
        );
        return Vec::new();
    };
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
