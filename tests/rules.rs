//! What each key of the rules does.

mod support;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use support::shims_in_path::Failures;
use support::working_folder::{Folder, component, in_one_line, main_py, translated, under, words};
use support::{HYDRA, Oracle, seen};

/// All of the keys at once, as a team writes them.
const EXAMPLE: &str = "\
component: component.yaml              # the unmodified component
dashes: underscore
flags:
  data_dir: datamodule.data_dir
  model: {key: callbacks.model_checkpoint.dirpath, type: path, mkdir: true}
  run-id: {type: string}
  tags: {type: list}
  cuda: {type: bool}
  note: {empty: drop}
  params: {type: dict, merge: true}
  token: {type: string, secret: true}
  seed: +seed
  extra: ++extra.deep
drop: [local_rank, _wandb]
env: {AIP_MODEL_DIR: model_dir}
append: [hydra.run.dir=/tmp/hydra]
apps:
  prepare.py: {component: prepare.yaml}
";

#[test]
fn every_key_at_once_judged_by_hydra() {
    let inputs = ["{name: project, type: String}", "{name: lr, type: Float}"];
    let args = ["--project", "{inputValue: project}", "--learning-rate", "{inputValue: lr}"];
    let folder = Folder::new(&[
        ("component.yaml", &component(&inputs, &args)),
        ("hydra-shim.yaml", EXAMPLE),
        (
            "conf/config.yaml",
            "datamodule: {data_dir: null}\ncallbacks: {model_checkpoint: {dirpath: null}}\n\
             run_id: ''\ntags: [old]\ncuda: false\nnote: kept\nparams: {a: 1, b: 2}\ntoken: ''\n\
             extra: {deep: 1}\nmodel_dir: null\nproject: ???\nlearning_rate: 0\n",
        ),
    ]);
    let arguments = main_py(
        r#"--project --demo --learning-rate 1 --data-dir gs://b/d --model m/n --run_id 2024_11_23
        --local-rank=0 --tags a b,c 3 --cuda --note '' --params '{"b": 3, "c": 4}' --token hunter2
        --seed 7 --_wandb x --extra new --tags '["d", 0.5]'"#,
    );
    let mut call = folder.shim(&["translate", "--format", "json"]);
    let printed = translated(call.args(arguments).env("AIP_MODEL_DIR", "gs://b/m")).unwrap();
    let overrides = words(&printed, "overrides");
    assert_eq!(overrides.last().unwrap(), "hydra.run.dir=/tmp/hydra");

    let mut oracle = Oracle::start(HYDRA).unwrap();
    let conf = folder.path("conf");
    let tags =
        [seen::str("a"), seen::str("b,c"), seen::int("3"), seen::str("d"), seen::float("0.5")];
    let params = [("a", seen::int("1")), ("b", seen::int("3")), ("c", seen::int("4"))];
    for (key, expected) in [
        ("datamodule.data_dir", seen::str("gs://b/d")),
        ("callbacks.model_checkpoint.dirpath", seen::str("m/n")),
        ("run_id", seen::str("2024_11_23")),
        ("tags", seen::list(&tags)),
        ("cuda", seen::bool(true)),
        ("note", seen::str("kept")),
        ("params", seen::dict(&params)),
        ("token", seen::str("hunter2")),
        ("seed", seen::int("7")),
        ("extra.deep", seen::str("new")),
        ("model_dir", seen::str("gs://b/m")),
        ("project", seen::str("--demo")),
        ("learning_rate", seen::float("1.0")),
    ] {
        let composed = oracle.composed(&conf, "config", &overrides, Some(key));
        assert_eq!(composed, Ok(expected), "{key}: {overrides:?}");
    }
}

#[test]
fn what_is_appended_is_there_once() {
    let rules = "append: [+extra=1, seed=2]\n";
    for (arguments, expected) in [
        ("--lr 1", "lr=1 | +extra=1 | seed=2"),
        // An application that starts itself again.
        ("lr=1 +extra=1 seed=2", "lr=1 | +extra=1 | seed=2"),
        ("--lr 1 +extra=1", "lr=1 | +extra=1 | seed=2"),
        ("--seed 2 +extra=2", "seed=2 | +extra=2 | +extra=1"),
    ] {
        assert_eq!(under(rules, &[], arguments), expected, "{arguments}");
    }
}

#[test]
fn the_other_keys() {
    let plain = component(&["{name: x, type: Integer}"], &["--run-id", "{inputValue: x}"]);
    let files = [("c.yaml", plain.as_str())];
    let mut failures = Failures::default();
    for (rules, arguments, expected) in [
        // dashes
        ("dashes: keep", "--learning-rate 1", "learning-rate=1"),
        ("dashes: underscore", "--learning-rate 1", "learning_rate=1"),
        ("dashes: underscore", "a-b=1", "a-b=1"),
        ("dashes: underscore\ncomponent: c.yaml", "--run-id 1.0", "run_id=1"),
        ("dashes: underscore\ncomponent: c.yaml", "--run_id 1.0", "run_id=1"),
        ("dashes: underscore\nflags: {a-b: {type: string}}", "--a-b 1", "a_b='1'"),
        ("dashes: underscore\nflags: {a-b: x-y}", "--a-b 1", "x-y=1"),
        (
            "dashes: underscore\ncomponent: c.yaml\nflags: {run_id: {type: string}}",
            "--run-id 1",
            "run_id='1'",
        ),
        // drop
        ("drop: [local_rank]", "--local_rank 0 --lr 1", "lr=1"),
        ("drop: [local_rank]", "--local-rank=0 --lr 1", "lr=1"),
        ("drop: [--local-rank]", "--local_rank=0 lr=1", "lr=1"),
        ("drop: [wandb]", "--wandb --lr 1", "lr=1"),
        ("drop: [wandb]", "--wandb lr=1", "lr=1"),
        ("drop: []", "--wandb x", "wandb=x"),
        // append
        ("append: [a=1, +b=2, ~c]", "--x 1", "x=1 | a=1 | +b=2 | ~c"),
        ("append: [a=1]", "--multirun --x 1", "x=1 | a=1 | --multirun"),
        ("append: [x=2]", "--x 1", "x=1 | x=2"),
        // A rules type and arity win over the component's.
        ("component: c.yaml", "--run-id 1.0", "run-id=1"),
        ("component: c.yaml\nflags: {run-id: {type: string}}", "--run-id 1.0", "run-id='1.0'"),
        ("component: c.yaml\nflags: {run-id: {type: list}}", "--run-id 1", "run-id=[1]"),
        ("component: c.yaml\nflags: {run_id: {type: bool}}", "--run-id yes", "run-id=true"),
        ("component: c.yaml\nflags: {run_id: name}", "--run-id 1.0", "name=1"),
        ("component: c.yaml\nflags: {run_id: {empty: drop}}", "--run-id ''", ""),
        // The command of the rules, as text and as a list.
        ("command: python3 'my app.py'\nunknown: pass", "--a 1", "a=1"),
    ] {
        failures.compare(
            &format!("{rules}: {arguments}"),
            &under(rules, &files, arguments),
            expected,
        );
    }
    failures.assert_none();
}

#[test]
fn the_rules_command_is_the_default() {
    for (command, expected) in [
        ("python3 'src/my app.py' -x", vec!["python3", "src/my app.py"]),
        ("[python3, src/my app.py]", vec!["python3", "src/my app.py"]),
        ("[my-train, --fast]", vec!["my-train", "--fast"]),
    ] {
        let folder = Folder::new(&[("hydra-shim.yaml", &format!("command: {command}\n"))]);
        let printed = folder.translate(&["--lr", "1"]);
        if command.ends_with("-x") {
            // Behind its script a command has arguments, translated as any other.
            let message = printed.unwrap_err();
            assert!(message.contains("unexpected argument `-x`"), "{message}");
            continue;
        }
        let printed = printed.unwrap();
        assert_eq!(words(&printed, "command"), expected);
        assert_eq!(words(&printed, "overrides"), ["lr=1"]);
        assert_eq!(words(&printed, "argv"), [expected, vec!["lr=1"]].concat());
    }
}

#[test]
fn environment_variables_set_keys() {
    let rules = "env: {MODEL_DIR: model_dir, STEPS: +train.steps}\n\
                 flags: {steps: {key: +train.steps, type: int}, out: model_dir}\n";
    let folder = Folder::new(&[("hydra-shim.yaml", rules)]);
    for (variables, arguments, expected) in [
        (&[][..], "--lr 1", "lr=1"),
        (&[("MODEL_DIR", "gs://b/m")], "--lr 1", "model_dir=gs://b/m | lr=1"),
        (&[("MODEL_DIR", "gs://b/m")], "--out /x", "model_dir=/x"),
        (&[("MODEL_DIR", "gs://b/m")], "--model-dir /x", "model_dir=gs://b/m | model-dir=/x"),
        (&[("MODEL_DIR", "gs://b/m")], "--model_dir /x", "model_dir=/x"),
        (&[("MODEL_DIR", "")], "", "model_dir=''"),
        (&[("MODEL_DIR", "--config-dir=/x")], "", "model_dir='--config-dir=/x'"),
        (&[("MODEL_DIR", "a,b=${c}")], "", "model_dir='a,b=\\${c}'"),
        (&[("STEPS", "3.0")], "", "+train.steps=3"),
        (
            &[("STEPS", "many")],
            "",
            "error: $STEPS: the value `many` is not an int (declared int by hydra-shim.yaml:2)",
        ),
        (&[("STEPS", "3"), ("MODEL_DIR", "/m")], "", "model_dir=/m | +train.steps=3"),
    ] {
        let mut call = folder.shim(&["translate", "--format", "json"]);
        call.args(main_py(arguments)).envs(variables.iter().copied());
        assert_eq!(in_one_line(translated(&mut call)), expected, "{variables:?} {arguments}");
    }
    let mut call = folder.shim(&["translate", "--format", "json", "python3", "main.py"]);
    let message = translated(call.env("MODEL_DIR", OsStr::from_bytes(b"\xff"))).unwrap_err();
    assert!(
        message.contains("environment variable MODEL_DIR (hydra-shim.yaml:1) is not UTF-8"),
        "{message}"
    );
}

#[test]
fn several_applications_in_one_image() {
    let typed =
        |ty: &str| component(&[&format!("{{name: x, type: {ty}}}")], &["--x", "{inputValue: x}"]);
    let rules = "component: train.yaml\nappend: [general=1]\nunknown: error\nflags: {x: a, y: b}\n\
                 apps:\n  prepare.py: {component: prepare.yaml, append: [own=1], flags: {x: c}}\n  \
                 steps/evaluate.py: {unknown: pass}\n  package.report: {dashes: underscore, unknown: pass}\n  \
                 my-train: {append: []}\n";
    let folder = Folder::new(&[
        ("hydra-shim.yaml", rules),
        ("train.yaml", &typed("String")),
        ("prepare.yaml", &typed("Integer")),
    ]);
    let mut failures = Failures::default();
    for (tokens, expected) in [
        ("python3 main.py --x 1", "a='1' | general=1"),
        ("python3 prepare.py --x 1 --y 2", "c=1 | b=2 | own=1"),
        ("python3 src/prepare.py --x 1", "c=1 | own=1"),
        ("python3 ./prepare.py --x 1", "c=1 | own=1"),
        ("python3 src/reprepare.py --x 1", "a='1' | general=1"),
        ("python3 steps/evaluate.py --z 1", "z=1 | general=1"),
        ("python3 evaluate.py --x 1", "a='1' | general=1"),
        ("python3 -m package.report --l-r 1", "l_r=1 | general=1"),
        ("python3 -m other.report --x 1", "a='1' | general=1"),
        ("my-train --x 1", "a='1'"),
        ("python3 -m package.reports --x=1", "a='1' | general=1"),
    ] {
        let tokens: Vec<&str> = tokens.split(' ').collect();
        failures.compare(&tokens.join(" "), &folder.overrides(&tokens), expected);
    }
    failures.assert_none();
    let message = folder.translate(&["python3", "evaluate.py", "--z", "1"]).unwrap_err();
    assert!(message.starts_with("`--z` is not declared"), "{message}");
}
