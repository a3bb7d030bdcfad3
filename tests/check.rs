//! `hydra-shim check`: what the application's own Hydra says, beside the flag that caused it.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use support::working_folder::{Folder, refusal};
use support::{HYDRA, both_streams, tests_path, venv};

/// The files of `examples/quickstart`.
fn quickstart() -> Folder {
    let folder = Folder::new(&[]);
    folder.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart"));
    folder
}

/// `check`, with options, of a script.
fn check(folder: &Folder, options: &[&str], script: &str, arguments: &[&str]) -> Output {
    let python = venv(HYDRA).unwrap().join("bin/python");
    let mut command = folder.shim(&["check"]);
    command.args(options).arg(python).arg(script).args(arguments);
    finish(&mut command)
}

fn finish(command: &mut Command) -> Output {
    command
        .env("PYTHONPATH", tests_path("support"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap()
}

/// The config that a check printed, which may have warned.
fn composed(output: &Output) -> String {
    assert!(output.status.success(), "{}", both_streams(output));
    warnings(output);
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The warnings of a check, which are all that is on stderr.
fn warnings(output: &Output) -> Vec<String> {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    let warning = |line: &str| {
        let warning = line.strip_prefix("hydra-shim: warning: ");
        warning.unwrap_or_else(|| panic!("{}", both_streams(output))).to_owned()
    };
    stderr.lines().map(warning).collect()
}

/// The message of a check that failed.
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", both_streams(output));
    refusal(output)
}

#[test]
fn a_config_that_composes_is_printed() {
    let folder = quickstart();
    let arguments = [
        "--project",
        "a: b",
        "--lr",
        "1e-05",
        "--layers",
        "[1, 2]",
        "--run_id",
        "2024_11_23",
        "--note",
        "it's, ${x}",
        "--params",
        r#"{"only": null}"#,
        "--model=forest",
        "augment=true",
    ];
    let expected = "\
model:
  name: forest
  depth: 12
project: 'a: b'
dataset: gs://bucket/digits
lr: 1.0e-05
layers:
- 1
- 2
augment: true
run_id: '2024_11_23'
note: it's, ${x}
params:
  only: null
";
    let printed = composed(&check(&folder, &[], "main.py", &arguments));
    assert_eq!(printed.replace("note: it's, \\${x}", "note: it's, ${x}"), expected);
    // Hydra's flags that say what else to do are left out; nothing is run and nothing written.
    for flags in [
        &["--help"][..],
        &["--multirun", "--resolve"],
        &["--cfg", "hydra"],
        &["--info=all"],
        &["--package", "model"],
    ] {
        let printed =
            composed(&check(&folder, &[], "main.py", &[&["--lr", "0.5"], flags].concat()));
        assert!(printed.contains("\nlr: 0.5\n"), "{flags:?}: {printed}");
    }
    for written in ["outputs", "multirun"] {
        assert!(!folder.path(written).exists(), "{written}");
    }
    // A value that is still missing is shown as such.
    assert!(composed(&check(&folder, &[], "main.py", &[])).contains("\nproject: ???\n"));
}

#[test]
fn hydras_own_flags_choose_the_config() {
    let folder = quickstart();
    folder.file("conf/tiny.yaml", "lr: 1\n");
    folder.file("more/model/tree.yaml", "name: tree\n");
    for arguments in [
        &["--config-name", "tiny", "--lr", "2"][..],
        &["-cn", "tiny", "lr=2"],
        &["--config-name=tiny", "--lr=2"],
    ] {
        assert_eq!(
            composed(&check(&folder, &[], "main.py", arguments)),
            "lr: 2\n",
            "{arguments:?}"
        );
    }
    let printed =
        composed(&check(&folder, &[], "main.py", &["--config-dir", "more", "--model", "tree"]));
    assert!(printed.starts_with("model:\n  name: tree\n"), "{printed}");
    // The help knows that config, too.
    let message = complaint(&check(&folder, &[], "main.py", &["-cn", "tiny", "--lrr", "2"]));
    assert!(message.contains("did you mean lr?"), "{message}");
}

/// Arguments, and all the parts of the message that they get.
type Case<'a> = (&'a [&'a str], &'a [&'a str]);

fn assert_complaints(folder: &Folder, options: &[&str], script: &str, cases: &[Case]) {
    let mut failures = Vec::new();
    for (arguments, parts) in cases {
        let message = complaint(&check(folder, options, script, arguments));
        let missing: Vec<_> = parts.iter().filter(|part| !message.contains(**part)).collect();
        let traceback = message.contains("Traceback") || message.contains("site-packages");
        if !missing.is_empty() || traceback {
            failures.push(format!("{arguments:?}\n  got     {message}\n  without {missing:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_complaint_is_beside_the_argument_that_caused_it() {
    let cases: &[Case] = &[
        // No such key: the nearest, the same name elsewhere, dashes.
        (
            &["--project", "demo", "--lrr", "1"],
            &[
                "--lrr: Hydra, given `lrr=1`: ",
                "Key 'lrr' is not in struct",
                "did you mean lr?",
                "flags: {lrr: lr}",
            ],
        ),
        (
            &["--depth", "3"],
            &["--depth: ", "Could not override 'depth'", "flags: {depth: model.depth}"],
        ),
        (&["--run-id", "x"], &["--run-id: ", "`dashes: underscore`"]),
        (&["--zebra", "1"], &["--zebra: ", "flags: {zebra: +zebra}"]),
        (
            &["--model.dpth", "1"],
            &["--model.dpth: ", "Key 'dpth' is not in struct", "flags: {model.dpth: model.depth}"],
        ),
        (&["--absent", r#"{"a": 1}"#], &["--absent: ", "Could not override 'absent'"]),
        (&["~absent"], &["~absent: ", "'absent' does not exist"]),
        // A group.
        (
            &["--model", "forst"],
            &["--model: ", "Could not find 'model/forst'", "did you mean forest?"],
        ),
        (&["model=zebra"], &["model=zebra: ", "there is forest, net"]),
        (
            &["--model", "3"],
            &["--model: Hydra, given `model=3`: ", "must be a string or a list. Got int"],
        ),
        // An operation that does not fit.
        (
            &["--x", "1", "+lr=1"],
            &["+lr=1: ", "An item is already at 'lr'", "leave the + out: lr="],
        ),
        // What Hydra cannot read.
        (&["--lr", "1", "note=[1,"], &["note=[1,", "no viable alternative at input '[1,'"]),
        (&["note=${", "--lr", "1"], &["note=${: ", "Error parsing override"]),
        (&["--lr", "1", "note=${nope}"], &["note=${nope}: ", "Interpolation key 'nope' not found"]),
        (&["--config-name", "other"], &["--config-name: ", "Cannot find primary config 'other'"]),
    ];
    let folder = quickstart();
    let (extra, cases): (Vec<Case>, Vec<Case>) =
        cases.iter().partition(|(arguments, _)| arguments[0] == "--x");
    assert_complaints(&folder, &[], "main.py", &cases);
    // Of several mistakes it is one that Hydra names.
    for (arguments, _) in extra {
        let message = complaint(&check(&folder, &[], "main.py", arguments));
        assert!(message.starts_with("--x: ") || message.starts_with("+lr=1: "), "{message}");
    }
}

#[test]
fn a_structured_config_says_what_does_not_fit() {
    let script = tests_path("apps/typed/main.py");
    let folder = Folder::new(&[]);
    assert_complaints(
        &folder,
        &[],
        script.to_str().unwrap(),
        &[
            (
                &["--steps", "1", "--rate", "fast"],
                &["--rate: Hydra, given `rate=fast`: ", "could not be converted to Float"],
            ),
            (
                &["--steps", "1.5", "--rate", "1"],
                &["--steps: ", "could not be converted to Integer"],
            ),
            (
                &["--sizes", r#"["x"]"#],
                &["--sizes: Hydra, given `sizes=[x]`: ", "could not be converted to Integer"],
            ),
            (&["--debug", "perhaps"], &["--debug: ", "is not a valid bool"]),
            (&["--inner.width", "wide"], &["--inner.width: ", "could not be converted to Integer"]),
            (
                &["--width", "3"],
                &["--width: ", "Key 'width' not in 'Typed'", "flags: {width: inner.width}"],
            ),
            (&["--inner.wdth", "3"], &["--inner.wdth: ", "did you mean inner.width?"]),
            (&["--inner.table", r#"{"y": 2}"#], &["--inner.table: ", "does not support deletion"]),
        ],
    );
}

#[test]
fn the_declaration_is_named() {
    let folder = quickstart();
    folder.file(
        "hydra-shim.yaml",
        "component: component.yaml\nflags:\n  layers: lyers\n  extra: {type: int}\n",
    );
    let line = 1 + fs::read_to_string(folder.path("component.yaml"))
        .unwrap()
        .lines()
        .position(|line| line.contains("--model,"))
        .unwrap();
    let by_component = format!("--model (component.yaml:{line}): Hydra, given `model=forst`: ");
    assert_complaints(
        &folder,
        &[],
        "main.py",
        &[
            (&["--project", "--x", "--model", "forst"], &[&by_component, "did you mean forest?"]),
            (&["--extra", "3"], &["--extra (hydra-shim.yaml:4): Hydra, given `extra=3`: "]),
            (
                &["--layers", "[1]"],
                &["--layers (", "Could not override 'lyers'", "did you mean layers?"],
            ),
        ],
    );
    // What the declarations refuse is not asked of Hydra.
    let message = complaint(&check(&folder, &[], "main.py", &["--lr", "fast"]));
    assert!(
        message.starts_with(
            "--lr: the value `fast` is not a float (declared float by component.yaml:"
        ),
        "{message}"
    );

    // Rules that are named.
    folder.file("other/rules.yaml", "dashes: underscore\nflags: {rate: lr}\n");
    let options = ["--rules", "other/rules.yaml"];
    let printed =
        composed(&check(&folder, &options, "main.py", &["--run-id", "a b", "--rate", "1"]));
    assert!(printed.contains("\nlr: 1\n") && printed.contains("\nrun_id: a b\n"), "{printed}");
    let message = complaint(&check(&folder, &["--rules", "absent.yaml"], "main.py", &[]));
    assert!(message.contains("cannot read `absent.yaml`"), "{message}");
}

#[test]
fn other_programs_are_not_run() {
    let folder = quickstart();
    folder.file("other.py", "open('it-ran', 'w').close()\n");
    folder.file("package/__init__.py", "open('it-ran', 'w').close()\n");
    folder.file("package/__main__.py", "");
    let python = venv(HYDRA).unwrap().join("bin/python");
    let python = python.to_str().unwrap();
    for command in [
        &[python, "other.py", "--lr", "1"][..],
        &[python, "other.py"],
        &[python, "-m", "package", "--lr", "1"],
    ] {
        let output = finish(folder.shim(&["check"]).args(command));
        let message = complaint(&output);
        assert!(message.contains("is not known as a Hydra application"), "{command:?}: {message}");
        assert!(!folder.path("it-ran").exists(), "{command:?}: it was run");
    }
    // What a person vouches for is asked.
    folder.file("hidden.py", "exec(open('main.py').read())\n");
    let rules = "apps: {hidden.py: {flags: {rate: lr}}}\n";
    folder.file("named.yaml", rules);
    let output = check(&folder, &["--rules", "named.yaml"], "hidden.py", &["--rate", "7"]);
    assert!(composed(&output).contains("\nlr: 7\n"));
    let mut command = folder.shim(&["check", python, "hidden.py", "--lr", "7"]);
    assert!(composed(&finish(command.env("HYDRA_SHIM_APPS", "hidden.py"))).contains("\nlr: 7\n"));
    folder.file("hydra-shim.yaml", rules);
    assert!(composed(&check(&folder, &[], "hidden.py", &["--rate", "7"])).contains("\nlr: 7\n"));
}

#[test]
fn a_command_without_a_script_is_not_run() {
    let folder = Folder::new(&[]);
    let python = venv(HYDRA).unwrap().join("bin/python");
    for command in [
        &[python.to_str().unwrap(), "-c", "open('it-ran', 'w')", "--", "--lr", "1"][..],
        &["sh", "-c", "touch it-ran", "--", "--lr", "1"],
    ] {
        let output = finish(folder.shim(&["check"]).args(command));
        assert!(!folder.path("it-ran").exists(), "{command:?}: it was run");
        complaint(&output);
    }
}

#[test]
fn exit_codes() {
    let folder = quickstart();
    let missing = venv(HYDRA).unwrap().join("bin/no-such-python");
    for (arguments, code) in [
        (&["check", "--rules"][..], 2),
        (&["check", "--component"], 2),
        (&["check", missing.to_str().unwrap(), "--lr", "1"], 127),
        (&["check", "no-such-program", "--lr", "1"], 127),
        (&["check", "./main.py", "--lr", "1"], 126),
        (&["check", "python3", "absent.py", "--lr", "1"], 127),
    ] {
        let output = finish(&mut folder.shim(arguments));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", both_streams(&output));
        refusal(&output);
    }
    assert_eq!(check(&folder, &[], "main.py", &["--lr", "1"]).status.code(), Some(0));
    assert_eq!(check(&folder, &[], "main.py", &["--lrr", "1"]).status.code(), Some(1));
    assert_eq!(check(&folder, &[], "main.py", &["--lr", "--x"]).status.code(), Some(1));
}

#[test]
fn secrets_are_not_shown_in_complaints() {
    let script = tests_path("apps/typed/main.py");
    let script = script.to_str().unwrap();
    let folder = Folder::new(&[(
        "rules.yaml",
        "flags:\n  rate: {secret: true}\n  more: {key: +rate, secret: true}\n  absent: {secret: true}\n  \
         table: {key: inner.table, type: dict, merge: true, secret: true}\n  sizes: {type: list, secret: true}\n  \
         anything: {key: +steps, type: dict, secret: true}\n",
    )]);
    let mut failures = Vec::new();
    for arguments in [
        &["--rate", "hunter2"][..],
        &["--rate", "it's hunter2, \\"],
        &["--rate", "top\nhunter2\n\nand hunter2"],
        &["--more", "hunter2"],
        &["--absent", "hunter2"],
        &["--absent", r#"{"a": "hunter2"}"#],
        &["--table", r#"{"y": "hunter2"}"#],
        &["--sizes", "hunter2"],
        &["--anything", r#"{"y": "hunter2"}"#],
    ] {
        let output = check(&folder, &["--rules", "rules.yaml"], script, arguments);
        let message = complaint(&output);
        let named = message.contains("***") && message.contains(arguments[0]);
        if message.contains("hunter2") || !named {
            failures.push(format!("{arguments:?}: {message}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn secrets_are_not_shown_in_configs_however_yaml_spells_them() {
    let folder = Folder::new(&[
        (
            "main.py",
            "import hydra\n\n\n@hydra.main(version_base=None)\ndef main(cfg): ...\n\n\nmain()\n",
        ),
        (
            "hydra-shim.yaml",
            "flags:\n  key: {key: +auth.key, type: string, secret: true}\n  rate: {key: +rate, type: float, secret: true}\n  \
             login: {key: +login, type: dict, secret: true}\n  pin: {key: +pin, type: int, secret: true}\n",
        ),
    ]);
    let long = format!("hunter2 {}", "and more words ".repeat(20));
    for (arguments, shown) in [
        (&["--key", "-----BEGIN-----\nhunter2\nhunter2\n"][..], "auth:\n  key: "),
        (&["--key", &long], "auth:\n  key: ***\n"),
        (&["--key", "hunter2: \t'\u{1}\""], "auth:\n  key: ***\n"),
        (&["--rate", "98765432.50"], "rate: ***\n"),
        (&["--login", r#"{"name": "hunter2\nhunter2", "port": 987654}"#], "login:\n  ***\n"),
        (&["--key", "hunter2", "+url=https://x:${auth.key}@host"], "url: ***\n"),
        (&["--pin", "1", "+other=21"], "pin: ***\nother: 21\n"),
    ] {
        let printed = composed(&check(&folder, &[], "main.py", arguments));
        for secret in ["hunter2", "BEGIN", "98765"] {
            assert!(!printed.contains(secret), "{arguments:?}: {printed}");
        }
        assert!(printed.contains(shown), "{arguments:?}: {printed}");
    }
}

#[test]
fn what_is_no_python_program_is_not_started() {
    let folder = Folder::new(&[]);
    let output = finish(&mut folder.shim(&["check", "touch", "made=1"]));
    assert!(complaint(&output).contains("`touch` is not known as a Hydra application"));
    assert!(!folder.path("made=1").exists());
}

#[test]
fn a_component_is_checked_against_its_application() {
    let folder = quickstart();
    let python = venv(HYDRA).unwrap().join("bin/python");
    let argv =
        ["check", "--component", "component.yaml", "--", python.to_str().unwrap(), "main.py"];
    // Its defaults, and samples where it has none.
    let printed = composed(&finish(&mut folder.shim(&argv)));
    for line in
        ["model:\n  name: forest\n", "\nlr: 0.1\n", "\nrun_id: '2024_11_23'\n", "\naugment: true\n"]
    {
        assert!(printed.contains(line), "{line:?}: {printed}");
    }
    assert!(!printed.contains("???"), "{printed}");

    let text = fs::read_to_string(folder.path("component.yaml")).unwrap();
    folder.file("component.yaml", &text.replace("--lr,", "--lrr,"));
    let line = 1 + text.lines().position(|line| line.contains("--lr,")).unwrap();
    let message = complaint(&finish(&mut folder.shim(&argv)));
    assert!(message.starts_with(&format!("--lrr (component.yaml:{line}): ")), "{message}");
    assert!(message.contains("did you mean lr?"), "{message}");

    for argument in ["--lr", "lr=1"] {
        let output = finish(&mut folder.shim(&[&argv[..], &[argument]].concat()));
        assert_eq!(output.status.code(), Some(2), "{}", both_streams(&output));
        let message = refusal(&output);
        assert!(message.contains(&format!("`{argument}` follows the command")), "{message}");
    }
    let output = finish(&mut folder.shim(&[&argv[..], &["--"]].concat()));
    assert_eq!(output.status.code(), Some(1), "a `--` at the end ends the command: {output:?}");
}

#[test]
fn values_that_are_missing_are_named() {
    let folder = Folder::new(&[
        (
            "main.py",
            "import hydra\n\n\n@hydra.main(version_base=None, config_path='.', config_name='c')\n\
             def main(cfg): ...\n\n\nmain()\n",
        ),
        ("c.yaml", "a: ???\nb: {c: '???', d: 1}\nl: [1, {x: '???'}]\nt: '?'\n"),
    ]);
    for (options, arguments, code, warned) in [
        (&[][..], &[][..], 0, "still missing (`???`): `a`, `b.c`, `l[1].x`"),
        (&[], &["--a", "1", "--b.c", "2"], 0, "still missing (`???`): `l[1].x`"),
        (&["--strict"], &["--a", "1", "--b.c", "2", "--l", "[]"], 0, ""),
        (&["--strict"], &["--a", "1"], 1, "still missing (`???`): `b.c`, `l[1].x`"),
    ] {
        let output = check(&folder, options, "main.py", arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", both_streams(&output));
        assert!(output.stdout.starts_with(b"a: "), "{arguments:?}: the config is printed anyway");
        let stderr = String::from_utf8(output.stderr).unwrap();
        let mut expected = String::new();
        if !warned.is_empty() {
            expected = format!("hydra-shim: warning: {warned}\n");
        }
        if code == 1 {
            expected += "hydra-shim: error: there are warnings, and --strict was given\n";
        }
        assert_eq!(stderr, expected, "{options:?} {arguments:?}");
    }
}

#[test]
fn a_command_that_is_not_there_is_said_to_be_missing() {
    let folder = quickstart();
    folder.file(
        "shell.yaml",
        "implementation: {container: {image: i, command: [sh, -c, 'python3 main.py \"$@\"', sh], \
         args: [--lr, '2']}}\n",
    );
    for (command, expected) in [
        (&["python3", "mian.py"][..], "`mian.py` is not found"),
        (&["python3", "-m", "mian"], "`mian` is not found"),
        (&["main.py"], "a script by its interpreter (python3 main.py)"),
        (&["./main.py"], "name its interpreter: python3 ./main.py"),
        (&["--component", "shell.yaml"], "-- python3 src/train.py"),
    ] {
        let stderr =
            String::from_utf8(finish(folder.shim(&["check"]).args(command)).stderr).unwrap();
        assert!(stderr.contains(expected), "{command:?}: {stderr}");
        assert!(!stderr.contains("HYDRA_SHIM_APPS"), "{command:?}: {stderr}");
    }
}

#[test]
fn the_config_of_each_task_has_its_name() {
    let folder = quickstart();
    folder.file(
        "pipeline.yaml",
        "deploymentSpec: {executors: {e: {container: {image: i, args: [--lr, '2']}}, \
         f: {container: {image: i, args: [--lr, '3']}}}}\n\
         components: {comp-e: {executorLabel: e}, comp-f: {executorLabel: f}}\n\
         root: {dag: {tasks: {e: {componentRef: {name: comp-e}}, f: {componentRef: {name: comp-f}}}}}\n",
    );
    let python = venv(HYDRA).unwrap().join("bin/python");
    let argv = ["check", "--component", "pipeline.yaml", "--", python.to_str().unwrap(), "main.py"];
    let printed = composed(&finish(&mut folder.shim(&argv)));
    let documents: Vec<&str> = printed.split("---\n").collect();
    let [first, second] = documents.as_slice() else { panic!("two documents: {printed}") };
    assert!(first.starts_with("# task `e`\n") && first.contains("\nlr: 2\n"), "{first}");
    assert!(second.starts_with("# task `f`\n") && second.contains("\nlr: 3\n"), "{second}");
}

/// Rules by which dicts are merged.
const MERGE: &str = "flags: {opt: &merge {type: dict, merge: true}, table: *merge, maybe: *merge, \
    maybe_table: *merge}\n";

#[test]
fn what_a_dict_takes_away_is_named() {
    let script = tests_path("apps/typed/main.py");
    let script = script.to_str().unwrap();
    let folder = Folder::new(&[]);
    let gone = |flag: &str, keys: &str| {
        format!(
            "{flag}: the dict replaces the config's, and with it go {keys}: `merge: true` on the \
             flag keeps them"
        )
    };
    let schema = |flag: &str, key: &str| {
        format!("{flag}: the dict takes the schema of `{key}` away, which would refuse it (")
    };
    let mut failures = Vec::new();
    for (arguments, expected) in [
        // Without `momentum` the application fails; the composing does not.
        (&["--opt", r#"{"lr": 0.5}"#][..], vec![gone("--opt", "`opt.momentum`")]),
        (&["--opt", r#"{"lr": 0.5, "momentum": 0.1}"#], vec![]),
        // A wrong type and a wrong name arrive: nothing checks them any more.
        (&["--opt", r#"{"lr": "fast", "momentum": 0.1}"#], vec![schema("--opt", "opt")]),
        (
            &["--opt", r#"{"rate": 0.5}"#],
            vec![schema("--opt", "opt"), gone("--opt", "`opt.lr`, `opt.momentum`")],
        ),
        (&["--opt={}"], vec![gone("--opt", "`opt.lr`, `opt.momentum`")]),
        // What was missing has a schema, too.
        (&["--later", r#"{"lr": 1}"#], vec![gone("--later", "`later.momentum`")]),
        (&["--table", r#"{"y": 2}"#], vec![gone("--table", "`table.x`")]),
        (&["--table", r#"{"x": "y"}"#], vec![schema("--table", "table")]),
        (&["--anything", r#"{"y": [2, {"z": 1}]}"#], vec![]),
        (
            &["--table", r#"{"y": 2}"#, "--opt", r#"{"lr": 1}"#],
            vec![gone("--table", "`table.x`"), gone("--opt", "`opt.momentum`")],
        ),
        // An override is the user's own.
        (&["opt={lr: 1}", "--steps", "1"], vec![]),
    ] {
        let output = check(&folder, &[], script, arguments);
        composed(&output);
        let mut got = warnings(&output);
        // That is what another test is about.
        got.retain(|warning| !warning.starts_with("still missing"));
        let same = got.len() == expected.len()
            && got.iter().zip(&expected).all(|(got, expected)| got.starts_with(expected.as_str()));
        if !same {
            failures.push(format!("{arguments:?}\n  got  {got:#?}\n  want {expected:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn merging_keeps_what_a_dict_takes_away() {
    let script = tests_path("apps/typed/main.py");
    let script = script.to_str().unwrap();
    let folder = Folder::new(&[("merge.yaml", MERGE)]);
    let options = ["--rules", "merge.yaml", "--strict"];
    let arguments = ["--opt", r#"{"lr": 0.5}"#, "--table", r#"{"y": 2}"#, "later={}"];
    let printed = composed(&check(&folder, &options, script, &arguments));
    assert!(printed.contains("opt:\n  lr: 0.5\n  momentum: 0.9\n"), "{printed}");
    assert!(printed.contains("table:\n  x: 1\n  'y': 2\n"), "{printed}");
    let wrong = check(&folder, &options, script, &["--opt", r#"{"lr": "fast"}"#]);
    assert!(
        complaint(&wrong).starts_with("--opt (merge.yaml:1): Hydra, given `++opt={lr: fast}`: "),
        "{wrong:?}"
    );
}

#[test]
fn a_typed_field_that_is_null_takes_no_dict_in_any_spelling() {
    let script = tests_path("apps/typed/main.py");
    let script = script.to_str().unwrap();
    let folder = Folder::new(&[("merge.yaml", MERGE)]);
    for flag in ["--maybe", "--maybe_table"] {
        for options in [&[][..], &["--rules", "merge.yaml"]] {
            let message = complaint(&check(&folder, options, script, &[flag, r#"{"lr": 1}"#]));
            let named = message.starts_with(flag) && message.contains(": Hydra, given ");
            let help =
                message.contains("; help: Hydra takes no dict for a typed field that is null");
            assert!(named && help, "{message}");
        }
    }
}
