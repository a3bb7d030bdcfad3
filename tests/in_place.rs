//! `install --in-place`: the shim in the place of an interpreter. Python is real, and a copy whose place
//! may be taken; what it says of itself without the shim is what is right.

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use support::both_streams;
use support::private_python::{PrivatePython, copy, kept, run};
use support::shims_in_path::{Failures, outcome, write_executable};
use support::working_folder::{Folder, words as words_of};

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

/// What one path of a folder is: a link's target, or what of a file a place keeps.
fn described(path: &Path) -> String {
    let metadata = fs::symlink_metadata(path).unwrap();
    match fs::read_link(path) {
        Ok(target) => format!("-> {}", target.display()),
        Err(_) => format!("{:o} {}:{}", metadata.mode() & 0o7777, metadata.uid(), metadata.gid()),
    }
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut lines: Vec<_> =
        entries.map(|path| format!("{} {}", name(&path), described(&path))).collect();
    lines.sort();
    lines
}

#[test]
fn the_file_at_the_end_of_the_links_is_replaced_and_put_back() {
    let python = PrivatePython::new();
    // Another's, where root makes it so; and whoever starts it, it has the rights of its group: the
    // interpreter, and not the shim.
    let _ = std::os::unix::fs::chown(&python.file, Some(1234), Some(1235));
    fs::set_permissions(&python.file, fs::Permissions::from_mode(0o2755)).unwrap();
    let before = entries(&python.path("bin"));
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    let interpreter = inode(&python.file);
    let (name, kept_name) = (python.file.display(), python.kept());
    let kept_name = kept_name.display();
    let (bin, outside) = (python.path("bin"), python.path("app/my-python"));
    symlink(&python.file, &outside).unwrap();
    let links = format!("{0}/python, {0}/python3, ", bin.display());
    let environment = "each environment whose python is a link to it (for one environment alone: \
        python -m venv --copies, and its own python)";
    for (named, found_by, more) in [
        ("./python", "", String::new()),
        ("python3", bin.to_str().unwrap(), String::new()),
        (outside.to_str().unwrap(), "", format!("{}, ", outside.display())),
    ] {
        let path = format!("{found_by}:/usr/bin:/bin");
        let said = run(python.install(&[named]).env("PATH", &path));
        let expected = format!(
            "{name} is the shim now, and {kept_name} the interpreter\n\
             reached as well: {more}{links}{environment}\n"
        );
        assert_eq!(said, expected, "{named}");
        assert_eq!(inode(&python.kept()), interpreter, "{named}");
        assert_ne!(inode(&python.file), interpreter, "{named}");
        // As before, with the kept one; and what was set-gid is that now.
        let mut now = before.clone();
        let file = now.iter_mut().find(|line| line.contains(" 2755 ")).unwrap();
        let beside = file.replacen(' ', ".hydra-shim-kept ", 1);
        *file = file.replace(" 2755 ", " 755 ");
        now.push(beside);
        now.sort();
        assert_eq!(entries(&bin), now, "{named}");
        assert_eq!(run(Command::new(&python.file).args(["-c", "print(1)"])), "1\n");
        // Once more: the shim is renewed, and keeps what it keeps.
        run(python.install(&[named]).env("PATH", &path));
        assert_eq!(inode(&python.kept()), interpreter, "{named}");
        let said = run(python.install(&["--undo", named]).env("PATH", &path));
        assert_eq!(said, format!("{name} is the interpreter again\n"), "{named}");
        assert_eq!(entries(&bin), before, "{named}");
        assert_eq!(inode(&python.file), interpreter, "{named}");
    }
}

#[test]
fn what_cannot_be_replaced_is_refused_before_anything_is() {
    let python = PrivatePython::new();
    let folder = |name: &str| {
        fs::create_dir(python.path(name)).unwrap();
        python.path(name).join("python3")
    };
    let script = folder("script");
    write_executable(&script, "#!/bin/sh\nexec /usr/bin/python3 \"$@\"\n");
    let shim = folder("shim");
    copy(support::shim(), &shim);
    let link = folder("link");
    symlink(support::shim(), &link).unwrap();
    // A copy of one in a place, without what that keeps.
    let alone = folder("alone");
    python.take_place();
    copy(&python.file, &alone);
    python.put_back();
    let other = python.path("script/other");
    copy("/bin/true", &other);
    let upgraded = folder("upgraded");
    copy(&python.file, &upgraded);
    copy("/bin/true", &kept(&upgraded));
    let shown: Vec<_> =
        ["bin", "script", "shim", "link", "alone", "upgraded"].map(|f| python.path(f)).into();
    let before: Vec<_> = shown.iter().map(|folder| entries(folder)).collect();
    let good = python.file.to_str().unwrap();
    for (bad, undo, message) in [
        (&script, false, "is not a binary"),
        (&script, true, "is not a shim in an interpreter's place"),
        (&shim, false, "is a shim already, and keeps no interpreter"),
        (&shim, true, "is not a shim in an interpreter's place"),
        (&link, false, "is not a Python, by its name"),
        (&alone, false, "is a shim already, and keeps no interpreter"),
        (&alone, true, "back: No such file"),
        (&other, false, "is not a Python, by its name"),
        (&python.path("bin/nothing"), false, "cannot find `"),
        (&python.path("bin"), false, "is not a Python, by its name"),
        (&upgraded, false, "is there already, but `"),
        (&upgraded, true, "is not a shim in an interpreter's place"),
    ] {
        let mut command = python.install(&[bad]);
        if undo {
            command.arg("--undo");
        } else {
            command.arg(good);
        }
        let output = command.output().unwrap();
        let shown_output = both_streams(&output);
        assert_eq!(output.status.code(), Some(1), "{bad:?}: {shown_output}");
        assert!(output.stdout.is_empty(), "{bad:?}: {shown_output}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.starts_with("hydra-shim: error: "), "{bad:?}: {stderr}");
        assert!(stderr.lines().next().unwrap().contains(message), "{bad:?}: {stderr}");
        let after: Vec<_> = shown.iter().map(|folder| entries(folder)).collect();
        assert_eq!(after, before, "{bad:?}");
    }
    // A name that PATH does not have.
    let output = python.install(&["python3.99"]).output().unwrap();
    assert_eq!(output.status.code(), Some(127), "{}", both_streams(&output));
    // What is kept of before the upgrade is given up where that is said.
    run(python.install(&[&upgraded]).arg("--force"));
    assert_eq!(run(Command::new(&upgraded).args(["-c", "print(1)"])), "1\n");
    run(python.install(&[&upgraded]).arg("--undo"));
    assert_eq!(entries(&python.path("upgraded")).len(), 1);
}

#[test]
fn what_stopped_half_way_is_undone_or_gone_on_with() {
    let python = PrivatePython::new();
    let before = entries(&python.path("bin"));
    fs::hard_link(&python.file, python.kept()).unwrap();
    python.put_back();
    assert_eq!(entries(&python.path("bin")), before);
    fs::hard_link(&python.file, python.kept()).unwrap();
    python.take_place();
    assert_eq!(run(Command::new(&python.file).args(["-c", "print(1)"])), "1\n");
    python.put_back();
    assert_eq!(entries(&python.path("bin")), before);
}

/// A call of a user without rights; the user that runs the tests must be root to become it.
fn without_rights(command: &Command) -> Command {
    let mut other = Command::new("setpriv");
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    other.arg(command.get_program()).args(command.get_args());
    other
}

#[test]
fn what_the_system_forbids_changes_nothing() {
    let python = PrivatePython::new();
    // SAFETY: it reads no memory of ours.
    let is_root = unsafe { libc::geteuid() } == 0;
    let bin = python.path("bin");
    // Where it may not write; and where it may, but the interpreter is another's.
    for mode in [0o555, 0o777] {
        fs::set_permissions(&bin, fs::Permissions::from_mode(mode)).unwrap();
        let before = entries(&bin);
        let mut command = python.install(&[&python.file]);
        if is_root {
            let shim = python.path("shim");
            copy(support::shim(), &shim);
            let mut there = Command::new(shim);
            command = without_rights(there.args(command.get_args()));
        } else if mode == 0o777 {
            continue; // Only root has another's interpreter.
        }
        let output = command.output().unwrap();
        fs::set_permissions(&bin, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(output.status.code(), Some(1), "{mode:o}: {}", both_streams(&output));
        let start = format!("hydra-shim: error: cannot replace `{}`: ", python.file.display());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with(&start), "{mode:o}: {stderr}");
        assert_eq!(entries(&bin), before, "{mode:o}");
    }
}

/// Starts the shim that a place had before `change`, as one does that was on its way when that happened.
fn on_its_way(python: &PrivatePython, change: &str) -> String {
    let start = "import os, subprocess, sys\n\
        shim = os.open(sys.argv[1], os.O_RDONLY)\n\
        subprocess.check_call(sys.argv[2], shell=True)\n\
        os.execve(shim, [sys.argv[1], '-c', 'print(1)'], {})\n";
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-c", start]).arg(&python.file).arg(change).env("P", &python.file);
    let output = command.env("S", support::shim()).output().unwrap();
    match output.status.code() {
        Some(0) => String::from_utf8(output.stdout).unwrap(),
        _ => both_streams(&output),
    }
}

#[test]
fn who_is_on_its_way_finds_what_took_its_place() {
    for (change, expected) in [
        ("true", "1\n"),
        ("$S install --in-place --undo $P >&2", "1\n"),
        // Put back and taken again.
        ("$S install --in-place --undo $P >&2; $S install --in-place $P >&2", "1\n"),
        // Upgraded, by a rename as package managers do it.
        ("cp $P.hydra-shim-kept $P.new; mv $P.new $P; rm $P.hydra-shim-kept", "1\n"),
        (
            "printf '#!/bin/sh\\necho upgraded \"$@\"\\n' >$P.new; chmod +x $P.new; mv $P.new $P",
            "upgraded -c print(1)\n",
        ),
    ] {
        let python = PrivatePython::new();
        python.take_place();
        assert_eq!(on_its_way(&python, change), expected, "{change}");
    }
    // Without any of them: not another Python of PATH.
    let python = PrivatePython::new();
    python.take_place();
    fs::remove_file(python.kept()).unwrap();
    let mut gone = Command::new(&python.file);
    let output = gone.arg("-V").env("PATH", "/usr/bin:/bin").output().unwrap();
    assert_eq!(output.status.code(), Some(127), "{}", both_streams(&output));
    let (kept, file) = (python.kept(), &python.file);
    let expected = format!(
        "hydra-shim: error: `{}` is not found: the shim `{}` is in its place\n  help: ",
        kept.display(),
        file.display()
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with(&expected), "{stderr}");
    let shown = on_its_way(&python, "rm $P");
    assert!(shown.contains("127") && shown.contains(&*file.to_string_lossy()), "{shown}");
}

#[test]
fn at_no_moment_is_there_no_interpreter() {
    let python = PrivatePython::new();
    let done = std::sync::atomic::AtomicBool::new(false);
    let started = std::thread::scope(|scope| {
        let starts = scope.spawn(|| {
            let mut started = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let mut command = Command::new(&python.file);
                assert_eq!(run(command.args(["-ISc", "print(1)"])), "1\n");
                started += 1;
            }
            started
        });
        for _ in 0..20 {
            python.take_place();
            python.put_back();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        starts.join().unwrap()
    });
    assert!(started > 10, "{started} starts");
    assert_eq!(entries(&python.path("bin")).len(), 3);
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

fn assert_refused(command: &mut Command, message: &str) {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(125), "{command:?}: {}", both_streams(&output));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with(&format!("hydra-shim: error: {message}")), "{stderr}");
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
        let output = started(&python, &line).output().unwrap();
        assert_eq!(output.status.code(), Some(125), "{line}: {}", both_streams(&output));
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
            let translated = |words: &[String]| {
                let words = words.iter().map(String::as_str);
                let tokens: Vec<&str> = ["python3", "main.py"].into_iter().chain(words).collect();
                let mut command = folder.shim(&["translate", "--format", "json"]);
                let printed = command.args(tokens).env("MODEL_DIR", "/m").output().unwrap();
                let printed: serde_json::Value = serde_json::from_slice(&printed.stdout)
                    .unwrap_or_else(|_| panic!("{}", both_streams(&printed)));
                words_of(&printed, "overrides")
            };
            let once = translated(&shell_words::split(line).unwrap());
            assert_eq!(translated(&once), once, "{line}");
        }
    }
}

/// As CPython's own tests copy one (`test_zippath_from_non_installed_posix`): the copy's file says whose it is.
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
    let output = started(&python, "copy/bin/python3* facts.py").output().unwrap();
    assert_eq!(output.status.code(), Some(127), "{}", both_streams(&output));
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
        let output = started(&python, &format!("export P; {line}")).output().unwrap();
        assert_eq!(output.status.code(), Some(127), "{line}: {}", both_streams(&output));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("hydra-shim: error: /proc/self/exe is not there"), "{stderr}");
    }
}
