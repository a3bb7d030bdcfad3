//! No secret is shown, whatever Hydra says or composes.

use super::support::refused;
use super::support::working_folder::Folder;
use super::{check, composed, typed};

#[test]
fn secrets_are_not_shown_in_complaints() {
    let folder = Folder::new(&[(
        "rules.yaml",
        "flags:\n  rate: {secret: true}\n  more: {key: +rate, secret: true}\n  absent: {secret: true}\n  \
         table: {key: inner.table, type: dict, merge: true, secret: true}\n  sizes: {type: list, secret: true}\n  \
         anything: {key: +steps, type: dict, secret: true}\n",
    )]);
    let mut failures = Vec::new();
    for arguments in [
        "--rate hunter2",
        r#"--rate 'it'"'"'s hunter2, \'"#,
        "--rate 'top\nhunter2\n\nand hunter2'",
        "--more hunter2",
        "--absent hunter2",
        r#"--absent '{"a": "hunter2"}'"#,
        r#"--table '{"y": "hunter2"}'"#,
        "--sizes hunter2",
        r#"--anything '{"y": "hunter2"}'"#,
    ] {
        let message = refused(check(&folder, "--rules rules.yaml", &typed(), arguments), 1);
        let flag = arguments.split(' ').next().unwrap();
        if message.contains("hunter2") || !message.contains("***") || !message.contains(flag) {
            failures.push(format!("{arguments}: {message}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn secrets_are_not_shown_in_configs_however_yaml_spells_them() {
    let folder = Folder::new(&[
        (
            "main.py",
            "import hydra\n\n\n@hydra.main(version_base=None)\ndef main(cfg): ...\n\n\nmain()\n",
        ),
        (
            "hydra-shim.yaml",
            "flags:\n  key: {key: +auth.key, type: string, secret: true}\n  rate: {key: +rate, type: float, secret: true}\n  \
             login: {key: +login, type: dict, secret: true}\n  pin: {key: +pin, type: int, secret: true}\n",
        ),
    ]);
    let long = format!("--key 'hunter2 {}'", "and more words ".repeat(20));
    for (arguments, shown) in [
        ("--key '-----BEGIN-----\nhunter2\nhunter2\n'", "auth:\n  key: "),
        (&long, "auth:\n  key: ***\n"),
        ("--key 'hunter2: \t'\"'\"'\u{1}\"'", "auth:\n  key: ***\n"),
        ("--rate 98765432.50", "rate: ***\n"),
        (r#"--login '{"name": "hunter2\nhunter2", "port": 987654}'"#, "login:\n  ***\n"),
        ("--key hunter2 '+url=https://x:${auth.key}@host'", "url: ***\n"),
        ("--pin 1 +other=21", "pin: ***\nother: 21\n"),
    ] {
        let printed = composed(check(&folder, "", "main.py", arguments));
        for secret in ["hunter2", "BEGIN", "98765"] {
            assert!(!printed.contains(secret), "{arguments}: {printed}");
        }
        assert!(printed.contains(shown), "{arguments}: {printed}");
    }
}
