//! Pipelines of several tasks, dry run by `component` and asked of Hydra by `check`: each task is
//! shown, whatever becomes of the others.

mod support;

use assert_cmd::assert::{Assert, OutputAssertExt};
use std::path::Path;

use serde_json::{Map, Value, json};
use support::working_folder::{Folder, words};
use support::{HYDRA, refused, stderr, stdout, tests_path, venv};

/// A compiled pipeline with these tasks, each by its container.
fn pipeline(tasks: &[(&str, Value)]) -> String {
    let (mut calls, mut components, mut executors) = (Map::new(), Map::new(), Map::new());
    for (name, container) in tasks {
        calls.insert((*name).to_owned(), json!({"componentRef": {"name": format!("c-{name}")}}));
        components.insert(format!("c-{name}"), json!({"executorLabel": format!("e-{name}")}));
        executors.insert(format!("e-{name}"), json!({"container": container}));
    }
    json!({
        "pipelineInfo": {"name": "p"}, "root": {"dag": {"tasks": calls}}, "components": components,
        "deploymentSpec": {"executors": executors},
    })
    .to_string()
}

/// A container that runs the quick start's application.
fn train(args: &[&str]) -> Value {
    json!({"image": "i", "command": ["python3", "main.py"], "args": args})
}

/// The tasks that start no Hydra application, with the reason.
fn others() -> [(&'static str, Value, &'static str); 4] {
    let script = |module: &str| format!("_KFP_RUNTIME=true python3 -m {module} --x \"$0\" \"$@\"");
    let light = |module: &str| {
        json!({
            "image": "python:3.11", "command": ["sh", "-ec", script(module), "def f(): ..."],
            "args": ["--executor_input", "{{$}}", "--function_to_execute", "f"],
        })
    };
    let lightweight = "it is a lightweight component: KFP's executor_main runs its function";
    [
        ("light", light("kfp.dsl.executor_main"), lightweight),
        ("old-light", light("kfp.v2.components.executor_main"), lightweight),
        (
            "volume",
            json!({"image": "argostub/createpvc"}),
            "it creates or deletes a volume, in no container",
        ),
        ("bare", json!({"image": "i"}), "it has neither command nor args"),
    ]
}

/// The quick start's application, and a pipeline of all kinds of tasks.
fn folder() -> Folder {
    let folder = Folder::new(&[]);
    folder.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart"));
    let mut tasks = vec![
        ("bad", train(&["--lrr", "1"])),
        ("fine", train(&["--project", "demo"])),
        ("only-args", json!({"image": "i", "args": ["--lr", "7"]})),
        ("refused", train(&["--lr", "1", "--o'clock", "now", "--project", "x"])),
    ];
    tasks.extend(others().map(|(name, container, _)| (name, container)));
    folder.file("pipeline.json", &pipeline(&tasks));
    folder
}

fn component(folder: &Folder, options: &[&str]) -> Assert {
    folder.shim(&["component", "pipeline.json"]).args(options).assert()
}

const REASON: &str = "`--o'clock`: `o'clock` is not a key in Hydra's grammar: it holds '\\''";
const HELP: &str = "a key is a name like lr, or a path like model.optimizer.lr";

#[test]
fn the_table_shows_each_task_and_an_error_beside_its_flag() {
    let folder = folder();
    let call = component(&folder, &[]).code(1);
    let printed = stdout(&call);
    let refused = format!(
        "\
refused  i

  received            key      type     declared by    override
  --lr 1              lr       auto     pipeline.json  lr=1
  '--o'\\''clock' now           refused                 {REASON}; help: {HELP}
  --project x         project  auto     pipeline.json  project=x

"
    );
    assert!(printed.contains(&refused), "{printed}");
    assert!(!printed.contains("python3 main.py 'lr=1'"), "nothing of it would start: {printed}");
    for shown in ["bad  i\n", "python3 main.py 'lrr=1'\n", "'project=demo'\n", "'lr=7'\n"] {
        assert!(printed.contains(shown), "{shown}: {printed}");
    }
    for (name, _, reason) in others() {
        let (_, task) = printed.split_once(&format!("\n{name}  ")).unwrap();
        let expected = format!("\nnot a Hydra application: {reason}\n");
        let (received, _) = task.split_once(&expected).unwrap_or_else(|| panic!("{name}: {task}"));
        assert!(!received.contains("declared by"), "{name}: {received}");
        let shown = name.ends_with("light") == received.contains("--function_to_execute f");
        assert!(shown, "{name}: {received}");
    }
    call.stderr(
        "hydra-shim: error: refused: `refused`\n  help: the reason is printed with the task\n",
    );
    // What is no application's is no failure.
    component(&folder, &["--task", "light"]).success().stderr("");
}

#[test]
fn programs_read_the_same() {
    let folder = folder();
    let call = component(&folder, &["--format", "json"]).code(1);
    let printed: Value = serde_json::from_str(&stdout(&call)).unwrap();
    let task = |name: &str| {
        let mut tasks = printed["tasks"].as_array().unwrap().iter();
        tasks.find(|task| task["task"] == name).unwrap_or_else(|| panic!("{name}: {printed}"))
    };
    assert_eq!(words(task("fine"), "argv"), ["python3", "main.py", "project=demo"]);
    assert_eq!(words(task("only-args"), "argv"), ["python3", "main.py", "lr=7"]);
    let refused = task("refused");
    assert_eq!(
        words(refused, "received").join(" "),
        "python3 main.py --lr 1 --o'clock now --project x"
    );
    for key in ["argv", "command", "overrides"] {
        assert!(refused[key].is_null(), "{key}: {refused}");
    }
    let trace = refused["trace"].as_array().unwrap();
    assert_eq!(trace.len(), 3, "{refused}");
    assert_eq!(
        trace[1],
        json!({
            "from": ["--o'clock", "now"], "to": [], "key": null, "type": "refused",
            "error": REASON, "help": HELP,
        })
    );
    for entry in [&trace[0], &trace[2], &task("fine")["trace"][0]] {
        assert!(entry.get("error").is_none() && entry.get("help").is_none(), "{entry}");
    }
    for (name, _, reason) in others() {
        assert_eq!(task(name)["untouched"], reason, "{name}");
        assert!(task(name)["argv"].is_null(), "{name}");
        assert!(task(name)["received"].is_array(), "{name}");
    }
    assert!(task("fine").get("untouched").is_none());

    let printed = stdout(&component(&folder, &["--format", "shell"]).code(1));
    assert!(printed.contains("# fine\npython3 main.py 'project=demo'\n"), "{printed}");
    assert!(
        printed.contains(&format!("# refused: refused: {REASON}; help: {HELP}\n")),
        "{printed}"
    );
    assert!(printed.contains("# bare: not a Hydra application: it has neither"), "{printed}");
    let started = printed.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(started, 3, "{printed}");
}

#[test]
fn what_is_declared_may_be_refused_and_secrets_stay_secret() {
    // Two places that want different things of one flag.
    let args =
        ["--token", "{inputValue: token}", "--n", "{inputValue: n}", "--n", "{inputPath: n}"];
    let folder = Folder::new(&[
        (
            "pipeline.json",
            &support::working_folder::component(
                &["{name: n, type: Integer}", "{name: token, type: String}"],
                &args,
            ),
        ),
        ("hydra-shim.yaml", "flags: {token: {secret: true}}\n"),
    ]);
    let printed = stdout(&component(&folder, &["--set", "token=hunter2", "--set", "n=3"]).code(1));
    assert!(printed.contains("--token ***") && !printed.contains("hunter2"), "{printed}");
    let row = printed.lines().find(|line| line.trim_start().starts_with("--n ")).unwrap();
    assert!(row.contains("pipeline.json: the flag `--n` is written twice"), "{printed}");
    assert!(!printed.contains("n=3"), "{printed}");
}

#[test]
fn a_flag_that_nobody_can_read_is_refused_beside_what_it_received() {
    let inputs = ["{name: a, type: Integer}", "{name: b, type: Integer}"];
    let pair = ["--lr", "'1'", "--pair", "{inputValue: a}", "{inputValue: b}", "--x", "y"];
    let folder =
        Folder::new(&[("pipeline.json", &support::working_folder::component(&inputs, &pair))]);
    let printed = stdout(&component(&folder, &["--set", "a=7", "--set", "b=8"]).code(1));
    let rows: Vec<&str> = printed.lines().filter(|line| line.starts_with("  ")).collect();
    let [_, lr, flag, rest @ ..] = rows.as_slice() else { panic!("{printed}") };
    assert!(
        flag.starts_with("  --pair 7 ") && flag.contains("--pair: it has 2 values"),
        "{printed}"
    );
    assert!(flag.contains("; help: ") && lr.ends_with("refused"), "{printed}");
    assert!(rest.iter().all(|row| row.ends_with("refused")), "{printed}");
    assert!(rest.iter().any(|row| row.starts_with("  8 ")), "{printed}");
}

#[test]
fn a_value_that_fits_no_input_stops_all() {
    let folder = folder();
    for (options, reason) in [
        (&["--set", "nope=1"][..], "there is no input or output `nope`"),
        (&["--task", "nope"], "there is no task `nope`"),
        (&["--rules", "nope.yaml"], "cannot read `nope.yaml`"),
    ] {
        let message = refused(component(&folder, options), 1);
        assert!(message.starts_with(reason), "{options:?}: {message}");
    }
}

fn check(folder: &Folder, options: &[&str]) -> Assert {
    let python = venv(HYDRA).unwrap().join("bin/python");
    let mut command = folder.shim(&["check", "--component", "pipeline.json"]);
    command.args(options).arg("--").arg(python).arg("main.py");
    command.env("PYTHONPATH", tests_path("support")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.assert()
}

#[test]
fn check_goes_on_to_the_next_task() {
    let folder = folder();
    let call = check(&folder, &[]).code(1);
    let printed = stdout(&call);
    let [fine, only_args] = printed.split("---\n").collect::<Vec<_>>()[..] else {
        panic!("not two configs: {printed}");
    };
    assert!(fine.contains("project: demo\n"), "{fine}");
    assert!(only_args.contains("lr: 7\n"), "only args are ENTRYPOINT's: {only_args}");
    let stderr = stderr(&call);
    let said: Vec<&str> = stderr.lines().filter(|line| line.starts_with("hydra-shim: ")).collect();
    let skipped = others().map(|(name, _, reason)| {
        format!("skipped: task `{name}`: not a Hydra application: {reason}")
    });
    let expected = [
        "warning: task `only-args`: still missing (`???`): `project`".to_owned(),
        "error: task `bad`: --lrr (pipeline.json:1): Hydra, given `lrr=1`: ".to_owned(),
        format!("error: task `refused`: {REASON}"),
    ];
    for start in skipped.iter().chain(&expected) {
        let found = said.iter().filter(|line| line["hydra-shim: ".len()..].starts_with(start));
        assert_eq!(found.count(), 1, "{start}: {stderr}");
    }
    assert_eq!(said.len(), skipped.len() + expected.len(), "{stderr}");
}

#[test]
fn warnings_fail_where_that_is_asked_for() {
    let folder = folder();
    for (options, code) in [
        (&["--task", "fine"][..], 0),
        (&["--task", "fine", "--strict"], 0),
        (&["--task", "only-args"], 0),
        (&["--task", "only-args", "--strict"], 1),
    ] {
        check(&folder, options).code(code);
    }
    // Nothing was asked of Hydra.
    let stderr = stderr(&check(&folder, &["--task", "light"]).code(1));
    assert!(stderr.ends_with("error: no task of it is a Hydra application\n"), "{stderr}");
}
