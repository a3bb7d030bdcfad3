//! `install --in-place` and its undo: what is replaced, what is refused, and who is on its way meanwhile.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;

use super::support::private_python::{PrivatePython, copy, kept, run};
use super::support::shims_in_path::write_executable;
use super::support::{self, both_streams, refused};

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
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
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
    let pipe = folder("pipe");
    run(Command::new("mkfifo").arg(&pipe));
    // What a shim keeps, as `python3*` names it as well.
    let kept_there = folder("kept");
    copy("/bin/true", &kept_there);
    let kept_there = kept(&kept_there);
    copy("/bin/true", &kept_there);
    let upgraded = folder("upgraded");
    copy(&python.file, &upgraded);
    copy("/bin/true", &kept(&upgraded));
    let shown: Vec<_> = ["bin", "script", "shim", "link", "alone", "kept", "upgraded"]
        .map(|f| python.path(f))
        .into();
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
        (&pipe, false, "is not a binary"),
        (&kept_there, false, "is what a shim keeps"),
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
        let said = refused(command.assert(), 1);
        assert!(said.split("; help: ").next().unwrap().contains(message), "{bad:?}: {said}");
        let after: Vec<_> = shown.iter().map(|folder| entries(folder)).collect();
        assert_eq!(after, before, "{bad:?}");
    }
    // A name that PATH does not have.
    python.install(&["python3.99"]).assert().code(127);
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
        let call = command.assert();
        fs::set_permissions(&bin, fs::Permissions::from_mode(0o755)).unwrap();
        let message = refused(call, 1);
        let start = format!("cannot replace `{}`: ", python.file.display());
        assert!(message.starts_with(&start), "{mode:o}: {message}");
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
    let message = refused(gone.arg("-V").env("PATH", "/usr/bin:/bin").assert(), 127);
    let (kept, file) = (python.kept(), &python.file);
    let expected = format!(
        "`{}` is not found: the shim `{}` is in its place; help: ",
        kept.display(),
        file.display()
    );
    assert!(message.starts_with(&expected), "{message}");
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
