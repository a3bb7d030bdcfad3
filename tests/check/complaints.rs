//! Hydra's complaint is beside the flag that caused it, with what would help.

use std::fs;

use super::support::refused;
use super::support::working_folder::Folder;
use super::warnings::MERGE;
use super::{check, composed, quickstart, typed};

/// Arguments, and all the parts of the message that they get.
type Case<'a> = (&'a str, &'a [&'a str]);

fn assert_complaints(folder: &Folder, options: &str, script: &str, cases: &[Case]) {
    let mut failures = Vec::new();
    for (arguments, parts) in cases {
        let message = refused(check(folder, options, script, arguments), 1);
        let missing: Vec<_> = parts.iter().filter(|part| !message.contains(**part)).collect();
        let traceback = message.contains("Traceback") || message.contains("site-packages");
        if !missing.is_empty() || traceback {
            failures.push(format!("{arguments}\n  got     {message}\n  without {missing:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_complaint_is_beside_the_argument_that_caused_it() {
    let cases: &[Case] = &[
        // No such key: the nearest, the same name elsewhere, dashes.
        (
            "--project demo --lrr 1",
            &[
                "--lrr: Hydra, given `lrr=1`: ",
                "Key 'lrr' is not in struct",
                "did you mean lr?",
                "flags: {lrr: lr}",
            ],
        ),
        ("--depth 3", &["--depth: ", "Could not override 'depth'", "flags: {depth: model.depth}"]),
        ("--run-id x", &["--run-id: ", "`dashes: underscore`"]),
        ("--zebra 1", &["--zebra: ", "flags: {zebra: +zebra}"]),
        (
            "--model.dpth 1",
            &["--model.dpth: ", "Key 'dpth' is not in struct", "flags: {model.dpth: model.depth}"],
        ),
        (r#"--absent '{"a": 1}'"#, &["--absent: ", "Could not override 'absent'"]),
        ("'~absent'", &["~absent: ", "'absent' does not exist"]),
        // A group.
        ("--model forst", &["--model: ", "Could not find 'model/forst'", "did you mean forest?"]),
        ("model=zebra", &["model=zebra: ", "there is forest, net"]),
        (
            "--model 3",
            &["--model: Hydra, given `model=3`: ", "must be a string or a list. Got int"],
        ),
        // An operation that does not fit.
        ("+lr=1", &["+lr=1: ", "An item is already at 'lr'", "leave the + out: lr="]),
        // What Hydra cannot read.
        ("--lr 1 'note=[1,'", &["note=[1,", "no viable alternative at input '[1,'"]),
        ("'note=${' --lr 1", &["note=${: ", "Error parsing override"]),
        ("--lr 1 'note=${nope}'", &["note=${nope}: ", "Interpolation key 'nope' not found"]),
        ("--config-name other", &["--config-name: ", "Cannot find primary config 'other'"]),
    ];
    let folder = quickstart();
    assert_complaints(&folder, "", "main.py", cases);
    // Of several mistakes it is one that Hydra names.
    let message = refused(check(&folder, "", "main.py", "--x 1 +lr=1"), 1);
    assert!(message.starts_with("--x: ") || message.starts_with("+lr=1: "), "{message}");
}

#[test]
fn a_structured_config_says_what_does_not_fit() {
    let folder = Folder::new(&[]);
    assert_complaints(
        &folder,
        "",
        &typed(),
        &[
            (
                "--steps 1 --rate fast",
                &["--rate: Hydra, given `rate=fast`: ", "could not be converted to Float"],
            ),
            ("--steps 1.5 --rate 1", &["--steps: ", "could not be converted to Integer"]),
            (
                r#"--sizes '["x"]'"#,
                &["--sizes: Hydra, given `sizes=[x]`: ", "could not be converted to Integer"],
            ),
            ("--debug perhaps", &["--debug: ", "is not a valid bool"]),
            ("--inner.width wide", &["--inner.width: ", "could not be converted to Integer"]),
            (
                "--width 3",
                &["--width: ", "Key 'width' not in 'Typed'", "flags: {width: inner.width}"],
            ),
            ("--inner.wdth 3", &["--inner.wdth: ", "did you mean inner.width?"]),
            (r#"--inner.table '{"y": 2}'"#, &["--inner.table: ", "does not support deletion"]),
        ],
    );
}

#[test]
fn the_declaration_is_named() {
    let folder = quickstart();
    folder.file(
        "hydra-shim.yaml",
        "component: component.yaml\nflags:\n  layers: lyers\n  extra: {type: int}\n",
    );
    let line = 1 + fs::read_to_string(folder.path("component.yaml"))
        .unwrap()
        .lines()
        .position(|line| line.contains("--model,"))
        .unwrap();
    let by_component = format!("--model (component.yaml:{line}): Hydra, given `model=forst`: ");
    assert_complaints(
        &folder,
        "",
        "main.py",
        &[
            ("--project --x --model forst", &[&by_component, "did you mean forest?"]),
            ("--extra 3", &["--extra (hydra-shim.yaml:4): Hydra, given `extra=3`: "]),
            (
                "--layers '[1]'",
                &["--layers (", "Could not override 'lyers'", "did you mean layers?"],
            ),
        ],
    );
    // What the declarations refuse is not asked of Hydra.
    let message = refused(check(&folder, "", "main.py", "--lr fast"), 1);
    assert!(
        message.starts_with(
            "--lr: the value `fast` is not a float (declared float by component.yaml:"
        ),
        "{message}"
    );

    // Rules that are named.
    folder.file("other/rules.yaml", "dashes: underscore\nflags: {rate: lr}\n");
    let options = "--rules other/rules.yaml";
    let printed = composed(check(&folder, options, "main.py", "--run-id 'a b' --rate 1"));
    assert!(printed.contains("\nlr: 1\n") && printed.contains("\nrun_id: a b\n"), "{printed}");
    let message = refused(check(&folder, "--rules absent.yaml", "main.py", ""), 1);
    assert!(message.contains("cannot read `absent.yaml`"), "{message}");
}

#[test]
fn a_typed_field_that_is_null_takes_no_dict_in_any_spelling() {
    let folder = Folder::new(&[("merge.yaml", MERGE)]);
    for flag in ["--maybe", "--maybe_table"] {
        for options in ["", "--rules merge.yaml"] {
            let arguments = format!(r#"{flag} '{{"lr": 1}}'"#);
            let message = refused(check(&folder, options, &typed(), &arguments), 1);
            let named = message.starts_with(flag) && message.contains(": Hydra, given ");
            let help =
                message.contains("; help: Hydra takes no dict for a typed field that is null");
            assert!(named && help, "{message}");
        }
    }
}
