//! Exit codes: the application's own, always; 125, 126 and 127 where none was started.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::assert::{Assert, OutputAssertExt};
use support::launched::{BEHIND, Stage, check, prepare};
use support::shims_in_path::write_executable;
use support::{refused, shim, stderr};

/// Asserts that nothing was started, and that a short message names these parts.
fn assert_refused(call: Assert, code: i32, named: &[&str]) {
    let message = refused(call, code);
    assert!(message.len() < 2000, "values are not repeated: {message}");
    for part in named {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn every_exit_code_is_the_applications() {
    let stage = Stage::new();
    stage.script("app", "#!/bin/sh\nexit \"${1#code=}\"\n");
    for code in 0..=255 {
        stage.same("app", "code", &code.to_string()).code(code).stdout("").stderr("");
    }
}

#[test]
fn every_death_by_a_signal_is_the_applications() {
    let stage = Stage::new();
    // Under nohup, or in the background of a shell, a test inherits ignored signals.
    stage.script(
        "app",
        "#!/usr/bin/env -S --default-signal sh\nulimit -c 0\nkill -\"${1#signal=}\" $$\nexit 99\n",
    );
    let fatal = "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM XCPU SYS";
    for signal in fatal.split(' ') {
        stage.same("app", "signal", signal).interrupted();
    }
}

#[test]
fn a_command_that_cannot_start_exits_as_under_env() {
    let stage = Stage::new();
    let bin = stage.path("bin");
    fs::create_dir(bin.join("folder")).unwrap();
    fs::write(bin.join("plain"), "#!/bin/sh\n").unwrap();
    symlink("/nowhere/at/all", bin.join("dangling")).unwrap();
    symlink("circle", bin.join("circle")).unwrap();
    write_executable(&bin.join("no-format"), "echo never\n");
    write_executable(&bin.join("empty"), "");
    write_executable(&bin.join("no-interpreter"), "#!/nowhere/sh\n");
    let env = |program: &Path| {
        let mut command = Command::new("/usr/bin/env");
        command.arg(program).arg("x=1");
        stage.place(&mut command);
        command.output().unwrap().status.code().unwrap()
    };
    let long = "x".repeat(300);
    let names = "folder plain dangling circle missing missing/below plain/below \
        no-format empty no-interpreter";
    for name in names.split_whitespace().chain([long.as_str()]) {
        for folder in [&bin, Path::new("../bin")] {
            let program = folder.join(name);
            let code = match name {
                // `env` hands a file without `#!` to a shell, while nothing here goes through one;
                // and it takes a missing interpreter for the script, which is there.
                "no-format" | "empty" | "no-interpreter" => 126,
                // As shells have it: it is not found. `env` says 126.
                "plain/below" => 127,
                _ => env(&program),
            };
            let program = program.to_str().unwrap();
            let call = stage.behind("run", program, &["--x", "1"]).assert();
            let shown = if name == long { "xxx" } else { program };
            assert_refused(call, code, &[shown]);
        }
    }
}

#[test]
fn a_name_is_looked_up_as_env_does() {
    let stage = Stage::new();
    for folder in ["first", "second", "third"] {
        fs::create_dir(stage.path(folder)).unwrap();
    }
    // Passed over: a folder, a file that is not executable, a dangling link.
    fs::create_dir(stage.path("first/app")).unwrap();
    fs::write(stage.path("second/app"), "#!/bin/sh\necho second\n").unwrap();
    fs::write(stage.path("second/plain"), "#!/bin/sh\n").unwrap();
    write_executable(&stage.path("third/app"), "#!/bin/sh\necho \"third $*\"\n");
    symlink("/nowhere", stage.path("first/gone")).unwrap();
    // The name, the folders in PATH.
    for (name, folders) in [
        ("app", "first second third"),
        ("app", "third second first"),
        ("app", "none third none"),
        ("app", "second/app third"),
        ("app", "first"),
        ("app", "second"),
        ("", "first"),
        ("plain", "first second third"),
        ("gone", "first second third"),
        ("absent", "first second third"),
        ("app", ""),
        // No PATH at all.
        ("true", "-"),
        ("app", "-"),
    ] {
        let start = |program: &Path, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments);
            stage.place(&mut command);
            command.current_dir(stage.path("second")).env_remove("PATH");
            if folders != "-" {
                let folders = folders.split(' ').map(|folder| match folder {
                    "" => PathBuf::new(),
                    folder => stage.path(folder),
                });
                command.env("PATH", std::env::join_paths(folders).unwrap());
            }
            command.output().unwrap()
        };
        let env = start(Path::new("/usr/bin/env"), &[name, "x=1"]);
        let run = start(&shim(), &["run", name, "--x", "1"]);
        let case = format!("{name} in {folders:?}: {run:?}");
        assert_eq!(run.status, env.status, "{case}");
        assert_eq!(run.stdout, env.stdout, "{case}");
        assert_eq!(run.stderr.is_empty(), env.stderr.is_empty(), "{case}");
    }
}

#[test]
fn a_shim_error_starts_nothing_and_exits_with_125() {
    let stage = Stage::new();
    stage.script("app", "#!/bin/sh\necho started\n");
    for flags in ["--a -b", "--x 1 bare", "--x ???", "--1x 1", "-x 1"] {
        let words: Vec<&str> = flags.split(' ').collect();
        for door in BEHIND {
            assert_refused(stage.behind(door, "app", &words).assert(), 125, &[words[0]]);
        }
    }
}

#[test]
fn arguments_that_the_kernel_cannot_take_are_a_clear_error() {
    let stage = Stage::new();
    stage.script("app", "#!/bin/sh\necho started\n");
    // Each quote is written as two characters, so what just went in does not come out.
    let [grown, large, within] = [100_000, 60_000, 65_000].map(|length| "'".repeat(length));
    let flags = (0..30).map(|i| format!("--flag{i}={large}"));
    let many: Vec<String> = flags.collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    // With a stack of 8 MiB Linux takes 2 MiB of arguments, of 128 KiB each at most.
    let start = |door: &str, flags: &[&str]| {
        let mut command = stage.behind(door, "app", flags);
        prepare(&mut command, || {
            let (rlim_cur, rlim_max) = (8 << 20, 8 << 20);
            let stack = libc::rlimit { rlim_cur, rlim_max };
            // SAFETY: setrlimit reads the struct during the call.
            check(unsafe { libc::setrlimit(libc::RLIMIT_STACK, &raw const stack) })
        });
        command.assert()
    };
    for door in BEHIND {
        assert_refused(start(door, &["--value", &grown]), 126, &["200009", "131072"]);
        assert_refused(start(door, &many), 126, &["31 arguments", "2097152"]);
        // Just within the limits it runs.
        start(door, &["--value", &within]).stdout("started\n");
    }
}

#[test]
fn nothing_is_logged_unless_it_is_asked_for() {
    let stage = Stage::new();
    stage.script("app", "#!/bin/sh\necho \"$@\"\n");
    for door in BEHIND {
        let log = |form: &str, value: &str| {
            let mut command = stage.behind(door, "app", &["--note", value]);
            command.env("HYDRA_SHIM_LOG", form).assert()
        };
        log("", "a b").success().stdout("note='a b'\n").stderr("");

        // For a person: the command as a shell would take it.
        let line = stderr(&log("text", "it's a").stdout("note='it\\'s a'\n"));
        assert_eq!(line.matches('\n').count(), 1, "{door}: {line}");
        assert!(line.starts_with("hydra-shim: translated"), "{door}: {line}");
        let command = line.trim_end().rsplit_once(": ").unwrap().1;
        let words = shell_words::split(command).unwrap();
        assert_eq!(words, ["app", "note='it\\'s a'"], "{door}: {line}");

        // For Cloud Logging: whatever the value is, a line of JSON.
        for value in ["a \"b\" \\", "two\nlines", "\u{e9}\u{1}", "${x}"] {
            let severity = if value == "${x}" { "WARNING" } else { "INFO" };
            assert_cloud_entry(&stderr(&log("json", value).success()), severity);
        }
        // After the error as a person reads it.
        let said = stderr(&log("json", "--other").code(125));
        let plain = stderr(&log("", "--other"));
        assert_cloud_entry(said.strip_prefix(&plain).unwrap_or(&said), "ERROR");
    }
}

fn assert_cloud_entry(line: &str, severity: &str) {
    assert_eq!(line.matches('\n').count(), 1, "one line: {line}");
    let entry: serde_json::Value =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert_eq!(entry["severity"], severity, "{line}");
    assert!(entry["message"].as_str().is_some_and(|m| !m.is_empty()), "{line}");
}
