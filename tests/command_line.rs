//! Which words are a subcommand's own options, and which the command line that it translates: that is
//! everything from the first word on that is no option, whatever it looks like.

mod support;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use assert_cmd::assert::OutputAssertExt;
use support::working_folder::Folder;
use support::{refused, stderr, stdout, succeeded};

/// The rules and component of each case.
fn folder() -> Folder {
    Folder::new(&[
        ("rules.yaml", "flags: {x: key}\n"),
        (
            "component.yaml",
            &support::working_folder::component(
                &["{name: lr, type: Float}"],
                &["--lr", "{inputValue: lr}"],
            ),
        ),
    ])
}

#[test]
fn options_end_where_the_command_line_begins() {
    let folder = folder();
    for (arguments, printed) in [
        // The first word may be a flag of the application's.
        ("--lr 0.1", "python3 main.py lr=0.1"),
        ("--lr=0.1 --format json", "python3 main.py lr=0.1 format=json"),
        ("--format shell --lr 1", "python3 main.py lr=1"),
        ("--format=shell --formats 1", "python3 main.py formats=1"),
        ("--lr 1 --rules rules.yaml", "python3 main.py lr=1 rules=rules.yaml"),
        ("--rules rules.yaml --x 1", "python3 main.py key=1"),
        ("--component component.yaml --lr 1", "python3 main.py lr=1.0"),
        (
            "--rules rules.yaml --component component.yaml --lr 1 --x 2",
            "python3 main.py lr=1.0 key=2",
        ),
        // Nothing of it is an abbreviation, or an option of another subcommand.
        ("--form json", "python3 main.py form=json"),
        ("--task t --set a:b", "python3 main.py task=t set=a:b"),
        ("--version", "python3 main.py --version"),
        ("-cn x", "python3 main.py -cn x"),
        ("lr=1 --help", "python3 main.py lr=1 --help"),
        // A command.
        ("python3 main.py --format x", "python3 main.py format=x"),
        ("python3 -- --format x", "python3 format=x"),
        ("my-train --help", "my-train --help"),
        ("my-train -- --format x", "my-train format=x"),
        ("--rules rules.yaml -- python3 main.py --format x", "python3 main.py format=x"),
        // The `--` that ends our options is the one that a command line may begin with.
        ("-- --format x", "python3 main.py format=x"),
        ("-- -- --format", "python3 main.py --format"),
        ("--format shell -- --format x", "python3 main.py format=x"),
        ("-- --help", "python3 main.py --help"),
        ("-- my-train --lr 1", "my-train lr=1"),
        ("--lr 1 -- --x", "python3 main.py lr=1 --x"),
        ("", "python3 main.py"),
        ("--", "python3 main.py"),
        // Any text.
        ("--größe 1", "error"),
        ("--lr ü --näme x", "error"),
        ("-é", "error"),
        ("--größe=1 --format x", "error"),
        ("--note é", "python3 main.py note=\\é\\"),
    ] {
        let mut command = folder.shim(&["translate"]);
        let call = command.args(arguments.split_whitespace()).assert();
        if printed == "error" {
            refused(call, 1);
            continue;
        }
        let line = stdout(&call.success()).replace('\'', "");
        assert_eq!(line.trim_end(), printed, "{arguments}");

        // `run` splits the same command line, but for our options.
        if !arguments.starts_with("--format ") && !arguments.contains(".yaml") {
            let mut run = folder.shim(&["run"]);
            let argv = run.args(arguments.split_whitespace()).env("HYDRA_SHIM_LOG", "text");
            let said = stderr(&argv.env("PATH", "").assert());
            assert!(said.contains("is not found"), "run {arguments}: {said}");
        }
    }
}

#[test]
fn an_option_is_wrong_or_asks_for_help() {
    let folder = folder();
    for (arguments, code, said) in [
        ("translate --format", 2, "a value is required for '--format <FORMAT>'"),
        ("translate --format xml --lr 1", 2, "invalid value 'xml' for '--format <FORMAT>'"),
        ("translate --format json --format json x", 2, "cannot be used multiple times"),
        ("translate --rules", 2, "a value is required"),
        ("translate --rules -- x", 2, "a value is required"),
        ("check --set", 2, "a value is required"),
        ("component", 2, "not provided"),
        ("component a b", 2, "unexpected argument 'b'"),
        ("rewrite f --nope", 2, "unexpected argument '--nope'"),
        ("rewrite f --in-place -o x", 2, "cannot be used with"),
        ("nope", 2, "unrecognized subcommand 'nope'"),
        ("python3 main.py --lr 1", 2, "a command follows `run`: hydra-shim run python3 …"),
        ("transalte --lr 1", 2, "similar subcommand exists: 'translate'"),
        ("--lr 1", 2, "unexpected argument '--lr'"),
        ("translate --format json --help", 0, "Usage: hydra-shim translate"),
        ("translate -h", 0, "Usage: hydra-shim translate"),
        ("help check", 0, "Usage: hydra-shim check"),
        ("--version", 0, "hydra-shim 0."),
    ] {
        let call = folder.shim(&[]).args(arguments.split_whitespace()).assert();
        let text = if code == 0 { succeeded(call) } else { refused(call, code) };
        assert!(text.contains(said), "{arguments}: {text}");
    }
}

#[test]
fn words_that_are_not_utf_8_are_not_options() {
    let folder = folder();
    let bytes = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    for (arguments, place) in [
        (vec![bytes(b"--lr"), bytes(b"\xff")], 2),
        (vec![bytes(b"-\xff")], 1),
        (vec![bytes(b"\xff")], 1),
        (vec![bytes(b"--"), bytes(b"python3"), bytes(b"m.py"), bytes(b"--x=\xff")], 3),
    ] {
        let arguments: Vec<OsString> = arguments;
        let message = refused(folder.shim(&["translate"]).args(&arguments).assert(), 1);
        let expected = format!("word {place} of the command line is not UTF-8");
        assert!(message.starts_with(&expected), "{arguments:?}: {message}");
    }
    for argument in [b"--format=\xff".as_slice(), b"--l\xff"] {
        refused(folder.shim(&["translate"]).arg(bytes(argument)).assert(), 2);
    }
    // A path may have any bytes.
    std::fs::copy(folder.path("rules.yaml"), folder.path("").join(bytes(b"\xff.yaml"))).unwrap();
    let mut command = folder.shim(&["translate", "--rules"]);
    command
        .arg(bytes(b"\xff.yaml"))
        .args(["--x", "1"])
        .assert()
        .stdout("python3 main.py 'key=1'\n");
}
