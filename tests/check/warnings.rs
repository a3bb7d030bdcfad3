//! What `check` warns of: values that are missing, and what a dict takes away.

use super::support::working_folder::Folder;
use super::support::{refused, stdout};
use super::{check, composed, typed, warnings};

#[test]
fn values_that_are_missing_are_named() {
    let folder = Folder::new(&[
        (
            "main.py",
            "import hydra\n\n\n@hydra.main(version_base=None, config_path='.', config_name='c')\n\
             def main(cfg): ...\n\n\nmain()\n",
        ),
        ("c.yaml", "a: ???\nb: {c: '???', d: 1}\nl: [1, {x: '???'}]\nt: '?'\n"),
    ]);
    for (options, arguments, code, warned) in [
        ("", "", 0, "still missing (`???`): `a`, `b.c`, `l[1].x`"),
        ("", "--a 1 --b.c 2", 0, "still missing (`???`): `l[1].x`"),
        ("--strict", "--a 1 --b.c 2 --l '[]'", 0, ""),
        ("--strict", "--a 1", 1, "still missing (`???`): `b.c`, `l[1].x`"),
    ] {
        let mut expected = String::new();
        if !warned.is_empty() {
            expected = format!("hydra-shim: warning: {warned}\n");
        }
        if code == 1 {
            expected += "hydra-shim: error: there are warnings, and --strict was given\n";
        }
        let call = check(&folder, options, "main.py", arguments).code(code).stderr(expected);
        assert!(stdout(&call).starts_with("a: "), "the config is printed anyway: {call}");
    }
}

/// Rules by which dicts are merged.
pub(crate) const MERGE: &str = "flags: {opt: &merge {type: dict, merge: true}, table: *merge, maybe: *merge, \
    maybe_table: *merge}\n";

#[test]
fn what_a_dict_takes_away_is_named() {
    let folder = Folder::new(&[]);
    let gone = |flag: &str, keys: &str| {
        format!(
            "{flag}: the dict replaces the config's, and with it go {keys}: `merge: true` on the \
             flag keeps them"
        )
    };
    let schema = |flag: &str, key: &str| {
        format!("{flag}: the dict takes the schema of `{key}` away, which would refuse it (")
    };
    let mut failures = Vec::new();
    for (arguments, expected) in [
        // Without `momentum` the application fails; the composing does not.
        (r#"--opt '{"lr": 0.5}'"#, vec![gone("--opt", "`opt.momentum`")]),
        (r#"--opt '{"lr": 0.5, "momentum": 0.1}'"#, vec![]),
        // A wrong type and a wrong name arrive: nothing checks them any more.
        (r#"--opt '{"lr": "fast", "momentum": 0.1}'"#, vec![schema("--opt", "opt")]),
        (
            r#"--opt '{"rate": 0.5}'"#,
            vec![schema("--opt", "opt"), gone("--opt", "`opt.lr`, `opt.momentum`")],
        ),
        ("'--opt={}'", vec![gone("--opt", "`opt.lr`, `opt.momentum`")]),
        // What was missing has a schema, too.
        (r#"--later '{"lr": 1}'"#, vec![gone("--later", "`later.momentum`")]),
        (r#"--table '{"y": 2}'"#, vec![gone("--table", "`table.x`")]),
        (r#"--table '{"x": "y"}'"#, vec![schema("--table", "table")]),
        (r#"--anything '{"y": [2, {"z": 1}]}'"#, vec![]),
        (
            r#"--table '{"y": 2}' --opt '{"lr": 1}'"#,
            vec![gone("--table", "`table.x`"), gone("--opt", "`opt.momentum`")],
        ),
        // An override is the user's own.
        ("'opt={lr: 1}' --steps 1", vec![]),
    ] {
        let mut got = warnings(&check(&folder, "", &typed(), arguments).success());
        // That is what another test is about.
        got.retain(|warning| !warning.starts_with("still missing"));
        let same = got.len() == expected.len()
            && got.iter().zip(&expected).all(|(got, expected)| got.starts_with(expected.as_str()));
        if !same {
            failures.push(format!("{arguments}\n  got  {got:#?}\n  want {expected:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn merging_keeps_what_a_dict_takes_away() {
    let folder = Folder::new(&[("merge.yaml", MERGE)]);
    let options = "--rules merge.yaml --strict";
    let arguments = r#"--opt '{"lr": 0.5}' --table '{"y": 2}' later={}"#;
    let printed = composed(check(&folder, options, &typed(), arguments));
    assert!(printed.contains("opt:\n  lr: 0.5\n  momentum: 0.9\n"), "{printed}");
    assert!(printed.contains("table:\n  x: 1\n  'y': 2\n"), "{printed}");
    let message = refused(check(&folder, options, &typed(), r#"--opt '{"lr": "fast"}'"#), 1);
    assert!(
        message.starts_with("--opt (merge.yaml:1): Hydra, given `++opt={lr: fast}`: "),
        "{message}"
    );
}
