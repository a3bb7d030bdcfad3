//! `hydra-shim install`: links to the shim, under the names of programs that are there.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use support::shims_in_path::write_executable;
use support::working_folder::Folder;
use support::{refused, shim, stdout, succeeded};

/// A folder with programs in `bin`, which is all of PATH.
fn image(programs: &[&str]) -> Folder {
    let image = Folder::new(&[]);
    fs::create_dir(image.path("bin")).unwrap();
    for name in programs {
        write_executable(&image.path("bin").join(name), "#!/bin/sh\necho \"$0 $*\"\n");
    }
    image
}

/// `install` in it. `''` is an empty argument.
fn install(image: &Folder, arguments: &str) -> Command {
    let mut command = image.shim(&["install"]);
    let words = arguments.split_whitespace();
    command.args(words.map(|word| if word == "''" { "" } else { word }));
    command.env("PATH", image.path("bin"));
    command
}

/// What is in a folder, in one line; empty if it is not there.
fn entries(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names.join(" ")
}

/// Copies the shim, by another process: a file that this one still writes, in a fork of another test's,
/// could not be executed.
fn copy_shim(to: &Path) {
    assert!(Command::new("cp").arg(shim()).arg(to).status().unwrap().success());
}

/// Whether a link leads to the shim, from wherever it lies.
fn leads_to_the_shim(link: &Path) -> bool {
    fs::canonicalize(link).unwrap() == fs::canonicalize(shim()).unwrap()
}

#[test]
fn a_link_for_each_python_that_is_there() {
    for (programs, linked) in [
        (&["python3"][..], "python3"),
        (&["python", "python3"], "python python3"),
        (&["python3.9", "python3", "python3.12"], "python3 python3.12 python3.9"),
        (&["python3.11"], "python3.11"),
        (&["python3", "python3-config", "python3.12-config", "python3.", "pip"], "python3"),
    ] {
        let image = image(programs);
        fs::write(image.path("bin/python3.1"), "not executable").unwrap();
        // The second time the links are there already.
        for _ in 0..2 {
            succeeded(install(&image, "deep/er").assert());
            assert_eq!(entries(&image.path("deep/er")), linked, "{programs:?}");
        }
        for name in linked.split(' ') {
            assert!(leads_to_the_shim(&image.path("deep/er").join(name)), "{name}");
        }
    }
}

#[test]
fn a_shim_is_not_taken_for_the_python_after_it() {
    let image = image(&["python3"]);
    // A folder of links that is in PATH already, and has one too many.
    install(&image, "links python python3").assert().success();
    let path = std::env::join_paths([image.path("links"), image.path("bin")]).unwrap();
    for folder in ["links", "other"] {
        let mut command = install(&image, folder);
        let printed = stdout(&command.env("PATH", &path).assert());
        assert!(printed.contains("/python3 -> "), "{folder}: {printed}");
        assert!(!printed.contains("/python -> "), "{folder}: {printed}");
    }
}

#[test]
fn a_name_is_linked_whether_it_is_there_or_not() {
    let image = image(&["my-train"]);
    let absolute = format!("{} my-train", image.path("absolute").display());
    let warning = |name: &str| {
        format!(
            "hydra-shim: warning: PATH has no program `{name}` yet: until it has, the link answers 127\n"
        )
    };
    for (arguments, folder, linked, warnings) in [
        (absolute.as_str(), "absolute", "my-train", String::new()),
        (
            "absolute torchrun my-train python3",
            "absolute",
            "my-train python3 torchrun",
            warning("torchrun") + &warning("python3"),
        ),
    ] {
        install(&image, arguments).assert().success().stderr(warnings);
        assert_eq!(entries(&image.path(folder)), linked, "{arguments}");
    }
    // As it was said.
    let path = std::env::join_paths([image.path("absolute"), image.path("bin")]).unwrap();
    let mut command = Command::new("torchrun");
    let message = refused(command.args(["--lr", "1"]).env("PATH", path).assert(), 127);
    assert!(message.starts_with("`torchrun` "), "{message}");
    assert!(!message.contains("HYDRA_SHIM_COMMAND"), "nobody called `run`: {message}");
}

#[test]
fn a_failure_leaves_nothing_behind() {
    let image = image(&["python", "python3"]);
    image.file("file", "");
    image.file("taken/python3", "another program");
    image.file("folder/python3/file", "");
    fs::create_dir(image.path("old")).unwrap();
    symlink("/elsewhere/hydra-shim", image.path("old/python")).unwrap();
    image.file("old/python3", "another program");
    for (arguments, code, folder, left) in [
        ("", 2, "", "bin file folder old taken"),
        ("--force x", 2, "x", ""),
        ("file", 1, "", "bin file folder old taken"),
        ("file/below", 1, "file/below", ""),
        ("taken", 1, "taken", "python3"),
        ("folder", 1, "folder", "python3"),
        ("old", 1, "old", "python python3"),
        ("bad bin/python3", 2, "bad", ""),
        ("bad ''", 2, "bad", ""),
        ("bad ..", 2, "bad", ""),
        ("bad hydra-shim", 2, "bad", ""),
        ("bad/er x hydra-shim", 2, "bad", ""),
    ] {
        refused(install(&image, arguments).assert(), code);
        assert_eq!(entries(&image.path(folder)), left, "{arguments}");
    }
    assert_eq!(fs::read_to_string(image.path("taken/python3")).unwrap(), "another program");
    let old = fs::read_link(image.path("old/python")).unwrap();
    assert_eq!(old, PathBuf::from("/elsewhere/hydra-shim"), "the link is as it was");

    // No Python at all.
    let bare = self::image(&["perl"]);
    let message = refused(install(&bare, "links").assert(), 1);
    assert!(message.starts_with("no python, python3 or python3.N is found in PATH"), "{message}");
    assert_eq!(entries(&bare.path("")), "bin");
}

#[test]
fn a_folder_that_cannot_be_written_is_left_alone() {
    // Root may write everywhere; nobody can in /proc.
    let image = image(&["python3"]);
    let message = refused(install(&image, "/proc/links").assert(), 1);
    assert!(message.starts_with("cannot write `/proc/links`: "), "{message}");
}

#[test]
fn the_shim_works_under_a_name_of_its_own() {
    let image = image(&["python3"]);
    let copy = image.path("hs");
    copy_shim(&copy);
    let call = |arguments: &[&str]| {
        let mut command = Command::new("./hs");
        command.args(arguments).current_dir(image.path(""));
        command.env("PATH", image.path("bin")).assert()
    };
    // Twice: its own links are known for such.
    for _ in 0..2 {
        call(&["install", "links"]).success();
        assert_eq!(fs::canonicalize(image.path("links/python3")).unwrap(), copy);
    }
    for (arguments, printed) in [
        (&["translate", "--lr", "1"][..], "python3 main.py 'lr=1'\n"),
        (&["run", "python3", "main.py", "--lr", "1"], "/bin/python3 main.py lr=1\n"),
        (&["--version"], concat!("hydra-shim ", env!("CARGO_PKG_VERSION"), "\n")),
    ] {
        let call = call(arguments);
        assert!(stdout(&call).ends_with(printed), "{call}");
    }
    // Under a name that leads to no program, what is no subcommand is not understood.
    let message = refused(call(&["--lr", "1"]), 127);
    assert!(message.contains("`hs`"), "{message}");
}

#[test]
fn an_application_may_have_a_subcommand_of_that_name() {
    let image = image(&["my-train"]);
    install(&image, "links my-train").output().unwrap();
    let copies = image.path("copies");
    fs::create_dir(&copies).unwrap();
    copy_shim(&copies.join("my-train"));
    for folder in ["links", "copies"] {
        let path = std::env::join_paths([image.path(folder), image.path("bin")]).unwrap();
        for arguments in [&["install", "links"][..], &["run"], &["--version"], &["check", "x"]] {
            let mut command = Command::new("my-train");
            command.args(arguments).current_dir(image.path("")).env("PATH", &path);
            let call = command.env("HYDRA_SHIM_NOT_APPS", "my-train").assert();
            let printed = stdout(&call);
            assert!(!printed.contains("hydra-shim ") && !printed.contains("next: "), "{call}");
        }
        // A link under a program's name is never called for its own sake, even where the program
        // is not there.
        let mut command = Command::new("my-train");
        let alone = image.path(folder);
        let output = command.args(["install", "made"]).current_dir(&alone).env("PATH", &alone);
        if folder == "links" {
            assert_eq!(output.output().unwrap().status.code(), Some(127));
        }
    }
}
