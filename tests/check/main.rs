//! `hydra-shim check`: what the application's own Hydra says, beside the flag that caused it.

mod complaints;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod warnings;

use std::fs;
use std::path::Path;
use std::process::Command;

use assert_cmd::assert::{Assert, OutputAssertExt};
use support::working_folder::{Folder, split};
use support::{HYDRA, refused, stderr, stdout, tests_path, venv};

/// The files of `examples/quickstart`.
fn quickstart() -> Folder {
    let folder = Folder::new(&[]);
    folder.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart"));
    folder
}

/// `check`, with options, of a script with arguments; both are written as for a shell.
fn check(folder: &Folder, options: &str, script: &str, arguments: &str) -> Assert {
    let [options, arguments] = [options, arguments].map(split);
    let mut command = folder.shim(&["check"]);
    finish(command.args(options).args([&python(), script]).args(arguments))
}

/// The Python that has Hydra.
fn python() -> String {
    venv(HYDRA).unwrap().join("bin/python").into_os_string().into_string().unwrap()
}

/// An application with a structured config.
fn typed() -> String {
    tests_path("apps/typed/main.py").into_os_string().into_string().unwrap()
}

fn finish(command: &mut Command) -> Assert {
    command.env("PYTHONPATH", tests_path("support")).env("PYTHONDONTWRITEBYTECODE", "1").assert()
}

/// The config that a check printed, which may have warned.
fn composed(call: Assert) -> String {
    let call = call.success();
    warnings(&call);
    stdout(&call)
}

/// The warnings of a check, which are all that is on stderr.
fn warnings(call: &Assert) -> Vec<String> {
    let warning = |line: &str| {
        let warning = line.strip_prefix("hydra-shim: warning: ");
        warning.unwrap_or_else(|| panic!("{call}")).to_owned()
    };
    stderr(call).lines().map(warning).collect()
}

#[test]
fn a_config_that_composes_is_printed() {
    let folder = quickstart();
    let arguments = r#"--project 'a: b' --lr 1e-05 --layers '[1, 2]' --run_id 2024_11_23
        --note "it's, \${x}" --params '{"only": null}' --model=forest augment=true"#;
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
    let printed = composed(check(&folder, "", "main.py", arguments));
    assert_eq!(printed.replace("note: it's, \\${x}", "note: it's, ${x}"), expected);
    // Hydra's flags that say what else to do are left out; nothing is run and nothing written.
    for flags in ["--help", "--multirun --resolve", "--cfg hydra", "--info=all", "--package model"]
    {
        let printed = composed(check(&folder, "", "main.py", &format!("--lr 0.5 {flags}")));
        assert!(printed.contains("\nlr: 0.5\n"), "{flags}: {printed}");
    }
    for written in ["outputs", "multirun"] {
        assert!(!folder.path(written).exists(), "{written}");
    }
    // A value that is still missing is shown as such.
    assert!(composed(check(&folder, "", "main.py", "")).contains("\nproject: ???\n"));
}

/// Of several components a line each and a summary; a file that cannot be read is one of those that fail.
#[test]
fn several_components_have_a_line_each() {
    let folder = quickstart();
    let component = fs::read_to_string(folder.path("component.yaml")).unwrap();
    folder.file("tune/bad.yaml", &component.replace("--lr,", "--rate,"));
    folder.file("not-yaml.yaml", "a: [");
    let options = |files: &str, more: &str| {
        let files: Vec<String> =
            files.split(' ').map(|file| format!("--component {file}")).collect();
        format!("{} {more}", files.join(" "))
    };
    let call =
        check(&folder, &options("component.yaml component.yaml", ""), "main.py", "").success();
    let lines = "component.yaml  composes\ncomponent.yaml  composes\n2 of 2 components compose\n";
    assert_eq!(stdout(&call), lines);
    assert!(warnings(&call)[0].starts_with("component.yaml: --params: the dict"), "{call}");
    let files = options("component.yaml tune/bad.yaml not-yaml.yaml absent.yaml", "");
    let call = check(&folder, &files, "main.py", "").code(1);
    let lines: Vec<String> = stdout(&call).lines().map(str::to_owned).collect();
    let starts = [
        "component.yaml  composes",
        "tune/bad.yaml   --rate (tune/bad.yaml:21): Hydra, given `rate=0.1`: ",
        "not-yaml.yaml   not-yaml.yaml:2:1: ",
        "absent.yaml     cannot read `absent.yaml`",
        "1 of 4 components compose",
    ];
    assert_eq!(lines.len(), starts.len(), "{call}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}: {start}");
    }
    let last =
        "hydra-shim: error: 3 of 4 components do not compose\n  help: the reason is in its line\n";
    assert!(stderr(&call).ends_with(last), "{call}");
    // A warning fails one that has it.
    let strict = options("component.yaml component.yaml", "--strict");
    let call = check(&folder, &strict, "main.py", "").code(1);
    assert!(
        stdout(&call).contains("component.yaml  there are warnings, and --strict was"),
        "{call}"
    );
}

/// Of several components one whose program is not Hydra's is no failure; one alone was to be checked.
#[test]
fn a_component_of_another_program_passes_untouched() {
    let folder = quickstart();
    let component = |script: &str| {
        format!(
            "implementation: {{container: {{image: i, command: [{}, {script}], args: [--lr, '2']}}}}\n",
            python()
        )
    };
    folder.file("other.py", "import argparse\nargparse.ArgumentParser().parse_args()\n");
    // Whether it is one nobody can tell.
    folder.file("suspect.py", "import hydra\n");
    for name in ["main", "other", "suspect", "absent"] {
        folder.file(&format!("{name}.yaml"), &component(&format!("{name}.py")));
    }
    let run = |files: &str| {
        let files = files.split(' ').flat_map(|file| ["--component", file]);
        finish(folder.shim(&["check"]).args(files))
    };
    let lines = "main.yaml   composes\nother.yaml  passes untouched: not a Hydra application\n\
                 1 of 2 components compose, 1 not a Hydra application\n";
    assert_eq!(stdout(&run("main.yaml other.yaml").success()), lines);
    let call = run("other.yaml suspect.yaml absent.yaml").code(1);
    assert!(stdout(&call).ends_with("0 of 3 components compose, 1 not a Hydra application\n"));
    assert!(stderr(&call).contains("2 of 3 components do not compose"), "{call}");
    let message = refused(run("other.yaml"), 1);
    assert!(message.contains("is not known as a Hydra application"), "{message}");
}

#[test]
fn hydras_own_flags_choose_the_config() {
    let folder = quickstart();
    folder.file("conf/tiny.yaml", "lr: 1\n");
    folder.file("more/model/tree.yaml", "name: tree\n");
    for arguments in ["--config-name tiny --lr 2", "-cn tiny lr=2", "--config-name=tiny --lr=2"] {
        assert_eq!(composed(check(&folder, "", "main.py", arguments)), "lr: 2\n", "{arguments}");
    }
    let printed = composed(check(&folder, "", "main.py", "--config-dir more --model tree"));
    assert!(printed.starts_with("model:\n  name: tree\n"), "{printed}");
    // The help knows that config, too.
    let message = refused(check(&folder, "", "main.py", "-cn tiny --lrr 2"), 1);
    assert!(message.contains("did you mean lr?"), "{message}");
}

#[test]
fn other_programs_are_not_run() {
    let folder = quickstart();
    folder.file("other.py", "open('it-ran', 'w').close()\n");
    folder.file("package/__init__.py", "open('it-ran', 'w').close()\n");
    folder.file("package/__main__.py", "");
    let python = &python();
    for command in [
        &[python, "other.py", "--lr", "1"][..],
        &[python, "other.py"],
        &[python, "-m", "package", "--lr", "1"],
    ] {
        let message = refused(finish(folder.shim(&["check"]).args(command)), 1);
        assert!(message.contains("is not known as a Hydra application"), "{command:?}: {message}");
        assert!(!folder.path("it-ran").exists(), "{command:?}: it was run");
    }
    // What a person vouches for is asked.
    folder.file("hidden.py", "exec(open('main.py').read())\n");
    let rules = "apps: {hidden.py: {flags: {rate: lr}}}\n";
    folder.file("named.yaml", rules);
    let printed = composed(check(&folder, "--rules named.yaml", "hidden.py", "--rate 7"));
    assert!(printed.contains("\nlr: 7\n"), "{printed}");
    let mut command = folder.shim(&["check", python, "hidden.py", "--lr", "7"]);
    assert!(composed(finish(command.env("HYDRA_SHIM_APPS", "hidden.py"))).contains("\nlr: 7\n"));
    folder.file("hydra-shim.yaml", rules);
    assert!(composed(check(&folder, "", "hidden.py", "--rate 7")).contains("\nlr: 7\n"));
}

#[test]
fn a_command_without_a_script_is_not_run() {
    let folder = Folder::new(&[]);
    let python = &python();
    for command in [
        &[python, "-c", "open('it-ran', 'w')", "--", "--lr", "1"][..],
        &["sh", "-c", "touch it-ran", "--", "--lr", "1"],
    ] {
        refused(finish(folder.shim(&["check"]).args(command)), 1);
        assert!(!folder.path("it-ran").exists(), "{command:?}: it was run");
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
        refused(finish(&mut folder.shim(arguments)), code);
    }
    check(&folder, "", "main.py", "--lr 1").code(0);
    check(&folder, "", "main.py", "--lrr 1").code(1);
    check(&folder, "", "main.py", "--lr --x").code(1);
}

#[test]
fn what_is_no_python_program_is_not_started() {
    let folder = Folder::new(&[]);
    let message = refused(finish(&mut folder.shim(&["check", "touch", "made=1"])), 1);
    assert!(message.contains("`touch` is not known as a Hydra application"), "{message}");
    assert!(!folder.path("made=1").exists());
}

#[test]
fn a_component_is_checked_against_its_application() {
    let folder = quickstart();
    let python = &python();
    let argv = ["check", "--component", "component.yaml", "--", python, "main.py"];
    // Its defaults, and samples where it has none.
    let printed = composed(finish(&mut folder.shim(&argv)));
    for line in
        ["model:\n  name: forest\n", "\nlr: 0.1\n", "\nrun_id: '2024_11_23'\n", "\naugment: true\n"]
    {
        assert!(printed.contains(line), "{line:?}: {printed}");
    }
    assert!(!printed.contains("???"), "{printed}");

    let text = fs::read_to_string(folder.path("component.yaml")).unwrap();
    folder.file("component.yaml", &text.replace("--lr,", "--lrr,"));
    let line = 1 + text.lines().position(|line| line.contains("--lr,")).unwrap();
    let message = refused(finish(&mut folder.shim(&argv)), 1);
    assert!(message.starts_with(&format!("--lrr (component.yaml:{line}): ")), "{message}");
    assert!(message.contains("did you mean lr?"), "{message}");

    for argument in ["--lr", "lr=1"] {
        let message = refused(finish(folder.shim(&argv).arg(argument)), 2);
        assert!(message.contains(&format!("`{argument}` follows the command")), "{message}");
    }
    // A `--` at the end ends the command.
    finish(folder.shim(&argv).arg("--")).code(1);
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
        let said = stderr(&finish(folder.shim(&["check"]).args(command)));
        assert!(said.contains(expected), "{command:?}: {said}");
        assert!(!said.contains("HYDRA_SHIM_APPS"), "{command:?}: {said}");
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
    let python = &python();
    let argv = ["check", "--component", "pipeline.yaml", "--", python, "main.py"];
    let printed = composed(finish(&mut folder.shim(&argv)));
    let documents: Vec<&str> = printed.split("---\n").collect();
    let [first, second] = documents.as_slice() else { panic!("two documents: {printed}") };
    assert!(first.starts_with("# task `e`\n") && first.contains("\nlr: 2\n"), "{first}");
    assert!(second.starts_with("# task `f`\n") && second.contains("\nlr: 3\n"), "{second}");
}
