//! docs/schema/hydra-shim.schema.json, of which a unit test of `rules` says that it is made from the
//! types: it accepts every rules file of the examples and pages, and what it refuses the shim refuses too.

mod support;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hydra_shim::command_line::App;
use hydra_shim::error::Result;
use hydra_shim::rules::{Rules, RulesFile};
use support::both_streams;
use support::venv_with;

/// Prints, for each YAML document of a JSON array, what is wrong with it.
const JUDGE: &str = "
import json, sys, yaml
from jsonschema import Draft7Validator
schema = json.load(open(sys.argv[1]))
Draft7Validator.check_schema(schema)
errors = Draft7Validator(schema).iter_errors
print(json.dumps([[e.message for e in errors(yaml.safe_load(text))] for text in json.load(sys.stdin)]))
";

fn rules(text: &str) -> Result<Rules> {
    RulesFile::new(text.to_owned(), "hydra-shim.yaml".to_owned()).rules(&App::Unknown)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What an editor would say of each text.
fn complaints(texts: &[&str]) -> Vec<Vec<String>> {
    let venv = venv_with("schema", "jsonschema==4.26.0\npyyaml==6.0.4\n").unwrap();
    let mut child = Command::new(venv.join("bin/python"))
        .args(["-c", JUDGE])
        .arg(root().join("docs/schema/hydra-shim.schema.json"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_string(texts).unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", both_streams(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The files below a folder whose name ends so.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { files(&path, end) } else { vec![path] };
    entries.flat_map(below).filter(|path| path.to_string_lossy().ends_with(end)).collect()
}

#[test]
fn it_accepts_every_rules_file_of_the_examples_and_pages() {
    let mut named = Vec::new();
    for file in files(&root().join("examples"), "hydra-shim.yaml") {
        let text = fs::read_to_string(&file).unwrap();
        let line = text.lines().next().unwrap();
        let schema = line.strip_prefix("# yaml-language-server: $schema=");
        let schema = schema.unwrap_or_else(|| panic!("{}: {line}", file.display()));
        assert!(file.parent().unwrap().join(schema).is_file(), "{}: {schema}", file.display());
        named.push((file.display().to_string(), text));
    }
    let examples = named.len();
    for page in files(&root().join("docs"), ".md") {
        let text = fs::read_to_string(&page).unwrap();
        for block in text.split("```yaml\n# hydra-shim.yaml\n").skip(1) {
            let block = block.split("```").next().unwrap().to_owned();
            named.push((format!("{}: {block}", page.display()), block));
        }
    }
    assert!(examples >= 3 && named.len() > examples + 3, "{} files", named.len());
    let texts: Vec<&str> = named.iter().map(|(_, text)| text.as_str()).collect();
    for ((name, text), complaints) in named.iter().zip(complaints(&texts)) {
        assert_eq!(complaints, [""; 0], "{name}");
        rules(text).unwrap();
    }
}

#[test]
fn what_it_refuses_the_shim_refuses() {
    let wrong = [
        "flag: {}",
        "command: []",
        "command: {a: b}",
        "component: [a]",
        "dashes: underscores",
        "unknown: fail",
        "unknown: true",
        "flags: []",
        "flags: {lr: int}",
        "flags: {lr: ''}",
        "flags: {lr: 3}",
        "flags: {lr: [a]}",
        "flags: {lr: {typ: int}}",
        "flags: {lr: {type: integer}}",
        "flags: {lr: {type: 'list[it]'}}",
        "flags: {lr: {mkdir: parents}}",
        "flags: {lr: {empty: yes}}",
        "flags: {lr: {secret: perhaps}}",
        "flags: {lr: {dollar: true}}",
        "flags: {a b: c}",
        "flags: {---a: c}",
        "executor_input: perhaps",
        "drop: local_rank",
        "env: {A: {key: a}}",
        "append: [lr]",
        "append: hydra.run.dir=/tmp",
        "apps: [eval.py]",
        "apps: {eval.py: never}",
        "apps: {eval.py: {command: python3 eval.py}}",
        "apps: {eval.py: {apps: {}}}",
        "apps: {eval.py: {flags: {lr: {typ: int}}}}",
        "[]",
    ];
    for (text, complaints) in wrong.iter().zip(complaints(&wrong)) {
        assert!(!complaints.is_empty(), "the schema accepts {text}");
        assert!(rules(text).is_err(), "the shim accepts {text}");
    }
}

#[test]
fn the_page_of_the_rules_has_every_key_and_variable() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let page = read("docs/rules.md");
    let schema: serde_json::Value =
        serde_json::from_str(&read("docs/schema/hydra-shim.schema.json")).unwrap();
    for keys in [&schema["properties"], &schema["definitions"]["FlagRule"]["properties"]] {
        for key in keys.as_object().unwrap().keys() {
            assert!(page.contains(&format!("{key}:")), "no example of {key}");
        }
    }
    for file in files(&root().join("src"), ".rs") {
        let text = fs::read_to_string(file).unwrap();
        for rest in text.split("\"HYDRA_SHIM_").skip(1) {
            let name = rest.split('"').next().unwrap();
            assert!(page.contains(&format!("`HYDRA_SHIM_{name}`")), "nothing of HYDRA_SHIM_{name}");
        }
    }
}
