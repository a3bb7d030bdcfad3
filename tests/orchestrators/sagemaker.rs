//! SageMaker's training toolkit, and the drivers of its SDK.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;

use crate::support::private_python::PrivatePython;
use crate::support::shims_in_path::Failures;
use crate::support::venv::site_packages;
use crate::support::working_folder::{Folder, in_one_line, translated, words};
use crate::support::{HYDRA, Oracle, both_streams, shim_command, tests_path};
use crate::{app, assert_received, packages, site};

/// What `sagemaker_sends.py` prints.
#[derive(Deserialize)]
struct Sent {
    /// Each hyperparameter's JSON.
    sent: BTreeMap<String, String>,
    toolkits: BTreeMap<String, Toolkit>,
}

#[derive(Deserialize)]
struct Toolkit {
    arguments: Vec<String>,
    #[serde(rename = "SM_HPS")]
    variable: String,
    /// What each hyperparameter is, as `tagged.py` writes it.
    tags: BTreeMap<String, String>,
}

/// A table of values, and some random ones, as both toolkits send them.
fn sent(seed: &str, count: &str) -> Sent {
    let folder = tempfile::tempdir().unwrap();
    let mut sends = Command::new(packages("sagemaker").join("bin/python"));
    sends.arg(tests_path("orchestrators/sagemaker_sends.py")).arg(folder.path());
    let output =
        sends.args([seed, count]).env("PYTHONPATH", tests_path("support")).output().unwrap();
    assert!(output.status.success(), "{}", both_streams(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_hyperparameter_arrives_as_it_was_sent() {
    let seed = std::env::var("HYDRA_SHIM_TEST_SEED").unwrap_or("12".to_owned());
    let Sent { sent, toolkits } = sent(&seed, "300");
    let mut oracle = Oracle::start(HYDRA).unwrap();
    let mut wrong = Vec::new();
    for (toolkit, Toolkit { arguments, variable, tags }) in &toolkits {
        let mut applied = Vec::new();
        for pair in arguments.chunks(2) {
            let name = pair[0].trim_start_matches('-');
            let mut translate = shim_command();
            translate.args(["translate", "--format", "json", "python3", "/main.py"]).args(pair);
            match translated(translate.env("SM_HPS", variable)) {
                Ok(printed) => applied.push((name.to_owned(), words(&printed, "overrides"))),
                Err(message) if oracle.obstacles(&sent[name]).is_empty() => {
                    wrong.push(format!("{toolkit}: {pair:?}, sent as {}: {message}", sent[name]));
                }
                Err(_) => {}
            }
        }
        for ((name, overrides), arrived) in applied.iter().zip(oracle.apply(&applied)) {
            let arrived = arrived.unwrap_or_else(|error| error);
            if arrived != tags[name] {
                wrong.push(format!("{toolkit}: {} by {overrides:?}: {arrived}", tags[name]));
            }
        }
        assert!(applied.len() > 300, "{toolkit}: {} were sent", applied.len());
    }
    assert!(wrong.is_empty(), "seed {seed}, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// `SM_HPS` of the table below.
const HYPERPARAMETERS: &str = r#"{
    "name": "1.10", "layers": ["a", "b, c"], "opt": {"b": {"y": 1, "x": 2}, "a": "k,b=2"}, "debug": true,
    "none": null, "k": 3, "learning-rate": 1e-05, "dash": "-x", "inf": Infinity, "deep": [Infinity],
    "version": "2", "config-name": "typed", "key": "???", "code": {"_target_": "os.system"}
}"#;

const PYTHON: &[&str] = &["--layers", "['a', 'b, c']"];
const PAIRS: &[&str] = &["--opt", "b={'y': 1, 'x': 2},a=k,b=2"];
const OPT: &str = "opt={} | ~opt | +opt={b: {y: 1,x: 2},a: 'k,b=2'}";

/// Rules; arguments; what they become.
const TABLE: &[(&str, &[&str], &str)] = &[
    // As each toolkit writes them.
    ("", &["--name", "1.10"], "name='1.10'"),
    ("", &["--name", "1.1"], "name='1.10'"),
    ("", &["--name=1.1"], "name='1.10'"),
    ("", PYTHON, "layers=[a,'b, c']"),
    ("", &["--layers", r#"["a", "b, c"]"#], "layers=[a,'b, c']"),
    ("", PAIRS, OPT),
    ("", &["--opt", r#"{"a": "k,b=2", "b": {"x": 2, "y": 1}}"#], OPT),
    ("", &["--debug", "True", "--none", "", "-k", "3"], "debug=true | none=null | k=3"),
    ("", &["--learning-rate", "1e-05", "--dash", "-x"], "learning-rate=1e-05 | dash='-x'"),
    ("dashes: underscore", &["--learning-rate", "0.00001"], "learning_rate=1e-05"),
    // Again, and something else.
    ("", &["--name", "1.1", "--name", "1.2"], "name=1.2"),
    ("", &["--name", "1.2", "--name", "1.1"], "name='1.10'"),
    ("", &["--layers", "['a']"], "layers='[\\'a\\']'"),
    ("", &["--opt", "b=1"], "opt='b=1'"),
    ("", &["--other", "1.10", "name=1.1"], "other=1.10 | name=1.1"),
    ("", &["--dash", "-y"], "error: --dash has no value"),
    ("", &["-k", "4"], "error: unexpected argument `-k`"),
    // JSON has no infinity, and undeclared text is not one.
    ("", &["--inf", "inf", "--name", "1.1"], "inf='inf' | name='1.10'"),
    ("", &["--deep", "[inf]"], "deep='[inf]'"),
    // A flag of Hydra's own stays one.
    ("", &["--name", "1.1", "--config-name", "typed"], "name='1.10' | --config-name | typed"),
    ("", &["--key", "???"], "error: --key: the value `???`"),
    // What is declared wins.
    ("flags: {name: {type: float}}", &["--name", "1.1"], "name=1.10"),
    ("flags: {name: title}", &["--name", "1.1"], "title='1.10'"),
    (
        "flags: {name: {type: int}}",
        &["--name", "1.1"],
        "error: --name: the value `1.1` is not an int",
    ),
    ("flags: {version: {type: int}}", &["--version", "2"], "version=2"),
    ("flags: {layers: {type: string}}", PYTHON, "layers='[\\'a\\', \\'b, c\\']'"),
    ("flags: {layers: {type: list}}", PYTHON, "layers=[a,'b, c']"),
    (
        "flags: {layers: {type: 'list[int]'}}",
        PYTHON,
        "error: --layers: the value `['a', 'b, c']` holds",
    ),
    ("flags: {opt: {type: dict, merge: true}}", PAIRS, "++opt={b: {y: 1,x: 2},a: 'k,b=2'}"),
    ("flags: {none: {type: int, nullable: true}}", &["--none", ""], "none=null"),
    ("flags: {none: {type: int}}", &["--none", ""], "error: --none: the value `` is not an int"),
    ("flags: {none: {type: list}}", &["--none", ""], "none=null"),
    (
        "flags: {none: {type: string}}",
        &["--none", ""],
        "error: --none: the value `` is not a string (declared string by hydra-shim.yaml:1); help: if \
         null is a value of it",
    ),
    ("flags: {none: {type: string, nullable: true}}", &["--none", ""], "none=null"),
    ("flags: {none: {empty: drop}}", &["--none", ""], ""),
    (
        "flags: {debug: {type: bool}, k: {type: float}}",
        &["--debug", "True", "-k", "3"],
        "debug=true | k=3.0",
    ),
    // Closed mode looks at the value.
    ("unknown: error", &["--name", "1.1"], "error: `--name` is not declared"),
    ("unknown: error", &["-k", "3"], "error: `-k` is not declared"),
    ("{unknown: error, flags: {name: {}}}", &["--name", "1.1"], "name='1.10'"),
    (
        "{unknown: error, flags: {code: {}}}",
        &["--code", "_target_=os.system"],
        "error: --code: the value",
    ),
    // A secret is not shown.
    (
        "flags: {key: {secret: true}}",
        &["--key", "???"],
        "error: --key: the value *** cannot be passed",
    ),
];

#[test]
fn a_hyperparameter_is_what_was_sent_and_all_else_is_as_ever() {
    let mut failures = Failures::default();
    for (rules, arguments, expected) in TABLE {
        let folder = Folder::new(&[("hydra-shim.yaml", rules)]);
        let mut translate = folder.shim(&["translate", "--format", "json", "python3", "main.py"]);
        let became =
            in_one_line(translated(translate.args(*arguments).env("SM_HPS", HYPERPARAMETERS)));
        let shown =
            if expected.starts_with("error: ") { became.get(..expected.len()) } else { None };
        failures.compare(&format!("{rules} {arguments:?}"), shown.unwrap_or(&became), expected);
    }
    failures.assert_none();
}

#[test]
fn what_is_not_hyperparameters_changes_nothing_and_is_said() {
    for not_an_object in ["x", "[]", "{\"a\": \"b}", "null"] {
        let folder = Folder::new(&[]);
        let mut translate = folder.shim(&["translate", "--format", "json", "--lr", "1.10"]);
        let printed = translated(translate.env("SM_HPS", not_an_object)).unwrap();
        assert_eq!(words(&printed, "overrides"), ["lr=1.10"]);
        let warning = "SM_HPS is not a JSON object: values are typed by their text";
        assert_eq!(words(&printed, "warnings"), [warning], "{not_an_object}");
    }
}

/// The hyperparameters of a job, and what the application is to receive.
const JOB: [(&str, &str, &str); 9] = [
    ("debug", "true", "True"),
    ("k", "3", "int:3"),
    ("layers", "[64, 32]", "[int:64, int:32]"),
    ("lr", "1e-05", "float:1e-05"),
    ("name", "\"a, b=c\"", "\"a, b=c\""),
    ("opt", "{\"k\": [1], \"x\": \"it's\"}", "{\"k\": [int:1], \"x\": \"it's\"}"),
    ("run_id", "\"1.10\"", "\"1.10\""),
    ("seed", "null", "None"),
    ("tags", "[\"a\", \"b, c\"]", "[\"a\", \"b, c\"]"),
];

/// A Python with the toolkits, whose place the shim has taken, and the job's code.
struct Container {
    python: PrivatePython,
    code: Folder,
}

impl Container {
    fn new() -> Self {
        let python = PrivatePython::new();
        python.venv_with_those_of(&packages("sagemaker"));
        python.take_place();
        let [script, config] = app(&JOB.map(|(name, ..)| name));
        let code = Folder::new(&[(script.0, &script.1), (config.0, &config.1)]);
        Self { python, code }
    }

    /// As a toolkit calls it.
    fn interpreter(&self) -> PathBuf {
        self.python.path("environment/bin/python3")
    }

    /// A Python program of the toolkits, in the folder with the code.
    fn program(&self, file: &Path) -> Command {
        let mut command = Command::new(self.interpreter());
        command.arg(file).current_dir(self.code.path("")).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("PYTHONPATH", tests_path("support"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("HYDRA_SHIM_LOG", "text");
        command
    }
}

/// Asserts that the application received the job's values.
fn assert_job_received(output: &Output) {
    assert_received(output, 1, &JOB.map(|(name, _, tag)| (name, tag)));
}

#[test]
fn the_training_toolkit_starts_the_script() {
    let container = Container::new();
    let mut sent = vec![("sagemaker_program", "\"train.py\"")];
    sent.extend(JOB.iter().map(|(name, json, _)| (*name, *json)));
    let sent: BTreeMap<_, _> = sent.into_iter().collect();
    let base = Folder::new(&[
        ("input/config/hyperparameters.json", &serde_json::to_string(&sent).unwrap()),
        ("input/config/inputdataconfig.json", "{}"),
        (
            "input/config/resourceconfig.json",
            r#"{"current_host": "localhost", "hosts": ["localhost"]}"#,
        ),
    ]);
    symlink(container.code.path(""), base.path("code")).unwrap();
    let mut train = container.program(&packages("sagemaker").join("bin/train"));
    let output = train.env("SAGEMAKER_BASE_DIR", base.path("")).output().unwrap();
    assert_job_received(&output);
    // As it was measured: a `--` in front of the script, Python's notation behind.
    let started = format!("{} -- train.py", container.interpreter().display());
    assert!(both_streams(&output).contains(&started), "{}", both_streams(&output));
}

#[test]
fn the_sdks_basic_driver_starts_the_script() {
    let container = Container::new();
    let sent: Vec<_> = JOB.iter().map(|(name, json, _)| format!("\"{name}\": {json}")).collect();
    let drivers = site_packages(&packages("sagemaker")).join("sagemaker/train/container_drivers");
    let file = drivers.join("distributed_drivers/basic_script_driver.py");
    let mut driver = container.program(&file);
    driver.env("SM_HPS", format!("{{{}}}", sent.join(", "))).env("SM_ENTRY_SCRIPT", "train.py");
    assert_job_received(&driver.output().unwrap());
}

#[test]
fn the_script_is_found_after_two_dashes_by_path_as_well() {
    let site = site(&["lr", "tags"], &[]);
    let mut train = site.command(&["python3", "--", "train.py", "--lr", "1e-05"]);
    train.args(["--tags", "['a', 'b, c']"]).env("SM_HPS", r#"{"tags": ["a", "b, c"]}"#);
    let output = train.env("PYTHONPATH", tests_path("support")).output().unwrap();
    assert_received(&output, 1, &[("lr", "float:1e-05"), ("tags", "[\"a\", \"b, c\"]")]);
}
