//! The same values through each way of starting a Hydra program from `--name value`: which arrive?
//!
//! The table that this prints is the one in the README.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use support::{HYDRA, Oracle, seen, succeeded, tests_path, translate};

/// What a sender sends: the input's type in the component, the text, and what it means in Python.
fn values() -> Vec<(&'static str, &'static str, String)> {
    let same = |text| ("String", text, seen::str(text));
    vec![
        // Plain ones.
        same("demo"),
        same("ResNet-50_v2"),
        same("gs://bucket/run-1/model.pt"),
        ("Integer", "10", seen::int("10")),
        ("Integer", "-5", seen::int("-5")),
        ("Float", "0.1", seen::float("0.1")),
        ("Float", "1e-05", seen::float("1e-05")),
        ("Float", "-0.5", seen::float("-0.5")),
        ("Boolean", "true", seen::bool(true)),
        ("Boolean", "False", seen::bool(false)),
        // Text that looks like something else.
        same("2024_11_23"),
        same("2024-11-23"),
        same("20241123"),
        same("007"),
        same("12345e7"),
        same("1_000"),
        same("Null"),
        same("None"),
        same("nan"),
        // Punctuation.
        same(""),
        same("a b c"),
        same("a  b"),
        same("a,b,c"),
        same("lr=0.1"),
        same("gs://bucket/date=2024-11-23/part"),
        same("https://example.com/?q=1&r=2"),
        same("SELECT a, b FROM t WHERE c = 'd'"),
        same("it's"),
        same("\"quoted\""),
        same("100%"),
        same("first line\nsecond line"),
        same("C:\\data"),
        same("name: value"),
        same("#1"),
        same("(draft)"),
        same("[a-z]+"),
        same("{model}"),
        same("${oc.env:HOME}"),
        same("naïve café"),
        same("日本語"),
        same("--flag"),
        // Lists and dicts, as KFP writes them.
        ("List", "[1, 2, 3]", seen::list(&[seen::int("1"), seen::int("2"), seen::int("3")])),
        ("List", r#"["a","b"]"#, seen::list(&[seen::str("a"), seen::str("b")])),
        ("List", "[]", seen::list::<&str>(&[])),
        (
            "Dict",
            r#"{"depth": 3, "eta": 0.1}"#,
            seen::dict(&[("depth", seen::int("3")), ("eta", seen::float("0.1"))]),
        ),
        ("Dict", r#"{"a":{"b":[true,null]}}"#, {
            let inner = seen::list(&[seen::bool(true), seen::NONE.to_owned()]);
            seen::dict(&[("a", seen::dict(&[("b", inner)]))])
        }),
    ]
}

/// One way to start the program: the overrides for a text of a type, or its own refusal.
type Method = fn(kfp_type: &str, text: &str, scratch: &Path) -> Result<Vec<String>, String>;

const METHODS: [(&str, Method); 5] = [
    ("`--` taken off the flags", without_dashes),
    ("`key={{…}}`, written by hand", by_hand),
    ("`sed` in front of the program", by_sed),
    ("hydra-shim", by_shim),
    ("hydra-shim that knows the component", by_shim_with_component),
];

#[expect(clippy::unnecessary_wraps, reason = "a method may refuse; this one never does")]
fn without_dashes(_: &str, text: &str, _: &Path) -> Result<Vec<String>, String> {
    Ok(vec!["value".to_owned(), text.trim_start_matches('-').to_owned()])
}

/// The orchestrator fills the value into `value={{$.inputs.parameters['value']}}`.
#[expect(clippy::unnecessary_wraps, reason = "a method may refuse; this one never does")]
fn by_hand(_: &str, text: &str, _: &Path) -> Result<Vec<String>, String> {
    Ok(vec![format!("value={text}")])
}

#[expect(clippy::unnecessary_wraps, reason = "a method may refuse; this one never does")]
fn by_sed(_: &str, text: &str, scratch: &Path) -> Result<Vec<String>, String> {
    let script = tests_path("apps/comparison/sed.sh");
    let mut shell = Command::new("/bin/sh");
    let call = shell.arg(script).args(["--value", text]).current_dir(scratch).assert();
    let printed = succeeded(call);
    Ok(printed.split_terminator('\0').map(str::to_owned).collect())
}

fn by_shim(_: &str, text: &str, _: &Path) -> Result<Vec<String>, String> {
    overrides(&["--value", text])
}

fn by_shim_with_component(
    kfp_type: &str,
    text: &str,
    scratch: &Path,
) -> Result<Vec<String>, String> {
    let component = scratch.join("component.yaml");
    let yaml = format!(
        "name: train\n\
         inputs:\n\
         - {{name: value, type: {kfp_type}}}\n\
         implementation:\n  \
           container:\n    \
             image: train\n    \
             command: [python3, main.py]\n    \
             args: [--value, {{inputValue: value}}]\n"
    );
    fs::write(&component, yaml).unwrap();
    overrides(&["--component", component.to_str().unwrap(), "python3", "main.py", "--value", text])
}

fn overrides(arguments: &[&str]) -> Result<Vec<String>, String> {
    Ok(translate(arguments)?.overrides)
}

/// Which values took which end.
#[derive(Debug, Default)]
struct Tally {
    whole: Vec<&'static str>,
    changed: Vec<&'static str>,
    error: Vec<&'static str>,
}

#[test]
fn the_shim_loses_nothing_where_the_other_ways_do() {
    let values = values();
    let scratch = tempfile::tempdir().unwrap();
    let mut oracle = Oracle::start(HYDRA).unwrap();
    let conf = tests_path("apps/comparison/conf");
    let mut tallies = Vec::new();
    let mut story = String::new();
    for (name, method) in METHODS {
        let mut tally = Tally::default();
        for (kfp_type, text, meant) in &values {
            let meant = seen::dict(&[("value", meant)]);
            let got = method(kfp_type, text, scratch.path())
                .and_then(|overrides| oracle.composed(&conf, "config", &overrides, None));
            match &got {
                Ok(value) if *value == meant => tally.whole.push(text),
                Ok(_) => tally.changed.push(text),
                Err(_) => tally.error.push(text),
            }
            if got.as_ref() != Ok(&meant) {
                writeln!(story, "{name}: {kfp_type} {text:?}: {got:?}").unwrap();
            }
        }
        tallies.push((name, tally));
    }
    let table = markdown(&tallies, values.len());
    println!("{story}\n{table}");

    let [by_hand, by_sed, shim, with_component] = [1, 2, 3, 4].map(|index| &tallies[index].1);
    assert!(by_hand.whole.len() < values.len(), "{story}");
    assert!(by_sed.whole.len() < values.len(), "{story}");
    // The only text that needs a declaration to stay text: digits, which are an int elsewhere.
    assert_eq!(shim.changed, ["20241123"], "{story}");
    // The only one that needs a declaration to be a value at all.
    assert_eq!(shim.error, ["--flag"], "{story}");
    assert_eq!(with_component.whole.len(), values.len(), "{story}");
    the_readme_has(&table);
}

fn markdown(tallies: &[(&str, Tally)], count: usize) -> String {
    let mut table = format!("| {count} values, by | arrive whole | changed silently | error |\n");
    table.push_str("|---|---|---|---|\n");
    for (name, tally) in tallies {
        let [whole, changed, error] = [&tally.whole, &tally.changed, &tally.error].map(Vec::len);
        writeln!(table, "| {name} | {whole} | {changed} | {error} |").unwrap();
    }
    table
}

fn the_readme_has(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let Ok(readme) = fs::read_to_string(path) else {
        support::say("NOT CHECKED: there is no README.md");
        return;
    };
    let shown = readme
        .split_once("<!-- comparison -->")
        .and_then(|(_, rest)| rest.split_once("<!-- /comparison -->"))
        .map(|(table, _)| table.trim());
    assert_eq!(shown, Some(table.trim()), "README.md should show, between its markers:\n{table}");
}
