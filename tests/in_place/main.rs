//! `install --in-place`: the shim in the place of an interpreter. Python is real, and a copy whose place
//! may be taken; what it says of itself without the shim is what is right.

mod itself_again;
mod replacing;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use support::private_python::{PrivatePython, run};
use support::refused;
use support::shims_in_path::{Failures, outcome, write_executable};

/// All that tells a Python where it is, and what it was called as.
const FACTS: &str = "import json, os, site, sys, sysconfig\n\
    print(json.dumps([sys.executable, getattr(sys, '_base_executable', ''), sys.prefix, sys.base_prefix,\n\
    sys.exec_prefix, sys.path, sys.argv, sys.flags, sysconfig.get_paths(), site.getsitepackages(),\n\
    sorted(os.environ.items()), os.getcwd(), open('/proc/self/cmdline').read()], indent=1))\n";

/// Ways to start it: for a shell in a working directory with `facts.py` and links. `$R` is its prefix,
/// `$B` its programs, `$P` its file, `$V` an environment, `$C` one that has a copy.
const WAYS: &str = r#"
    $P facts.py a b=c --d
    $B/python facts.py
    cd $B; ./python3 $R/app/facts.py
    cd $R; bin/python3 app/facts.py
    cd $R; ./bin/../bin/python3 app/facts.py
    PATH=$B:$PATH python3 facts.py
    PATH=$B:$PATH python facts.py
    cd $B; PATH=.:$PATH python3 $R/app/facts.py
    ./absolute facts.py
    ./relative facts.py
    folder/python3 facts.py
    ./by-path
    PATH=$B:$PATH ./by-env
    env -i $P facts.py
    env -i PATH=$B python3 facts.py
    exec -a python3 $P facts.py
    exec -a nothing $P facts.py
    exec -a $V/bin/python3 $P facts.py
    exec -a '' $P facts.py
    exec -a hydra-shim $P facts.py
    exec -a -python3 $P facts.py
    bash -lc "$P facts.py"
    PYTHONHOME=$R $P facts.py
    $V/bin/python facts.py
    PATH=$V/bin:$PATH python3 facts.py
    ./in-environment
    $C/bin/python3 facts.py
    $P -c 'import subprocess, sys; subprocess.check_call([sys.executable, "facts.py"])'
    $P -c 'import os, sys; os.execv(sys.executable, ["python3", "facts.py"])'
    $P -ISB facts.py
    $P -m facts
    $P - <facts.py
    timeout 20 nice $B/python3 facts.py
"#;

#[test]
fn python_is_what_it_was_however_it_is_started() {
    let python = PrivatePython::new();
    let app = python.path("app");
    let environment = python.venv("environment", &[]);
    let copies = python.venv("copies", &["--copies"]);
    fs::write(app.join("facts.py"), FACTS).unwrap();
    symlink(&python.file, app.join("absolute")).unwrap();
    symlink("../bin/python", app.join("relative")).unwrap();
    symlink("../bin", app.join("folder")).unwrap();
    for (name, interpreter) in [
        ("by-path", python.file.clone()),
        ("by-env", "/usr/bin/env python3".into()),
        ("in-environment", environment.join("bin/python3")),
    ] {
        write_executable(&app.join(name), &format!("#!{}\n{FACTS}", interpreter.display()));
    }
    let seen = |way: &str| {
        let mut command = Command::new("bash");
        command.args(["-c", way]).current_dir(&app).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", &app).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("R", python.path("")).env("B", python.path("bin")).env("P", &python.file);
        command.env("V", &environment).env("C", &copies);
        outcome(&command.output().unwrap())
    };
    let ways: Vec<&str> = WAYS.lines().map(str::trim).filter(|way| !way.is_empty()).collect();
    let before: Vec<_> = ways.iter().map(|way| seen(way)).collect();
    for (way, (code, _, stderr)) in ways.iter().zip(&before) {
        assert_eq!((*code, stderr.as_str()), (Some(0), ""), "{way}, without the shim");
    }
    python.take_place();
    let mut failures = Failures::default();
    for (way, before) in ways.iter().zip(&before) {
        let after = seen(way);
        failures.compare(way, &format!("{after:?}"), &format!("{before:?}"));
    }
    failures.assert_none();
    python.put_back();
    assert_eq!(seen(ways[0]), before[0]);
}

/// An application that starts itself again as Lightning does for each further device: its interpreter, its
/// script or module, its arguments, and overrides of its own. Closed rules have not seen those.
const STARTS_ITSELF: &str = "\
import os, subprocess, sys
import __main__
import hydra


@hydra.main(version_base=None, config_path=None)
def main(cfg):
    print(dict(cfg), sys.argv[1:], flush=True)
    mark = os.environ.get('RANK')
    if mark is None:
        spec = __main__.__spec__
        script = [os.path.abspath(sys.argv[0])] if spec is None else ['-m', spec.name]
        own = ['hydra.run.dir=.', 'hydra.job.name=train_ddp_process_1', '+more=1']
        subprocess.check_call([sys.executable, *script, *sys.argv[1:], *own], env={**os.environ, 'RANK': '1'})


if __name__ == '__main__':
    main()
";

/// An application in `app` of a Python whose place is taken, with Hydra in its environment; closed rules.
fn closed_site() -> (PrivatePython, std::path::PathBuf) {
    let python = PrivatePython::new();
    let environment = python.hydra_venv();
    python.take_place();
    for (name, text) in [
        ("hydra-shim.yaml", "unknown: error\nflags: {lr: {key: +lr, type: float}}\n"),
        ("main.py", STARTS_ITSELF),
        ("package/train.py", STARTS_ITSELF),
        ("package/__init__.py", ""),
        ("other.py", STARTS_ITSELF),
    ] {
        fs::create_dir_all(python.path("app/package")).unwrap();
        fs::write(python.path("app").join(name), text).unwrap();
    }
    (python, environment)
}

/// A command line in its working directory, its Python by an absolute path.
fn started(python: &PrivatePython, line: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", line]).current_dir(python.path("app")).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("PYTHONDONTWRITEBYTECODE", "1");
    command
        .env("V", python.path("environment"))
        .env("S", support::shim())
        .env("A", python.path("app"));
    command
}

/// A Hydra application that starts Pythons in the ways of the standard library, and itself once more.
const STARTS_PYTHONS: &str = "\
import concurrent.futures, multiprocessing, os, sys
import hydra


def square(x):
    return x * x


@hydra.main(version_base=None, config_path=None)
def main(cfg):
    print(cfg.note, sys.executable, flush=True)
    for method in 'spawn', 'forkserver', 'fork':
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(square, range(3)), flush=True)
        process = multiprocessing.get_context(method).Process(target=print, args=(method,))
        process.start()
        process.join()
        print(process.exitcode, flush=True)
    spawn = multiprocessing.get_context('spawn')
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=spawn) as pool:
        print(*pool.map(square, range(3)), flush=True)
    if 'RANK' not in os.environ:
        os.environ['RANK'] = '1'
        os.execv(sys.executable, [sys.executable, *sys.argv])


if __name__ == '__main__':
    main()
";

#[test]
fn an_application_starts_pythons_as_it_did() {
    let python = PrivatePython::new();
    python.hydra_venv();
    fs::write(python.path("app/main.py"), STARTS_PYTHONS).unwrap();
    fs::write(python.path("app/hydra-shim.yaml"), "flags: {note: +note}\n").unwrap();
    let shown = |line: &str| support::shims_in_path::printed(&mut started(&python, line));
    let before = shown("exec $V/bin/python3 main.py \"+note='a, b'\"");
    assert!(before.starts_with("a, b ") && before.contains("\n0 1 4\na, b "), "{before}");
    python.take_place();
    assert_eq!(shown("exec $V/bin/python3 main.py --note 'a, b'"), before);
}

#[test]
fn a_copy_of_it_is_what_a_copy_of_the_interpreter_is() {
    let python = PrivatePython::new();
    fs::write(python.path("app/facts.py"), FACTS).unwrap();
    let seen = || {
        let line = "rm -rf copy; mkdir -p copy/bin; ln -s $(dirname $P)/../lib copy/lib; cp $P copy/bin/; \
            copy/bin/python3* facts.py; copy/bin/python3* -m venv --without-pip copy/e; \
            copy/e/bin/python3 facts.py; cat copy/e/pyvenv.cfg";
        run(started(&python, line).env("P", &python.file))
    };
    let before = seen();
    python.take_place();
    assert_eq!(seen(), before);
    // An environment's copy finds by `home` a Python that has moved since.
    let line = "$P -m venv --copies --without-pip e; mv ../bin ../moved; \
        sed -i 's|^home = .*|home = '${A%app}moved'|' e/pyvenv.cfg; e/bin/python3 -c 'print(1)'; mv ../moved ../bin";
    assert_eq!(run(started(&python, line).env("P", &python.file)), "1\n");
    fs::remove_file(python.kept()).unwrap();
    started(&python, "copy/bin/python3* facts.py").assert().code(127);
}

/// What an environment's Python says of itself, and how the shim reads an application's flags there.
const IN_ENVIRONMENT: &str = "\
    cd $A; for name in python python3; do\n\
    $E/bin/$name -c 'import sys; print(sys.executable, sys.prefix, sys.base_prefix)'\n\
    $E/bin/$name main.py --lr 0.1; done; $E/bin/python3 -m pip --version";

/// Environments that are made from a Python with the shim in its place: by links and by copies, by CPython
/// and by virtualenv; and pip replaces itself there.
#[test]
#[ignore = "minutes, and packages to install"]
fn environments_are_made_from_it() {
    let tools = support::venv_with("virtualenv", "virtualenv==20.31.2\n").unwrap();
    let python = PrivatePython::new();
    let app = "import sys\nprint(sys.argv[1:])\nsys.exit()\nimport hydra\n\
        @hydra.main(version_base=None)\ndef main(cfg): ...\nmain()\n";
    fs::write(python.path("app/main.py"), app).unwrap();
    python.take_place();
    let prefix = python.path("");
    let prefix = prefix.to_str().unwrap().trim_end_matches('/');
    let virtualenv = format!(
        "PYTHONPATH=$(echo {}/lib/python3.*/site-packages) $P -m virtualenv -q --no-download",
        tools.display()
    );
    for made in [
        "$P -m venv $E",
        "$P -m venv --copies $E",
        "$P -m venv --without-pip $E; $E/bin/python3 -m ensurepip --default-pip",
        // An environment's own environment.
        "$P -m venv --copies $E.first; $E.first/bin/python3 -m venv --copies $E",
        &format!("{virtualenv} $E"),
        &format!("{virtualenv} --always-copy $E"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let environment = folder.path().join("environment");
        let seen = |line: &str| {
            let mut command = started(&python, line);
            command.env("E", &environment).env("P", &python.file).env("HOME", folder.path());
            run(&mut command)
        };
        seen(made);
        let environment = environment.display();
        let name =
            |name: &str| format!("{environment}/bin/{name} {environment} {prefix}\n['lr=0.1']\n");
        let expected = name("python") + &name("python3") + "pip ";
        let shown = seen(IN_ENVIRONMENT);
        assert!(shown.starts_with(&expected), "{made}: {shown}");
    }
    // pip by another pip: the entry points that it writes start the environment's Python.
    let shown = run(started(
        &python,
        "set -e; $P -m venv --copies own; own/bin/pip -q install --force-reinstall pip==24.0; own/bin/pip --version",
    ).env("P", &python.file).env("HOME", python.path("app")).env("PIP_DISABLE_PIP_VERSION_CHECK", "1"));
    assert!(shown.starts_with("pip 24.0 from "), "{shown}");
}

/// pytest-xdist starts a Python for each worker, and hands it the test over a pipe.
#[test]
fn pytest_runs_its_workers() {
    let tools = support::venv_with("pytest", "pytest==8.3.5\npytest-xdist==3.6.1\n").unwrap();
    let python = PrivatePython::new();
    python.take_place();
    let test = "import sys\nimport pytest\n@pytest.mark.parametrize('n', range(6))\n\
        def test_it(n, worker_id): assert sys.executable.endswith('/bin/python3') and worker_id.startswith('gw')\n";
    fs::write(python.path("app/test_it.py"), test).unwrap();
    let line = format!(
        "PYTHONPATH=$(echo {}/lib/python3.*/site-packages) exec $B/python3 -m pytest -q -n 2 -p no:cacheprovider",
        tools.display()
    );
    let shown = run(started(&python, &line).env("B", python.path("bin")));
    assert!(shown.contains("6 passed"), "{shown}");
}

/// The ways that pass a shim in PATH by.
#[test]
fn what_no_folder_of_path_is_in_front_of_is_reached() {
    let uv = support::venv_with("uv", "uv==0.9.13\n").unwrap().join("bin/uv");
    let (python, _) = closed_site();
    let shown = "import sys\nprint(sys.argv[1:])\nsys.exit()\nimport hydra\n\
        @hydra.main(version_base=None)\ndef main(cfg): ...\nmain()\n";
    fs::write(python.path("app/main.py"), shown).unwrap();
    for line in [
        "$V/bin/python3 main.py --lr 0.5",
        "bash -lc '$V/bin/python main.py --lr 0.5'",
        ". $V/bin/activate; python main.py --lr 0.5",
        "$S install links python3 >/dev/null; PATH=$PWD/links:$PATH; . $V/bin/activate; python3 main.py --lr 0.5",
        "$V/bin/python3 -c \"import os, sys; os.execv(sys.executable, [sys.executable, 'main.py', '--lr', '0.5'])\"",
        "$V/bin/python3 -c \"import subprocess, sys; subprocess.check_call([sys.executable, '-u', 'main.py', '--lr=0.5'])\"",
        "$UV run --no-project --python $V/bin/python3 main.py --lr 0.5",
        ". $V/bin/activate; $UV run --no-project --active main.py --lr 0.5",
        "$UV venv -q --python $P own; VIRTUAL_ENV=$PWD/own $UV run --no-project --active python main.py --lr 0.5",
    ] {
        let mut command = started(&python, line);
        command.env("UV", &uv).env("P", &python.file).env("HOME", python.path("app"));
        command.env("UV_OFFLINE", "1").env("UV_NO_CACHE", "1");
        assert_eq!(run(&mut command), "['+lr=0.5']\n", "{line}");
    }
}

/// An application that an installed package holds is found where Python finds the package: argv[0] says in
/// which environment, by PATH if it is a name.
#[test]
fn packages_are_those_of_the_environment() {
    let (python, environment) = closed_site();
    let site = fs::read_dir(environment.join("lib")).unwrap().next().unwrap().unwrap();
    let app = "import hydra\n@hydra.main(version_base=None)\ndef main(cfg): ...\n";
    fs::write(site.path().join("site-packages/kit.py"), app).unwrap();
    let main = "import sys\nprint(sys.argv[1:])\nsys.exit()\nfrom kit import main\nmain()\n";
    fs::write(python.path("app/main.py"), main).unwrap();
    for line in [
        "exec $V/bin/python3 main.py --lr 0.5",
        "PATH=$V/bin:$PATH; exec python3 main.py --lr 0.5",
        "cd $V; exec -a bin/python bin/python3 $A/main.py --lr 0.5",
    ] {
        let mut command = started(&python, line);
        command.env("HYDRA_SHIM_RULES", python.path("app/hydra-shim.yaml"));
        assert_eq!(run(&mut command), "['+lr=0.5']\n", "{line}");
    }
}

/// A shim in an environment's own copy and one in the Python that it was made from.
#[test]
fn an_environment_and_its_base_are_both_taken() {
    let python = PrivatePython::new();
    let environment = python.venv("environment", &["--copies"]);
    let wrapper = python.path("wrapper");
    fs::create_dir(&wrapper).unwrap();
    let script = format!("#!/bin/sh\nexec {}/bin/python3 \"$@\"\n", environment.display());
    write_executable(&wrapper.join("python3"), &script);
    let app = "import sys\nprint(sys.argv[1:], sys.prefix)\nsys.exit()\nimport hydra\n\
        @hydra.main(version_base=None)\ndef main(cfg): ...\nmain()\n";
    fs::write(python.path("app/main.py"), app).unwrap();
    python.take_place();
    run(&mut python.install(&[environment.join("bin/python3"), environment.join("bin/python")]));
    for rules in ["unknown: error\nflags: {lr: float}\n", "append: [a=1]\n", ""] {
        let rules = rules.replace("lr: float", "lr: {type: float}");
        fs::write(python.path("app/hydra-shim.yaml"), &rules).unwrap();
        let appended = if rules.starts_with("append") { ", 'a=1'" } else { "" };
        for (line, prefix) in [
            ("$V/bin/python3 main.py --lr 1", &environment),
            ("$V/bin/python main.py --lr 1", &environment),
            ("$P main.py --lr 1", &python.path("")),
            // A script that starts the environment's, after a shim in PATH.
            (
                "$S install links python3 >/dev/null; PATH=$PWD/links:$W:$PATH python3 main.py --lr 1",
                &environment,
            ),
            ("PATH=$W:$PATH $S run python3 main.py --lr 1", &environment),
            ("$S run $V/bin/python3 main.py --lr 1", &environment),
        ] {
            let mut command = started(&python, line);
            let shown = run(command.env("P", &python.file).env("W", &wrapper));
            let lr = if rules.starts_with("unknown") { "lr=1.0" } else { "lr=1" };
            let prefix = prefix.to_str().unwrap().trim_end_matches('/');
            assert_eq!(shown, format!("['{lr}'{appended}] {prefix}\n"), "{rules}: {line}");
        }
    }
}

/// By `/proc/self/exe` alone the shim knows where it is; without it nothing is started, and nothing twice.
#[test]
fn without_proc_there_is_no_shim() {
    // SAFETY: it reads no memory of ours.
    if unsafe { libc::geteuid() } != 0 {
        return support::say("without_proc_there_is_no_shim: only root hides /proc");
    }
    let python = PrivatePython::new();
    python.take_place();
    for line in ["$P -V", "PATH=$A/links:/usr/bin python3 -V"] {
        let hidden = format!(
            "$S install links python3 >/dev/null; mount -t tmpfs none /proc; timeout 5 env {line}"
        );
        let line = format!("P={} unshare --mount sh -c '{hidden}'", python.file.display());
        let message = refused(started(&python, &format!("export P; {line}")).assert(), 127);
        assert!(message.starts_with("/proc/self/exe is not there"), "{message}");
    }
}
