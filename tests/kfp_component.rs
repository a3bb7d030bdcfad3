//! The dry run of components and pipelines: what a container receives is what the real KFP SDK makes
//! of the placeholders, and a file that is none is refused with a reason, in bounded time.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use hydra_shim::kfp::compiled::Pipeline;
use hydra_shim::kfp::fill::{Values, fill};
use serde_json::{Value, json};
use support::kfp::{judge, python, recorded_runs};
use support::launched::{check, prepare};
use support::{refused, shim_command, stdout, tests_path};

/// What every task receives, by its name.
type Tasks = BTreeMap<String, Vec<String>>;

fn component(file: &Path, arguments: &[&str]) -> Command {
    let mut command = shim_command();
    command.current_dir(file.parent().unwrap()).arg("component");
    command.arg(file.file_name().unwrap()).args(arguments);
    command
}

/// What the binary says that every task receives.
fn received(file: &Path, arguments: &[&str]) -> Result<Tasks, String> {
    let output = component(file, &[&["--format", "json"], arguments].concat()).output().unwrap();
    // What is received is printed even where its translation is refused.
    let Ok(printed) = serde_json::from_slice::<Value>(&output.stdout) else {
        return Err(String::from_utf8(output.stderr).unwrap());
    };
    let task =
        |task: &Value| (task["task"].as_str().unwrap().to_owned(), strings(&task["received"]));
    Ok(printed["tasks"].as_array().unwrap().iter().map(task).collect())
}

fn strings(array: &Value) -> Vec<String> {
    array.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// The values and outputs of a recorded run as `--values` takes them.
fn given(run: &Value) -> String {
    let mut given = run["values"].as_object().unwrap().clone();
    for (name, place) in run["outputs"].as_object().unwrap() {
        let name = if given.contains_key(name) || strings(&run["absent"]).contains(name) {
            format!("outputs.{name}")
        } else {
            name.clone()
        };
        given.insert(name, place.clone());
    }
    Value::Object(given).to_string()
}

#[test]
fn real_components_receive_what_the_sdk_resolved() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("component.yaml");
    for run in &recorded_runs() {
        let yaml = run["component_yaml"].as_str().unwrap();
        let expected = strings(&run["expected_argv"]);
        let id = &run["id"];

        let pipeline = Pipeline::read(yaml, "c.yaml").unwrap();
        let values = Values::read(Some((&given(run), "v.json")), &[]).unwrap();
        let filled = fill(&pipeline, &pipeline.tasks[0], &values).unwrap();
        let texts: Vec<String> = filled.received.into_iter().map(|r| r.text).collect();
        assert_eq!(texts, expected, "{id}");

        fs::write(&file, yaml).unwrap();
        fs::write(scratch.path().join("values.json"), given(run)).unwrap();
        let tasks = received(&file, &["--values", "values.json"]).unwrap();
        assert_eq!(tasks.into_values().collect::<Vec<_>>(), [expected], "{id}");
    }
}

/// Components and compiled pipelines with values for them; `compiled` holds those that
/// `pipelines.py` compiles.
fn cases(compiled: &Path) -> Vec<(PathBuf, Value)> {
    let quickstart =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart/component.yaml");
    let every = tests_path("kfp/every.yaml");
    vec![
        (quickstart.clone(), json!({"project": "R&D", "dataset": "gs://bucket/x"})),
        (
            quickstart,
            json!({
                "project": "", "dataset": "gs://bucket/ü", "learning rate": 1,
                "layers": [1, 2.5, {"k": 3}], "augment": false, "run id": "7",
                "note": "é 🚀 ${x} {{", "model": "\"q\"\n",
                "params": {"z": [], "a": {"b": 1e-7, "c": 12_345_678_901_234_567_u64}},
            }),
        ),
        (every.clone(), json!({"Some Text": "a b", "data": "gs://bucket/run/data"})),
        (
            every,
            json!({
                "Some Text": "{{$.inputs.parameters['whole']}}, {{$.inputs.parameters['maybe']}}",
                "data": {"uri": "gs://bucket/d", "metadata": {"k": [1, "é"]}},
                "old model": {"uri": "gs://bucket/m", "metadata": {"resourceName": "projects/p"}},
                "mapping": {"k": 1e16}, "maybe": "", "maybe float": 1e-5, "number": 1e15,
                "whole": 9_007_199_254_740_993_u64, "list": [], "words": ["x"], "switch": false,
                "empty": {"key": [{}]},
            }),
        ),
        (compiled.join("every-kind.yaml"), json!({"project": "R&D, x"})),
        (
            compiled.join("every-kind.json"),
            json!({
                "project": "{{", "lr": 12_345_678.5, "flags": {"e": {"n": 0, "m": "é"}},
                "source": "", "go": false,
            }),
        ),
        (compiled.join("train.yaml"), json!({"project": "p", "dataset": "gs://bucket/d"})),
        (
            compiled.join("train.json"),
            json!({
                "project": "p", "dataset": "gs://bucket/d", "extra": "x", "note": "n",
                "epochs": 3, "lr": 1, "layers": [1], "params": {}, "debug": true,
            }),
        ),
    ]
}

#[test]
fn placeholders_become_what_the_real_sdk_makes_of_them() {
    let scratch = tempfile::tempdir().unwrap();
    python("pipelines.py", scratch.path(), &Value::Null);
    // What the SDK's local orchestrator says of a task's end; to a dry run it has to be given.
    let status = json!({
        "state": "SUCCEEDED", "pipeline_job_resource_name": "local-pipeline-exit-handler-1",
        "pipeline_task_name": "exit-handler-1", "error": {},
    });
    let cases = cases(scratch.path());
    let requests = cases.iter().map(|(file, values)| json!({"file": file, "values": values}));
    let mut compared = 0;
    for ((file, values), judged) in cases.iter().zip(judge(&requests.collect::<Vec<_>>())) {
        let file_name = file.file_name().unwrap().to_str().unwrap();
        let mut given = values.clone();
        if file_name.starts_with("every-kind") {
            given["status"] = status.clone();
        }
        let values = scratch.path().join("values.json");
        fs::write(&values, given.to_string()).unwrap();
        let got = received(file, &["--values", values.to_str().unwrap()]);
        let got = got.unwrap_or_else(|error| panic!("{file_name}: {error}"));
        let judged = judged.as_object().unwrap();
        assert!(judged.get("error").is_none(), "{file_name}: {judged:?}");
        assert_eq!(got.len(), judged.len(), "{file_name}: {:?}", got.keys());
        for (name, expected) in judged {
            // A component's only task has the component's own name here.
            let argv = if got.len() == 1 { got.values().next().unwrap() } else { &got[name] };
            assert_eq!(*argv, strings(expected), "{file_name}: {name}");
            compared += 1;
        }
    }
    assert_eq!(compared, 4 + 2 * 9 + 2);
}

#[test]
fn a_pipeline_of_kfp_1_8_is_read_too() {
    // Compiled by kfp 1.8.22; that SDK has no local runner to ask.
    let file = tests_path("kfp/compiled-by-1.8.json");
    let got = received(&file, &["--set", "n=5", "--task", "other-thing"]).unwrap();
    let root = "/gcs/bucket/run";
    let expected = format!(
        "python3 main.py --passes 5 --rate 0.5 --model {root}/other-thing/model \
         --score {root}/other-thing/score --joined a0.5 --data {root}/make/data"
    );
    assert_eq!(got["other-thing"].join(" "), expected);
    let got = received(&file, &[]).unwrap();
    let root = "/gcs/bucket/run/condition-1/other-thing-2";
    let expected = format!(
        "python3 main.py --passes 3 --rate 0.1 --model {root}/model --score {root}/score \
         --text hello --joined a0.1 --data /gcs/bucket/run/make/data"
    );
    assert_eq!(got["condition-1/other-thing-2"].join(" "), expected);
    assert_eq!(got.len(), 3);
}

/// A component with one String input `x`, and these elements as `args`.
fn with_args(args: &str) -> String {
    format!(
        "name: c\ninputs:\n- {{name: x, type: String}}\n- {{name: n, type: Integer}}\n\
         implementation:\n  container:\n    image: i\n    command: [python3, main.py]\n    args: [{args}]\n"
    )
}

/// A compiled pipeline whose only task is `task`, with these components and executors.
fn with_tasks(tasks: &Value, components: &Value, executors: &Value) -> String {
    json!({
        "root": {"dag": {"tasks": tasks}}, "components": components,
        "deploymentSpec": {"executors": executors}, "pipelineInfo": {"name": "p"},
    })
    .to_string()
}

/// A file's text, the arguments behind it, and what the error has to say.
type Wrong<'a> = (String, &'a [&'a str], &'a str);

/// Each is refused with its reason, within 20 seconds of processor time.
fn assert_refused(cases: &[Wrong]) {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("f");
    for (name, text) in [
        ("wrong.json", r#"{"n": "1"}"#),
        ("null.json", r#"{"x": null}"#),
        ("list.json", "[1]"),
        ("comma.json", "{\"x\": 1,\n}"),
    ] {
        fs::write(scratch.path().join(name), text).unwrap();
    }
    for (text, arguments, reason) in cases {
        fs::write(&file, text).unwrap();
        let mut command = component(&file, arguments);
        // What would not end, or only in exponential time, is ended.
        prepare(&mut command, || {
            let seconds = libc::rlimit { rlim_cur: 20, rlim_max: 20 };
            // SAFETY: setrlimit reads the struct during the call.
            check(unsafe { libc::setrlimit(libc::RLIMIT_CPU, &raw const seconds) })
        });
        let message = refused(command.assert().append_context("text", format!("{text:.200}")), 1);
        assert!(message.contains(reason), "{reason}: {message}");
    }
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let good = with_args("--x, {inputValue: x}");
    let cases: [(&[&str], &str); 10] = [
        (
            &["--set", "something=1"],
            "there is no input or output `something`; help: there are `n`, `x`",
        ),
        (&["--set", "N =1"], "there is no input or output `N `; help: did you mean `n`?"),
        (&["--set", "x"], "--set `x` has no `=`; help: write --set NAME=VALUE"),
        (&["--set", "n=1.5"], "task `c`: the value of `n`, `1.5`, is not an int"),
        (&["--values", "wrong.json"], "the value of `n`, `\"1\"`, is not an int"),
        (&["--values", "null.json"], "the value of `x` is `null`, and the input is not optional"),
        (&["--values", "list.json"], "`list.json`: this is not a JSON object"),
        (
            &["--values", "comma.json"],
            "`comma.json`: this is not JSON: key must be a string at line 2",
        ),
        (&["--values", "missing.json"], "cannot read `missing.json`"),
        (&["--task", "other"], "there is no task `other`; help: there are `c`"),
    ];
    assert_refused(&cases.map(|(arguments, reason)| (good.clone(), arguments, reason)));
}

#[test]
fn files_that_are_no_component_are_refused() {
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("a: &a '{}'\nb: [*a{}]\n", "x".repeat(4 << 20), ",*a".repeat(500_000));
    let cases = [
        (with_args("--n, {inputValue: m}"), "f:9: there is no input `m`"),
        (
            with_args("'--n={{$.inputs.parameters[''m'']}}'"),
            "task `c`: f:9: a placeholder is wrong: there is no input `m`; help: did you mean `n`?",
        ),
        (with_args("'{{$.inputs.artifacts[''x'']}}'"), "nothing fills in"),
        ("a: 1\nb: [1]\n".to_owned(), "f: this is not a component"),
        ("a: [1\n".to_owned(), "(from 1:4 on)"),
        ("{\"a\": 1}".to_owned(), "f: this is not a component"),
        (String::new(), "f: this is null, not a component or a compiled pipeline"),
        (" ".repeat(10 << 20), "cannot read `f`: it has over 8388608 bytes"),
        ("- ".repeat(1000), "nested deeper than 100 levels"),
        (deep, "recursion limit exceeded"),
        (bomb(), "over 1048576 nodes"),
        (long, "over 1048576"),
    ];
    assert_refused(&cases.map(|(text, reason)| (text, [].as_slice(), reason)));
}

#[test]
fn pipelines_with_something_missing_are_refused() {
    let call = json!({"t": {"componentRef": {"name": "comp-t"}}});
    let leaf = json!({"comp-t": {"executorLabel": "e"}});
    let with_arg = |arg: &str| {
        with_tasks(&call, &leaf, &json!({"e": {"container": {"image": "i", "args": [arg]}}}))
    };
    let none = json!({});
    let importer = json!({"e": {"importer": {}}});
    let typed = json!({"comp-t": {
        "executorLabel": "e", "inputDefinitions": {"parameters": {"x": {"parameterType": "WHAT"}}},
    }});
    let concat = r#"{"Concat": ["--x=", {"IfPresent": {"InputName": "q", "Then": "y"}}]}"#;
    let cases = [
        (with_tasks(&none, &none, &none), "no task of this pipeline starts a container"),
        (with_tasks(&call, &none, &none), "there is no component `comp-t`"),
        (with_tasks(&call, &leaf, &none), "there is no executor `e`"),
        (with_tasks(&call, &leaf, &importer), "no task of this pipeline starts a container"),
        (with_tasks(&call, &typed, &json!({"e": {"container": {"image": "i"}}})), "`WHAT` is no"),
        (with_arg("{{$.inputs.parameters['q']}}"), "task `t`: f:1: a placeholder is wrong"),
        (with_arg(concat), "there is no input `q`"),
        (with_arg("{\"Concat\": 1}"), "is wrong: this is 1, not a list"),
        (with_arg("{\"IfPresent\": "), "is not JSON"),
        (
            with_tasks(&call, &json!({"comp-t": {"dag": {"tasks": call}}}), &none),
            "pipelines in pipelines, deeper than 50 levels",
        ),
        (pipelines_that_double(40), "more tasks than a pipeline can have"),
        ("{\"deploymentSpec\": {}}".to_owned(), "`root` is missing"),
        (
            r#"{"pipelineSpec": {"root": {"dag": {"tasks": [1]}}}}"#.to_owned(),
            "f:1:45: pipelineSpec.root.dag.tasks: this is a list, not a mapping",
        ),
    ];
    assert_refused(&cases.map(|(text, reason)| (text, [].as_slice(), reason)));
}

/// Each pipeline calls the next one twice.
fn pipelines_that_double(levels: usize) -> String {
    let twice = |level: usize| {
        let call = json!({"componentRef": {"name": format!("c{level}")}});
        json!({"a": call, "b": call})
    };
    let components: serde_json::Map<String, Value> = (1..levels)
        .map(|level| (format!("c{level}"), json!({"dag": {"tasks": twice(level + 1)}})))
        .chain([(format!("c{levels}"), json!({"dag": {"tasks": {}}}))])
        .collect();
    with_tasks(&twice(1), &Value::Object(components), &json!({}))
}

/// Aliases that stand for 9^9 scalars.
fn bomb() -> String {
    let lines = ["b", "c", "d", "e", "f", "g", "h", "i"].windows(2).map(|pair| {
        let nine = vec![format!("*{}", pair[0]); 9].join(",");
        format!("{0}: &{0} [{nine}]\n", pair[1])
    });
    format!("b: &b [1,1,1,1,1,1,1,1,1]\n{}", lines.collect::<String>())
}

#[test]
fn the_table_is_for_people() {
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    let values = ["--set", "project=R&D, team", "--set", "params={\"a\": {\"b\": 1}}"];
    let expected = "\
Train  example/train:1.0

  received                                    key      type    declared by        override
  --project 'R&D, team'                       project  string  component.yaml:19  project='R&D, team'
  --dataset /gcs/bucket/run/dataset (sample)  dataset  path    component.yaml:20  dataset=/gcs/bucket/run/dataset
  --lr 0.1                                    lr       float   component.yaml:21  lr=0.1
  --layers '[64.0, 32.0]'                     layers   list    component.yaml:22  layers=[64,32]
  --augment true                              augment  bool    component.yaml:23  augment=true
  --run_id 2024_11_23                         run_id   string  component.yaml:24  run_id='2024_11_23'
  --note null                                 note     string  component.yaml:25  note=null
  --params '{\"a\": {\"b\": 1.0}}'                params   dict    component.yaml:26  params={} ~params +params={a: {b: 1}}
  --model forest                              model    string  component.yaml:27  model=forest

python3 main.py 'project='\\''R&D, team'\\''' 'dataset=/gcs/bucket/run/dataset' 'lr=0.1' 'layers=[64,32]' \
'augment=true' 'run_id='\\''2024_11_23'\\''' 'note=null' 'params={}' '~params' '+params={a: {b: 1}}' 'model=forest'

warning: sample values are used for `dataset`: give values with --set NAME=VALUE or --values FILE
";
    let call = component(&quickstart.join("component.yaml"), &values).assert();
    call.success().stdout(expected).stderr("");
}

#[test]
fn a_line_per_task_is_for_shells() {
    let file = tests_path("kfp/compiled-by-1.8.json");
    let root = "/gcs/bucket/run";
    let line = format!(
        "python3 main.py 'passes=3' 'rate=0.5' 'model={root}/other-thing/model' \
         'score={root}/other-thing/score' 'joined=a0.5' 'data={root}/make/data'\n"
    );
    let call = component(&file, &["--format", "shell", "--task", "other-thing"]).assert();
    call.success().stdout(line.clone());
    let printed = stdout(&component(&file, &["--format", "shell"]).assert().success());
    assert!(printed.starts_with("# condition-1/other-thing-2\npython3 main.py "), "{printed}");
    assert!(printed.ends_with(&format!("# other-thing\n{line}")), "{printed}");
}
