//! What starts a script, as the real thing from its registry: each hands its values over, and the real Hydra
//! says what arrived.

#[path = "../support/mod.rs"]
mod support;

mod mlflow;
mod ray;
mod sagemaker;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use support::shims_in_path::Site;
use support::venv::locked_venv;
use support::{seen, tests_path};

/// An application that prints what it received, by `tagged.py`.
const APP: &str = "import hydra
from omegaconf import OmegaConf
from tagged import tag


@hydra.main(version_base=None, config_path='conf', config_name='config')
def main(cfg):
    received = OmegaConf.to_container(cfg, resolve=True)
    print('received', tag(dict(sorted(received.items()))), flush=True)


if __name__ == '__main__':
    main()
";

/// A virtual environment with what `tests/orchestrators/NAME.txt` lists.
fn packages(name: &str) -> PathBuf {
    let lock = tests_path("orchestrators").join(format!("{name}.txt"));
    locked_venv(name, &fs::read_to_string(lock).unwrap()).unwrap()
}

/// [`APP`] as `train.py`, and its config, in which these keys are not set yet.
fn app(keys: &[&str]) -> [(&'static str, String); 2] {
    let keys: Vec<String> = keys.iter().map(|key| format!("{key}: unset\n")).collect();
    let config = format!("{}hydra: {{run: {{dir: .}}, output_subdir: null}}\n", keys.concat());
    [("train.py", APP.to_owned()), ("conf/config.yaml", config)]
}

/// Shims in PATH, and [`app`] in the working directory.
fn site(keys: &[&str], files: &[(&str, &str)]) -> Site {
    let site = Site::new(&[]);
    let [script, config] = app(keys);
    site.files(files).file(script.0, script.1.as_bytes());
    site.file(config.0, config.1.as_bytes());
    site
}

/// A program of [`packages`] where the shims are in PATH.
fn program(site: &Site, packages: &str, name: &str) -> Command {
    let program = crate::packages(packages).join("bin").join(name);
    let mut command = site.command(&[program.to_str().unwrap()]);
    command.env("PYTHONPATH", tests_path("support")).env("HOME", site.path("home"));
    command
}

/// Asserts that the application, started so often, received each time these values and printed it.
fn assert_received(output: &Output, times: usize, expected: &[(&str, &str)]) {
    let printed = [output.stdout.as_slice(), &output.stderr].concat();
    let printed = String::from_utf8(printed).unwrap();
    let received = printed.lines().filter_map(|line| line.split_once("received "));
    let received: Vec<&str> = received.map(|(_, tag)| tag).collect();
    assert_eq!(received, vec![seen::dict(expected); times], "{printed}");
}
