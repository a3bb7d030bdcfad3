//! The MNIST pipeline of `examples/mnist`: KFP's local orchestrator runs it for real, with the shim
//! in front of each task, and its component files stay in the official style.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use serde_json::Value;
use support::{kfp::mnist_venv, shim, shim_command, stderr, stdout};

const TASKS: [&str; 2] = ["data_prepare", "train"];

fn mnist(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mnist").join(below)
}

fn json(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    serde_json::from_str(&text).unwrap()
}

/// PATH with the Python of a virtual environment first.
fn path_with(venv: &Path) -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(venv.join("bin")).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap()
}

fn python(script: &str) -> Command {
    let mut command = Command::new(mnist_venv().join("bin/python"));
    command.arg(mnist(script)).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

#[test]
#[ignore = "minutes, and packages to install"]
fn the_pipeline_runs_and_every_value_arrives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = python("run.py");
    command.current_dir(root).args(["process", "--trainer", "sklearn", "--shim"]).arg(shim());
    // The last two lines are the tasks' folders.
    let printed = stdout(&command.assert().success());
    let folders: Vec<_> =
        printed.lines().rev().take(2).map(|line| root.join(line.trim())).collect();
    let [train, prepared] = folders.as_slice() else { panic!("{printed}") };
    assert!(prepared.join("test.npz").is_file(), "{printed}");
    assert!(train.join("best.joblib").is_file(), "{printed}");

    // What the application wrote of the values that it was given, and its output parameter.
    let sent = json(&mnist("parameters.json"));
    let metrics = json(&train.with_file_name("metrics"));
    for name in ["name", "id"] {
        assert_eq!(metrics["run"][name], sent[format!("run_{name}")]);
    }
    for name in ["tags", "note"] {
        assert_eq!(metrics["run"][name], sent[name]);
    }
    let accuracy = json(&train.with_file_name("accuracy"));
    assert_eq!(accuracy, metrics["accuracy"]);
    assert!(accuracy.as_f64().unwrap() > 0.9, "{accuracy}");

    // Every flag stands in the table, as exact.
    let rows: Vec<_> = printed.lines().filter(|line| line.starts_with("  --")).collect();
    assert_eq!(rows.len(), 5 + 17, "{printed}");
    assert!(rows.iter().all(|row| row.ends_with("  exact")), "{printed}");
}

#[test]
#[ignore = "minutes, and packages to install"]
fn the_components_are_in_the_official_style() {
    for task in TASKS {
        let file = mnist(task).join("component.yaml");
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("{{$") && !text.to_lowercase().contains("hydra"), "{text}");
        let mut call = shim_command();
        let call = call.arg("component").arg(&file).args(["--format", "json"]).assert();
        let printed: Value = serde_json::from_str(&stdout(&call)).unwrap();
        let received = printed["tasks"][0]["received"].as_array().unwrap();
        let received: Vec<_> = received.iter().map(|word| word.as_str().unwrap()).collect();
        let (command, flags) = received.split_at(2);
        assert_eq!(command, ["python3", "main.py"]);
        assert!(flags.chunks(2).all(|pair| pair[0].starts_with("--") && pair.len() == 2));
    }
}

#[test]
#[ignore = "minutes, and packages to install"]
fn hydra_composes_what_the_components_pass() {
    let path = path_with(&support::venv(support::HYDRA).unwrap());
    let in_image = |mut command: Command, task: &str| {
        command.current_dir(mnist(task)).env("PATH", &path).env("PYTHONDONTWRITEBYTECODE", "1");
        command.assert()
    };
    for task in TASKS {
        let mut check = shim_command();
        check.args(["check", "--component", "component.yaml", "--", "python3", "main.py"]);
        in_image(check, task).success();
    }
    let mut alone = Command::new("python3");
    alone.args(["main.py", "--run_id", "2024_11_23"]);
    let said = stderr(&in_image(alone, "train"));
    assert!(said.contains("unrecognized arguments: --run_id"), "{said}");
}

#[test]
#[ignore = "minutes, and packages to install"]
fn submit_says_all_that_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let mut command = python("submit.py");
    command.env_clear().env("HOME", home.path()).env("PATH", path_with(&mnist_venv()));
    // On a machine of Google's the credentials would be the machine's.
    let said = stderr(&command.env("NO_GCE_CHECK", "true").assert().code(1));
    for part in [
        "`project` is still `my-project`: put your own for my-project",
        "`pipeline_root` is still `gs://my-bucket/mnist`",
        "`images` is still `",
        "run `gcloud auth application-default login`",
        "`pip install google-cloud-aiplatform==",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
