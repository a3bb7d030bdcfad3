//! KFP's executor input: `--executor_input {{$}}` is an override for each input and output in it. The SDK's
//! own resolver writes it, and the real Hydra says what arrives.

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::kfp::judge;
use support::shims_in_path::Failures;
use support::working_folder::{Folder, component, main_py, split, translated, under, words};
use support::{HYDRA, Oracle, seen, shim_command};

/// One of each type.
const INPUTS: [&str; 10] = [
    "{name: Project Name, type: String}",
    "{name: steps, type: Integer}",
    "{name: lr, type: Float}",
    "{name: flag, type: Boolean}",
    "{name: layers, type: List}",
    "{name: rates, type: 'List[float]'}",
    "{name: params, type: Dict}",
    "{name: note, type: String, optional: true}",
    "{name: warmup, type: Integer, default: 7}",
    "{name: data, type: Dataset}",
];
const ARGS: [&str; 2] = ["--executor_input", "'{{$}}'"];

/// What an application reads at each key; a key that two overrides set has two values.
fn read(overrides: &[String], oracle: &mut Oracle) -> BTreeMap<String, Vec<String>> {
    let mut cases: Vec<(String, Vec<String>)> = Vec::new();
    for text in overrides {
        let key = text.trim_start_matches(['+', '~']).split('=').next().unwrap().to_owned();
        match cases.last_mut() {
            // A dict is several overrides.
            Some((last, texts)) if *last == key && text.starts_with(['+', '~']) => {
                texts.push(text.clone());
            }
            _ => cases.push((key, vec![text.clone()])),
        }
    }
    let values = oracle.apply(&cases);
    let mut read = BTreeMap::<_, Vec<_>>::new();
    for ((key, _), value) in cases.into_iter().zip(values) {
        read.entry(key).or_default().push(value.unwrap());
    }
    read
}

fn each<'k>(
    expected: impl IntoIterator<Item = (&'k str, String)>,
) -> BTreeMap<String, Vec<String>> {
    expected.into_iter().map(|(key, value)| (key.to_owned(), vec![value])).collect()
}

/// The inputs and outputs that the SDK passes; `text` and paths are as they are.
#[test]
fn what_the_sdk_writes_arrives_with_its_types() {
    let folder = Folder::new(&[("c.yaml", &component(&INPUTS, &ARGS))]);
    let nasty = "a, b=${oc.env:HOME} 'x' é🚀\n\\";
    let values = json!({
        "Project Name": nasty, "steps": 3, "lr": 1, "flag": true, "layers": [64, 32.5, "1.10"],
        "rates": [1, 0.5], "params": {"a": [1, true], "b c": {"k": "1e5"}},
        "data": {"uri": "gs://bucket/a, b"},
    });
    let argv = &judge(&[json!({"file": folder.path("c.yaml"), "values": values})])[0];
    let argv: Vec<String> = serde_json::from_value(argv["train"].clone()).unwrap();
    assert_eq!(argv[..3], ["python3", "main.py", "--executor_input"]);
    let mut oracle = Oracle::start(HYDRA).unwrap();
    let typed = [
        ("project_name", seen::str(nasty)),
        ("steps", seen::int("3")),
        ("lr", seen::float("1.0")),
        ("flag", seen::bool(true)),
        ("layers", seen::list(&[seen::int("64"), seen::float("32.5"), seen::str("1.10")])),
        ("rates", seen::list(&[seen::float("1.0"), seen::float("0.5")])),
        (
            "params",
            seen::dict(&[
                ("a", seen::list(&[seen::int("1"), seen::bool(true)])),
                ("b c", seen::dict(&[("k", seen::str("1e5"))])),
            ]),
        ),
        ("note", seen::NONE.to_owned()),
        ("warmup", seen::int("7")),
        ("data", seen::str("/gcs/bucket/a, b")),
        ("model", seen::str("/gcs/bucket/run/model")),
        ("score", seen::str("/gcs/bucket/run/score")),
    ];
    let known = folder.translate(&[split("--component c.yaml"), argv.clone()].concat()).unwrap();
    assert_eq!(read(&words(&known, "overrides"), &mut oracle), each(typed.clone()));
    let step = |name: &str| {
        let step =
            known["trace"].as_array().unwrap().iter().find(|step| step["key"] == name).unwrap();
        json!([step["from"], step["type"]])
    };
    assert_eq!(step("steps"), json!([["--executor_input", "steps=3"], "int"]));
    assert_eq!(step("data"), json!([["--executor_input", "data=/gcs/bucket/a, b"], "path"]));

    // As the SDK wrote them, where nobody declares types.
    folder.file("hydra-shim.yaml", "executor_input: true\n");
    let unknown = folder.translate(&argv).unwrap();
    let mut sent = each(typed);
    sent.insert("rates".to_owned(), vec![seen::list(&[seen::int("1"), seen::float("0.5")])]);
    assert_eq!(read(&words(&unknown, "overrides"), &mut oracle), sent);
}

/// An executor input with these inputs and outputs.
fn executor_input(inputs: &Value, outputs: &Value) -> String {
    format!(
        "--executor_input {}",
        shell_words::quote(&json!({"inputs": inputs, "outputs": outputs}).to_string())
    )
}

/// With parameters alone.
fn parameters(values: &Value) -> String {
    executor_input(&json!({"parameterValues": values}), &json!({}))
}

fn artifact(artifact: &Value) -> Value {
    json!({"artifacts": [artifact]})
}

#[test]
fn each_form_of_each_member() {
    let mut failures = Failures::default();
    let uri = |uri: &str| artifact(&json!({"uri": uri}));
    for (inputs, outputs, expected) in [
        (json!({}), json!({}), ""),
        (json!({"parameterValues": {}, "artifacts": {}}), json!({"outputFile": "/x"}), ""),
        (
            json!({"parameterValues": {"a": 3, "b": 3.0, "c": "3", "d": "", "e": null, "f": "null"}}),
            json!({}),
            "a=3 | b=3.0 | c='3' | d='' | e=null | f='null'",
        ),
        (
            json!({"parameterValues": {"a": "x=1", "b": "['x']", "c": [1.0, [2.0]], "d": {"k": 1.0}}}),
            json!({}),
            "a='x=1' | b='[\\'x\\']' | c=[1,[2]] | d={} | ~d | +d={k: 1}",
        ),
        // KFP 1.8; protobuf writes an int64 as text. Vertex AI writes both forms.
        (
            json!({"parameters": {"a": {"intValue": "3"}, "b": {"doubleValue": 1}, "c": {"stringValue": "1"}}}),
            json!({}),
            "a=3 | b=1.0 | c='1'",
        ),
        (
            json!({"parameters": {"a": {"stringValue": "3"}}, "parameterValues": {"a": 3}}),
            json!({}),
            "a=3",
        ),
        (
            json!({"parameters": {"a": {"stringValue": "3"}, "b": {"intValue": "4"}}, "parameterValues": {"a": 3}}),
            json!({}),
            "b=4 | a=3",
        ),
        (
            json!({"artifacts": {
                "a": uri("gs://b/x"), "b": uri("s3://b/x"), "c": uri("minio://b/x"), "d": uri("oci://r/i:1"),
                "e": uri("/data/x"), "f": uri("https://h/x"), "g": {"artifacts": []}, "h": {},
                "i": artifact(&json!({"uri": "gs://b/x", "customPath": "/mnt/x"})),
                "j": artifact(&json!({"uri": "s3://b/x", "metadata": {"_kfp_workspace": true}})),
            }}),
            json!({}),
            "a=/gcs/b/x | b=/s3/b/x | c=/minio/b/x | d=/oci/r_i:1/models | e=/data/x | f=https://h/x | \
             i=/mnt/x | j=/kfp-workspace/.artifacts/s3/b/x",
        ),
        (
            json!({}),
            json!({"parameters": {"s": {"outputFile": "/tmp/s"}}, "artifacts": {"m": uri("gs://b/m")}}),
            "s=/tmp/s | m=/gcs/b/m",
        ),
    ] {
        let line = executor_input(&inputs, &outputs);
        failures.compare(&line, &under("executor_input: true", &[], &line), expected);
    }
    failures.assert_none();
}

#[test]
fn the_rules_speak_of_inputs_and_outputs_by_their_names() {
    let mut failures = Failures::default();
    let line = executor_input(
        &json!({"parameterValues": {"lr": 1, "run_id": 1.5, "tags": ["a", 1.0], "note": "", "token": "abc def"},
                "artifacts": {"model": artifact(&json!({"uri": "gs://b/old"}))}}),
        &json!({"artifacts": {"model": artifact(&json!({"uri": "gs://b/new"}))}}),
    );
    let keys = "inputs.model: start, outputs.model: {key: checkpoint.dirpath, type: path}";
    for (rules, expected) in [
        (
            format!("flags: {{{keys}}}"),
            "lr=1 | run_id=1.5 | tags=[a,1] | note='' | token='abc def' | start=/gcs/b/old | \
             checkpoint.dirpath=/gcs/b/new",
        ),
        (
            format!(
                "flags: {{{keys}, lr: {{key: optimizer.lr, type: float}}, run-id: {{type: string}}, tags: {{type: \
                 'list[str]'}}}}"
            ),
            "error: tags of --executor_input: the value `[\"a\", 1]` holds 1, which is not a string \
             (declared list[str] by hydra-shim.yaml:2)",
        ),
        (
            format!(
                "flags: {{{keys}, lr: {{key: optimizer.lr, type: float}}, run-id: {{type: string}}, note: {{empty: \
                 drop}}, token: {{type: list}}}}"
            ),
            "optimizer.lr=1.0 | run_id='1.5' | tags=[a,1] | token=['abc def'] | start=/gcs/b/old | \
             checkpoint.dirpath=/gcs/b/new",
        ),
        (
            format!("flags: {{{keys}}}\ndrop: [lr, run_id, note, outputs.model]"),
            "tags=[a,1] | token='abc def' | start=/gcs/b/old",
        ),
        (
            String::new(),
            "error: model of --executor_input: another input or output sets the key model as well; help: in the \
             rules, name a key for each: flags: {inputs.model: KEY, outputs.model: KEY}",
        ),
    ] {
        let rules = format!("executor_input: true\n{rules}\n");
        failures.compare(&rules, &under(&rules, &[], &line), expected);
    }
    failures.assert_none();
}

#[test]
fn a_component_declares_what_it_hands_over() {
    let inputs = [
        "{name: steps, type: Integer}",
        "{name: warmup, type: Integer, optional: true}",
        "{name: text, type: String, optional: true, default: x}",
        "{name: items, type: 'List[float]'}",
        "{name: data, type: Dataset}",
    ];
    let mut failures = Failures::default();
    for (args, values, expected) in [
        (
            &ARGS[..],
            json!({"steps": 3.0, "warmup": null, "items": [1]}),
            "steps=3 | warmup=null | items=[1.0]",
        ),
        (&ARGS[..], json!({"warmup": "", "text": "7"}), "warmup=null | text='7'"),
        (&ARGS[..], json!({"other": "7"}), "other='7'"),
        (
            &ARGS[..],
            json!({"steps": 3.5}),
            "error: steps of --executor_input: the value `3.5` is not an int (declared int by c.yaml:2)",
        ),
        (
            &ARGS[..],
            json!({"text": null}),
            "error: text of --executor_input: the value `null` is not a string (declared string by c.yaml:2); help: \
             if null is a value of it, declare `nullable: true` in the rules",
        ),
        // A flag of its own has the last word, wherever it is.
        (
            &["--executor_input", "'{{$}}'", "--steps", "{inputValue: steps}", "--text", "x"][..],
            json!({"steps": 3.0, "items": []}),
            "items=[] | steps=4",
        ),
    ] {
        let folder = Folder::new(&[("c.yaml", &component(&inputs, args))]);
        let more = if args.len() > 2 { "--steps 4" } else { "" };
        let line = format!("--component c.yaml python3 main.py {} {more}", parameters(&values));
        failures.compare(&line, &folder.overrides(&split(&line)), expected);
    }
    // Under another name, and as text where the rules say so.
    let all = parameters(&json!({"steps": 3.0})).replace("--executor_input ", "--all=");
    let args = ["'--all={{$}}'"];
    let files = [("c.yaml", component(&inputs, &args))];
    for (rules, expected) in [
        ("component: c.yaml", "steps=3"),
        (
            "component: c.yaml\nflags: {all: {type: string}}",
            "all='{\"inputs\":{\"parameterValues\":{\"steps\":3.0}},\"outputs\":{}}'",
        ),
    ] {
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        failures.compare(rules, &under(rules, &files, &all), expected);
    }
    let line = parameters(&json!({"a": 1}));
    let expected = "executor_input='{\"inputs\":{\"parameterValues\":{\"a\":1}},\"outputs\":{}}'";
    failures.compare("off", &under("executor_input: false", &[], &line), expected);
    failures.assert_none();
}

#[test]
fn a_flag_of_its_own_has_the_last_word_wherever_it_is() {
    let line = parameters(&json!({"lr": 0.1, "steps": 3}));
    let rules = "executor_input: true\nenv: {SEED: steps}";
    let folder = Folder::new(&[("hydra-shim.yaml", rules)]);
    let warning = "`--executor_input lr=0.1` is set again by `--lr 0.2`: only that value counts";
    for (arguments, overrides, warnings) in [
        (format!("{line} --lr 0.1"), &["steps=3", "lr=0.1"], &[][..]),
        (format!("--lr 0.1 {line}"), &["lr=0.1", "steps=3"], &[]),
        (format!("{line} --lr 0.2"), &["steps=3", "lr=0.2"], &[warning]),
        (format!("--lr 0.2 {line}"), &["lr=0.2", "steps=3"], &[warning]),
    ] {
        let printed = folder.translate(&main_py(&arguments)).unwrap();
        assert_eq!(words(&printed, "overrides"), overrides, "{arguments}");
        assert_eq!(words(&printed, "warnings"), warnings, "{arguments}");
    }
    let mut call = folder.shim(&["translate", "--format", "json"]);
    let printed = translated(call.args(main_py(&line)).env("SEED", "4")).unwrap();
    assert_eq!(words(&printed, "overrides"), ["lr=0.1", "steps=3"]);
}

#[test]
fn what_is_not_an_executor_input_is_refused() {
    let help = "; help: KFP writes it where a component has `{{$}}`; if it is something else, declare the flag's \
                type in the rules";
    let mut failures = Failures::default();
    for (text, clause) in [
        ("", "is not a JSON object with `inputs` or `outputs`"),
        ("{", "is not a JSON object with `inputs` or `outputs`"),
        ("[1]", "is not a JSON object with `inputs` or `outputs`"),
        ("{}", "is not a JSON object with `inputs` or `outputs`"),
        ("{\"a\": 1}", "is not a JSON object with `inputs` or `outputs`"),
        ("{{$}}", "is a placeholder that the orchestrator did not fill in"),
        ("{executorInput: null}", "is not a JSON object with `inputs` or `outputs`"),
        ("{\"inputs\": 1}", "has no object at `inputs`"),
        ("{\"inputs\": {\"parameterValues\": []}}", "has no object at `inputs.parameterValues`"),
        ("{\"inputs\": {\"parameters\": {\"a\": 1}}}", "has no value at `inputs.parameters.a`"),
        (
            "{\"inputs\": {\"parameters\": {\"a\": {\"x\": \"1\"}}}}",
            "has no value at `inputs.parameters.a`",
        ),
        (
            "{\"inputs\": {\"parameters\": {\"a\": {\"intValue\": \"x\"}}}}",
            "is not an int at `inputs.parameters.a`",
        ),
        (
            "{\"inputs\": {\"artifacts\": {\"a\": {\"artifacts\": [{}]}}}}",
            "has no uri at `inputs.artifacts.a`",
        ),
        (
            "{\"inputs\": {\"artifacts\": {\"a\": {\"artifacts\": [{}, {}]}}}}",
            "has more than one artifact at `inputs.artifacts.a`",
        ),
        (
            "{\"outputs\": {\"parameters\": {\"a\": {}}}}",
            "has no outputFile at `outputs.parameters.a`",
        ),
        (
            "{\"inputs\": {\"parameterValues\": {\"a\": 1e999}}}",
            "holds 1e999, which overflows a 64-bit float",
        ),
    ] {
        for written in ["--executor_input ", "--executor_input="] {
            let line = format!("{written}{}", shell_words::quote(text));
            let got = under("executor_input: true", &[], &line);
            let expected = format!("error: --executor_input: the executor input {clause}{help}");
            failures.compare(&line, &got, &expected);
        }
    }
    let twice = [parameters(&json!({"a": 1})), parameters(&json!({"a": 2}))].join(" ");
    let expected =
        format!("error: --executor_input: the executor input is there a second time{help}");
    failures.compare("twice", &under("executor_input: true", &[], &twice), &expected);
    for (values, expected) in [
        (json!({"a b": 1}), "error: `a b of --executor_input`: `a b` is not a key"),
        (json!({"a": "???"}), "error: a of --executor_input: the value `???` "),
        (json!({"a": "x\u{0}"}), "error: a of --executor_input: the value "),
    ] {
        let got = under("executor_input: true", &[], &parameters(&values));
        assert!(got.starts_with(expected), "{got}");
    }
    failures.assert_none();
}

/// The values inside are a stranger's.
#[test]
fn closed_mode_looks_at_each_value() {
    let inputs = [
        "{name: prompt, type: String}",
        "{name: options, type: Dict}",
        "{name: data, type: Dataset}",
    ];
    let files = [("c.yaml", component(&inputs, &ARGS))];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let rules = "component: c.yaml\nunknown: error\nflags: {extra: {type: string}, secret_one: {secret: true}}\n";
    let mut failures = Failures::default();
    for (values, expected) in [
        (json!({"prompt": "--multirun", "extra": "1"}), "prompt='--multirun' | extra='1'"),
        (
            json!({"other": "1"}),
            "error: `other of --executor_input` is not declared, and the rules accept only declared flags \
             (unknown: error); help: declare it under `flags` in the rules",
        ),
        (
            json!({"prompt": "${oc.env:HOME}"}),
            "error: prompt of --executor_input: the value `${oc.env:HOME}` holds `${`, which closed mode refuses: \
             hydra.utils.instantiate would evaluate it (declared string by c.yaml:2); help: if that is meant, \
             declare `dollar: allow` on prompt of --executor_input",
        ),
        (
            json!({"options": {"a": [{"_target_": "os.system"}]}}),
            "error: options of --executor_input: the value `{\"a\": [{\"_target_\": \"os.system\"}]}` holds the key \
             `_target_`, which closed mode refuses: hydra.utils.instantiate would call what it names (declared \
             dict by c.yaml:2); help: if that is meant, declare `targets: allow` on options of --executor_input",
        ),
        (
            json!({"prompt": "../../x"}),
            "error: prompt of --executor_input: the value `../../x` holds `..`, which closed mode refuses: as a \
             config group's option it would load a file from elsewhere (declared string by c.yaml:2); help: if \
             that is meant, declare `type: path` on prompt of --executor_input",
        ),
        (json!({"secret_one": "hunter2"}), "secret_one=hunter2"),
        (
            json!({"secret_one": "${hunter2}"}),
            "error: secret_one of --executor_input: the value *** cannot be passed as auto (declared auto by KFP)",
        ),
    ] {
        let line = parameters(&values);
        let got = under(rules, &files, &line);
        failures.compare(&line, &got, expected);
    }
    failures.assert_none();
}

/// Whatever is refused, a secret in it is not shown.
#[test]
fn a_secret_inside_is_never_shown() {
    let rules = "executor_input: true\nflags: {token: {secret: true}}\n";
    let folder = Folder::new(&[("hydra-shim.yaml", rules)]);
    for (line, shown) in [
        (parameters(&json!({"token": "hunter2", "lr": 1})), "token=***"),
        (parameters(&json!({"token": "hunter2", "model": "???"})), "???"),
        (parameters(&json!({"token": "hunter2"})).replace("}}", "}"), "not a JSON object"),
        (parameters(&json!({"token": "hunter2"})) + " hunter2", "***"),
    ] {
        let arguments = [split("translate --format json"), main_py(&line)].concat();
        let output = shim_command().args(arguments).current_dir(folder.path("")).output().unwrap();
        let trace = serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default()["trace"]
            .to_string();
        let said = trace + &String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("hunter2") && said.contains(shown), "{said}");
    }
}

#[test]
fn a_dry_run_shows_each_by_itself() {
    let inputs = [
        "{name: Learning Rate, type: Float}",
        "{name: steps, type: Integer}",
        "{name: warmup, type: Integer, optional: true}",
    ];
    let folder = Folder::new(&[(
        "c.yaml",
        &component(&inputs, &["--executor_input", "'{{$}}'", "--verbose"]),
    )]);
    folder.file("r.yaml", "flags: {learning_rate: {type: int}, model: {secret: true}}");
    for (arguments, expected) in [
        (
            "--set steps=3",
            "
  received                                      key            type   declared by  override
  --executor_input learning_rate=0.5            learning_rate  float  c.yaml:2     learning_rate=0.5
  --executor_input steps=3                      steps          int    c.yaml:2     steps=3
  --executor_input warmup=null                  warmup         int    c.yaml:2     warmup=null
  --executor_input score=/gcs/bucket/run/score  score          path   c.yaml:5     score=/gcs/bucket/run/score
  --executor_input model=/gcs/bucket/run/model  model          path   c.yaml:4     model=/gcs/bucket/run/model
  --verbose                                     verbose        bool   c.yaml:13    verbose=true
",
        ),
        (
            "--set 'Learning Rate=0.1' --set model=m --set score=s --rules r.yaml",
            "
  received                            key      type     declared by  override
  --executor_input learning_rate=0.1           refused               learning_rate of --executor_input: the value `0.1` is not an int (declared int by r.yaml:1)
  --executor_input steps=1            steps    int      c.yaml:2     steps=1
  --executor_input warmup=null        warmup   int      c.yaml:2     warmup=null
  --executor_input score=s            score    path     c.yaml:5     score=s
  --executor_input ***                model    path     c.yaml:4     model=***
  --verbose                           verbose  bool     c.yaml:13    verbose=true
",
        ),
    ] {
        let output = folder.shim(&["component", "c.yaml"]).args(split(arguments)).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let table = printed.split("\n\n").nth(1).unwrap();
        assert_eq!(format!("\n{table}\n"), expected, "{arguments}");
    }
}
