//! What a component says of its flags where an `if` decides what it writes, in its YAML and as the
//! real KFP SDK compiles it; and that a component of many flags is read in linear time.

mod folder;
mod site;
mod support;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use folder::{Folder, component, translated, words};
use hydra_shim::kfp::component::Component;
use hydra_shim::kfp::declare::declarations;
use hydra_shim::yaml;
use serde_json::{Value, json};
use site::Failures;
use support::kfp::{judge, python};
use support::{HYDRA, Oracle, seen, shim_command};

/// What arguments become by a component with these elements.
fn declared(args: &[&str], arguments: &[&str]) -> String {
    let inputs = [
        "{name: a, type: Integer, optional: true}",
        "{name: f, type: Float, default: 0.5}",
        "{name: l, type: List, optional: true}",
        "{name: s, type: String}",
        "{name: d, type: Dataset}",
    ];
    let folder = Folder::new(&[("c.yaml", &component(&inputs, args))]);
    folder.overrides(&[&["--component", "c.yaml", "python3", "main.py"], arguments].concat())
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
    type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [(&'a [&'a str], &'a str)]);
    let cases: [Case<'_>; 12] = [
        (
            &["--x", "{inputValue: a}"],
            &["--x", "none"],
            &[
                (&["--x", "3.0"], "x=3"),
                (&["--x", "none"], "x=none"),
                (&["--x", "few"], "error: --x: the value `few` is no int (declared int by c.yaml)"),
            ],
        ),
        // A literal that is a value of the type is one.
        (
            &["--x", "{inputValue: f}"],
            &["--x", "'0'"],
            &[
                (&["--x", "0"], "x=0.0"),
                (&["--x", "1"], "x=1.0"),
                (
                    &["--x", "fast"],
                    "error: --x: the value `fast` is no float (declared float by c.yaml)",
                ),
            ],
        ),
        (
            &["--x", "none"],
            &["--x", "{inputValue: s}"],
            &[(&["--x", "none"], "x=none"), (&["--x", "007"], "x='007'"), (&["--x", "7"], "x='7'")],
        ),
        (
            &["--x", "{inputValue: a}"],
            &["--x", "'null'"],
            &[(&["--x", "null"], "x=null"), (&["--x", "3.0"], "x=3")],
        ),
        (
            &["--x", "{inputPath: d}"],
            &["--x", "'/dev/null'"],
            &[(&["--x", "/gcs/1"], "x=/gcs/1"), (&["--x", "/dev/null"], "x=/dev/null")],
        ),
        // Two types: text stays text, of others each is what it looks like.
        (
            &["--x", "{inputValue: a}"],
            &["--x", "{inputValue: s}"],
            &[(&["--x", "7"], "x='7'"), (&["--x", "1.10"], "x='1.10'")],
        ),
        (
            &["--x", "{inputValue: a}"],
            &["--x", "{inputValue: l}"],
            &[(&["--x", "7"], "x=7"), (&["--x", "[1, \"a\"]"], "x=[1,a]")],
        ),
        // Not as many values.
        (
            &["--x", "{inputValue: s}"],
            &["--x"],
            &[
                (&["--x", "v", "--y"], "x=v | y=true"),
                (&["--x", "--y"], "x=true | y=true"),
                (&["--x", "--v", "--y"], "x='--v' | y=true"),
            ],
        ),
        (
            &["--x", "--z", "{inputValue: s}"],
            &["--z", "{inputValue: s}", "--x", "{inputValue: s}"],
            &[
                (&["--x", "--z", "v"], "x=true | z=v"),
                (&["--z", "-v", "--x", "-w", "--y"], "z='-v' | x='-w' | y=true"),
            ],
        ),
        (
            &["--x", "{inputValue: a}", "{inputValue: s}"],
            &["--x", "none", "'1'"],
            &[(&["--x", "none", "1"], "x=[none,'1']"), (&["--x", "2", "v"], "x=[2,v]")],
        ),
        (
            &["--x", "{inputValue: s}", "--x", "v"],
            &["--x", "w"],
            &[(&["--x", "v"], "error: c.yaml: the flag `--x` is written twice, first in line")],
        ),
        (
            &["--x", "w"],
            &["--x", "{inputValue: s}", "--x", "v"],
            &[(&["--x", "v"], "error: c.yaml: the flag `--x` is written twice, first in line")],
        ),
    ];
    let mut failures = Failures::default();
    for (then, otherwise, expected) in cases {
        for written in condition(then, otherwise) {
            for (arguments, expected) in expected {
                let got = declared(&[&written, "--y"], arguments);
                let got = without_line(&got);
                failures.compare(&format!("{written} {arguments:?}"), &got, expected);
            }
        }
    }
    failures.assert_none();
}

/// An error without its line, and without what follows it.
fn without_line(text: &str) -> String {
    let Some((before, after)) = text.split_once("c.yaml:") else { return text.to_owned() };
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    let end = after.find(" line ").map_or(after.len(), |at| at + " line".len());
    format!("{before}c.yaml{}", &after[..end])
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
        (&["--x", either][..], &["--x", "none"][..], "x=none"),
        (&["--x", either], &["--x", "3"], "x=3"),
        (&["--x", text], &["--x", "7"], "x='7'"),
        (&["--x", text], &["--x", "word"], "x=word"),
        // Which of two places a value has cannot be told where the first may be absent.
        (&["--x", maybe, "last"], &["--x", "last"], "x=[last]"),
        (&["--x", maybe, "last"], &["--x", "1", "last"], "x=[1,last]"),
        // What an `if` may write next is what follows.
        (&["--x", maybe, inner, "--y"], &["--x", "--j", "--y"], "x=true | j=true | y=true"),
        (&["--x", maybe, inner, "--y"], &["--x", "1", "--i", "-v"], "x=1 | i='-v'"),
        (&["--x", maybe, &nested, "--y"], &["--x", "--o", "--j"], "x=true | o=true | j=true"),
        (&["--x", maybe, &nested, "--y"], &["--x", "--y"], "x=true | y=true"),
        // A flag with its value in one is no value of the flag before.
        (&["--x", "{inputValue: s}", tag], &["--x", "--tag", "--tag=v"], "x='--tag' | tag=v"),
        (&["--x", tag], &["--x", "--tag=v"], "x=true | tag=v"),
    ] {
        failures.compare(&format!("{args:?} {arguments:?}"), &declared(args, arguments), expected);
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

/// A component of `count` inputs, each with a flag, and each of these twice under an `if`.
fn many_flags(count: usize) -> String {
    let (mut inputs, mut args) = (String::new(), String::new());
    for n in 0..count {
        let _ = writeln!(inputs, "- {{name: i{n}, type: Integer}}");
        let _ = writeln!(
            args,
            "    - --f{n}\n    - {{inputValue: i{n}}}\n    - {{if: {{cond: {{isPresent: i{n}}}, \
             then: [--g{n}, {{inputValue: i{n}}}], else: [--g{n}, none]}}}}"
        );
    }
    format!(
        "inputs:\n{inputs}implementation:\n  container:\n    image: i\n    command: [python3, \
         main.py]\n    args:\n{args}"
    )
}

/// The shortest of three times: what else the machine does only adds to it.
fn time_to_declare(count: usize) -> Duration {
    let root = yaml::parse(&many_flags(count), "c.yaml").unwrap();
    let once = || {
        let start = Instant::now();
        let component = Component::read(&root, "c.yaml").unwrap();
        assert_eq!(declarations(&component, &|_| None).unwrap().flags.len(), 2 * count);
        start.elapsed()
    };
    [once(), once(), once()].into_iter().min().unwrap()
}

#[test]
fn twice_the_flags_take_twice_the_time() {
    let (few, many) = (time_to_declare(2_000), time_to_declare(32_000));
    // 16 times as many; in quadratic time it were 256.
    assert!(many < few * 64, "2,000 inputs: {few:?}, 32,000: {many:?}");
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
    assert!(declared(&args[..1_000], &["--f0", "--f999"]).contains("f0=true | f999=true"));
    let got = declared(&args, &["--f0", "1"]);
    assert_eq!(
        without_line(&got),
        "error: c.yaml: too many flags in a row whose values may be absent"
    );
}
