//! What a component says of its flags where an `if` decides what it writes, in its YAML and as the
//! real KFP SDK compiles it.

mod support;

use serde_json::{Value, json};
use support::kfp::{judge, python};
use support::shims_in_path::Failures;
use support::working_folder::{self, Folder, component, main_py, translated, words};
use support::{HYDRA, Oracle, seen, shim_command};

/// What arguments, written as for a shell, become by a component with these elements.
fn declared(args: &[&str], arguments: &str) -> String {
    let inputs = [
        "{name: a, type: Integer, optional: true}",
        "{name: f, type: Float, default: 0.5}",
        "{name: l, type: List, optional: true}",
        "{name: s, type: String}",
        "{name: d, type: Dataset}",
    ];
    working_folder::declared(&inputs, args, arguments)
}

/// The same `if` in one line, and with each of its elements in a line of its own.
fn condition(then: &[&str], otherwise: &[&str]) -> [String; 2] {
    let lines = |elements: &[&str]| {
        let lines: Vec<String> = elements.iter().map(|e| format!("\n        - {e}")).collect();
        lines.concat()
    };
    let cond = "cond: {isPresent: a}";
    [
        format!("if: {{{cond}, then: [{}], else: [{}]}}", then.join(", "), otherwise.join(", ")),
        format!(
            "if:\n        {cond}\n        then:{}\n        else:{}",
            lines(then),
            lines(otherwise)
        ),
    ]
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn either_branch_may_write_a_flag() {
    type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a str)]);
    let cases: [Case<'_>; 15] = [
        (
            &["--x", "{inputValue: a}"],
            &["--x", "none"],
            &[
                ("--x 3.0", "x=3"),
                ("--x none", "x=none"),
                ("--x few", "error: --x: the value `few` is not an int (declared int by c.yaml)"),
            ],
        ),
        // A literal that is a value of the type is one.
        (
            &["--x", "{inputValue: f}"],
            &["--x", "'0'"],
            &[
                ("--x 0", "x=0.0"),
                ("--x 1", "x=1.0"),
                (
                    "--x fast",
                    "error: --x: the value `fast` is not a float (declared float by c.yaml)",
                ),
            ],
        ),
        (
            &["--x", "none"],
            &["--x", "{inputValue: s}"],
            &[("--x none", "x=none"), ("--x 007", "x='007'"), ("--x 7", "x='7'")],
        ),
        (
            &["--x", "{inputValue: a}"],
            &["--x", "'null'"],
            &[("--x null", "x=null"), ("--x 3.0", "x=3")],
        ),
        (
            &["--x", "{inputPath: d}"],
            &["--x", "'/dev/null'"],
            &[("--x /gcs/1", "x=/gcs/1"), ("--x /dev/null", "x=/dev/null")],
        ),
        // Two types: text stays text, of others each is what it looks like.
        (
            &["--x", "{inputValue: a}"],
            &["--x", "{inputValue: s}"],
            &[("--x 7", "x='7'"), ("--x 1.10", "x='1.10'")],
        ),
        (
            &["--x", "{inputValue: a}"],
            &["--x", "{inputValue: l}"],
            &[("--x 7", "x=7"), (r#"--x '[1, "a"]'"#, "x=[1,a]")],
        ),
        // Not as many values.
        (
            &["--x", "{inputValue: s}"],
            &["--x"],
            &[
                ("--x v --y", "x=v | y=true"),
                ("--x --y", "x=true | y=true"),
                ("--x --v --y", "x='--v' | y=true"),
            ],
        ),
        (
            &["--x", "--z", "{inputValue: s}"],
            &["--z", "{inputValue: s}", "--x", "{inputValue: s}"],
            &[("--x --z v", "x=true | z=v"), ("--z -v --x -w --y", "z='-v' | x='-w' | y=true")],
        ),
        (
            &["--x", "{inputValue: a}", "{inputValue: s}"],
            &["--x", "none", "'1'"],
            &[(
                "--x 2 v",
                "error: c.yaml: --x: it has 2 values; help: if all are its value, declare it in the rules: `x: {type: list}`",
            )],
        ),
        (
            &["--x", "{inputValue: s}", "--x", "v"],
            &["--x", "w"],
            &[(
                "--x v",
                "error: c.yaml: the flag `--x` is written twice; help: a flag's last value would count; write it once",
            )],
        ),
        (
            &["--x", "w"],
            &["--x", "{inputValue: s}", "--x", "v"],
            &[(
                "--x v",
                "error: c.yaml: the flag `--x` is written twice; help: a flag's last value would count; write it once",
            )],
        ),
        // A flag named as one of Hydra's is the application's wherever it is.
        (
            &["--cfg", "{inputValue: a}"],
            &["--cfg", "job"],
            &[
                ("--cfg 3", "cfg=3"),
                ("--cfg job", "cfg=job"),
                (
                    "--cfg all",
                    "error: --cfg: the value `all` is not an int (declared int by c.yaml)",
                ),
            ],
        ),
        (
            &["--run", "k=1"],
            &["--run", "{inputValue: s}"],
            &[(
                "--run k=1",
                "error: c.yaml: --run: what follows, `k=1`, may be its value or an override; help: declare in the rules what --run is: `run: {type: bool}` for a switch, `run: {type: string}` if that is its value",
            )],
        ),
        (
            &["--cfg", "{inputValue: s}", "--cfg", "job"],
            &["--x", "w"],
            &[(
                "--cfg v --cfg job",
                "error: c.yaml: the flag `--cfg` is written twice; help: a flag's last value would count; write it once",
            )],
        ),
    ];
    let mut failures = Failures::default();
    for (then, otherwise, expected) in cases {
        for written in condition(then, otherwise) {
            for (arguments, expected) in expected {
                let got = declared(&[&written, "--y"], arguments);
                let got = without_line(&got);
                failures.compare(&format!("{written} {arguments}"), &got, expected);
            }
        }
    }
    failures.assert_none();
}

/// An error without its line.
fn without_line(text: &str) -> String {
    let Some((before, after)) = text.split_once("c.yaml:") else { return text.to_owned() };
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(':');
    format!("{before}c.yaml:{after}")
}

#[test]
fn values_under_a_condition() {
    let either = "if: {cond: {isPresent: a}, then: {inputValue: a}, else: none}";
    let text = "if: {cond: {isPresent: a}, then: word, else: {inputValue: s}}";
    let maybe = "if: {cond: {isPresent: a}, then: {inputValue: a}}";
    let inner = "if: {cond: {isPresent: a}, then: [--i, {inputValue: s}], else: [--j]}";
    let nested = format!("if: {{cond: {{isPresent: a}}, then: [--o, {{{maybe}}}, {{{inner}}}]}}");
    let tag = "if: {cond: {isPresent: a}, then: ['--tag={{$.inputs.parameters[''s'']}}']}";
    let mut failures = Failures::default();
    for (args, arguments, expected) in [
        (&["--x", either][..], "--x none", "x=none"),
        (&["--x", either], "--x 3", "x=3"),
        (&["--x", text], "--x 7", "x='7'"),
        (&["--x", text], "--x word", "x=word"),
        // What an `if` may write next is what follows.
        (&["--x", maybe, inner, "--y"], "--x --j --y", "x=true | j=true | y=true"),
        (&["--x", maybe, inner, "--y"], "--x 1 --i -v", "x=1 | i='-v'"),
        (&["--x", maybe, &nested, "--y"], "--x --o --j", "x=true | o=true | j=true"),
        (&["--x", maybe, &nested, "--y"], "--x --y", "x=true | y=true"),
        // A flag with its value in one is no value of the flag before.
        (&["--x", "{inputValue: s}", tag], "--x --tag --tag=v", "x='--tag' | tag=v"),
        (&["--x", tag], "--x --tag=v", "x=true | tag=v"),
    ] {
        failures.compare(&format!("{args:?} {arguments}"), &declared(args, arguments), expected);
    }
    failures.assert_none();
}

/// What arguments, written as for a shell, become by a component with these elements, under rules with these flags.
fn under(flags: &str, args: &[&str], arguments: &str) -> String {
    let inputs =
        ["{name: b, type: String}", "{name: l, type: List}", "{name: m, type: 'List[int]'}"];
    let rules = format!("component: c.yaml\nflags: {{{flags}}}\n");
    let files = [("c.yaml", &*component(&inputs, args)), ("hydra-shim.yaml", &rules)];
    Folder::new(&files).overrides(&main_py(arguments))
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn what_the_component_writes_after_a_value_is_none() {
    let b = "{inputValue: b}";
    let maybe = "if: {cond: {isPresent: b}, then: {inputValue: b}}";
    let maybe_override = "if: {cond: {isPresent: b}, then: model=forest, else: [--y]}";
    let filled = "'model={{$.inputs.parameters[''b'']}}'";
    let unclear = "error: c.yaml:11: --x: what follows, `model=forest`, may be its value or an \
                   override; help: declare in the rules what --x is: `x: {type: bool}` for a \
                   switch, `x: {type: string}` if that is its value";
    let positional = "error: c.yaml:11: --x: `clone` after it is neither its value nor a flag \
                      nor an override; help: write it as key=value or after a flag of its own; if all are \
                      its value, declare it in the rules: `x: {type: list}`";
    let several = "error: c.yaml:11: --x: it has 2 values; help: if all are its value, declare it \
                   in the rules: `x: {type: list}`";
    let mut failures = Failures::default();
    for (flags, args, arguments, expected) in [
        // The first literal word after a flag is its value.
        ("", &["--x", "train", "--y", "'7'"][..], "--x train --y 7", "x=train | y=7"),
        // A literal override there may be one.
        ("", &["--x", "model=forest"], "--x model=forest", unclear),
        ("x: {type: int}", &["--x", "model=forest"], "--x model=forest", unclear),
        ("", &["--x", filled], "--x model=a", "error: c.yaml:11: --x: what follows, `model={{"),
        ("x: {type: bool}", &["--x", "model=forest"], "--x model=forest", "x=true | model=forest"),
        ("x: {type: string}", &["--x", "model=forest"], "--x model=forest", "x='model=forest'"),
        ("", &["--x", maybe, "model=forest"], "--x 1 model=forest", "error: c.yaml:11: --x: "),
        ("", &["--x", maybe_override], "--x --y", "error: c.yaml:11: --x: what follows, an `if`, "),
        // After a value it is one.
        (
            "",
            &["--x", b, "model=forest", "hydra.run.dir=/tmp", filled],
            "--x a=b model=forest hydra.run.dir=/tmp model=--c",
            "x='a=b' | model=forest | hydra.run.dir=/tmp | model=--c",
        ),
        ("", &["--x", "one", "model=forest"], "--x one model=forest", "x=one | model=forest"),
        ("", &["--x", b, maybe_override], "--x 1 model=forest", "x='1' | model=forest"),
        ("", &["--x", b, maybe_override], "--x --y --y", "x='--y' | y=true"),
        // A positional word is nothing for Hydra.
        ("", &["--x", b, "clone"], "--x v clone", positional),
        ("", &["--x", "one", "clone"], "--x one clone", positional),
        ("", &["--x", maybe, "clone"], "--x clone", positional),
        (
            "x: {type: bool}",
            &["--x", "clone"],
            "--x clone",
            "error: c.yaml:11: --x: `clone` after it is neither its value nor a flag nor an override",
        ),
        ("x: {type: bool}", &["--x", "'no'", "--y"], "--x no --y", "x=false | y=true"),
        // Several values are a list where the rules or all of their inputs say so.
        ("", &["--x", b, b], "--x 1 2", several),
        ("", &["--x", b, "{inputValue: l}"], "--x 1 '[2]'", several),
        ("x: {type: string}", &["--x", b, b], "--x 1 2", several),
        ("x: {type: list}", &["--x", b, b], "--x 1 --y", "x=[1,'--y']"),
        ("x: {type: list}", &["--x", b, "clone"], "--x v clone", "x=[v,clone]"),
        (
            "x: {type: list}",
            &["--x", b, b, "model=forest"],
            "--x 1 2 model=forest",
            "x=[1,2] | model=forest",
        ),
        ("x: {type: list}", &["--x", maybe, b], "--x v", "x=[v]"),
        (
            "x: {type: 'list[int]'}",
            &["--x", b, maybe, "--y"],
            "--x '[1, 2]' --y",
            "x=[1,2] | y=true",
        ),
        ("", &["--x", "{inputValue: l}", "{inputValue: l}"], r#"--x '[1.0]' '["a"]'"#, "x=[1,a]"),
        ("", &["--x", "{inputValue: m}", "{inputValue: m}"], "--x '[1]' '[2]'", "x=[1,2]"),
        // Hydra's own flags take what is Hydra's.
        ("", &["--multirun", "lr=1,2"], "--multirun lr=1,2", "lr=1,2 | --multirun"),
        (
            "",
            &["--config-name", "prod", "lr=1"],
            "--config-name prod lr=1",
            "lr=1 | --config-name | prod",
        ),
        ("", &["--version", b], "--version --help", "version='--help'"),
        ("", &["--version", "'1.0'"], "--version 1.0", "version=1.0"),
        (
            "",
            &["--info", "config", "--info=all"],
            "--info config --info=all",
            "--info | config | --info=all",
        ),
        // A value never begins in one branch and is written in another.
        (
            "",
            &["if: {cond: {isPresent: b}, then: [--x]}", b],
            "--x 1",
            "error: c.yaml:11: --x: its value may be inside an `if` or after it, among other \
             arguments; help: write --x and its value into the same branch of the `if`",
        ),
        (
            "",
            &["--x", "if: {cond: {isPresent: b}, then: [one, --y], else: [--z]}"],
            "--x one --y",
            "error: c.yaml:11: --x: its value may be inside an `if`",
        ),
    ] {
        let got = under(flags, args, arguments);
        let got = if got.len() > expected.len()
            && expected.starts_with("error: ")
            && !expected.contains("; help: ")
        {
            got.get(..expected.len()).unwrap_or(&got)
        } else {
            &got
        };
        failures.compare(&format!("{flags} {args:?}"), got, expected);
    }
    failures.assert_none();
}

#[test]
fn any_word_in_the_place_of_a_shells_zero_is_one() {
    let mut failures = Failures::default();
    for zero in ["--", "sh", "_", "'main=1'", "'--x'"] {
        let command = format!("[bash, -c, 'exec python3 main.py \"$@\"', {zero}]");
        let text =
            component(&["{name: lr, type: Float}"], &["--lr", "{inputValue: lr}", "--fixed=1"]);
        let text = text.replace("[python3, main.py]", &command);
        let folder = Folder::new(&[("c.yaml", &text), ("closed.yaml", "unknown: error")]);
        for rules in [&[][..], &["--rules", "closed.yaml"]] {
            let mut call =
                folder.shim(&["component", "c.yaml", "--set", "lr=1", "--format", "json"]);
            let printed = translated(call.args(rules)).unwrap_or_else(|e| panic!("{zero}: {e}"));
            let task = &printed["tasks"][0];
            let zero = zero.trim_matches('\'');
            let command = ["bash", "-c", "exec python3 main.py \"$@\"", zero];
            failures.compare(zero, &words(task, "command").join("\n"), &command.join("\n"));
            failures.compare(zero, &words(task, "overrides").join(" | "), "lr=1.0 | fixed=1");
            failures.compare(zero, task["trace"][0]["type"].as_str().unwrap(), "float");
        }
    }
    failures.assert_none();
}

#[test]
fn compiled_conditions_judged_by_the_sdk_and_hydra() {
    let scratch = tempfile::tempdir().unwrap();
    python("pipelines.py", scratch.path(), &Value::Null);
    let text = seen::str;
    let cases = [
        (json!({"limit": 3.5, "rate": 1, "tag": "007"}), ["float:3.5", "float:1.0", &text("007")]),
        (json!({}), [&text("none"), "float:0.0", &text("7")]),
    ];
    let mut oracle = Oracle::start(HYDRA).unwrap();
    let mut failures = Failures::default();
    for name in ["either.yaml", "either.json"] {
        let file = scratch.path().join(name);
        for (values, expected) in &cases {
            let judged = judge(&[json!({"file": file, "values": values})]);
            let argv = words(&judged[0], "either");
            let mut command = shim_command();
            command.args(["translate", "--format", "json", "--component"]).arg(&file).args(&argv);
            let printed = translated(&mut command).unwrap_or_else(|e| panic!("{argv:?}: {e}"));
            let overrides = words(&printed, "overrides");
            for (key, expected) in ["limit", "rate", "tag"].into_iter().zip(expected) {
                let own = overrides.iter().filter(|o| o.starts_with(&format!("{key}=")));
                let case = (key.to_owned(), own.cloned().collect());
                let read = oracle.apply(&[case]).remove(0).unwrap();
                failures.compare(&format!("{name} {key} {argv:?}"), &read, expected);
            }
        }
    }
    failures.assert_none();
}

#[test]
fn flags_that_may_all_be_absent_are_limited() {
    let maybe = |n| {
        let value =
            format!("{{if: {{cond: {{isPresent: a}}, then: [--f{n}, {{inputValue: a}}]}}}}");
        value.replace("{inputValue: a}", "{if: {cond: {isPresent: a}, then: {inputValue: a}}}")
    };
    let args: Vec<String> = (0..2_000).map(maybe).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    assert!(declared(&args[..1_000], "--f0 --f999").contains("f0=true | f999=true"));
    let got = declared(&args, "--f0 1");
    assert_eq!(
        without_line(&got),
        "error: c.yaml: too many flags in a row whose values may be absent"
    );
}
