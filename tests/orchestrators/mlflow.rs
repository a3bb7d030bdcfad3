//! MLflow Projects: `bash -c "python train.py --lr {lr}"`, and a flag for each parameter that the command does
//! not name.

use std::os::unix::fs::symlink;

use crate::support::shim;
use crate::{assert_received, program, site};

/// The recipe of `docs/mlflow.md`.
fn project() -> &'static str {
    let page = include_str!("../../docs/mlflow.md");
    page.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0
}

fn starts_the_script(project: &str) {
    let site = site(&["layers", "lr", "name", "run_id", "tags"], &[("MLproject", project)]);
    symlink(shim(), site.path("bin/hydra-shim")).unwrap();
    let mut run = program(&site, "mlflow", "mlflow");
    run.args(["run", ".", "--env-manager", "local", "-P", "lr=1e-05"]);
    for parameter in
        ["name=a, b='c' ${HOME}", "layers=[64, 32]", "tags=[\"a\", \"b, c\"]", "run_id=2024_11_23"]
    {
        run.args(["-P", parameter]);
    }
    // Its runs as files; without a word to its makers.
    run.env("MLFLOW_TRACKING_URI", site.path("runs")).env("MLFLOW_ALLOW_FILE_STORE", "true");
    let output = run.env("MLFLOW_DISABLE_TELEMETRY", "true").output().unwrap();
    let expected = [
        ("layers", "[int:64, int:32]"),
        ("lr", "float:1e-05"),
        ("name", "\"a, b='c' ${HOME}\""),
        ("run_id", "\"2024_11_23\""),
        ("tags", "[\"a\", \"b, c\"]"),
    ];
    assert_received(&output, 1, &expected);
}

#[test]
fn a_project_starts_the_script() {
    starts_the_script(project());
}

#[test]
fn a_project_starts_the_script_where_the_shim_is_in_path() {
    let plain = project().replace("hydra-shim run ", "");
    assert_ne!(plain, project());
    starts_the_script(&plain);
}
