//! Where rules and components are looked for, and what is said where they cannot be read.

mod support;

use std::io::Write as _;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use support::shims_in_path::{APP, Failures, SHOW, Site};
use support::working_folder::{Folder, component, in_one_line, translated};
use support::{refused, shim};

/// A rules file that can be told from others.
fn found(name: &str) -> String {
    format!("append: [found={name}]\n")
}

#[test]
fn the_nearest_rules_file_is_read() {
    let folder = Folder::new(&[
        ("hydra-shim.yaml", &found("top")),
        ("a/hydra-shim.yaml", &found("a")),
        ("a/b/main.py", ""),
        ("c/main.py", ""),
        ("elsewhere/hydra-shim.yaml", &found("elsewhere")),
    ]);
    let absolute = folder.path("a/b/main.py");
    let mut failures = Failures::default();
    for (cwd, command, expected) in [
        (".", "python3 main.py", "found=top"),
        (".", "python3 c/main.py", "found=top"),
        (".", "python3 ./a/main.py", "found=a"),
        (".", "python3 a/b/main.py", "found=a"),
        ("elsewhere", "python3 ../a/b/main.py", "found=a"),
        ("elsewhere", "python3 ../c/main.py", "found=top"),
        ("elsewhere", absolute.to_str().unwrap(), "found=elsewhere"),
        ("elsewhere", &format!("python3 -u -W ignore {}", absolute.to_str().unwrap()), "found=a"),
        ("elsewhere", "torchrun --nproc_per_node 2 ../a/b/main.py", "found=a"),
        // Where there is no script file: the working directory's, and none above it.
        ("elsewhere", "python3 -m package.main", "found=elsewhere"),
        ("elsewhere", "my-train", "found=elsewhere"),
        ("c", "python3 -m package.main", ""),
        ("c", "my-train", ""),
    ] {
        let mut call = folder.shim(&["translate", "--format", "json"]);
        call.args(command.split(' ')).current_dir(folder.path(cwd));
        failures.compare(
            &format!("{cwd}: {command}"),
            &in_one_line(translated(&mut call)),
            expected,
        );
    }
    failures.assert_none();
}

#[test]
fn a_rules_file_can_be_named() {
    let folder = Folder::new(&[
        ("hydra-shim.yaml", &found("beside")),
        ("conf/by-variable.yaml", &found("variable")),
        ("conf/by-option.yaml", &found("option")),
    ]);
    for (variable, options, expected) in [
        (None, &[][..], "found=beside"),
        (Some(""), &[], "found=beside"),
        (Some("conf/by-variable.yaml"), &[], "found=variable"),
        (None, &["--rules", "conf/by-option.yaml"], "found=option"),
        (None, &["--rules=conf/by-option.yaml"], "found=option"),
        (Some("conf/by-variable.yaml"), &["--rules", "conf/by-option.yaml"], "found=option"),
    ] {
        let mut call = folder.shim(&["translate", "--format", "json"]);
        call.args(options).args(["python3", "main.py"]);
        if let Some(value) = variable {
            call.env("HYDRA_SHIM_RULES", value);
        }
        assert_eq!(in_one_line(translated(&mut call)), expected, "{variable:?} {options:?}");
    }
}

#[test]
fn rules_from_a_pipe_hold_for_the_default_command() {
    let folder = Folder::new(&[]);
    folder.file("closed.yaml", "unknown: error\nflags: {f: {type: string}}\n");
    for (arguments, expected) in
        [(["--f", "1.10"], "f='1.10'"), (["--evil", "1"], "error: `--evil` is not declared")]
    {
        let mut call = folder.shim(&["translate", "--format", "json", "--rules", "/dev/stdin"]);
        let rules = std::fs::read(folder.path("closed.yaml")).unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(&rules).unwrap();
        drop(writer);
        let got = in_one_line(translated(call.args(arguments).stdin(reader)));
        assert!(got.starts_with(expected), "{arguments:?}: {got}");
    }
}

#[test]
fn a_named_rules_file_that_cannot_be_read_is_an_error_at_each_door() {
    let site = Site::new(&[]);
    site.files(&[("main.py", &format!("{SHOW}{APP}")), ("folder/x", "")]);
    site.file("latin-1", b"append: [a=\xe9]\n");
    site.file("no-yaml", b"append: [a=1\n");
    for (file, reason) in [
        ("absent.yaml", "cannot read `absent.yaml`: No such file"),
        ("folder", "cannot read `folder`: Is a directory"),
        ("latin-1", "cannot read `latin-1`: it is not UTF-8"),
        (
            "no-yaml",
            "no-yaml:2:1: did not find expected ',' or ']' while parsing a flow sequence (from 1:9 on)",
        ),
    ] {
        let doors = [
            (vec!["hydra-shim", "run", "python3", "main.py", "--lr", "1"], 125),
            (vec!["python3", "main.py", "--lr", "1"], 125),
            (vec!["hydra-shim", "translate", "python3", "main.py", "--lr", "1"], 1),
        ];
        for (argv, code) in doors {
            let mut command = site.command(&argv);
            if argv[0] == "hydra-shim" {
                command = Command::new(shim());
                command.args(&argv[1..]).current_dir(site.path("app"));
            }
            let message = refused(command.env("HYDRA_SHIM_RULES", file).assert(), code);
            assert!(message.contains(reason), "{file}: {argv:?}: {message}");
            let said = message.contains("HYDRA_SHIM_RULES names it");
            assert_eq!(
                said,
                ["absent.yaml", "folder"].contains(&file),
                "{file}: {argv:?}: {message}"
            );
        }
    }
}

#[test]
fn the_component_is_found_from_the_rules_the_variable_and_the_option() {
    let with = |name: &str| {
        component(&["{name: x, type: String}"], &[&format!("--{name}"), "{inputValue: x}"])
    };
    let folder = Folder::new(&[
        ("app/main.py", ""),
        ("app/hydra-shim.yaml", "component: kfp/rules.yaml\n"),
        ("app/kfp/rules.yaml", &with("rules")),
        ("variable.yaml", &with("variable")),
        ("option.yaml", &with("option")),
    ]);
    let absolute = format!("component: {}\n", folder.path("variable.yaml").to_str().unwrap());
    folder.file("absolute.yaml", &absolute);
    for (variable, options, name) in [
        (None, &[][..], "rules"),
        (Some(""), &[], "rules"),
        (Some("variable.yaml"), &[], "variable"),
        (Some("variable.yaml"), &["--component", "option.yaml"], "option"),
        (None, &["--component", "option.yaml"], "option"),
        (None, &["--rules", "absolute.yaml"], "variable"),
    ] {
        let mut call = folder.shim(&["translate", "--format", "json"]);
        // Only the flag that the component declares takes a value like this.
        let flag = format!("--{name}");
        call.args(options).args(["python3", "app/main.py", &flag, "-x"]);
        if let Some(value) = variable {
            call.env("HYDRA_SHIM_COMPONENT", value);
        }
        let expected = format!("{name}='-x'");
        assert_eq!(in_one_line(translated(&mut call)), expected, "{variable:?} {options:?}");
    }
    let mut call = folder.shim(&["translate", "--format", "json", "python3", "app/main.py"]);
    let message = translated(call.env("HYDRA_SHIM_COMPONENT", "absent.yaml")).unwrap_err();
    assert!(message.contains("cannot read `absent.yaml`"), "{message}");
    assert!(message.contains("HYDRA_SHIM_COMPONENT names it"), "{message}");
}
