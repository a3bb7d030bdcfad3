//! What `hydra.utils.instantiate` would do with a value, and that closed mode keeps it out.

use serde_json::json;

use super::support::working_folder::{translated, words};
use super::support::{HYDRA, Oracle, seen, stdout};
use super::{assert_refused, closed, run, site};

/// What the application builds of `${oc.env:SECRET}`, and of a `_target_` that is `os.getcwd`.
const EVALUATED: &str = "built {'prompt': 'hunter2'";
const CALLED: &str = "'options': {'now': '/";

#[test]
fn a_literal_interpolation_is_evaluated_by_instantiate_unless_closed_mode_refuses_it() {
    let value = "${oc.env:SECRET}";
    let flags = "prompt: {key: model.prompt, type: string}";
    let open = site(&format!("flags: {{{flags}}}"));

    // The config has the characters that were sent; instantiate evaluates them once more.
    let printed = stdout(&run(&open, &["--prompt", value]).success());
    for part in ["'_target_': 'builtins.dict', 'prompt': '${oc.env:SECRET}'", EVALUATED] {
        assert!(printed.contains(part), "{printed}");
    }
    let printed = open.translate(&["python3", "main.py", "--prompt", value]).unwrap();
    let warnings = words(&printed, "warnings");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["--prompt", "${", "hydra.utils.instantiate"] {
        assert!(warnings[0].contains(part), "{warnings:?}");
    }

    let folder = closed(flags);
    assert_refused(
        &folder,
        &["--prompt", value],
        "--prompt: the value `${oc.env:SECRET}` holds `${`",
    );
    let allowed = closed("prompt: {key: model.prompt, type: string, dollar: allow}");
    let printed = stdout(&run(&allowed, &["--prompt", value]).success());
    assert!(printed.contains(EVALUATED), "{printed}");
}

#[test]
fn a_target_is_called_by_instantiate_unless_closed_mode_refuses_it() {
    let value = r#"{"now": {"_target_": "os.getcwd"}}"#;
    let open = site("flags: {options: {key: model.options, merge: true}}");
    let printed = stdout(&run(&open, &["--options", value]).success());
    assert!(printed.contains(CALLED), "{printed}");

    let folder = closed("options: {key: model.options, merge: true}");
    assert_refused(&folder, &["--options", value], "holds the key `_target_`");
    let allowed = closed("options: {key: model.options, merge: true, targets: allow}");
    let printed = stdout(&run(&allowed, &["--options", value]).success());
    assert!(printed.contains(CALLED), "{printed}");
}

#[test]
fn keys_of_instantiate_are_found_in_every_disguise() {
    let folder = closed("items: {type: list}, any: {}");
    let deep = |inner: &str| format!("{}{inner}{}", "{\"a\": [".repeat(20), "]}".repeat(20));
    let escaped = r#"{"\u005ftarget\u005F": "os.system"}"#;
    for key in ["_target_", "_args_", "_partial_", "_recursive_", "_convert_"] {
        for value in [
            format!("{{\"{key}\": 1}}"),
            format!("{{\"a\": {{\"{key}\": null}}}}"),
            format!("{{\"a\": [1, [{{\"{key}\": {{}}}}]]}}"),
            format!("{{\"{key}\": 1, \"{key}\": 2}}"),
            format!("{{\"a\": 1, \"a\": {{\"{key}\": 2}}}}"),
            format!("\n {{\"a\": {{\"{key}\" :1}}}}"),
            deep(&format!("{{\"{key}\": 1}}")),
        ] {
            let spliced = format!("[{value}]");
            for (flag, value) in [
                ("--options", &value),
                ("--any", &value.trim().to_owned()),
                ("--items", &spliced),
                ("--any", &spliced),
            ] {
                let reason = format!("holds the key `{key}`");
                let tokens = ["python3", "main.py", flag, value];
                let message = folder.translate(&tokens).unwrap_err();
                assert!(message.contains(&reason), "{flag} {value}: {message}");
            }
        }
    }
    assert_refused(&folder, &["--options", escaped], "holds the key `_target_`");
    assert_refused(&folder, &["--items", &format!("[[{escaped}]]")], "holds the key `_target_`");
    assert_refused(&folder, &["--items", escaped], "holds the key `_target_`");
}

#[test]
fn what_only_resembles_a_key_of_instantiate_is_no_such_key() {
    let folder = closed("");
    let mut oracle = Oracle::start(HYDRA).unwrap();
    let lookalikes = [
        "_target_ ",
        " _target_",
        "a._target_",
        "\\_target_",
        "_target",
        "_TARGET_",
        "_target__",
        "x/_target_",
        "${a}",
    ];
    for key in lookalikes {
        let value = json!({ key: "x" }).to_string();
        let overrides = words(
            &folder.translate(&["python3", "main.py", "--options", &value]).unwrap(),
            "overrides",
        );
        let read = oracle.apply(&[("options".to_owned(), overrides)]).remove(0);
        assert_eq!(read, Ok(seen::dict(&[(key, seen::str("x"))])), "{key:?}");
    }
    // Of equal keys the last is sent; one that is not sent does no harm.
    let value = r#"{"a": {"_target_": "x"}, "a": 1}"#;
    let tokens = ["python3", "main.py", "--options", value];
    assert_eq!(folder.overrides(&tokens), "options={} | ~options | +options={a: 1}");
    // Hydra's command line cannot spell these.
    for key in ["＿target＿", "_tаrget_", "_target_\u{200b}", "_target_\n", "\"_target_\""] {
        let value = json!({ key: "x" }).to_string();
        assert_refused(&folder, &["--options", &value], "--options: ");
    }
    // As text they are text.
    let tokens = ["python3", "main.py", "--prompt", r#"{"_target_": "os.system"}"#];
    assert_eq!(folder.overrides(&tokens), r#"prompt='{"_target_": "os.system"}'"#);
}

#[test]
fn an_interpolation_is_found_in_every_value() {
    let folder = site(
        "unknown: error\nflags: {any: {}, tags: {type: list}, free: {type: hydra}}\nenv: {FROM_ENV: any}",
    );
    for arguments in [
        &["--prompt", "${x}"][..],
        &["--prompt", "a ${x} b"],
        &["--prompt", "\\${x}"],
        &["--prompt", "\\\\${x}"],
        &["--prompt", "$${x}"],
        &["--prompt", "${"],
        &["--prompt=${oc.env:SECRET}"],
        &["--data", "/gcs/${oc.env:SECRET}"],
        &["--options", r#"{"a": "${x}"}"#],
        &["--options", r#"{"a": ["\u0024{x}"]}"#],
        &["--options", r#"{"a": [["$\u007bx}"]]}"#],
        &["--items", r#"["${x}"]"#],
        &["--any", "${x}"],
        &["--any", r#"["${x}"]"#],
        &["--tags", "a", "${x}"],
        &["--tags", "a", r#"["${x}"]"#],
    ] {
        assert_refused(&folder, arguments, "holds `${`, which closed mode refuses");
    }
    let mut call = folder.shim(&["translate", "--format", "json", "python3", "main.py"]);
    let message = translated(call.env("FROM_ENV", "${oc.env:SECRET}")).unwrap_err();
    assert!(message.starts_with("$FROM_ENV: ") && message.contains("holds `${`"), "{message}");
    let mut call = folder.shim(&["translate", "--format", "json", "python3", "main.py"]);
    let message = translated(call.env("FROM_ENV", r#"{"_target_": "x"}"#)).unwrap_err();
    assert!(message.starts_with("$FROM_ENV: ") && message.contains("`_target_`"), "{message}");

    // What is close to one is none for Hydra either.
    let mut oracle = Oracle::start(HYDRA).unwrap();
    for value in
        ["$x", "$ {x}", "$\n{x}", "＄{x}", "$｛x}", "$\\{oc.env:SECRET\\}", "\\$\\{x}", "}{$"]
    {
        let overrides = words(
            &folder.translate(&["python3", "main.py", "--prompt", value]).unwrap(),
            "overrides",
        );
        let read = oracle.apply(&[("prompt".to_owned(), overrides)]).remove(0);
        assert_eq!(read, Ok(seen::str(value)), "{value:?}");
    }
}

#[test]
fn the_type_hydra_is_no_way_round() {
    let folder = closed("free: {key: model.prompt, type: hydra}");
    for value in [
        "${oc.env:SECRET}",
        // Hydra joins `$` and an escaped brace to an interpolation (measured, 1.3.8).
        "$\\{oc.env:SECRET\\}",
        "[$\\{oc.env:SECRET\\}]",
        "a$\\{oc.env:SECRET}",
        "{_target_: os.getcwd}",
        "[{a: {_target_: os.getcwd}}]",
        "{_args_: [1]}",
    ] {
        assert_refused(&folder, &["--free", value], "--free: ");
    }
    let allowed = closed("free: {key: model.prompt, type: hydra, dollar: allow, targets: allow}");
    for (value, built) in
        [("$\\{oc.env:SECRET\\}", "'prompt': 'hunter2'"), ("{_target_: os.getcwd}", "'prompt': '/")]
    {
        let printed = stdout(&run(&allowed, &["--free", value]).success());
        assert!(printed.contains(built), "{printed}");
    }
}
