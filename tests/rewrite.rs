//! `rewrite`: what it makes of real components loads with the real KFP SDK, is filled in by the
//! SDK's own resolver, and reaches the real Hydra; or it was reported. Files stay whole.

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use assert_cmd::assert::{Assert, OutputAssertExt};
use hydra_shim::kfp::rewrite::{Rewritten, rewrite};
use serde_json::{Value, json};
use support::kfp::{judge, recorded_runs};
use support::{HYDRA, Oracle, say, seen, shim_command, stderr, stdout};

/// Everything that is rewritten, in one file, with comments at every place.
const EVERY: &str = r#"# Official style.
name: Every kind
inputs:
- {name: Number of passes, type: Integer}   # an input
- {name: rate, type: Float, default: '0.5'}
- {name: switch, type: Boolean}
- {name: words, type: List}
- {name: note, type: String, optional: true}
- {name: Data Set, type: Dataset}
outputs:
- {name: model, type: Model}
- {name: score, type: Float}
implementation:
  container:
    image: example/train
    command:
    - sh
    - -exc
    - |
      # a script
      "$0" "$@"
    - python3
    - main.py
    # The passes.
    - --passes   # how often
    # é
    - {inputValue: Number of passes}   # its value
    - --rate
    - inputValue: rate
    - --switch
    -   {inputValue: switch}
    - if:
        cond: {isPresent: note}
        then:
        - --note   # only then
        - inputValue: note
        else: [--no_note]
    args: [
      --words, {inputValue: words},
      --data-set,   # where
      {inputPath: Data Set},   # it lies
      # and its URI
      "--data.uri", {inputUri: 'Data Set'}, '--model', {outputPath: model}, "--score={{$.outputs.parameters['score'].output_file}}",
      --file, {concat: [{outputPath: model}, /weights.pt]},
      --id, '2024_11_23', --epochs, "10", --motto, "it's \"x\", y", --verbose
    ]
    env: {A: '1'}  # the end
"#;

fn run(folder: &Path, arguments: &[&str]) -> Assert {
    shim_command().current_dir(folder).arg("rewrite").args(arguments).assert()
}

fn strings(array: &Value) -> Vec<String> {
    array.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// What the SDK passes to the only container, of each request.
fn judged(requests: &[Value]) -> Vec<Vec<String>> {
    let answers = judge(requests).into_iter().zip(requests);
    let only = |(answer, request): (Value, &Value)| {
        let tasks = answer.as_object().unwrap();
        assert!(!tasks.contains_key("error"), "{request}: {answer}");
        strings(tasks.values().next().unwrap())
    };
    answers.map(only).collect()
}

/// What the program should read: the value that the official style passes as `text`.
fn expected(oracle: &mut Oracle, kind: &str, ty: &str, text: &str) -> String {
    let ty = ty.to_lowercase();
    let is_text = match kind {
        "inputValue" => matches!(ty.as_str(), "string" | "str" | "text"),
        "literal" => false,
        _ => true,
    };
    if is_text && text != "null" {
        return seen::str(text);
    }
    match oracle.loads(&[text]).remove(0) {
        Ok(value) if kind == "inputValue" || !value.starts_with(['[', '{']) => value,
        _ => seen::str(text),
    }
}

/// What became of one flag of one run.
#[derive(Debug, PartialEq)]
enum Fate {
    Arrived,
    /// It does not arrive, and the rewriting said so.
    Reported,
    /// A path that no orchestrator makes.
    NastyPath,
}

fn fate(
    oracle: &mut Oracle,
    run: &Value,
    flag: &Value,
    argvs: [&[String]; 2],
    notes: &[String],
) -> Option<Fate> {
    let [official, rewritten] = argvs;
    let name = flag[0].as_str().unwrap();
    let kind = flag[1].as_str().unwrap_or("switch");
    // A flag in a branch that is not taken is not there.
    let at = official.iter().position(|argument| argument == name)?;
    let says = |note: &String| {
        note.starts_with(&format!("{name}: ")) || note.starts_with("nothing is rewritten: ")
    };
    let reported = notes.iter().any(says);
    let assigned = format!("{}=", &name[2..]);
    let Some(override_) = rewritten.iter().find(|argument| argument.starts_with(&assigned)) else {
        assert!(rewritten.contains(&official[at]), "{name} is gone: {rewritten:?}");
        assert!(reported, "{name} was left without a word: {notes:?}");
        return Some(Fate::Reported);
    };
    let wanted = if kind == "switch" {
        seen::bool(true)
    } else {
        let ty = run["types"][flag[2].as_str().unwrap_or_default()].as_str().unwrap_or_default();
        expected(oracle, kind, ty, &official[at + 1])
    };
    let key = name[2..].to_owned();
    let got = oracle.apply(&[(key, vec![override_.clone()])]).remove(0);
    if got.as_ref() == Ok(&wanted) {
        return Some(Fate::Arrived);
    }
    if kind.ends_with("Path") || kind.ends_with("Uri") {
        assert_eq!(run["value_set"], "nasty", "{override_}: {got:?}");
        return Some(Fate::NastyPath);
    }
    assert!(reported, "{}: {override_} is {got:?}, not {wanted}: {notes:?}", run["id"]);
    Some(Fate::Reported)
}

#[test]
fn values_of_real_components_arrive_or_were_reported() {
    let runs = recorded_runs();
    let scratch = tempfile::tempdir().unwrap();
    let mut requests = Vec::new();
    let mut notes = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let yaml = run["component_yaml"].as_str().unwrap();
        let result = rewrite(yaml, "c.yaml").unwrap();
        notes.push(result.notes.into_iter().map(|note| note.message).collect::<Vec<_>>());
        for (style, yaml) in [("official", yaml), ("hydra", &result.text)] {
            let file = scratch.path().join(format!("{index}-{style}.yaml"));
            fs::write(&file, yaml).unwrap();
            requests.push(json!({"file": file, "values": run["values"]}));
        }
    }
    if runs.is_empty() {
        return;
    }
    let argvs = judged(&requests);
    let mut oracle = Oracle::start(HYDRA).unwrap();
    for set in ["plain", "nasty"] {
        let mut fates = Vec::new();
        for ((run, argvs), notes) in runs.iter().zip(argvs.chunks(2)).zip(&notes) {
            if run["value_set"] != set {
                continue;
            }
            for flag in run["flags"].as_array().unwrap() {
                let fate = fate(&mut oracle, run, flag, [&argvs[0], &argvs[1]], notes);
                fates.extend(fate);
            }
        }
        let count = |fate| fates.iter().filter(|f| **f == fate).count();
        let (arrived, reported) = (count(Fate::Arrived), count(Fate::Reported));
        let paths = count(Fate::NastyPath);
        say(&format!(
            "{set} values of {} flags: {arrived} arrived, {reported} could not and were reported, \
             {paths} strange paths",
            fates.len()
        ));
        assert!(set == "nasty" || (paths == 0 && arrived * 2 > fates.len()));
    }
}

#[test]
fn every_kind_loads_with_the_sdk_and_reaches_hydra() {
    let scratch = tempfile::tempdir().unwrap();
    let result = rewrite(EVERY, "c.yaml").unwrap();
    let windows = rewrite(&EVERY.replace('\n', "\r\n"), "c.yaml").unwrap();
    assert_eq!(windows.text, result.text.replace('\n', "\r\n"));
    let values = json!({
        "Number of passes": 3, "switch": true, "words": ["a", "b c"], "note": "plain",
        "Data Set": "gs://bucket/data",
    });
    let mut without = values.clone();
    without.as_object_mut().unwrap().remove("note");
    let mut requests = Vec::new();
    for (name, text) in [("unix", &result.text), ("windows", &windows.text)] {
        let file = scratch.path().join(name);
        fs::write(&file, text).unwrap();
        requests.extend([&values, &without].map(|v| json!({"file": file, "values": v})));
    }
    let root = "/gcs/bucket/run";
    let mut oracle = Oracle::start(HYDRA).unwrap();
    for (argv, request) in judged(&requests).iter().zip(&requests) {
        let note = if request["values"].get("note").is_some() {
            ("note", seen::str("plain"))
        } else {
            ("no_note", seen::bool(true))
        };
        let wanted = [
            ("passes", seen::int("3")),
            ("rate", seen::float("0.5")),
            ("switch", seen::bool(true)),
            note,
            ("words", seen::list(&[seen::str("a"), seen::str("b c")])),
            ("data-set", seen::str("/gcs/bucket/data")),
            ("data.uri", seen::str("gs://bucket/data")),
            ("model", seen::str(&format!("{root}/model"))),
            ("score", seen::str(&format!("{root}/score"))),
            ("file", seen::str(&format!("{root}/model/weights.pt"))),
            ("id", seen::str("2024_11_23")),
            ("epochs", seen::int("10")),
            ("motto", seen::str("it's \"x\", y")),
            ("verbose", seen::bool(true)),
        ];
        let [.., "python3", "main.py"] =
            argv[..5].iter().map(String::as_str).collect::<Vec<_>>()[..]
        else {
            panic!("{argv:?}")
        };
        assert_eq!(argv.len(), 5 + wanted.len(), "{argv:?}");
        for ((key, wanted), override_) in wanted.iter().zip(&argv[5..]) {
            let (written, value) = override_.split_once('=').unwrap();
            assert_eq!(written, *key);
            // The oracle's config has one level.
            let flat = key.replace('.', "_");
            let got = oracle.apply(&[(flat.clone(), vec![format!("{flat}={value}")])]).remove(0);
            assert_eq!(got.as_ref(), Ok(wanted), "{override_}");
        }
    }
}

/// The real `patch`, applied to a file with this text.
fn patched(original: &str, patch: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.yaml"), original).unwrap();
    fs::write(folder.path().join("p"), patch).unwrap();
    let mut command = Command::new("patch");
    command.args(["--fuzz=0", "-s", "c.yaml", "p"]).current_dir(folder.path()).assert().success();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "an offset or a reject");
    fs::read_to_string(folder.path().join("c.yaml")).unwrap()
}

/// The comments of a file, roughly.
fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once(" #").map(|(_, comment)| comment)).collect()
}

#[test]
fn nothing_else_changes_and_nothing_changes_twice() {
    let runs = recorded_runs();
    let mut originals: Vec<String> =
        runs.iter().map(|run| run["component_yaml"].as_str().unwrap().to_owned()).collect();
    originals.dedup();
    originals.push(EVERY.to_owned());
    originals.push(EVERY.trim_end().to_owned());
    let windows: Vec<String> = originals.iter().map(|text| text.replace('\n', "\r\n")).collect();
    originals.extend(windows);
    let has_patch = Command::new("patch").arg("--version").output().is_ok();
    if !has_patch {
        say("`patch` is not installed: no patch was applied");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.yaml");
    for original in &originals {
        let Rewritten { text: new, notes } = rewrite(original, "c.yaml").unwrap();
        let (top, tail) = original.split_once("implementation:").unwrap();
        assert!(new.starts_with(top));
        if let Some((_, env)) = tail.split_once("    env:") {
            assert!(new.ends_with(env));
        }
        assert_eq!(comments(original), comments(&new));
        assert_eq!(rewrite(&new, "c.yaml").unwrap().text, new);
        assert!(notes.is_sorted_by_key(|note| note.line));

        fs::write(&file, original).unwrap();
        let diff = stdout(&run(folder.path(), &["c.yaml", "--diff"]).success());
        assert_eq!(fs::read_to_string(&file).unwrap(), *original);
        if has_patch && new != *original {
            assert_eq!(patched(original, &diff), new);
        } else {
            assert_eq!(new == *original, diff.is_empty());
        }
    }
}

#[test]
fn a_damaged_file_is_rewritten_the_same_way_twice_or_refused() {
    let lines: Vec<&str> = EVERY.split_inclusive('\n').collect();
    let without_line = (0..lines.len()).map(|n| [&lines[..n], &lines[n + 1..]].concat().concat());
    let places = || EVERY.char_indices().map(|(at, c)| (at, at + c.len_utf8()));
    let without_character = places().map(|(at, end)| format!("{}{}", &EVERY[..at], &EVERY[end..]));
    let cut = places().map(|(at, _)| EVERY[..at].to_owned());
    let marks = ["&a ", "*a", "\n", "#", "- ", "'", "]", "é"].iter().cycle();
    let marked = places()
        .zip(marks)
        .map(|((at, _), mark)| format!("{}{mark}{}", &EVERY[..at], &EVERY[at..]));
    let (mut rewritten, mut refused) = (0, 0);
    for text in without_line.chain(without_character).chain(cut).chain(marked) {
        let Ok(result) = rewrite(&text, "c.yaml") else {
            refused += 1;
            continue;
        };
        let again = rewrite(&result.text, "c.yaml");
        assert_eq!(again.map(|again| again.text), Ok(result.text.clone()), "{text}");
        rewritten += 1;
    }
    assert!(rewritten > 1000 && refused > 1000, "{rewritten} {refused}");
}

#[test]
fn the_result_goes_where_it_should() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let read = |name: &str| fs::read_to_string(path(name)).unwrap();
    let new = rewrite(EVERY, "c.yaml").unwrap().text;
    fs::write(path("c.yaml"), EVERY).unwrap();
    fs::set_permissions(path("c.yaml"), fs::Permissions::from_mode(0o604)).unwrap();
    symlink("c.yaml", path("link.yaml")).unwrap();

    let call = run(folder.path(), &["c.yaml"]).success().stdout(new.clone());
    assert_eq!(read("c.yaml"), EVERY);
    let line = 1 + EVERY.lines().position(|line| line.contains("--note")).unwrap();
    let said = stderr(&call);
    assert!(said.starts_with(&format!("hydra-shim: warning: c.yaml:{line}: --note: ")), "{said}");
    assert!(said.contains("\n  help: "), "{said}");

    run(folder.path(), &["c.yaml", "-o", "out.yaml"]).success().stdout("");
    assert_eq!((read("out.yaml"), read("c.yaml")), (new.clone(), EVERY.to_owned()));
    run(folder.path(), &["c.yaml", "-o", "/dev/stdout"]).success().stdout(new.clone());

    let diff = stdout(&run(folder.path(), &["--in-place", "link.yaml", "--diff"]).success());
    assert!(diff.starts_with("--- link.yaml\n+++ link.yaml\n@@ -"), "{diff}");
    assert_eq!(read("c.yaml"), new);
    assert_eq!(path("c.yaml").metadata().unwrap().permissions().mode() & 0o777, 0o604);
    assert!(path("link.yaml").symlink_metadata().unwrap().is_symlink());

    let before = path("c.yaml").metadata().unwrap();
    run(folder.path(), &["--in-place", "c.yaml"]).success().stdout("");
    let after = path("c.yaml").metadata().unwrap();
    assert_eq!(
        before.modified().unwrap(),
        after.modified().unwrap(),
        "a file as it should be is left"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is left beside");
}

#[test]
fn a_failure_leaves_every_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("c.yaml"), EVERY).unwrap();
    fs::write(path("ir.yaml"), "components: {}\ndeploymentSpec: {}\nroot: {}\n").unwrap();
    fs::write(path("latin1.yaml"), b"name: \xe9\n").unwrap();
    fs::create_dir(path("folder")).unwrap();
    symlink("nowhere", path("dangling")).unwrap();
    for (arguments, code, message) in [
        (&["c.yaml", "-o", "folder"][..], 1, "cannot write `folder`"),
        (&["c.yaml", "-o", "/dev/full"], 1, "cannot write `/dev/full`: No space left"),
        (&["c.yaml", "-o", "dangling"], 1, "cannot write `dangling`"),
        (&["c.yaml", "-o", "none/out.yaml"], 1, "cannot write `none/out.yaml`: entity not found\n"),
        (&["--in-place", "folder"], 1, "cannot read `folder`"),
        (&["none.yaml"], 1, "cannot read `none.yaml`"),
        (&["latin1.yaml"], 1, "cannot read `latin1.yaml`: it is not UTF-8, from byte "),
        (&["--in-place", "ir.yaml"], 1, "ir.yaml: this is a compiled pipeline"),
        (&["/dev/zero"], 1, "cannot read `/dev/zero`: it has over 8388608 bytes"),
        (&["--in-place", "c.yaml", "-o", "x"], 2, "cannot be used with"),
        (&[], 2, "required arguments were not provided"),
        (&["a", "b"], 2, "unexpected argument"),
    ] {
        let call = run(folder.path(), arguments).code(code).stdout("");
        let said = stderr(&call);
        assert!(said.contains(message) && said.contains("hydra-shim: error: "), "{call}");
    }
    assert_eq!(fs::read_to_string(path("c.yaml")).unwrap(), EVERY);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5, "nothing is left beside");
    assert_eq!(fs::read_dir(path("folder")).unwrap().count(), 0);
}
