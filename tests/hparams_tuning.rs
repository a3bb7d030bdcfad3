//! `examples/hparams_tuning`, tuned: the trials of its Vertex AI job and the runs of its W&B sweep.
//!
//! The commands are read from the job's and the sweep's YAML. Vertex AI is played: it starts the
//! container with `--name=value` behind its arguments and reads the file that the real
//! cloudml-hypertune writes. W&B's agent is the real one, without its server (`hparams/agent.py`).

mod support;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::{Assert, OutputAssertExt};
use serde_json::{Value, json};
use support::working_folder::Folder;
use support::{refused, seen, shim, stderr, stdout, tests_path, venv_with};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hparams_tuning")
}

/// The image: the example as working directory, the shim and its real requirements in PATH.
struct Image {
    folder: Folder,
    venv: PathBuf,
}

impl Image {
    /// Of the example.
    fn new() -> Self {
        let image = Self::with(&[]);
        image.folder.copy(&example());
        image
    }

    /// Of another application with the same requirements.
    fn with(files: &[(&str, &str)]) -> Self {
        let venv = {
            let requirements = fs::read_to_string(example().join("requirements.txt")).unwrap();
            venv_with("hparams-tuning", &requirements).unwrap()
        };
        Self { folder: Folder::new(files), venv }
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
        let printed = stdout(&self.command(&argv).assert().success());
        serde_json::from_str(&printed).unwrap()
    }
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

    fn start(&self, trial: &str, argv: &[String]) -> Assert {
        let mut command = self.image.command(argv);
        command.env("CLOUD_ML_TRIAL_ID", trial);
        command.env("CLOUD_ML_HP_METRIC_FILE", self.metric_file(trial));
        command.assert()
    }

    /// What the trial printed, and the measurements that the tuner reads.
    fn trial(&self, trial: &str, parameters: &[(&str, &str)]) -> (String, Vec<Measurement>) {
        let printed = stdout(&self.start(trial, &self.argv(parameters)).success());
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
#[ignore = "a minute, and packages to install"]
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
        assert_eq!(reported, (1..=*epochs).collect::<Vec<_>>(), "{parameters:?}");
        last.push(accuracy.parse::<f64>().unwrap());
    }
    // It learns at 0.003, and at 1e-05 it hardly does: no two trials are the same training.
    assert!(last[0] > 0.8 && last[1] < 0.3, "{last:?}");
    for (number, accuracy) in last.iter().enumerate() {
        assert!(!last[..number].contains(accuracy), "{last:?}");
    }
}

#[test]
#[ignore = "a minute, and packages to install"]
fn without_the_shim_the_trial_fails() {
    let tuner = Tuner::new();
    let argv = tuner.argv(&[("model.optimizer.lr", "0.003")]);
    assert_eq!(argv[..2], ["hydra-shim", "run"]);
    let said = stderr(&tuner.start("1", &argv[2..]).code(2));
    assert!(said.contains("unrecognized arguments: --model.optimizer.lr=0.003"), "{said}");
    assert!(!tuner.metric_file("1").exists());
}

#[test]
#[ignore = "a minute, and packages to install"]
fn a_parameter_that_does_not_fit_starts_nothing() {
    let tuner = Tuner::new();
    let message = refused(tuner.start("1", &tuner.argv(&[("model.width", "16.5")])), 125);
    let reason = "--model.width: the value `16.5` is not an int (declared int by hydra-shim.yaml:";
    assert!(message.contains(reason), "{message}");
}

/// One run: what W&B's server chose for it.
type Run = Vec<(&'static str, Value)>;

impl Image {
    /// Has W&B's agent run the sweep in `sweep.yaml`: what each run printed and its exit code.
    fn sweep(&self, runs: &[Run]) -> Vec<(String, i32)> {
        let mut lines = Vec::new();
        for run in runs {
            let args =
                run.iter().map(|(name, value)| ((*name).to_owned(), json!({"value": value})));
            writeln!(lines, "{}", Value::Object(args.collect())).unwrap();
        }
        self.folder.file("runs", std::str::from_utf8(&lines).unwrap());
        let agent = tests_path("hparams/agent.py").to_str().unwrap().to_owned();
        let mut command = self.command(&["python3".to_owned(), agent]);
        command.env("WANDB_MODE", "offline").env("PYTHONPATH", tests_path("support"));
        command.stdin(File::open(self.folder.path("runs")).unwrap());
        let printed = stdout(&command.assert().success());
        let mut ended = Vec::new();
        let mut run = String::new();
        for line in printed.split_inclusive('\n') {
            match line.strip_prefix("exit code ") {
                Some(code) => ended.push((std::mem::take(&mut run), code.trim().parse().unwrap())),
                None => run += line,
            }
        }
        assert_eq!(ended.len(), runs.len(), "{printed}");
        ended
    }

    /// Everything that W&B keeps of the runs until it is online.
    fn logged(&self) -> Vec<u8> {
        let runs = fs::read_dir(self.folder.path("wandb")).unwrap().map(|entry| entry.unwrap());
        let files =
            runs.filter(|run| run.file_name().to_str().unwrap().starts_with("offline-run-"));
        let files = files.flat_map(|run| fs::read_dir(run.path()).unwrap());
        let files = files.map(|file| file.unwrap().path());
        let files = files.filter(|file| file.extension().is_some_and(|name| name == "wandb"));
        files.flat_map(|file| fs::read(file).unwrap()).collect()
    }
}

#[test]
#[ignore = "a minute, and packages to install"]
fn a_sweep_of_wandb_trains_and_logs() {
    let image = Image::new();
    let sweep = image.yaml("sweep.yaml");
    let run = vec![
        ("model.optimizer.lr", json!(0.012_345_678_901_234_568)),
        ("model.optimizer.name", json!("sgd")),
        ("model.width", json!(8)),
    ];
    for (name, _) in &run {
        assert!(sweep["parameters"].get(name).is_some(), "{name}: {sweep}");
    }
    let [(printed, 0)] = &image.sweep(&[run])[..] else { panic!("the run failed") };
    let model = "model {'width': 8, 'optimizer': {'name': 'sgd', 'lr': 0.012345678901234568}}";
    assert!(printed.lines().any(|line| line == model), "{printed}");
    let accuracy = printed.lines().find_map(|line| line.strip_prefix("accuracy ")).unwrap();
    let logged = image.logged();
    for part in [sweep["metric"]["name"].as_str().unwrap(), accuracy] {
        assert!(logged.windows(part.len()).any(|bytes| bytes == part.as_bytes()), "{part}");
    }
}

/// An application that prints the value that arrived under each name.
const RECEIVER: [(&str, &str); 2] = [
    (
        "main.py",
        "import hydra\nfrom omegaconf import OmegaConf\nfrom tagged import tag\n\n\n\
         @hydra.main(version_base=None, config_path='conf', config_name='config')\n\
         def main(cfg):\n    print(tag(OmegaConf.to_container(cfg.model, resolve=True)))\n\n\n\
         main()\n",
    ),
    ("conf/config.yaml", "experiment: ''\nhparams_search: ''\nmodel: {x: was never set}\n"),
];

/// What W&B's server may send, what the application receives of it through the shim, and what
/// through `${args_no_hyphens}` without the shim: the value, or Hydra's reason to refuse it.
fn sent_by_wandb() -> Vec<(Value, String, String)> {
    let same = |value: Value, arrives: String| (value, arrives.clone(), arrives);
    let text = |sent: &str, by_hydra: String| (json!(sent), seen::str(sent), by_hydra);
    let refused = |reason: &str| reason.to_owned();
    vec![
        same(json!(0.003), seen::float("0.003")),
        same(json!(1e-05), seen::float("1e-05")),
        same(json!(-2), seen::int("-2")),
        same(json!(true), seen::bool(true)),
        same(json!("gs://bucket/digits"), seen::str("gs://bucket/digits")),
        same(json!([64, 32]), seen::list(&["int:64", "int:32"])),
        same(json!("a b"), seen::str("a b")),
        text("a, b", refused("Ambiguous value for argument 'model.x=a, b'")),
        text("lr=0.1", refused("mismatched input '=' expecting <EOF>")),
        text("it's", refused("LexerNoViableAltException: model.x=it's")),
        text("2024_11_23", seen::int("20241123")),
        text("nan", seen::float("nan")),
        text("Null", seen::NONE.to_owned()),
        text("${oc.env:NOT_SET_IN_THE_TEST,evaluated}", seen::str("evaluated")),
        // What is no JSON: the agent writes it as Python does.
        (
            json!(["adam", "sgd"]),
            seen::str("['adam', 'sgd']"),
            seen::list(&[seen::str("adam"), seen::str("sgd")]),
        ),
        (json!({"a": 1}), seen::str("{'a': 1}"), refused("no viable alternative at input '{'a''")),
        (Value::Null, seen::str("None"), seen::str("None")),
    ]
}

/// Asserts what the application printed, each run for itself, or Hydra's reason to refuse it.
fn assert_received(image: &Image, expected: &[(Value, String)]) {
    let runs: Vec<Run> =
        expected.iter().map(|(value, _)| vec![("model.x", value.clone())]).collect();
    let mut wrong = Vec::new();
    for ((value, expected), (printed, code)) in expected.iter().zip(image.sweep(&runs)) {
        let received = printed == format!("{}\n", seen::dict(&[("x", expected)]));
        if !(code == 0 && received || code == 1 && printed.contains(expected)) {
            wrong.push(format!("{value}: exit code {code}, not {expected}: {printed}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The receiver, started by the example's sweep.
fn receiver() -> Image {
    let image = Image::with(&RECEIVER);
    image.folder.file("sweep.yaml", &fs::read_to_string(example().join("sweep.yaml")).unwrap());
    image
}

#[test]
#[ignore = "a minute, and packages to install"]
fn the_values_of_a_sweep_arrive() {
    let values = sent_by_wandb().into_iter().map(|(value, arrives, _)| (value, arrives));
    assert_received(&receiver(), &values.collect::<Vec<_>>());
}

#[test]
#[ignore = "a minute, and packages to install"]
fn without_the_shim_a_sweep_loses_values() {
    let image = receiver();
    let sweep = fs::read_to_string(image.folder.path("sweep.yaml")).unwrap();
    let without = sweep.replace("- hydra-shim\n- run\n", "");
    let without = without.replace("${args}", "${args_no_hyphens}");
    assert!(without.lines().count() + 2 == sweep.lines().count() && without.contains("no_hyphens"));
    image.folder.file("sweep.yaml", &without);
    let values = sent_by_wandb().into_iter().map(|(value, _, by_hydra)| (value, by_hydra));
    assert_received(&image, &values.collect::<Vec<_>>());
}

#[test]
#[ignore = "a minute, and packages to install"]
fn a_list_that_python_wrote_arrives_where_it_is_declared() {
    let image = receiver();
    image.folder.file("hydra-shim.yaml", "flags: {model.x: {type: hydra}}\n");
    let names = ["adam", "it's", "a, b"];
    let table = [
        (json!(names), seen::list(&names.map(seen::str))),
        (json!([true, 0.5]), seen::list(&[seen::bool(true), seen::float("0.5")])),
    ];
    assert_received(&image, &table);
}

#[test]
#[ignore = "a minute, and packages to install"]
fn the_transcripts_are_what_the_commands_print() {
    let readme = fs::read_to_string(example().join("README.md")).unwrap();
    let blocks: Vec<&str> = readme.split("```console\n").skip(1).collect();
    assert!(blocks.len() >= 2, "{} blocks", blocks.len());
    for block in blocks {
        let (block, _) = block.split_once("```").unwrap();
        let image = Image::new();
        let mut printed = String::new();
        for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let shell = ["sh", "-c", &format!("exec 2>&1; {command}")].map(str::to_owned);
            printed.extend(["$ ", command, "\n", &stdout(&image.command(&shell).assert())]);
        }
        assert_eq!(printed, block);
    }
}
