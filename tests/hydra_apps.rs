//! Real Hydra applications, started by `hydra-shim run` as a pipeline starts them.
//!
//! They print the config that they received, exact to the type; see `tests/apps`.

mod support;

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use assert_cmd::assert::{Assert, OutputAssertExt};
use support::working_folder::split;
use support::{HYDRA, OLD_HYDRA, refused, seen, shim_command, stderr, stdout, tests_path, venv};
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
    fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Assert {
        let mut command = shim_command();
        self.finish(command.args(["run", &self.python, &self.main]).args(arguments))
    }

    fn finish(&self, command: &mut Command) -> Assert {
        command
            .current_dir(&self.scratch)
            .env("PYTHONPATH", tests_path("support"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONIOENCODING", "utf-8")
            .assert()
    }

    /// What the application received, once for each job, of arguments that are written as for a shell.
    fn received(&self, arguments: &str) -> Vec<String> {
        let printed = stdout(&self.run(&split(arguments)).success());
        let received = printed.lines().filter_map(|line| line.strip_prefix("received "));
        received.map(str::to_owned).collect()
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

#[test]
fn without_the_shim_hydra_rejects_the_flags() {
    let app = App::train();
    let mut command = Command::new(&app.python);
    command.args([&app.main, "--project", "demo"]);
    let said = stderr(&app.finish(&mut command).code(2));
    assert!(said.contains("unrecognized arguments: --project"), "{said}");
}

#[test]
fn flags_reach_the_config_of_an_application() {
    let nasty = "a, b = 'c' \"d\" ${oc.env:HOME} \\${x} [e] {f: g}\nh é😀 \\";
    let table: Vec<(String, Vec<Change>)> = vec![
        ("--project demo".to_owned(), vec![]),
        (
            format!(
                r#"--project 2024_11_23 --lr=1e-05 --steps -3 --note {} --layers '[32, 16, 8]'
                --params '{{"only": {{"this": [1.0, null]}}}}' --debug"#,
                shell_words::quote(nasty)
            ),
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
            "model=large --project demo --model.width 7 'note=${model.name}' --params.nested.keep us".to_owned(),
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
            "--model large --lr 1 --project demo --lr 2 -- steps=5".to_owned(),
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
            assert_eq!(received, [train_config(changes)], "hydra {version}: {arguments}");
        }
    }
}

#[test]
fn hydras_own_flags_work_wherever_they_stand() {
    let app = App::train();
    let tiny = seen::dict(&[("lr", seen::float("0.5")), ("note", seen::str("a,b"))]);
    for arguments in [
        "--config-name tiny --lr 0.5 --note a,b",
        "--lr 0.5 --config-name tiny --note a,b",
        "--lr 0.5 --note a,b -cn tiny",
    ] {
        assert_eq!(app.received(arguments), [tiny.as_str()], "{arguments}");
    }

    let call = app.run(&["--cfg", "job", "--project", "a: b", "--resolve", "--lr", "0.5"]);
    let printed = stdout(&call.success());
    assert!(printed.contains("\nproject: 'a: b'\nlr: 0.5\n"), "{printed}");

    let printed = stdout(&app.run(&["--help"]).success());
    assert!(printed.contains("== Config =="), "{printed}");
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
                refused(app.run(&arguments), 125);
            }
        }
    }
    assert!(!target.exists());
    // Written so, Hydra gets its switch, and the application its flag.
    let changed = [train_config(&[("lr", seen::float("0.5"))])];
    for arguments in [
        "--project demo --lr 0.5 --run",
        "--run --project demo --lr 0.5",
        "--run project=demo lr=0.5",
    ] {
        assert_eq!(app.received(arguments), changed, "{arguments}");
    }
}

#[test]
fn a_sweep_that_is_asked_for_sweeps_and_values_stay_whole() {
    let app = App::train();
    let nested = seen::dict(&[("b", seen::dict(&[("c", seen::str("x,y"))]))]);
    for arguments in [
        r#"lr=0.1,0.2 --multirun --project a,b --note '${x}\' --params '{"b": {"c": "x,y"}}'"#,
        r#"--project a,b -m --params '{"b": {"c": "x,y"}}' '--note=${x}\' lr=0.1,0.2"#,
    ] {
        let expected = ["0.1", "0.2"].map(|lr| {
            train_config(&[
                ("lr", seen::float(lr)),
                ("project", seen::str("a,b")),
                ("note", seen::str("${x}\\")),
                ("params", nested.clone()),
            ])
        });
        assert_eq!(app.received(arguments), expected, "{arguments}");
    }
}

#[test]
fn a_failure_is_the_applications_own() {
    let app = App::train();
    // Hydra says that the key is unknown, and exits with 1.
    let said = stderr(&app.run(&["--project", "demo", "--absent", "1"]).code(1));
    assert!(said.contains("Could not override 'absent'"), "{said}");
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
        let message = refused(app.run(&arguments), 125);
        assert!(message.contains(arguments[0]), "{arguments:?}: {message}");
    }
}

#[test]
fn a_typed_application_receives_typed_values() {
    let app = App::new("typed", HYDRA);
    let received = app.received(
        r#"--steps 10 --rate 1 --name 007 --debug=true --sizes '[3]' --limit null --table '{"y": 2}'
        --anything a,b --inner.width 4"#,
    );
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

    let said = stderr(&app.run(&["--rate", "fast"]).code(1));
    assert!(said.contains("could not be converted to Float"), "{said}");
}

#[test]
fn a_dict_inside_a_nested_structured_config_can_be_merged() {
    let app = App::new("typed", HYDRA);
    let rules = app.scratch.path().join("rules.yaml");
    fs::write(&rules, "flags:\n  table: {key: inner.table, type: dict, merge: true}\n").unwrap();
    let mut command = shim_command();
    command.env("HYDRA_SHIM_RULES", &rules).args(["run", &app.python, &app.main]);
    let printed = stdout(&app.finish(command.args(["--table", r#"{"y": 2}"#])).success());
    let merged = seen::dict(&[("x", seen::int("1")), ("y", seen::int("2"))]);
    let inner =
        format!("\"inner\": {}", seen::dict(&[("width", seen::int("1")), ("table", merged)]));
    assert!(printed.contains(&inner), "{printed}");
}
