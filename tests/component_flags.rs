//! What a component declares: arity, types, conditions; and what is said about a mistake in it.

mod support;

use serde_json::Value;
use support::shims_in_path::{Failures, printed};
use support::working_folder::{Folder, component, declared, main_py};
use support::{HYDRA, venv};

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn a_components_flags_take_exactly_their_tokens() {
    let inputs = [
        "{name: prompt, type: String}",
        "{name: delta, type: String}",
        "{name: note, type: String}",
        "{name: Number of passes, type: Integer}",
        "{name: low, type: Float}",
        "{name: high, type: Float}",
        "{name: data, type: Dataset}",
    ];
    let args = [
        "--prompt",
        "{inputValue: prompt}",
        "--verbose",
        "--delta",
        "{inputValue: delta}",
        "--note",
        "{inputValue: note}",
        "'--passes={{$.inputs.parameters[''number_of_passes'']}}'",
        "--data",
        "{inputPath: data}",
        "--text",
        "{inputValue: data}",
        "--model",
        "{outputPath: model}",
        "--score",
        "{outputPath: score}",
        "--uri",
        "{inputUri: data}",
        "--fixed",
        "'7'",
        "--negative",
        "'-7'",
        "--all",
        "'{{$}}'",
        "--passes2",
        "{inputValue: Number of passes}",
    ];
    let mut failures = Failures::default();
    for (arguments, expected) in [
        ("--prompt --hello", "prompt='--hello'"),
        ("--prompt --verbose", "prompt='--verbose'"),
        ("--prompt --prompt --delta -x", "prompt='--prompt' | delta='-x'"),
        ("--delta -x --note ''", "delta='-x' | note=''"),
        ("--delta --", "delta='--'"),
        ("--delta -", "delta='-'"),
        ("--delta --config-dir=/tmp", "delta='--config-dir=/tmp'"),
        ("--delta model._target_=os.system", "delta='model._target_=os.system'"),
        ("--delta 'a\n--b=c'", "delta='a\n--b=c'"),
        ("--delta null", "delta='null'"),
        ("--delta '{inputValue: delta}'", "delta='{inputValue: delta}'"),
        ("--verbose --note x", "verbose=true | note=x"),
        ("--verbose a=b", "verbose=true | a=b"),
        ("--passes=3.0", "passes=3"),
        ("--passes 3", "passes=3"),
        ("--passes2 1e3", "passes2=1000"),
        ("--data /gcs/b/007", "data=/gcs/b/007"),
        ("--data 7", "data='7'"),
        ("--text '[1]'", "text='[1]'"),
        ("--model 1", "model='1'"),
        ("--score /tmp/kfp/outputs/score", "score=/tmp/kfp/outputs/score"),
        ("--score 0.5", "score='0.5'"),
        ("--uri 'gs://b/${x}'", "uri='gs://b/\\${x}'"),
        ("--fixed 7", "fixed=7"),
        ("--negative -7", "negative=-7"),
        (r#"--all '{"inputs": {"parameterValues": {"low": 1}}}'"#, "low=1.0"),
        ("--other 1", "other=1"),
    ] {
        failures.compare(arguments, &declared(&inputs, &args, arguments), expected);
    }
    for (arguments, reason) in [
        ("--prompt", "error: --prompt: "),
        (
            "--passes many",
            "error: --passes: the value `many` is not an int (declared int by c.yaml:18)",
        ),
        ("--prompt a b", "error: unexpected argument `b` (argument 3)"),
    ] {
        let got = declared(&inputs, &args, arguments);
        assert!(got.starts_with(reason), "{arguments}: {got}");
    }
    failures.assert_none();
}

#[test]
fn types_are_kfps_in_any_case() {
    let mut failures = Failures::default();
    for (ty, value, expected) in [
        ("String", "007", "x='007'"),
        ("str", "1", "x='1'"),
        ("TEXT", "true", "x='true'"),
        ("Integer", "3.0", "x=3"),
        ("INT", "-3", "x=-3"),
        ("integer", "3.5", "error"),
        ("Float", "1", "x=1.0"),
        ("double", "1e3", "x=1e3"),
        ("Float", "nan", "x=nan"),
        ("Boolean", "True", "x=true"),
        ("BOOL", "0", "x=false"),
        ("bool", "perhaps", "error"),
        ("List", "[1.0, 2.5]", "x=[1,2.5]"),
        ("JsonArray", "[\"a\"]", "x=[a]"),
        ("list", "1", "error"),
        ("'List[int]'", "[1.0]", "x=[1]"),
        ("'List[float]'", "[1]", "x=[1.0]"),
        ("'list[str]'", "[\"1\"]", "x=['1']"),
        ("'List[int]'", "[1.5]", "error"),
        ("Dict", "{\"a\": [2.0]}", "x={} | ~x | +x={a: [2]}"),
        ("JSONOBJECT", "{\"a\": 1}", "x={} | ~x | +x={a: 1}"),
        ("'Dict[str, float]'", "{\"a\": 1}", "x={} | ~x | +x={a: 1.0}"),
        ("dict", "[1]", "error"),
        ("Dataset", "7", "x='7'"),
        ("system.Model", "7", "x='7'"),
        ("'{GCSPath: {data_type: CSV}}'", "7", "x='7'"),
        ("{GCSPath: {data_type: CSV}}", "7", "x='7'"),
    ] {
        let input = format!("{{name: x, type: {ty}}}");
        let got = declared(&[&input], &["--x", "{inputValue: x}"], &format!("--x '{value}'"));
        let refused = expected == "error" && got.starts_with("error: --x: the value ");
        failures.compare(&format!("{ty} {value}"), if refused { "error" } else { &got }, expected);
    }
    // No type at all: KFP passes text.
    let got = declared(&["{name: x}"], &["--x", "{inputValue: x}"], "--x 7");
    failures.compare("no type", &got, "x='7'");
    failures.assert_none();
}

#[test]
fn optional_inputs_may_be_null() {
    let mut failures = Failures::default();
    for (input, value, expected) in [
        ("{name: x, type: Integer, optional: true}", "null", "x=null"),
        ("{name: x, type: Integer, optional: true}", "", "x=null"),
        ("{name: x, type: Float, optional: true}", "", "x=null"),
        ("{name: x, type: Boolean, optional: true}", "null", "x=null"),
        ("{name: x, type: List, optional: true}", "", "x=null"),
        ("{name: x, type: Dict, optional: true}", "null", "x=null"),
        ("{name: x, type: String, optional: true}", "null", "x=null"),
        ("{name: x, type: String, optional: true}", "", "x=''"),
        ("{name: x, type: String}", "null", "x='null'"),
        ("{name: x, type: Integer, optional: true}", "1", "x=1"),
    ] {
        let got = declared(&[input], &["--x", "{inputValue: x}"], &format!("--x '{value}'"));
        failures.compare(&format!("{input} {value:?}"), &got, expected);
    }
    failures.assert_none();
    for value in ["null", ""] {
        let input = "{name: x, type: Integer}";
        let got = declared(&[input], &["--x", "{inputValue: x}"], &format!("--x '{value}'"));
        assert!(got.starts_with("error: --x: the value "), "{value:?}: {got}");
    }
}

#[test]
fn conditions_and_joined_text() {
    let inputs = [
        "{name: a, type: Integer, optional: true}",
        "{name: b, type: String}",
        "{name: Run Name, type: String, optional: true}",
    ];
    let args = [
        "if: {cond: {isPresent: a}, then: [--a, {inputValue: a}], else: [--no-a]}",
        "--id",
        "concat: [run-, {inputValue: b}]",
        "if:\n        cond: {isPresent: Run Name}\n        then:\n        - --name\n        - {inputValue: Run Name}",
        "--maybe",
        "if: {cond: {isPresent: a}, then: {inputValue: b}}",
        "--same",
        "if: {cond: {isPresent: a}, then: x, else: {inputValue: b}}",
        "--last",
        "{inputValue: b}",
    ];
    let mut failures = Failures::default();
    for (arguments, expected) in [
        ("--a 3.0 --id run--x", "a=3 | id=run--x"),
        ("--no-a --id --x", "no-a=true | id='--x'"),
        ("--id 7 --name --y", "id='7' | name='--y'"),
        ("--maybe 7 --last z", "maybe='7' | last=z"),
        ("--maybe --same x --last z", "maybe=true | same=x | last=z"),
        ("--maybe -x --last z", "maybe='-x' | last=z"),
        ("--same --x --last z", "same='--x' | last=z"),
    ] {
        failures.compare(arguments, &declared(&inputs, &args, arguments), expected);
    }
    failures.assert_none();
}

#[test]
fn flags_in_the_command_count_too() {
    let with = |command: &str, args: &str| {
        format!(
            "name: C\ninputs: [{{name: p, type: String}}]\nimplementation:\n  container:\n    image: \
             i\n    command: {command}\n    args: {args}\n"
        )
    };
    let flags = "--p, {inputValue: p}";
    let script = "'pip install x; exec \"$0\" \"$@\"'";
    for (command, args) in [
        (format!("[python3, main.py, {flags}]"), "[]".to_owned()),
        (format!("[python3, -u, -m, package, {flags}]"), "[--q, x]".to_owned()),
        ("[python3, main.py]".to_owned(), format!("[{flags}]")),
        ("[]".to_owned(), format!("[{flags}]")),
        (format!("[sh, -c, {script}, python3, main.py, {flags}]"), "[]".to_owned()),
        (format!("[sh, -ec, {script}, python3, main.py]"), format!("[{flags}]")),
        (format!("[/bin/bash, -e, -c, {script}, python3, -m, package]"), format!("[{flags}]")),
        ("[torchrun, --nproc_per_node, '2', train.py]".to_owned(), format!("[{flags}]")),
        ("[my-train]".to_owned(), format!("[{flags}]")),
        ("[tini, --, python3, main.py]".to_owned(), format!("[{flags}]")),
        ("[hydra-shim, run, python3, main.py]".to_owned(), format!("[{flags}]")),
    ] {
        let folder = Folder::new(&[("c.yaml", &with(&command, &args))]);
        let got = folder.overrides(&["--component", "c.yaml", "python3", "main.py", "--p", "--x"]);
        assert_eq!(got, "p='--x'", "{command} {args}");
    }
    // Without `command` the image's ENTRYPOINT is run.
    let bare = format!(
        "inputs: [{{name: p, type: String}}]\nimplementation: {{container: {{image: i, args: \
         [{flags}]}}}}\n"
    );
    let folder = Folder::new(&[("c.yaml", &bare)]);
    assert_eq!(folder.overrides(&["--component", "c.yaml", "--p", "--x"]), "p='--x'");
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn a_mistake_in_the_component_is_named_with_its_place() {
    let x = "{name: x, type: String}";
    let mut failures = Failures::default();
    for (inputs, args, expected) in [
        (&[x][..], &["--a", "{inputValue: y}"][..], "c.yaml:12: there is no input `y`"),
        (
            &["{name: data, type: String}"],
            &["--a", "{inputPath: dta}"],
            "c.yaml:12: there is no input `dta`; help: did you mean `data`?",
        ),
        (
            &[x],
            &["--a", "{outputPath: modl}"],
            "c.yaml:12: there is no output `modl`; help: did you mean `model`?",
        ),
        (
            &[x],
            &["--a", "{inputvalue: x}"],
            "c.yaml:12:7: implementation.container.args[1]: unknown value `inputvalue`; help: did you mean inputValue?",
        ),
        (
            &[x],
            &["--a", "{inputValue: x, inputPath: x}"],
            "c.yaml:12:7: implementation.container.args[1]: a placeholder has one key, not `inputPath` \
             as well",
        ),
        (
            &[x],
            &["{if: {cond: {isPresent: x}, then: [--a, b], esle: [--a, c]}}"],
            "c.yaml:11:51: implementation.container.args[0].if: unknown key `esle`; help: did you mean else?",
        ),
        (
            &[x],
            &["--a", "1.10"],
            "c.yaml:12:7: implementation.container.args[1]: this is floating point `1.1`, not text \
             or a placeholder; help: put quotes around it",
        ),
        (
            &[x],
            &["--a", "[x]"],
            "c.yaml:12:7: implementation.container.args[1]: this is a list, not text or a placeholder",
        ),
        (
            &[x],
            &["--a", "{inputValue: x}", "--a", "{inputValue: x}"],
            "c.yaml: the flag `--a` is written twice",
        ),
        (
            &["{name: x, type: Flaot}"],
            &["--a", "{inputValue: x}"],
            "c.yaml:2: the input `x` has the unknown type `Flaot`; help: did you mean Float?",
        ),
        (
            &["{name: x}", "{name: X}"],
            &[],
            "c.yaml:2: `x` and `X` have the same name in a compiled pipeline, `x`",
        ),
        (&["{type: String}"], &[], "c.yaml:2:10: inputs[0]: `name` is missing"),
        (&[x], &["if: {cond: {isPresent: y}, then: [a]}"], "c.yaml:11: there is no input `y`"),
        (
            &[x],
            &["if: {cond: x, then: [a]}"],
            "c.yaml:11:18: implementation.container.args[0].if.cond: this is the text \"x\", not \
             {isPresent: INPUT}",
        ),
    ] {
        let got = declared(inputs, args, "--lr 1");
        let got = got.strip_prefix("error: ").unwrap_or(&got);
        let same = got.starts_with(expected);
        failures.compare(
            &format!("{inputs:?} {args:?}"),
            if same { expected } else { got },
            expected,
        );
    }
    for (text, expected) in [
        ("name: x\n", "c.yaml: this is not a component"),
        (
            "implementation: {container: {command: [a]}}",
            "c.yaml:1:29: implementation.container: `image` is missing",
        ),
        (
            "implementation: {container: {image: i, args: --a}}",
            "c.yaml:1:46: implementation.container.args: this is the text \"--a\", not a list",
        ),
        (
            "implementation: {container: {image: [i]}}",
            "c.yaml:1:37: implementation.container.image: this is a list, not text",
        ),
        (
            "inputs: x\nimplementation: {container: {image: i}}",
            "c.yaml:1:9: inputs: this is the text \"x\", not a list",
        ),
        ("a: [", "c.yaml:"),
    ] {
        let folder = Folder::new(&[("c.yaml", text)]);
        let got = folder.overrides(&["--component", "c.yaml", "python3", "main.py"]);
        let got = got.strip_prefix("error: ").unwrap_or(&got);
        let same = got.starts_with(expected);
        failures.compare(text, if same { expected } else { got }, expected);
    }
    failures.assert_none();
}

#[test]
fn a_component_in_block_and_in_flow() {
    let block = "name: C\ninputs:\n  - name: Run Name\n    type: String\n    description: >\n      Two\n      \
                 lines.\nimplementation:\n  container:\n    image: i\n    command:\n      - python3\n      - \
                 main.py\n    args:\n      - --run-name\n      - inputValue: Run Name\n";
    let flow = "{name: C, inputs: [{name: Run Name, type: String}], implementation: {container: {image: \
                i, command: [python3, main.py], args: [--run-name, {inputValue: Run Name}]}}}";
    let json = r#"{"inputs": [{"name": "Run Name", "type": "String"}], "implementation": {"container":
        {"image": "i", "command": ["python3", "main.py"], "args": ["--run-name", {"inputValue": "Run Name"}]}}}"#;
    let anchors = "inputs: [&i {name: Run Name, type: String}]\nimplementation:\n  container:\n    image: \
                   i\n    command: [python3, main.py]\n    args: [--run-name, &p {inputValue: Run Name}, \
                   --again, *p]\n";
    for text in [block, flow, json, anchors] {
        let folder = Folder::new(&[("c.yaml", text)]);
        let tokens = ["--component", "c.yaml", "python3", "main.py", "--run-name", "-1"];
        assert_eq!(folder.overrides(&tokens), "run-name='-1'", "{text}");
    }
}

#[test]
fn the_trace_says_who_declared_what() {
    let folder = Folder::new(&[
        ("hydra-shim.yaml", "component: c.yaml\nflags: {lr: model.lr}\n"),
        ("c.yaml", &component(&["{name: lr, type: Float}"], &["--lr", "{inputValue: lr}"])),
    ]);
    let printed = folder.translate(&main_py("--lr 1 --x y")).unwrap();
    let expected = r#"[{"from":["--lr","1"],"to":["model.lr=1.0"],"key":"model.lr","type":"float"},
        {"from":["--x","y"],"to":["x=y"],"key":"x","type":"auto"}]"#;
    let expected: Value = serde_json::from_str(expected).unwrap();
    assert_eq!(printed["trace"], expected);
}

#[test]
fn a_real_application_runs_under_rules() {
    let python = venv(HYDRA).unwrap().join("bin/python");
    let app = "import hydra\n\n\n@hydra.main(version_base=None, config_path='conf', \
               config_name='config')\ndef main(cfg):\n    print(dict(cfg))\n\n\nmain()\n";
    let folder = Folder::new(&[
        ("main.py", app),
        ("conf/config.yaml", "out: null\nrun_id: null\nseed: 0\n"),
        (
            "hydra-shim.yaml",
            "dashes: underscore\nflags: {run-id: {type: string}, out: {type: path, mkdir: true}}\n\
             append: [hydra.output_subdir=null, hydra.run.dir=.]\n",
        ),
    ]);
    let arguments = ["main.py", "--run-id", "2024_11_23", "--out", "made/here", "--seed", "7"];
    let mut call = folder.shim(&["run", python.to_str().unwrap()]);
    let shown = printed(call.args(arguments).env("PYTHONDONTWRITEBYTECODE", "1"));
    assert_eq!(shown, "{'out': 'made/here', 'run_id': '2024_11_23', 'seed': 7}\n");
    assert!(folder.path("made/here").is_dir());
}
