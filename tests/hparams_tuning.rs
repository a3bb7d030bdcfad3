//! `examples/hparams_tuning`, tuned: the trials of its Vertex AI job and the runs of its W&B sweep.
//!
//! The commands are read from the job's and the sweep's YAML. Vertex AI is played: it starts the
//! container with `--name=value` behind its arguments and reads the file that the real
//! cloudml-hypertune writes. W&B's agent is the real one, without its server (`hparams/agent.py`).

mod folder;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use folder::Folder;
use serde_json::Value;
use support::{both_streams, shim, tests_path, venv_with};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hparams_tuning")
}

/// The image: the example as working directory, the shim and its real requirements in PATH.
struct Image {
    folder: Folder,
    venv: PathBuf,
}

impl Image {
    fn new() -> Self {
        let venv = venv_with("hparams-tuning", &example().join("requirements.txt")).unwrap();
        let image = Self { folder: Folder::new(&[]), venv };
        image.folder.copy(&example());
        image
    }

    /// A command of the container.
    fn command(&self, argv: &[String]) -> Command {
        let shims = shim().parent().unwrap().to_owned();
        let path = [shims, self.venv.join("bin"), "/usr/bin".into(), "/bin".into()];
        let mut command = Command::new("/usr/bin/env");
        command.args(argv).current_dir(self.folder.path("")).env_clear();
        command.env("PATH", std::env::join_paths(path).unwrap());
        command.env("HOME", self.folder.path("home")).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// A file of the example, as the real YAML library reads it.
    fn yaml(&self, name: &str) -> Value {
        let load = tests_path("hparams/load.py").to_str().unwrap().to_owned();
        let argv = ["python3".to_owned(), load, name.to_owned()];
        let printed = succeeded(&self.command(&argv).output().unwrap());
        serde_json::from_str(&printed).unwrap()
    }
}

/// What a success printed.
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", both_streams(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// The job of `tuning_job.yaml`, and a place where its trials run.
struct Tuner {
    image: Image,
    job: Value,
}

impl Tuner {
    fn new() -> Self {
        let image = Image::new();
        let job = image.yaml("tuning_job.yaml");
        Self { image, job }
    }

    /// The trial's container: the command and arguments of the job, then the parameters.
    fn argv(&self, parameters: &[(&str, &str)]) -> Vec<String> {
        let container = &self.job["trialJobSpec"]["workerPoolSpecs"][0]["containerSpec"];
        let mut argv = texts(&container["command"]);
        argv.extend(texts(&container["args"]));
        let studied = self.job["studySpec"]["parameters"].as_array().unwrap();
        for (name, value) in parameters {
            assert!(studied.iter().any(|p| p["parameterId"] == *name), "{name} is not studied");
            argv.push(format!("--{name}={value}"));
        }
        argv
    }

    fn metric_file(&self, trial: &str) -> PathBuf {
        self.image.folder.path("metrics").join(trial).join("output.metrics")
    }

    fn start(&self, trial: &str, argv: &[String]) -> Output {
        let mut command = self.image.command(argv);
        command.env("CLOUD_ML_TRIAL_ID", trial);
        command.env("CLOUD_ML_HP_METRIC_FILE", self.metric_file(trial));
        command.output().unwrap()
    }

    /// What the trial printed, and the measurements that the tuner reads.
    fn trial(&self, trial: &str, parameters: &[(&str, &str)]) -> (String, Vec<Measurement>) {
        let printed = succeeded(&self.start(trial, &self.argv(parameters)));
        let file = fs::read_to_string(self.metric_file(trial)).unwrap();
        let metric = self.job["studySpec"]["metrics"][0]["metricId"].as_str().unwrap();
        let measured = file.lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["trial"], trial, "{line}");
            let text = |name| line[name].as_str().unwrap_or_else(|| panic!("no {name}: {line}"));
            Measurement {
                epoch: text("global_step").parse().unwrap(),
                accuracy: text(metric).to_owned(),
            }
        });
        (printed, measured.collect())
    }
}

/// One line of a metric file.
struct Measurement {
    epoch: usize,
    accuracy: String,
}

#[test]
fn trials_receive_their_parameters_and_report() {
    let tuner = Tuner::new();
    // What the study sends, the config's model as Python writes it, and the number of epochs.
    let table = [
        (
            vec![("model.optimizer.lr", "0.003")],
            "{'width': 16, 'optimizer': {'name': 'adam', 'lr': 0.003}}",
            20,
        ),
        (
            vec![("model.optimizer.lr", "1e-05")],
            "{'width': 16, 'optimizer': {'name': 'adam', 'lr': 1e-05}}",
            20,
        ),
        (
            vec![
                ("model.optimizer.lr", "0.012345678901234568"),
                ("model.optimizer.name", "sgd"),
                // A discrete and an integer parameter, as doubles.
                ("model.width", "32.0"),
                ("epochs", "7.0"),
            ],
            "{'width': 32, 'optimizer': {'name': 'sgd', 'lr': 0.012345678901234568}}",
            7,
        ),
        (
            vec![("epochs", "30"), ("model.width", "8"), ("model.optimizer.name", "adam")],
            "{'width': 8, 'optimizer': {'name': 'adam', 'lr': 0.001}}",
            30,
        ),
    ];
    let mut last = Vec::new();
    for (number, (parameters, model, epochs)) in table.iter().enumerate() {
        let (printed, measured) = tuner.trial(&(number + 1).to_string(), parameters);
        let accuracy = &measured.last().unwrap().accuracy;
        let expected = format!("model {model}\naccuracy {accuracy}\n");
        assert_eq!(printed, expected, "{parameters:?}");
        let reported: Vec<usize> = measured.iter().map(|measurement| measurement.epoch).collect();
        assert_eq!(reported, Vec::from_iter(1..=*epochs), "{parameters:?}");
        last.push(accuracy.parse::<f64>().unwrap());
    }
    // It learns at 0.003, and at 1e-05 it hardly does: no two trials are the same training.
    assert!(last[0] > 0.8 && last[1] < 0.3, "{last:?}");
    for (number, accuracy) in last.iter().enumerate() {
        assert!(!last[..number].contains(accuracy), "{last:?}");
    }
}

#[test]
fn without_the_shim_the_trial_fails() {
    let tuner = Tuner::new();
    let argv = tuner.argv(&[("model.optimizer.lr", "0.003")]);
    assert_eq!(argv[..2], ["hydra-shim", "run"]);
    let output = tuner.start("1", &argv[2..]);
    assert_eq!(output.status.code(), Some(2), "{}", both_streams(&output));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("unrecognized arguments: --model.optimizer.lr=0.003"), "{stderr}");
    assert!(!tuner.metric_file("1").exists());
}

#[test]
fn a_parameter_that_does_not_fit_starts_nothing() {
    let tuner = Tuner::new();
    let output = tuner.start("1", &tuner.argv(&[("model.width", "16.5")]));
    assert_eq!(output.status.code(), Some(125), "{}", both_streams(&output));
    let stderr = String::from_utf8_lossy(&output.stderr);
    let reason = "--model.width: the value `16.5` is no int (declared int by hydra-shim.yaml:";
    assert!(stderr.contains(reason), "{stderr}");
}
