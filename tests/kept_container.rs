//! The recipe of docs/vertex.md that keeps a failed container for a look inside, as it is printed there:
//! real shells, real signals.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read as _};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use support::launched::{Stage, check};
use support::shims_in_path::write_executable;
use support::{HYDRA, shim, venv};

/// What the page's component says of its container.
fn container() -> serde_yaml::Value {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vertex.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let recipe = blocks.into_iter().find(|block| block.contains("sleep")).expect("the recipe");
    serde_yaml::from_str(recipe).unwrap()
}

/// The shell's script in it.
fn script() -> String {
    container()["command"][2].as_str().unwrap().to_owned()
}

/// An application that does as its first override says.
const APP: &str = "import os, signal, sys, time
def stop(*_):
    os.write(1, b'saved\\n'); sys.exit(42)
match sys.argv[1]:
    case 'do=wait':
        signal.signal(signal.SIGTERM, stop)
        print('ready', flush=True)
        while True: signal.pause()
    case 'do=deaf':
        print('ready', flush=True)
        time.sleep(60)
    case 'do=kill': os.kill(os.getpid(), signal.SIGKILL)
    case what: sys.exit(int(what.removeprefix('do=')))
";

fn stage() -> Stage {
    let stage = Stage::new();
    let python = venv(HYDRA).unwrap();
    stage.script("app", &format!("#!{}/bin/python3 -IS\n{APP}", python.display()));
    symlink(shim(), stage.path("bin/hydra-shim")).unwrap();
    // Tells when it has slept to its end.
    let sleep =
        "#!/bin/sh\ntrap 'kill $!; exit 1' TERM\n/bin/sleep \"$1\" &\nwait $!\n: >../slept\n";
    write_executable(&stage.path("bin/sleep"), sleep);
    stage
}

/// The recipe, started by `shell` for the application with these arguments.
fn start(stage: &Stage, shell: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(shell);
    command.args(["-c", &script(), "app"]).args(arguments);
    stage.place(&mut command);
    // As an environment that has the script's own names already.
    command.env("code", "9").env("app", "1");
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn terminate(child: &Child) {
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    // SAFETY: a signal to a child that has not been awaited yet.
    check(unsafe { libc::kill(pid, libc::SIGTERM) }).unwrap();
}

/// The exit code of a child, which ends without having slept on.
fn code(stage: &Stage, mut child: Child) -> Option<i32> {
    let code = child.wait().unwrap().code();
    assert!(!stage.path("slept").exists(), "it slept on");
    code
}

/// Waits for the line that ends so on a child's stderr.
fn wait_for(stderr: &mut impl BufRead, end: &str) {
    let mut line = String::new();
    while !line.trim_end().ends_with(end) {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it ended without {end}");
    }
}

const SHELLS: [&str; 2] = ["sh", "bash"];

#[test]
fn what_succeeds_ends_at_once() {
    let stage = stage();
    for shell in SHELLS {
        assert_eq!(code(&stage, start(&stage, shell, &["--do", "0"])), Some(0), "{shell}");
    }
}

#[test]
fn what_fails_is_kept_until_sigterm_with_its_exit_code() {
    let stage = stage();
    let refused = ["--do", "--else"];
    for shell in SHELLS {
        for (arguments, expected) in [
            (&["--do", "7"][..], 7),
            (&["--do", "127"], 127),
            (&["--do", "kill"], 128 + libc::SIGKILL),
            (&refused, 125),
        ] {
            let case = format!("{shell} {arguments:?}");
            let mut child = start(&stage, shell, arguments);
            let mut stderr = BufReader::new(child.stderr.take().unwrap());
            wait_for(&mut stderr, "kept for 300 s");
            std::thread::sleep(Duration::from_millis(100));
            assert_eq!(child.try_wait().unwrap(), None, "{case}");
            terminate(&child);
            assert_eq!(code(&stage, child), Some(expected), "{case}");
        }
    }
}

#[test]
fn sigterm_reaches_the_application_and_nothing_is_kept() {
    let stage = stage();
    for shell in SHELLS {
        for (does, rest, expected) in [("wait", "saved\n", 42), ("deaf", "", 128 + libc::SIGTERM)] {
            let mut child = start(&stage, shell, &["--do", does]);
            let mut stdout = child.stdout.take().unwrap();
            let mut ready = [0; 6];
            stdout.read_exact(&mut ready).unwrap();
            terminate(&child);
            // A second one changes nothing.
            terminate(&child);
            let mut printed = String::new();
            stdout.read_to_string(&mut printed).unwrap();
            assert_eq!(printed, rest, "{shell} {does}");
            assert_eq!(code(&stage, child), Some(expected), "{shell} {does}");
        }
    }
}

#[test]
fn the_component_declares_its_flags_through_it() {
    let stage = stage();
    let component = serde_json::json!({
        "name": "Train",
        "inputs": [{"name": "project", "type": "String"}],
        "implementation": {"container": container()},
    });
    fs::write(stage.path("cwd/component.yaml"), component.to_string()).unwrap();
    let output = Command::new(shim())
        .args(["component", "component.yaml", "--set", "project=1.10", "--format", "json"])
        .current_dir(stage.path("cwd"))
        .output()
        .unwrap();
    let shown: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(shown["tasks"][0]["overrides"], serde_json::json!(["project='1.10'"]), "{output:?}");
    assert_eq!(output.status.into_raw(), 0);
}
