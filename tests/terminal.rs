//! The table of `component` is coloured on a terminal and nowhere else, and not where `NO_COLOR`
//! (<https://no-color.org>) asks for none. The terminal is one of the kernel's, made for the test.

mod support;

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::path::Path;
use std::process::{Command, Output};
use std::ptr::{null, null_mut};

use support::{both_streams, shim_command};

/// `component` with the quick start's component, and `NO_COLOR` as it is given.
fn component(no_color: Option<&str>, arguments: &[&str]) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    let mut command = shim_command();
    command.args(["component", "component.yaml"]).args(arguments).current_dir(folder);
    match no_color {
        Some(value) => command.env("NO_COLOR", value),
        None => command.env_remove("NO_COLOR"),
    };
    command
}

/// A new pseudo-terminal: our side of it, and the program's.
fn terminal() -> (File, OwnedFd) {
    let (mut ours, mut theirs) = (0, 0);
    // SAFETY: both are valid places for a descriptor; no name, settings or size are asked for.
    let made = unsafe { libc::openpty(&raw mut ours, &raw mut theirs, null_mut(), null(), null()) };
    assert_eq!(made, 0, "openpty: {}", io::Error::last_os_error());
    // SAFETY: the two were opened just now and belong to nobody else.
    unsafe { (File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) }
}

/// What is left to be read on our side of a terminal, with line ends as a file has them.
fn read(mut terminal: File) -> String {
    let mut read = Vec::new();
    // Linux answers EIO when the last program has closed its side.
    let error = terminal.read_to_end(&mut read).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EIO), "{error}");
    String::from_utf8(read).unwrap().replace("\r\n", "\n")
}

/// Runs `command` with a terminal as its stdout; what it wrote there.
fn on_terminal(mut command: Command) -> String {
    let (ours, theirs) = terminal();
    let mut child = command.stdout(theirs).spawn().unwrap();
    // Our copy of the program's side.
    drop(command);
    let shown = read(ours);
    assert!(child.wait().unwrap().success(), "{shown}");
    shown
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", both_streams(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Text without the sequences that change colours (`ESC [ … m`).
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

#[test]
fn the_table_is_coloured_on_a_terminal_alone() {
    let piped = stdout(&component(None, &[]).output().unwrap());
    assert!(!piped.contains('\u{1b}'), "{piped}");

    let shown = on_terminal(component(None, &[]));
    assert!(shown.starts_with("\u{1b}[1mTrain\u{1b}[0m  "), "{shown:?}");
    assert!(shown.contains("\n  \u{1b}[2mreceived "), "{shown:?}");
    assert!(shown.contains("\n\u{1b}[33mwarning:\u{1b}[0m "), "{shown:?}");
    assert_eq!(plain(&shown), piped, "colours are all that a terminal adds");

    // Only where stdout goes counts.
    let (ours, theirs) = terminal();
    let output = component(None, &[]).stderr(theirs).output().unwrap();
    assert_eq!(stdout(&output), piped);
    assert_eq!(read(ours), "");
}

#[test]
fn no_color_is_respected_unless_it_is_empty() {
    let piped = stdout(&component(None, &[]).output().unwrap());
    for value in ["1", "0", "false"] {
        assert_eq!(on_terminal(component(Some(value), &[])), piped, "NO_COLOR={value}");
    }
    let coloured = on_terminal(component(None, &[]));
    assert_eq!(on_terminal(component(Some(""), &[])), coloured, "an empty NO_COLOR asks nothing");
    assert_ne!(coloured, piped);
}

#[test]
fn what_programs_read_has_no_colours() {
    for format in ["json", "shell"] {
        let arguments = ["--format", format];
        let piped = stdout(&component(None, &arguments).output().unwrap());
        assert_eq!(on_terminal(component(None, &arguments)), piped, "{format}");
    }
}
