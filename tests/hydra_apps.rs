//! Real Hydra applications, started by `hydra-shim run` as a pipeline starts them.
//!
//! They print the config that they received, exact to the type; see `tests/apps`.

mod support;

use std::fs;
use std::process::{Command, Output};

use support::{
    HYDRA, OLD_HYDRA, Oracle, both_streams, seen, shim_command, tests_path, translate, venv,
};
use tempfile::TempDir;

/// An application in an empty working directory, where Hydra may write its output folders.
struct App {
    main: String,
    python: String,
    scratch: TempDir,
}

impl App {
    fn new(name: &str, hydra_version: &str) -> Self {
        let path = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
        Self {
            main: path(tests_path(&format!("apps/{name}/main.py"))),
            python: path(venv(hydra_version).unwrap().join("bin/python")),
            scratch: tempfile::tempdir().unwrap(),
        }
    }

    fn train() -> Self {
        Self::new("train", HYDRA)
    }

    /// Starts `hydra-shim run python main.py` with the arguments.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = shim_command();
        command.args(["run", &self.python, &self.main]).args(arguments);
        self.finish(command)
    }

    fn finish(&self, mut command: Command) -> Output {
        command
            .current_dir(&self.scratch)
            .env("PYTHONPATH", tests_path("support"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONIOENCODING", "utf-8")
            .output()
            .unwrap()
    }

    /// What the application received, once for each job.
    fn received(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", both_streams(&output));
        let stdout = String::from_utf8(output.stdout).unwrap();
        stdout
            .lines()
            .filter_map(|line| line.strip_prefix("received "))
            .map(str::to_owned)
            .collect()
    }
}

/// A key and what it has instead of its default.
type Change = (&'static str, String);

/// The config of `apps/train` with changes; `project` has no default.
fn train_config(changes: &[Change]) -> String {
    let nested = seen::dict(&[("keep", seen::str("me"))]);
    let model = [("name", seen::str("small")), ("width", seen::int("32"))];
    let mut config = vec![
        ("model", seen::dict(&model)),
        ("project", seen::str("demo")),
        ("lr", seen::float("0.01")),
        ("steps", seen::int("100")),
        ("debug", seen::bool(false)),
        ("note", seen::str("none yet")),
        ("layers", seen::list(&[seen::int("64"), seen::int("64")])),
        ("params", seen::dict(&[("seed", seen::int("1")), ("nested", nested)])),
    ];
    for (key, value) in changes {
        let entry = config.iter_mut().find(|(name, _)| name == key);
        entry.unwrap_or_else(|| panic!("no key {key}")).1.clone_from(value);
    }
    seen::dict(&config)
}

fn args<const N: usize>(arguments: [&str; N]) -> Vec<&str> {
    arguments.to_vec()
}

#[test]
fn without_the_shim_hydra_rejects_the_flags() {
    let app = App::train();
    let mut command = Command::new(&app.python);
    command.args([&app.main, "--project", "demo"]);
    let output = app.finish(command);
    assert_eq!(output.status.code(), Some(2), "{}", both_streams(&output));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("unrecognized arguments: --project"), "{stderr}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn flags_reach_the_config_of_an_application() {
    let nasty = "a, b = 'c' \"d\" ${oc.env:HOME} \\${x} [e] {f: g}\nh é😀 \\";
    let table: Vec<(Vec<&str>, Vec<Change>)> = vec![
        (args(["--project", "demo"]), vec![]),
        (
            args([
                "--project",
                "2024_11_23",
                "--lr=1e-05",
                "--steps",
                "-3",
                "--note",
                nasty,
                "--layers",
                "[32, 16, 8]",
                "--params",
                r#"{"only": {"this": [1.0, null]}}"#,
                "--debug",
            ]),
            vec![
                ("project", seen::str("2024_11_23")),
                ("lr", seen::float("1e-05")),
                ("steps", seen::int("-3")),
                ("note", seen::str(nasty)),
                ("layers", seen::list(&[seen::int("32"), seen::int("16"), seen::int("8")])),
                ("params", {
                    let list = seen::list(&[seen::float("1.0"), seen::NONE.to_owned()]);
                    seen::dict(&[("only", seen::dict(&[("this", list)]))])
                }),
                ("debug", seen::bool(true)),
            ],
        ),
        // Hydra's own forms pass as they are: a group, a dotted key, an interpolation.
        (
            args([
                "model=large",
                "--project",
                "demo",
                "--model.width",
                "7",
                "note=${model.name}",
                "--params.nested.keep",
                "us",
            ]),
            vec![
                ("model", {
                    seen::dict(&[("name", seen::str("large")), ("width", seen::int("7"))])
                }),
                ("note", seen::str("large")),
                ("params", {
                    let nested = seen::dict(&[("keep", seen::str("us"))]);
                    seen::dict(&[("seed", seen::int("1")), ("nested", nested)])
                }),
            ],
        ),
        // The group as a flag, the last of two flags, and what follows a `--`.
        (
            args([
                "--model",
                "large",
                "--lr",
                "1",
                "--project",
                "demo",
                "--lr",
                "2",
                "--",
                "steps=5",
            ]),
            vec![
                ("model", {
                    seen::dict(&[("name", seen::str("large")), ("width", seen::int("1024"))])
                }),
                ("lr", seen::int("2")),
                ("steps", seen::int("5")),
            ],
        ),
    ];
    for version in [HYDRA, OLD_HYDRA] {
        let app = App::new("train", version);
        for (arguments, changes) in &table {
            let received = app.received(arguments);
            assert_eq!(received, [train_config(changes)], "hydra {version}: {arguments:?}");
        }
    }
}

#[test]
fn hydras_own_flags_work_wherever_they_stand() {
    let app = App::train();
    let tiny = seen::dict(&[("lr", seen::float("0.5")), ("note", seen::str("a,b"))]);
    for arguments in [
        ["--config-name", "tiny", "--lr", "0.5", "--note", "a,b"],
        ["--lr", "0.5", "--config-name", "tiny", "--note", "a,b"],
        ["--lr", "0.5", "--note", "a,b", "-cn", "tiny"],
    ] {
        assert_eq!(app.received(&arguments), [tiny.as_str()], "{arguments:?}");
    }

    let output = app.run(&["--cfg", "job", "--project", "a: b", "--resolve", "--lr", "0.5"]);
    assert!(output.status.success(), "{}", both_streams(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("\nproject: 'a: b'\nlr: 0.5\n"), "{printed}");

    let output = app.run(&["--help"]);
    assert!(output.status.success(), "{}", both_streams(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("== Config =="));
}

#[test]
fn a_value_of_a_flag_named_as_a_switch_of_hydras_does_nothing() {
    let app = App::train();
    let target = app.scratch.path().join("copied");
    let copy = format!(
        "++model={{_target_: shutil.copyfile, src: /etc/hostname, dst: {}}}",
        target.display()
    );
    let outside = tempfile::tempdir().unwrap();
    let config_dir = format!("--config-dir={}", outside.path().display());
    for switch in
        ["--run", "-r", "--version", "--help", "-h", "--hydra-help", "--resolve", "--info", "-i"]
    {
        for value in
            [&copy, "note=${oc.env:HOME}", "a=b", "--seed=3", &config_dir, "all", "word", "--"]
        {
            for arguments in
                [["--project", "demo", switch, value], [switch, value, "--project", "demo"]]
            {
                let output = app.run(&arguments);
                assert_eq!(
                    output.status.code(),
                    Some(125),
                    "{arguments:?}: {}",
                    both_streams(&output)
                );
            }
        }
    }
    assert!(!target.exists());
    // Written so, Hydra gets its switch, and the application its flag.
    let changed = [train_config(&[("lr", seen::float("0.5"))])];
    for arguments in [
        &["--project", "demo", "--lr", "0.5", "--run"][..],
        &["--run", "--project", "demo", "--lr", "0.5"],
        &["--run", "project=demo", "lr=0.5"],
    ] {
        assert_eq!(app.received(arguments), changed, "{arguments:?}");
    }
}

#[test]
fn a_sweep_that_is_asked_for_sweeps_and_values_stay_whole() {
    let app = App::train();
    let params = r#"{"b": {"c": "x,y"}}"#;
    let nested = seen::dict(&[("b", seen::dict(&[("c", seen::str("x,y"))]))]);
    for arguments in [
        vec![
            "lr=0.1,0.2",
            "--multirun",
            "--project",
            "a,b",
            "--note",
            "${x}\\",
            "--params",
            params,
        ],
        vec!["--project", "a,b", "-m", "--params", params, "--note=${x}\\", "lr=0.1,0.2"],
    ] {
        let expected = ["0.1", "0.2"].map(|lr| {
            train_config(&[
                ("lr", seen::float(lr)),
                ("project", seen::str("a,b")),
                ("note", seen::str("${x}\\")),
                ("params", nested.clone()),
            ])
        });
        assert_eq!(app.received(&arguments), expected, "{arguments:?}");
    }
}

#[test]
fn a_failure_is_the_applications_own() {
    let app = App::train();
    // Hydra says that the key is unknown, and exits with 1.
    let output = app.run(&["--project", "demo", "--absent", "1"]);
    assert_eq!(output.status.code(), Some(1), "{}", both_streams(&output));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("Could not override 'absent'"), "{stderr}");
}

#[test]
fn what_cannot_be_sent_starts_nothing() {
    let app = App::train();
    for arguments in [
        ["--project", "???"],
        ["--params", r#"{"1": 2}"#],
        ["--project", "--lr"],
        ["--project", "{{$.inputs.parameters['project']}}"],
    ] {
        let output = app.run(&arguments);
        assert_eq!(output.status.code(), Some(125), "{arguments:?}: {}", both_streams(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", both_streams(&output));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("hydra-shim: error: "), "{arguments:?}: {stderr}");
        assert!(stderr.contains(arguments[0]), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_dict_replaces_whatever_the_config_has() {
    let sent = r#"{"q": {"w": 1}}"#;
    let arrives = seen::dict(&[("q", seen::dict(&[("w", seen::int("1"))]))]);
    for version in [HYDRA, OLD_HYDRA] {
        let mut oracle = Oracle::start(version).unwrap();
        for key in [
            "full",
            "empty",
            "nothing",
            "missing",
            "number",
            "text",
            "pointer",
            "nested",
            "nested.full",
            "nested.nothing",
            "nested.missing",
            "nested.deeper.full",
            "nested.deeper.full.x",
        ] {
            for (value, arrives) in [(sent, arrives.as_str()), ("{}", "{}")] {
                let overrides = translate(&[format!("--{key}={value}")]).unwrap().overrides;
                let conf = tests_path("apps/train/conf");
                let composed = oracle.composed(&conf, "defaults", &overrides, Some(key));
                assert_eq!(
                    composed,
                    Ok(arrives.to_owned()),
                    "hydra {version}: --{key}={value} as {overrides:?}"
                );
            }
        }
        // Hydra's own errors stay: a key that the config does not have, and a list that it has.
        for (key, reason) in [
            ("absent", "Could not override 'absent'"),
            ("nested.absent", "Could not override 'nested.absent'"),
            ("items", "Cannot merge DictConfig with ListConfig"),
            ("of_dicts", "Cannot merge DictConfig with ListConfig"),
        ] {
            let overrides = translate(&[format!("--{key}={sent}")]).unwrap().overrides;
            let conf = tests_path("apps/train/conf");
            let error = oracle.composed(&conf, "defaults", &overrides, None).unwrap_err();
            assert!(error.contains(reason), "hydra {version}: --{key}: {error}");
        }
    }
}

#[test]
fn a_list_replaces_whatever_the_config_has() {
    let mut oracle = Oracle::start(HYDRA).unwrap();
    let long = seen::list(&[seen::dict(&[("b", seen::int("2"))]), seen::str("x, y")]);
    for key in ["items", "of_dicts", "nothing", "missing", "number", "text", "nested.missing"] {
        for (value, arrives) in [(r#"[{"b": 2}, "x, y"]"#, long.as_str()), ("[]", "[]")] {
            let overrides = translate(&[format!("--{key}={value}")]).unwrap().overrides;
            let conf = tests_path("apps/train/conf");
            let composed = oracle.composed(&conf, "defaults", &overrides, Some(key));
            assert_eq!(composed, Ok(arrives.to_owned()), "--{key}={value} as {overrides:?}");
        }
    }
}

#[test]
fn a_structured_config_converts_or_rejects() {
    let mut oracle = Oracle::start(HYDRA).unwrap();
    oracle.store(&tests_path("apps/typed/structured.py"));
    let conf = tests_path("apps/typed");
    let rejected = "";
    let table: Vec<(&str, &str, String)> = vec![
        ("steps", "10", seen::int("10")),
        ("steps", "1.5", rejected.to_owned()),
        ("steps", "ten", rejected.to_owned()),
        ("steps", "null", rejected.to_owned()),
        ("rate", "1", seen::float("1.0")),
        ("rate", "-1e-05", seen::float("-1e-05")),
        ("rate", "nan", seen::float("nan")),
        ("rate", "fast", rejected.to_owned()),
        ("name", "007", seen::str("007")),
        ("name", "123", seen::str("123")),
        ("name", "a,b=${c}", seen::str("a,b=${c}")),
        ("name", "", seen::str("")),
        ("name", "None", seen::str("None")),
        ("debug", "True", seen::bool(true)),
        ("debug", "yes", seen::bool(true)),
        ("debug", "perhaps", rejected.to_owned()),
        ("limit", "null", seen::NONE.to_owned()),
        ("sizes", "[3, 4, 5]", seen::list(&[seen::int("3"), seen::int("4"), seen::int("5")])),
        ("sizes", r#"["x"]"#, rejected.to_owned()),
        ("table", r#"{"y": 2}"#, seen::dict(&[("y", seen::int("2"))])),
        ("anything", r#"{"y": "z"}"#, seen::dict(&[("y", seen::str("z"))])),
        ("inner.width", "3", seen::int("3")),
        // Hydra deletes nothing inside a nested structured config: it says so, and nothing starts.
        ("inner.table", r#"{"y": 2}"#, rejected.to_owned()),
    ];
    for (key, text, expected) in table {
        let overrides = translate(&[format!("--{key}={text}")]).unwrap().overrides;
        let composed = oracle.composed(&conf, "typed", &overrides, Some(key));
        let shown = format!("--{key}={text} as {overrides:?}");
        match composed {
            Ok(value) => assert_eq!(value, expected, "{shown}"),
            Err(error) => assert_eq!(expected, rejected, "{shown}: {error}"),
        }
    }
}

#[test]
fn a_typed_application_receives_typed_values() {
    let app = App::new("typed", HYDRA);
    let received = app.received(&[
        "--steps",
        "10",
        "--rate",
        "1",
        "--name",
        "007",
        "--debug=true",
        "--sizes",
        "[3]",
        "--limit",
        "null",
        "--table",
        r#"{"y": 2}"#,
        "--anything",
        "a,b",
        "--inner.width",
        "4",
    ]);
    let table = |key| seen::dict(&[(key, seen::int(if key == "x" { "1" } else { "2" }))]);
    for entry in [
        ("steps", seen::int("10")),
        ("rate", seen::float("1.0")),
        ("name", seen::str("007")),
        ("debug", seen::bool(true)),
        ("sizes", seen::list(&[seen::int("3")])),
        ("limit", seen::NONE.to_owned()),
        ("table", table("y")),
        ("anything", seen::str("a,b")),
        ("inner", seen::dict(&[("width", seen::int("4")), ("table", table("x"))])),
    ] {
        let written = seen::dict(&[entry]);
        let written = &written[1..written.len() - 1];
        assert!(received[0].contains(written), "{written} is not in {received:?}");
    }

    let output = app.run(&["--rate", "fast"]);
    assert_eq!(output.status.code(), Some(1), "{}", both_streams(&output));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("could not be converted to Float"), "{stderr}");
}

#[test]
fn a_dict_inside_a_nested_structured_config_can_be_merged() {
    let app = App::new("typed", HYDRA);
    let rules = app.scratch.path().join("rules.yaml");
    fs::write(&rules, "flags:\n  table: {key: inner.table, type: dict, merge: true}\n").unwrap();
    let mut command = shim_command();
    command.env("HYDRA_SHIM_RULES", &rules).args([
        "run",
        &app.python,
        &app.main,
        "--table",
        r#"{"y": 2}"#,
    ]);
    let output = app.finish(command);
    assert!(output.status.success(), "{}", both_streams(&output));
    let merged = seen::dict(&[("x", seen::int("1")), ("y", seen::int("2"))]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let inner =
        format!("\"inner\": {}", seen::dict(&[("width", seen::int("1")), ("table", merged)]));
    assert!(stdout.contains(&inner), "{stdout}");
}
