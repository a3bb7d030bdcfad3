//! An application that starts itself again: its line passes, and closed rules hold for every other.

use std::fs;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;

use super::support::private_python::run;
use super::support::refused;
use super::support::shims_in_path::write_executable;
use super::support::working_folder::{Folder, split, translated, words};
use super::{STARTS_ITSELF, closed_site, started, support};

#[test]
fn an_application_starts_itself_again_under_closed_rules() {
    let (python, environment) = closed_site();
    let tool = format!("#!{}/bin/python3\n{STARTS_ITSELF}", environment.display());
    write_executable(&environment.join("bin/my-train"), &tool);
    // What starts another program, as mpirun does.
    write_executable(&environment.join("bin/mpirun"), "#!/bin/sh\nshift 2; exec \"$@\"\n");
    let once = "{'lr': 0.5} ['+lr=0.5']\n";
    let again = "{'lr': 0.5, 'more': 1} ['+lr=0.5', 'hydra.run.dir=.', \
        'hydra.job.name=train_ddp_process_1', '+more=1']\n";
    for line in [
        "$V/bin/python3 main.py --lr 0.5",
        "cd /; $V/bin/python3 $A/main.py --lr 0.5",
        "ln -sf $A/main.py link.py; $V/bin/python3 link.py --lr 0.5",
        "$V/bin/python3 -m package.train --lr 0.5",
        "$S run $V/bin/python3 main.py --lr 0.5",
        "PATH=$V/bin:$PATH HYDRA_SHIM_COMMAND='python3 main.py' $S run --lr 0.5",
        "$S install links python3 >/dev/null; PATH=$PWD/links:$V/bin:$PATH python3 main.py --lr 0.5",
        "HYDRA_SHIM_COMMAND=\"$V/bin/mpirun -n 1 $V/bin/python3 main.py\" $S run --lr 0.5",
        "HYDRA_SHIM_APPS=my-train HYDRA_SHIM_RULES=hydra-shim.yaml $V/bin/my-train --lr 0.5",
        "$S install links my-train >/dev/null 2>&1; export HYDRA_SHIM_RULES=$PWD/hydra-shim.yaml; \
         PATH=$PWD/links:$V/bin:$PATH my-train --lr 0.5",
    ] {
        let shown = support::shims_in_path::printed(&mut started(&python, line));
        assert_eq!(shown, format!("{once}{again}"), "{line}");
    }
    // Without that: what the application adds is nobody's.
    let line = "unset HYDRA_SHIM_STARTED; exec $V/bin/python3 $A/main.py +lr=0.5 +more=1";
    assert_refused(&mut started(&python, line), "`+lr=0.5` is not declared");
}

fn assert_refused(command: &mut Command, expected: &str) {
    let message = refused(command.assert(), 125);
    assert!(message.starts_with(expected), "{command:?}: {message}");
}

#[test]
fn only_a_descendant_that_starts_the_same_passes() {
    let (python, _) = closed_site();
    let main = format!("HYDRA_SHIM_STARTED={}", python.path("app/main.py").display());
    let prelude = "import os, subprocess, sys\nimport hydra\nif 'RANK' in os.environ: sys.exit()\n\
        environment = {**os.environ, 'RANK': '1'}\n\
        start = lambda *a, **k: subprocess.call([sys.executable, *a], env=environment, **k)\n";
    for (code, expected) in [
        // Another application is judged by the rules, wherever it is started from.
        ("sys.exit(start('other.py', '+lr=1'))", "`+lr=1` is not declared"),
        ("sys.exit(start('main.py', '+lr=1', cwd='elsewhere'))", "`+lr=1` is not declared"),
        ("sys.exit(start('-m', 'package.train', '+lr=1'))", "`+lr=1` is not declared"),
    ] {
        fs::create_dir_all(python.path("app/elsewhere")).unwrap();
        fs::write(python.path("app/elsewhere/main.py"), STARTS_ITSELF).unwrap();
        let main = format!("{prelude}{code}\n{STARTS_ITSELF}");
        fs::write(python.path("app/main.py"), main).unwrap();
        assert_refused(&mut started(&python, "$V/bin/python3 main.py --lr 0.5"), expected);
    }
    // No value sets the variable, nor does any file that is read.
    fs::write(python.path("app/main.py"), STARTS_ITSELF).unwrap();
    for line in [
        format!("$V/bin/python3 main.py {main} --lr 0.5"),
        format!("$V/bin/python3 main.py --lr 0.5 {main}"),
        format!("$V/bin/python3 main.py --{main}"),
        format!("$S run {main} $V/bin/python3 main.py +lr=0.5"),
        format!("{main}x $V/bin/python3 main.py +lr=0.5"),
        "HYDRA_SHIM_STARTED= $V/bin/python3 main.py +lr=0.5".to_owned(),
        "HYDRA_SHIM_STARTED=main.py $V/bin/python3 main.py +lr=0.5".to_owned(),
    ] {
        started(&python, &line).assert().code(125);
    }
}

#[test]
fn nothing_but_the_variable_is_added_to_the_environment() {
    let (python, _) = closed_site();
    let show = "import hydra, os\nprint(*sorted(os.environ.items()), sep='\\n')\nexit()\n";
    fs::write(python.path("app/main.py"), format!("{show}{STARTS_ITSELF}")).unwrap();
    let shown = |line: &str| run(&mut started(&python, line));
    let bare = shown("exec $V/bin/python3 -c \"$(head -n 2 main.py)\"");
    let closed = shown("exec $V/bin/python3 main.py --lr 0.5");
    let variable = format!("('HYDRA_SHIM_STARTED', '{}')\n", python.path("app/main.py").display());
    assert!(closed.contains(&variable), "{closed}");
    assert_eq!(closed.replace(&variable, ""), bare);
    fs::write(python.path("app/hydra-shim.yaml"), "dashes: keep\n").unwrap();
    assert_eq!(shown("exec $V/bin/python3 main.py --lr 0.5"), bare, "open rules");
    fs::remove_file(python.path("app/hydra-shim.yaml")).unwrap();
    assert_eq!(shown("exec $V/bin/python3 main.py --lr 0.5"), bare, "no rules");
}

/// The overrides of a line that the shim has written pass as they are, whatever the rules add.
#[test]
fn a_line_that_is_translated_already_passes_unchanged() {
    let rules = "flags:\n  d: {type: dict}\n  m: {type: dict, merge: true}\n  tags: {type: list}\n  \
        cuda: {type: bool}\n  note: {empty: drop}\n  out: {key: +paths.out, type: path}\n  \
        token: {type: string, secret: true}\ndashes: underscore\nenv: {MODEL_DIR: model_dir}\n\
        append: [hydra.run.dir=/tmp/hydra, ~old]\ndrop: [local_rank]\n";
    for rules in ["{}", rules] {
        let folder = Folder::new(&[("hydra-shim.yaml", rules)]);
        for line in [
            "--lr 0.1 --note 'a, b' --run-id 2024_11_23 --x '${y}' --q \"it's\"",
            r#"--d '{"a": [1, {"b": null}]}' --m '{"c": true}' --tags a --tags 'b,c' --cuda"#,
            "model=forest +a=1 ++b=2 ~c d@e=f --lr 1 --out /tmp/x --token secret --local_rank 1 --note ''",
            "a=1,2 --multirun",
            "--cfg job --resolve a=1",
            "-cn other -cd conf a=1",
        ] {
            let overrides = |arguments: &[String]| {
                let mut command = folder.shim(&["translate", "--format", "json"]);
                command.args(["python3", "main.py"]).args(arguments).env("MODEL_DIR", "/m");
                words(&translated(&mut command).unwrap(), "overrides")
            };
            let once = overrides(&split(line));
            assert_eq!(overrides(&once), once, "{line}");
        }
    }
}

/// As CPython's own tests copy one (`test_zippath_from_non_installed_posix`): the copy's file says whose it is.
#[test]
fn check_asks_an_application_under_closed_rules() {
    let (python, environment) = closed_site();
    let tool = format!("#!{}/bin/python3\n{STARTS_ITSELF}", environment.display());
    write_executable(&environment.join("bin/my-train"), &tool);
    for line in [
        "$S check $V/bin/python3 main.py --lr 0.5",
        "HYDRA_SHIM_RULES=hydra-shim.yaml $S check $V/bin/my-train --lr 0.5",
    ] {
        assert_eq!(run(&mut started(&python, line)), "lr: 0.5\n", "{line}");
    }
}
