//! What a terminal gets. The table of `component` is coloured there and nowhere else, and not where
//! `NO_COLOR` (<https://no-color.org>) asks for none; and whatever a file, a value or Hydra says, nothing
//! of it moves the cursor. The terminal is one of the kernel's, made for the test.

mod support;

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::path::Path;
use std::process::Command;
use std::ptr::{null, null_mut};

use assert_cmd::assert::OutputAssertExt;
use support::working_folder::Folder;
use support::{HYDRA, shim, shim_command, stdout, venv};

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

/// As [`on_terminal`], with both streams there, and however it ends.
fn all_on_terminal(mut command: Command) -> String {
    let (ours, theirs) = terminal();
    command.stderr(theirs.try_clone().unwrap()).stdout(theirs);
    let mut child = command.spawn().unwrap();
    drop(command);
    let shown = read(ours);
    child.wait().unwrap();
    shown
}

/// Text without the sequences that change colours (`ESC [ … m`).
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

#[test]
fn the_table_is_coloured_on_a_terminal_alone() {
    let piped = stdout(&component(None, &[]).assert().success());
    assert!(!piped.contains('\u{1b}'), "{piped}");

    let shown = on_terminal(component(None, &[]));
    assert!(shown.starts_with("\u{1b}[1mTrain\u{1b}[0m  "), "{shown:?}");
    assert!(shown.contains("\n  \u{1b}[2mreceived "), "{shown:?}");
    assert!(shown.contains("\n\u{1b}[33mwarning:\u{1b}[0m "), "{shown:?}");
    assert_eq!(plain(&shown), piped, "colours are all that a terminal adds");

    // Only where stdout goes counts.
    let (ours, theirs) = terminal();
    component(None, &[]).stderr(theirs).assert().success().stdout(piped);
    assert_eq!(read(ours), "");
}

#[test]
fn no_color_is_respected_unless_it_is_empty() {
    let piped = stdout(&component(None, &[]).assert().success());
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
        let piped = stdout(&component(None, &arguments).assert().success());
        assert_eq!(on_terminal(component(None, &arguments)), piped, "{format}");
    }
}

/// Each kind of character that moves the cursor, ends a line, or turns text around.
const HOSTILE: &str = "A\u{1b}[31mB\u{7}\u{7f}\u{9b}2JC\u{202e}D\u{2028}\r\u{8}E";

/// The colours of the table.
const OURS: [&str; 4] = ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[33m", "\u{1b}[0m"];

/// Files that are full of them, for an application of Hydra's.
fn hostile() -> Folder {
    // What YAML and JSON alike read as it.
    let text: String = HOSTILE.chars().map(escaped).collect();
    let args = format!(
        "[--lr, {{inputValue: lr}}, --note, {{inputValue: note}}, \"--{text}\", x, --one, \"{text}\", \
         --meta, {{inputValue: meta}}]"
    );
    let component = |args: &str| {
        format!(
            "name: \"n{text}\"\ninputs:\n- {{name: lr, type: Float, default: \"0.1\"}}\n- {{name: note, \
             type: String, default: \"{text}\"}}\n- {{name: meta, type: JsonObject, default: \
             '{{\"a\": \"{text}\"}}'}}\nimplementation:\n  container:\n    image: \"i{text}\"\n    \
             command: [python3, main.py]\n    args: {args}\n"
        )
    };
    let executor = |image: &str, command: &str| {
        format!("{{\"container\": {{\"image\": \"{image}\", \"command\": [{command}]}}}}")
    };
    let pipeline = format!(
        "{{\"root\": {{\"dag\": {{\"tasks\": {{\"t{text}\": {{\"componentRef\": {{\"name\": \"c\"}}}}, \
         \"u{text}\": {{\"componentRef\": {{\"name\": \"d\"}}}}, \"v{text}\": {{\"componentRef\": \
         {{\"name\": \"e\"}}}}}}}}}}, \"components\": {{\"c\": {{\"executorLabel\": \"c\"}}, \"d\": \
         {{\"executorLabel\": \"d\"}}, \"e\": {{\"executorLabel\": \"e\"}}}}, \"deploymentSpec\": \
         {{\"executors\": {{\"c\": {}, \"d\": {}, \"e\": {{\"importer\": {{}}}}}}}}}}",
        executor(&text, &format!("\"python3\", \"main.py\", \"--lr\", \"{text}\"")),
        executor(&text, &format!("\"sh\", \"-c\", \"python3 -m kfp.dsl.executor_main {text}\"")),
    );
    let hydra = "import hydra\n\n\n@hydra.main(version_base=None, config_path='.', config_name='c')\n\
                 def main(cfg): ...\n\n\nmain()\n";
    Folder::new(&[
        ("component.yaml", component(&args).as_str()),
        ("fine.yaml", &component("[--lr, {inputValue: lr}, --note, {inputValue: note}]")),
        ("pipeline.json", &pipeline),
        (
            "broken.yaml",
            &format!("name: \"{text}\"\nimplementation: {{container: {{\"{text}\": 1}}}}\n"),
        ),
        ("rules.yaml", &format!("flags: {{\"{text}\": {{tpye: int}}}}\n")),
        ("main.py", hydra),
        ("c.yaml", &format!("lr: 1\nnote: ???\n\"key {text}\": \"???\"\n")),
    ])
}

/// A character as both YAML and JSON take it between double quotes.
fn escaped(c: char) -> String {
    if c.is_ascii_graphic() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }
}

/// Calls of each subcommand; `H` is [`HOSTILE`], `PY` the interpreter.
const CALLS: &[&str] = &[
    "component component.yaml",
    "component component.yaml --format json",
    "component component.yaml --format shell",
    "component fine.yaml",
    "component fine.yaml --format json",
    "component fine.yaml --format shell",
    "component pipeline.json",
    "component pipeline.json --format json",
    "component pipeline.json --format shell",
    "component broken.yaml",
    "component fine.yaml --set H",
    "component fine.yaml --task H",
    "component fine.yaml --format H",
    "component fine.yaml --rules rules.yaml",
    "component H",
    "rewrite component.yaml",
    "rewrite component.yaml --diff",
    "rewrite broken.yaml",
    "rewrite H",
    "check PY main.py --lr 1",
    "check PY main.py --note=H",
    "check PY main.py --lr H --other H",
    "check PY main.py lr=H",
    "check --component component.yaml -- PY main.py",
    "check --component pipeline.json -- PY main.py",
    "check --component fine.yaml -- PY H",
    "translate --note=H",
    "translate --format json --note=H",
    "translate --note=H${x} H",
    "translate --H=1",
    "translate --component component.yaml --lr H",
    "translate H --lr 1",
    "run true --note=H",
    "run true H",
    "run H",
    "run python3 H",
    "install H python3",
    "install links H",
    "install H a/b",
    "H",
    "-- H",
    "help H",
];

/// [`CALLS`], as argv.
fn calls(python: &Path) -> Vec<Vec<String>> {
    let word = |word: &str| match word {
        "PY" => python.to_str().unwrap().to_owned(),
        word => word.replace('H', HOSTILE),
    };
    CALLS.iter().map(|call| call.split(' ').map(word).collect()).collect()
}

#[test]
fn nothing_moves_the_cursor_whoever_says_it() {
    let folder = hostile();
    let python = venv(HYDRA).unwrap().join("bin/python");
    let cases = calls(&python);
    let mut failures = Vec::new();
    let mut shown_somewhere = 0;
    for arguments in &cases {
        for log in ["", "text", "json"] {
            let mut command = folder.shim(&[]);
            command.args(arguments).env("HYDRA_SHIM_LOG", log).env("PYTHONDONTWRITEBYTECODE", "1");
            let shown = OURS
                .iter()
                .fold(all_on_terminal(command), |shown, colour| shown.replace(colour, ""));
            let moves = |c: char| {
                (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202e}' | '\u{2028}')
            };
            if shown.contains(moves) {
                failures.push(format!("{arguments:?} {log}: {shown:?}"));
            }
            shown_somewhere += usize::from(shown.contains("[31mB"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(shown_somewhere > cases.len(), "{shown_somewhere} of {}", cases.len());
}

#[test]
fn nothing_moves_the_cursor_where_the_shim_interposes() {
    let folder = hostile();
    std::fs::create_dir(folder.path("links")).unwrap();
    std::os::unix::fs::symlink(shim(), folder.path("links/cat")).unwrap();
    for (arguments, code) in
        [(&["--lr", HOSTILE][..], 1), (&[HOSTILE], 1), (&["--lr", "x", HOSTILE], 125)]
    {
        for log in ["", "text", "json"] {
            // What cat says goes to the same place; it quotes the names in it.
            let mut command = Command::new("sh");
            let script = "export PATH=$PWD/links:$PATH; cat \"$@\"; echo code $?";
            command.args(["-c", script, "sh"]).args(arguments).current_dir(folder.path(""));
            command.env("HYDRA_SHIM_LOG", log);
            let shown = all_on_terminal(command);
            assert!(shown.ends_with(&format!("code {code}\n")), "{shown:?}");
            assert!(!shown.contains('\u{1b}'), "{arguments:?} {log}: {shown:?}");
        }
    }
}

#[test]
fn a_line_to_copy_is_the_same_words() {
    let mut command = shim_command();
    command.args(["translate", "my-train", &format!("--note={HOSTILE}\n'\\"), "--lr", "1"]);
    let shown = all_on_terminal(command);
    let line = shown.trim_end();
    assert!(!line.contains('\n'), "one line: {line:?}");
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("my-train() {{ printf '%s\\0' \"$@\"; }}; {line}")]);
    let expected = format!("note='{HOSTILE}\n\\'\\\\'\0lr=1\0");
    bash.env("LC_ALL", "C.UTF-8").assert().success().stdout(expected);
}
