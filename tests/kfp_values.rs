//! Runs of real KFP components, through `translate --component`, judged by the real Hydra: each
//! value that a placeholder fills arrives with its declared type, or the run is refused.
//!
//! The runs are data that may lie beside the project, see `support::kfp::recorded_runs`.

mod support;

use std::fs;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use serde_json::Value;
use support::working_folder::translated;
use support::{Oracle, seen, shim_command, succeeded, tests_path};

/// A value that a placeholder fills: its flag, and what the application has to read.
struct Filled {
    flag: String,
    expected: String,
}

/// What the executor input of a run carries, if it has one: each name, and what the application has to read.
fn passed(run: &Value, argv: &[String], oracle: &mut Oracle) -> Vec<(String, String)> {
    let Some(at) = argv.iter().position(|argument| argument == "--executor_input") else {
        return Vec::new();
    };
    let input: Value = serde_json::from_str(&argv[at + 1]).unwrap();
    let parameters = &input["inputs"]["parameterValues"];
    let names = |object: &Value| {
        object.as_object().into_iter().flat_map(|all| all.keys().cloned()).collect()
    };
    let names: Vec<Vec<String>> = [
        parameters,
        &input["inputs"]["artifacts"],
        &input["outputs"]["parameters"],
        &input["outputs"]["artifacts"],
    ]
    .map(names)
    .into();
    let expected = |name: String| {
        let value = match (&run["values"][&name], &run["outputs"][&name]) {
            (Value::Null, Value::Null) => seen::NONE.to_owned(),
            (place, Value::Null) | (Value::Null, place) if place["path"].is_string() => {
                seen::str(place["path"].as_str().unwrap())
            }
            (Value::Null, place) => seen::str(place["output_file"].as_str().unwrap()),
            (value, _) => typed(run["types"][&name].as_str(), value, oracle),
        };
        (name, value)
    };
    names.into_iter().flatten().map(expected).collect()
}

/// What the flags of a run carry.
fn filled(run: &Value, argv: &[String], oracle: &mut Oracle) -> Vec<Filled> {
    let mut all = Vec::new();
    for flag in run["flags"].as_array().unwrap() {
        let (name, kind) = (flag[0].as_str().unwrap(), flag[1].as_str());
        let Some(at) = argv.iter().position(|argument| argument == name) else { continue };
        let Some(kind) = kind.filter(|kind| !["literal", "executorInput"].contains(kind)) else {
            continue;
        };
        let placeholder = flag[2].as_str().unwrap_or_default();
        // The executor input: see `passed`.
        if placeholder == "$" {
            continue;
        }
        let received = &argv[at + 1];
        let value = &run["values"][placeholder];
        let expected = match kind {
            "inputValue" if value.is_null() => seen::NONE.to_owned(),
            "inputValue" => typed(run["types"][placeholder].as_str(), value, oracle),
            _ => seen::str(received),
        };
        all.push(Filled { flag: name.to_owned(), expected });
    }
    all
}

/// `value` as an input of type `ty`.
fn typed(ty: Option<&str>, value: &Value, oracle: &mut Oracle) -> String {
    let is_float = ty.is_some_and(|ty| matches!(ty.to_lowercase().as_str(), "float" | "double"));
    let text = match value {
        Value::String(text) => return seen::str(text),
        Value::Number(number) if is_float => format!("{:?}", number.as_f64().unwrap()),
        value => value.to_string(),
    };
    oracle.loads(&[text]).remove(0).unwrap()
}

/// How one run went.
#[derive(Debug, PartialEq)]
enum Outcome {
    Whole,
    Refused(String),
    Changed(String),
}

fn shim(run: &Value, arguments: &[String], filled: &[Filled], oracle: &mut Oracle) -> Outcome {
    let passed = passed(run, arguments, oracle);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("component.yaml");
    fs::write(&file, run["component_yaml"].as_str().unwrap()).unwrap();
    let mut call = shim_command();
    call.args(["translate", "--format", "json", "--component"]).arg(&file).arg("--");
    let printed = match translated(call.args(arguments).current_dir(folder.path())) {
        Ok(printed) => printed,
        Err(message) => return Outcome::Refused(message),
    };
    let trace = printed["trace"].as_array().unwrap();
    for Filled { flag, expected } in filled {
        let step = trace.iter().find(|step| step["from"][0] == flag.as_str()).unwrap();
        let to = step["to"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned());
        let case = (step["key"].as_str().unwrap().to_owned(), to.collect());
        let read = oracle.apply(&[case]).remove(0);
        // Several elements behind one flag are a list; the placeholder's value is its first.
        let several = step["from"].as_array().unwrap().len() > 2;
        let same = match &read {
            Ok(read) if several => read.starts_with(&format!("[{expected}")),
            Ok(read) => read == expected,
            Err(_) => false,
        };
        if !same {
            return Outcome::Changed(format!("{flag}: expected {expected}, Hydra read {read:?}"));
        }
    }
    for (name, expected) in &passed {
        let from = format!("{name}=");
        let is_it = |step: &&Value| {
            step["from"][0] == "--executor_input"
                && step["from"][1].as_str().unwrap().starts_with(&from)
        };
        let step = trace.iter().find(is_it).unwrap();
        let to: Vec<String> = serde_json::from_value(step["to"].clone()).unwrap();
        // What a flag of its own has set.
        if to.is_empty() {
            assert!(trace.iter().any(|step| step["from"][0] == format!("--{name}")), "{name}");
            continue;
        }
        let read = oracle.apply(&[(name.clone(), to)]).remove(0);
        if read.as_ref() != Ok(expected) {
            return Outcome::Changed(format!("{name}: expected {expected}, Hydra read {read:?}"));
        }
    }
    Outcome::Whole
}

/// Today's other ways: what each makes of a run's arguments.
const OTHER_WAYS: [(&str, OtherWay); 3] =
    [("by hand", by_hand), ("by sed", by_sed), ("without dashes", without_dashes)];

type OtherWay = fn(arguments: &[String], filled: &[Filled]) -> Vec<String>;

/// `--flag {inputValue: x}` as `flag={{$.inputs.parameters['x']}}`.
fn by_hand(arguments: &[String], filled: &[Filled]) -> Vec<String> {
    let value = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag).unwrap();
        format!("{}={}", key(flag), arguments[at + 1])
    };
    filled.iter().map(|filled| value(&filled.flag)).collect()
}

/// `sed` in front of the program.
fn by_sed(arguments: &[String], _: &[Filled]) -> Vec<String> {
    let mut sed = Command::new("/bin/sh");
    let printed = succeeded(sed.arg(tests_path("apps/comparison/sed.sh")).args(arguments).assert());
    printed.split_terminator('\0').map(str::to_owned).collect()
}

fn without_dashes(arguments: &[String], _: &[Filled]) -> Vec<String> {
    arguments.iter().map(|argument| key(argument).to_owned()).collect()
}

fn key(flag: &str) -> &str {
    flag.trim_start_matches('-')
}

/// Whether Hydra takes all of `overrides`, and each flag's value from them.
fn arrive(overrides: &[String], filled: &[Filled], oracle: &mut Oracle) -> bool {
    let key_of = |text: &String| text.split('=').next().unwrap_or_default().to_owned();
    let cases: Vec<_> = overrides.iter().map(|text| (key_of(text), vec![text.clone()])).collect();
    let read = oracle.apply(&cases);
    let last = |name: &str| cases.iter().rposition(|(theirs, _)| theirs == name);
    read.iter().all(Result::is_ok)
        && filled.iter().all(|Filled { flag, expected }| {
            last(key(flag)).is_some_and(|at| read[at].as_ref() == Ok(expected))
        })
}

#[test]
fn every_value_arrives_or_the_run_is_refused() {
    let runs = support::kfp::recorded_runs();
    if runs.is_empty() {
        return;
    }
    let mut oracle = Oracle::start(support::HYDRA).unwrap();
    let (mut with_values, mut values, mut whole, mut others) = (0, 0, 0, [0; 3]);
    let (mut refused, mut changed) = (Vec::new(), Vec::new());
    for run in &runs {
        let argv: Vec<String> = serde_json::from_value(run["expected_argv"].clone()).unwrap();
        let filled = filled(run, &argv, &mut oracle);
        if filled.is_empty() {
            continue;
        }
        with_values += 1;
        values += filled.len() + passed(run, &argv, &mut oracle).len();
        let first = run["flags"][0][0].as_str().unwrap();
        let start = argv.iter().position(|argument| argument == first).unwrap();
        let arguments = &argv[start..];
        let id = run["id"].as_str().unwrap();
        match shim(run, arguments, &filled, &mut oracle) {
            Outcome::Whole => whole += 1,
            Outcome::Refused(why) => refused.push(format!("{id}: {why}")),
            Outcome::Changed(what) => changed.push(format!("{id}: {what}")),
        }
        for (count, (_, way)) in others.iter_mut().zip(OTHER_WAYS) {
            let overrides = way(arguments, &filled);
            *count += usize::from(arrive(&overrides, &filled, &mut oracle));
        }
    }
    println!("{with_values} runs, {values} values: {whole} whole, {} refused", refused.len());
    for (count, (name, _)) in others.iter().zip(OTHER_WAYS) {
        println!("{name}: {count} whole");
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
    for why in &refused {
        let reasons = [
            "has the dict key",
            "is not a key in Hydra's grammar",
            // An input and an output of one name, in the executor input.
            "another input or output sets the key",
            // Positional words, which are nothing for Hydra.
            "after it is neither its value nor a flag nor an override",
        ];
        assert!(reasons.iter().any(|reason| why.contains(reason)), "{why}");
    }
    assert_eq!((with_values, whole, refused.len()), (120, 97, 23), "{}", refused.join("\n"));
}
