//! A secret value is passed, and shown nowhere.

mod support;

use assert_cmd::assert::OutputAssertExt;
use support::working_folder::{Folder, split};
use support::{stderr, stdout};

const RULES: &str = "\
flags:
  token: {type: string, secret: true}
  pin: {type: int, secret: true}
  keys: {type: list, secret: true}
  login: {type: dict, secret: true}
  maybe: {secret: true, empty: drop}
  pub: {key: both, type: list}
  priv: {key: both, type: list, secret: true}
env: {TOKEN: token}
";

/// Starts `echo` with arguments that are written as for a shell: what it printed, and what was said.
fn run(folder: &Folder, arguments: &str, log: &str, code: i32) -> [String; 2] {
    let mut call = folder.shim(&["run", "/bin/echo"]);
    call.args(split(arguments)).env("HYDRA_SHIM_LOG", log);
    let call = call.env("TOKEN", "hunter2 three").assert().code(code);
    let said = stderr(&call);
    assert!(!said.contains("hunter2") && said.contains("***"), "{call}");
    [stdout(&call), said]
}

#[test]
fn a_secret_is_passed_and_not_shown() {
    let folder = Folder::new(&[("hydra-shim.yaml", RULES)]);
    let arguments = r#"--token 'hunter2 one' '--token=hunter2 two' --keys hunter2 --keys '["hunter2"]'
        --login '{"name": "hunter2"}' --maybe '${hunter2}' --lr 1"#;
    for log in ["text", "json"] {
        let [passed, said] = run(&folder, arguments, log, 0);
        assert_eq!(
            passed,
            "token='hunter2 two' keys=[hunter2,hunter2] login={} ~login +login={name: hunter2} \
             maybe='\\${hunter2}' lr=1\n"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
        for part in ["token=***", "keys=***", "login=***", "lr=1", "warning"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    // What `translate` prints is what is passed; the rest of it hides the secret.
    let tokens = split(&format!("/bin/echo {arguments}"));
    let printed = folder.translate(&tokens).unwrap();
    assert!(printed["overrides"].to_string().contains("hunter2"), "{printed}");
    for part in ["trace", "warnings"] {
        let shown = printed[part].to_string();
        assert!(!shown.contains("hunter2") && shown.contains("***"), "{part}: {shown}");
    }
    assert_eq!(printed["trace"][1]["from"][0], "--token");
}

#[test]
fn a_secret_is_not_shown_under_another_spelling_of_its_key() {
    let folder = Folder::new(&[("hydra-shim.yaml", RULES)]);
    // A part of the key, or more than it.
    for (arguments, part) in [
        ("--token.a hunter2", "token.a=***"),
        ("login.name=hunter2", "login.name=***"),
        ("'+login={name: hunter2}'", "login=***"),
        ("--pub hunter1 --priv hunter2", "both=***"),
    ] {
        let [passed, said] = run(&folder, arguments, "text", 0);
        assert!(passed.contains("hunter2") && said.contains(part), "{passed}{said}");
    }
}

#[test]
fn a_secret_is_not_shown_when_it_is_refused() {
    let folder = Folder::new(&[("hydra-shim.yaml", RULES)]);
    for arguments in [
        "--pin hunter2",
        "--pin=hunter2",
        "--token a hunter2",
        "--keys a -hunter2",
        "--login hunter2",
        r#"--login '{"hunter2\"": 1}'"#,
        r#"--login '{"a": 1e999, "b": "hunter2"}'"#,
        r#"--keys hunter2 '["hunter2", "???"]'"#,
    ] {
        for log in ["", "json"] {
            assert_eq!(run(&folder, arguments, log, 125)[0], "", "{arguments}");
        }
    }
}
