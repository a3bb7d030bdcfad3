//! The YAML reader reads exactly what `PyYAML` reads: KFP and Hydra read their files with it.
//!
//! `HYDRA_SHIM_TEST_SEED=7 HYDRA_SHIM_TEST_CASES=1000000 cargo test --release --test yaml` tries
//! other documents, and more of them.

#[path = "../fuzz/random.rs"]
mod random;
#[path = "../support/mod.rs"]
mod support;

mod documents;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use hydra_shim::value::Value;
use hydra_shim::yaml::{self, Kind, Node, Scalars};
use random::Random;
use serde_json::{Value as Json, json};
use support::{HYDRA, tests_path, venv};

/// How many documents are judged together.
const BATCH: u64 = 1000;

/// What is refused though `PyYAML` reads it; `src/yaml.rs` says why.
const REFUSED: [&str; 14] = [
    "is inside what it names",
    "invalid Unicode character escape code",
    "nested deeper than 100 levels",
    "nodes, those that aliases repeat included",
    "is not read: leave it out",
    "merge keys are not read",
    "is there twice",
    "an integer of over 64 bits",
    "a byte order mark",
    "found incompatible YAML document",
    // `[? , a]`
    "did not find expected ',' or ']' while parsing a flow sequence",
    "found unknown directive name",
    "found a tab character where an indentation space is expected",
    "found unexpected ':' while scanning a plain scalar",
];

/// What is read though `PyYAML` refuses it, in its words: nothing else could be meant.
const ACCEPTED: [&str; 9] = [
    // `[? ]]`: libyaml takes the first bracket for the key.
    "expected '<document start>', but found ']'",
    // `|# comment`
    "expected chomping or indentation indicators, but found",
    "found character '\\t' that cannot start any token",
    "expected a comment or a line break, but found '\\t'",
    "while scanning a directive",
    "while parsing a directive",
    // `!!str<tab>true`
    "expected ' ', but found '\\t'",
    // `[a?b]`
    "but got '?'",
    // `[<<, =]`
    "could not determine a constructor for the tag 'tag:yaml.org,2002:",
];

/// A value as `judge.py` writes one; keys are text.
fn written(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(digits) if digits.bytes().all(|b| b == b'-' || b.is_ascii_digit()) => {
            json!({"int": digits})
        }
        Value::Number(digits) if digits == "nan" => json!({"float": "nan"}),
        Value::Number(digits) => {
            json!({"float": format!("{:016x}", digits.parse::<f64>().unwrap().to_bits())})
        }
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(written).collect(),
        Value::Dict(entries) => {
            let pairs = entries.iter().map(|(key, value)| json!([key, written(value)]));
            json!({"dict": pairs.collect::<Vec<_>>()})
        }
    }
}

/// What the judge is asked about a document; `None` where it is not the reader's.
fn case(text: &str) -> Option<Json> {
    let object = text.trim_start_matches('\u{feff}').trim();
    let is_json = object.starts_with('{') && serde_json::from_str::<Json>(object).is_ok();
    let mut refusal = String::new();
    let read = match yaml::value(text, "f", Scalars::Typed) {
        _ if is_json => return None,
        Ok(value) => {
            if let Ok(root) = yaml::outline(text, "f") {
                spans_are_right(&root, text);
            }
            json!({"value": written(&value)})
        }
        Err(error) => {
            let is_placed = error.message.starts_with("f:");
            assert!(is_placed, "{error}: {text:?}");
            if REFUSED.iter().any(|why| error.message.contains(why)) {
                return None;
            }
            refusal = error.message;
            Json::Null
        }
    };
    Some(json!({"text": text, "read": read, "error": refusal}))
}

/// Spans lie in the text, one inside the other and in order.
fn spans_are_right(node: &Node, text: &str) {
    assert!(text.get(node.span.clone()).is_some(), "{:?} of {text:?}", node.span);
    let children: Vec<&Node> = match &node.kind {
        Kind::Scalar(_) | Kind::Alias => return,
        Kind::Sequence(items) => items.iter().collect(),
        Kind::Mapping(entries) => entries.iter().flat_map(|(k, v)| [k, v]).collect(),
    };
    let mut at = node.span.start;
    for child in children {
        let span = &child.span;
        assert!(at <= span.start && span.end <= node.span.end, "{span:?} of {text:?}");
        at = span.end;
        spans_are_right(child, text);
    }
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |number| number.parse().unwrap())
}

#[test]
fn every_document_is_read_as_by_pyyaml() {
    let seed = variable("HYDRA_SHIM_TEST_SEED", 1);
    let count = variable("HYDRA_SHIM_TEST_CASES", 5000);
    let mut judge = Command::new(venv(HYDRA).unwrap().join("bin/python"))
        .arg(tests_path("yaml/judge.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut requests = judge.stdin.take().unwrap();
    let mut answers = BufReader::new(judge.stdout.take().unwrap()).lines();
    let (mut asked, mut read, mut differ) = (0, 0, Vec::new());
    for start in (0..count).step_by(usize::try_from(BATCH).unwrap()) {
        let numbers = start..count.min(start + BATCH);
        let mut texts: Vec<String> =
            numbers.map(|number| documents::document(&mut Random::of(seed, number))).collect();
        if start == 0 {
            texts.extend(documents::long());
        }
        let cases: Vec<Json> = texts.iter().filter_map(|text| case(text)).collect();
        asked += cases.len();
        read += cases.iter().filter(|case| !case["read"].is_null()).count();
        writeln!(requests, "{}", Json::from(cases)).unwrap();
        let answer = answers.next().unwrap().unwrap();
        let differences: Vec<Json> = serde_json::from_str(&answer).unwrap();
        let accepted = |difference: &&Json| {
            let why = difference["why"].as_str().unwrap_or_default();
            !difference["read"].is_null() && ACCEPTED.iter().any(|accepted| why.contains(accepted))
        };
        let differences = differences.iter().filter(|difference| !accepted(difference));
        differ.extend(differences.map(Json::to_string));
        assert!(differ.len() < 20, "seed {seed}:\n{}", differ.join("\n"));
    }
    drop(requests);
    judge.wait().unwrap();
    assert!(differ.is_empty(), "seed {seed}:\n{}", differ.join("\n"));
    println!("{asked} documents were judged, {read} of them read");
    assert!(asked * 4 > read && read * 6 > asked, "{read} of {asked} documents were read");
}
