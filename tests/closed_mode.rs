//! Closed mode: whoever sets a pipeline's parameters sets the values of declared flags, and
//! nothing else. What the real Hydra does with what gets through is part of the tests.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

use serde_json::json;
use support::working_folder::{Folder, component, in_one_line, refusal, translated, words};
use support::{HYDRA, OLD_HYDRA, Oracle, both_streams, seen, venv};

/// An application that builds what its config names, as most Hydra applications do. It tells by a
/// file that it was started.
const APP: &str = "\
import hydra
from hydra.utils import instantiate
from omegaconf import OmegaConf


@hydra.main(version_base=None, config_path='conf', config_name='config')
def main(cfg):
    open('started', 'w').close()
    print('read', OmegaConf.to_container(cfg, resolve=True), flush=True)
    print('built', instantiate(cfg.model, _convert_='all'), flush=True)


main()
";

/// The application's config: a dict is built for `model`.
const CONFIG: &str = "\
defaults: [{size: small}, _self_]
model: {_target_: builtins.dict, prompt: none, options: {}}
mode: safe
hydra: {run: {dir: .}, output_subdir: null}
";

const INPUTS: [&str; 8] = [
    "{name: prompt, type: String}",
    "{name: options, type: Dict}",
    "{name: items, type: List}",
    "{name: steps, type: Integer}",
    "{name: extra, type: String, optional: true}",
    "{name: data, type: Dataset}",
    "{name: flag, type: Boolean}",
    "{name: rate, type: Float}",
];

/// `--mode` has a value that the component's author chose.
const ARGS: [&str; 19] = [
    "--mode",
    "safe",
    "--prompt",
    "{inputValue: prompt}",
    "--options",
    "{inputValue: options}",
    "--items",
    "{inputValue: items}",
    "--steps",
    "{inputValue: steps}",
    "--data",
    "{inputPath: data}",
    "--flag",
    "{inputValue: flag}",
    "--rate",
    "{inputValue: rate}",
    "--fixed=1",
    "+author=here",
    "--quiet",
];

const KEYS: &str = "prompt: +model.prompt_, options: model.options";

/// The application with these rules.
fn site(rules: &str) -> Folder {
    Folder::new(&[
        ("main.py", APP),
        ("conf/config.yaml", CONFIG),
        ("conf/size/small.yaml", "width: 1\n"),
        ("component.yaml", &component(&INPUTS, &ARGS)),
        ("hydra-shim.yaml", &format!("component: component.yaml\n{rules}\n")),
    ])
}

fn closed(flags: &str) -> Folder {
    site(&format!("unknown: error\nflags: {{{flags}}}"))
}

/// Starts the application in a process of its own, as a pipeline does.
fn run(folder: &Folder, arguments: &[&str]) -> Output {
    let python = venv(HYDRA).unwrap().join("bin/python");
    let mut command = folder.shim(&["run", python.to_str().unwrap(), "main.py"]);
    finish(command.args(arguments))
}

fn finish(command: &mut Command) -> Output {
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("SECRET", "hunter2").output().unwrap()
}

/// Asserts that nothing was started.
fn assert_refused(folder: &Folder, arguments: &[&str], reason: &str) {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(125), "{arguments:?}: {}", both_streams(&output));
    let message = refusal(&output);
    assert!(message.contains(reason), "{arguments:?}: {message}");
    assert!(!folder.path("started").exists(), "{arguments:?}: it was started");
}

// ---------------------------------------------------------------------------------------------
// What the danger is, and that closed mode keeps it out
// ---------------------------------------------------------------------------------------------

#[test]
fn a_literal_interpolation_is_evaluated_by_instantiate_unless_closed_mode_refuses_it() {
    let value = "${oc.env:SECRET}";
    let flags = "prompt: {key: model.prompt, type: string}";
    let open = site(&format!("flags: {{{flags}}}"));

    // The config has the characters that were sent; instantiate evaluates them once more.
    let output = run(&open, &["--prompt", value]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("'_target_': 'builtins.dict', 'prompt': '${oc.env:SECRET}'"));
    assert!(stdout.contains("built {'prompt': 'hunter2'"), "{}", both_streams(&output));
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
    let output = run(&allowed, &["--prompt", value]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("built {'prompt': 'hunter2'"));
}

#[test]
fn a_target_is_called_by_instantiate_unless_closed_mode_refuses_it() {
    let value = r#"{"now": {"_target_": "os.getcwd"}}"#;
    let open = site("flags: {options: {key: model.options, merge: true}}");
    let output = run(&open, &["--options", value]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("'options': {'now': '/"), "{}", both_streams(&output));

    let folder = closed("options: {key: model.options, merge: true}");
    assert_refused(&folder, &["--options", value], "holds the key `_target_`");
    let allowed = closed("options: {key: model.options, merge: true, targets: allow}");
    let output = run(&allowed, &["--options", value]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("'options': {'now': '/"), "{}", both_streams(&output));
}

#[test]
fn arguments_that_nobody_declared_are_refused() {
    let folder = closed("extra: {type: string}");
    for (arguments, reason) in [
        (&["model._target_=os.system"][..], "`model._target_=os.system` is not declared"),
        (&["+model._target_=os.system"], "declare a flag for its key"),
        (&["~model"], "is not declared"),
        (&["--model._target_=os.system"], "`--model._target_` is not declared"),
        (&["--model._target_", "os.system"], "`--model._target_` is not declared"),
        (&["--config-dir=/tmp"], "`--config-dir` is not declared"),
        (&["--config-dir", "/tmp"], "`--config-dir` is not declared"),
        (&["-cd", "/tmp"], "`-cd` is not declared"),
        (&["-cd=/tmp"], "`-cd` is not declared"),
        (&["--config-path=/tmp"], "is not declared"),
        (&["-cn", "other"], "is not declared"),
        (&["--multirun"], "is not declared"),
        (&["-m"], "is not declared"),
        (&["--experimental-rerun=x"], "is not declared"),
        (&["--cfg", "job"], "is not declared"),
        (&["--info"], "is not declared"),
        (&["--help"], "is not declared"),
        (&["hydra.run.dir=/tmp"], "is not declared"),
        (&["hydra/launcher=x"], "is not declared"),
        (&["--", "model._target_=x"], "is not declared"),
        (&["--extra", "x", "--", "-m"], "`--` is not declared"),
        (&["--extra", "x", "--", "--config-dir=/tmp"], "`--` is not declared"),
        // Not the component's own words either, nor nothing: it does not write the `--`.
        (&["--extra", "x", "--", "--fixed=1"], "(unknown: error); help: leave it out"),
        (&["--extra", "x", "--", "+author=here"], "`--` is not declared"),
        (&["--extra", "x", "--", "--"], "`--` is not declared"),
        (&["--extra", "x", "--"], "`--` is not declared"),
        (&["--extra", "x", "y"], "`y` is not declared"),
        (&["--extra.x=1"], "is not declared"),
        (&["--no-extra"], "is not declared"),
        (&["--Extra=1"], "(unknown: error); help: did you mean --extra?"),
        (&["--ｅxtra=1"], "is not declared"),
        (&["-extra=1"], "is not declared"),
        (&["-prompt", "1"], "is not declared"),
        (&["--fixed=2"], "is not declared"),
        (&["--fixed", "1"], "is not declared"),
        (&["+author=there"], "is not declared"),
        (&["++author=here"], "is not declared"),
        (&["fixed=1"], "is not declared"),
        (&["--mode"], "--mode: its value is missing at the end of the command line"),
        (&[""], "`` is not declared"),
        (&["-"], "`-` is not declared"),
        (&["--=x"], "is not declared"),
    ] {
        assert_refused(&folder, arguments, reason);
    }
    // What the component itself writes is accepted, and what is declared.
    let arguments = ["--mode", "safe", "--fixed=1", "+author=here", "--quiet", "--extra", "x"];
    let expected = "mode=safe | fixed=1 | +author=here | quiet=true | extra=x";
    assert_eq!(folder.overrides(&[&["python3", "main.py"], &arguments[..]].concat()), expected);
}

/// Values that try to be more than a value.
const HOSTILE: [&str; 32] = [
    "--",
    "-",
    "-m",
    "--multirun",
    "--config-dir=/tmp",
    "--config-dir",
    "-cd",
    "--model._target_=os.system",
    "model._target_=os.system",
    "+model._target_=os.system",
    "~model",
    "--mode=evil",
    "--mode",
    "--steps",
    "--prompt",
    "--prompt=--mode",
    "mode=evil",
    "x\n--mode=evil",
    "x\nmodel._target_=os.system",
    "\n--mode=evil",
    "x\r--mode=evil",
    "x\t--mode=evil",
    "' mode=evil '",
    "'",
    "\\",
    "\\'",
    "x', mode='evil",
    "{_target_: os.system}",
    "[{_target_: os.system}]",
    "choice(1,2)",
    "1,2",
    "$(id)`id`;id",
];

#[test]
fn a_hostile_text_stays_the_text_of_its_flag() {
    let mut oracle = Oracle::start(HYDRA).unwrap();
    for rules in ["unknown: error", "unknown: pass"] {
        let folder = site(rules);
        let mut cases = Vec::new();
        for value in HOSTILE {
            // With the component's other arguments around it.
            for arguments in [
                vec!["--mode", "safe", "--prompt", value, "--steps", "3", "--fixed=1", "--quiet"],
                vec![
                    "--mode",
                    "safe",
                    &format!("--prompt={value}"),
                    "--steps",
                    "3",
                    "--fixed=1",
                    "--quiet",
                ],
            ] {
                let tokens = [&["python3", "main.py"], &arguments[..]].concat();
                let printed =
                    folder.translate(&tokens).unwrap_or_else(|e| panic!("{value:?}: {e}"));
                let overrides = words(&printed, "overrides");
                let [mode, prompt, steps, fixed, quiet] = overrides.as_slice() else {
                    panic!("{value:?}: {overrides:?}");
                };
                assert_eq!(
                    [mode, steps, fixed, quiet],
                    ["mode=safe", "steps=3", "fixed=1", "quiet=true"]
                );
                cases.push(("prompt".to_owned(), vec![prompt.clone()]));
            }
        }
        for (value, (read, case)) in HOSTILE
            .iter()
            .flat_map(|value| [value, value])
            .zip(oracle.apply(&cases).iter().zip(&cases))
        {
            assert_eq!(read.as_deref(), Ok(seen::str(value).as_str()), "{rules}: {case:?}");
        }
    }
}

#[test]
fn a_hostile_value_of_another_type_is_refused_or_a_value() {
    for rules in ["unknown: error", "unknown: pass"] {
        let folder = site(rules);
        for value in HOSTILE {
            for flag in ["--steps", "--flag", "--rate", "--options", "--items"] {
                let tokens = ["python3", "main.py", "--mode", "safe", flag, value, "--quiet"];
                let message = folder.translate(&tokens).unwrap_err();
                assert!(
                    message.starts_with(&format!("{flag}: the value ")),
                    "{value:?}: {message}"
                );
            }
            let tokens = ["python3", "main.py", "--mode", "safe", "--data", value, "--quiet"];
            let overrides = words(&folder.translate(&tokens).unwrap(), "overrides");
            assert_eq!((overrides.len(), overrides[0].as_str()), (3, "mode=safe"), "{overrides:?}");
        }
    }
}

#[test]
fn a_hostile_value_of_an_undeclared_flag_is_refused_or_a_value() {
    let folder = Folder::new(&[]);
    for value in HOSTILE {
        let attached = format!("--x={value}");
        let got = folder.translate(&["python3", "main.py", &attached, "--y", "1"]);
        let overrides = words(&got.unwrap(), "overrides");
        assert!(overrides.len() == 2 && overrides[0].starts_with("x="), "{overrides:?}");
        match folder.translate(&["python3", "main.py", "--x", value, "--y", "1"]) {
            Ok(printed) => assert_eq!(words(&printed, "overrides"), overrides, "{value:?}"),
            Err(message) => {
                assert!(value.starts_with('-'), "{value:?}: {message}");
                assert!(message.starts_with("--x has no value: the next argument, "), "{message}");
            }
        }
    }
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
        let output = run(&allowed, &["--free", value]);
        assert!(
            String::from_utf8_lossy(&output.stdout).contains(built),
            "{}",
            both_streams(&output)
        );
    }
}

#[test]
fn a_value_behind_a_list_or_a_switch_of_the_rules_stays_a_value() {
    // The component writes exactly one argument behind each of them.
    let flags = "prompt: {type: list}, extra: {type: bool}, flag: {type: bool}";
    for rules in [format!("unknown: error\nflags: {{{flags}}}"), format!("flags: {{{flags}}}")] {
        let folder = site(&rules);
        for flag in ["--prompt", "--flag"] {
            for value in [
                "--mode=evil",
                "mode=evil",
                "model._target_=os.system",
                "--config-dir=/tmp",
                "-m",
                "+author=here",
                "--fixed=1",
            ] {
                let tokens = ["python3", "main.py", "--mode", "safe", flag, value, "--quiet"];
                let got = folder.overrides(&tokens);
                let refused = got.starts_with("error: ");
                let kept = got == format!("mode=safe | prompt=['{value}'] | quiet=true");
                assert!(refused || kept, "{rules}: {flag} {value}: {got}");
            }
        }
    }
}

#[test]
fn a_value_that_may_be_absent_stays_a_value() {
    let args = [
        "--mode",
        "safe",
        "--extra",
        "if: {cond: {isPresent: extra}, then: {inputValue: extra}}",
        "--prompt",
        "{inputValue: prompt}",
    ];
    for rules in ["unknown: error", "unknown: pass"] {
        let folder = site(rules);
        folder.file("component.yaml", &component(&INPUTS, &args));
        for (extra, prompt) in [
            ("--prompt", "--mode=evil"),
            ("--prompt", "model._target_=os.system"),
            ("--prompt", "--config-dir=/tmp"),
            ("--mode", "evil"),
            ("--mode=evil", "x"),
        ] {
            let tokens =
                ["python3", "main.py", "--mode", "safe", "--extra", extra, "--prompt", prompt];
            let got = folder.overrides(&tokens);
            let kept = format!("mode=safe | extra='{extra}' | prompt=");
            assert!(
                got.starts_with("error: ") || got.starts_with(&kept),
                "{rules}: {extra} {prompt}: {got}"
            );
        }
    }
}

#[test]
fn a_value_that_may_be_absent_stays_one_in_front_of_a_joined_flag() {
    let args = [
        "--extra",
        "if: {cond: {isPresent: extra}, then: {inputValue: extra}}",
        "concat: ['--prompt=', {inputValue: prompt}]",
    ];
    let folder = site("unknown: error");
    folder.file("component.yaml", &component(&INPUTS, &args));
    for (arguments, expected) in [
        (&["--extra", "x", "--prompt=y"][..], "extra=x | prompt=y"),
        (&["--extra", "--prompt=y"], "extra=true | prompt=y"),
        (&["--extra", "--prompt=evil", "--prompt=y"], "error: --extra: its value may be absent"),
    ] {
        let got = folder.overrides(&[&["python3", "main.py"], arguments].concat());
        assert!(got.starts_with(expected), "{arguments:?}: {got}");
    }
}

#[test]
fn what_is_behind_a_secret_is_not_shown() {
    let folder = closed("prompt: {secret: true}");
    for behind in ["hunter2", "-hunter2", "a=hunter2"] {
        let tokens = ["python3", "main.py", "--prompt", "a", behind];
        let message = folder.translate(&tokens).unwrap_err();
        assert!(!message.contains("hunter2") && message.contains("***"), "{behind}: {message}");
    }
}

#[test]
fn a_secret_that_nobody_takes_is_not_shown() {
    let flags = "flags: {prompt: {key: a.api_key, secret: true}}\ndashes: underscore";
    for rules in [format!("unknown: error\n{flags}"), flags.to_owned()] {
        let folder = site(&rules);
        for arguments in [
            &["a.api_key=hunter2", "x"][..],
            &["++a.api_key=hunter2", "x"],
            &["a={api_key: hunter2}", "x"],
            &["-a.api_key=hunter2"],
            &["--a.api-key=hunter2", "x"],
            &["--steps", "1", "--", "a.api_key=hunter2"],
        ] {
            let mut run = folder.shim(&["run", "true"]);
            let output = run.args(arguments).env("HYDRA_SHIM_LOG", "json").output().unwrap();
            let said = both_streams(&output);
            assert!(said.contains("hydra-shim: "), "{rules}: {arguments:?}: {said}");
            assert!(!said.contains("hunter2"), "{rules}: {arguments:?}: {said}");
        }
    }
    // Where the command's end is not known, the rules are not either.
    for command in [&["timeout", "5"][..], &["sh", "x"], &["uv", "run"], &["python3", "-c", "x"]] {
        let tokens = [&["run"], command, &["my-train", "token=hunter2", "--x", "hunter2"]].concat();
        let said = both_streams(&Folder::new(&[]).shim(&tokens).output().unwrap());
        assert!(said.contains("cannot tell") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_the_component_writes_after_its_own_dashes_is_its_own() {
    let args = ["--prompt", "{inputValue: prompt}", "--", "+author=here", "--cfg", "job"];
    let folder = site("unknown: error");
    folder.file("component.yaml", &component(&INPUTS, &args));
    for (arguments, expected) in [
        (
            &["--prompt", "--", "--", "+author=here", "--cfg", "job"][..],
            "prompt='--' | +author=here | --cfg | job",
        ),
        (&["--prompt", "x", "--", "+author=there"], "error: `+author=there` is not declared"),
        (&["--prompt", "x", "--", "--prompt=y"], "error: `--prompt=y` is not declared"),
        (&["--prompt", "x", "--", "--cfg", "all"], "error: --cfg: the value `all` is not the"),
    ] {
        let got = folder.overrides(&[&["python3", "main.py"], arguments].concat());
        assert!(got.starts_with(expected), "{arguments:?}: {got}");
    }
}

#[test]
fn a_value_never_ends_the_command() {
    // An installed console script: a `--` among the arguments is no separator once a declared flag
    // was seen.
    for rules in ["unknown: error", "unknown: pass"] {
        let folder = site(rules);
        for before in [&["--run", "model._target_=os.system"][..], &["--mode", "safe"], &[]] {
            let tokens = [&["my-train"], before, &["--prompt", "--", "--steps", "3"]].concat();
            let got = folder.translate(&tokens);
            if let Ok(printed) = got {
                assert_eq!(words(&printed, "command"), ["my-train"], "{rules}: {tokens:?}");
            }
        }
    }
}

#[test]
fn no_value_decides_where_a_command_ends() {
    let dict = "++model={_target_: os.system, command: id}";
    for rules in ["unknown: error", "unknown: pass"] {
        let folder = site(rules);
        for (tokens, reason) in [
            (&["my-train", dict, "--"][..], "in front of `--` may be its argument"),
            (
                &["my-train", "--config-dir=/tmp", "--cfg", "job", "--", "--steps", "3"],
                "may be its argument",
            ),
            (&["my-train", "--lr", "1", "--note=x", "--", "--name", "Y"], "may be its argument"),
            (
                &["mpirun", "my-train", "--x", "1", "--note", "--", "--name", "Y"],
                "after --note may be",
            ),
            (&["mpirun", "my-train", "--", "--x", "1", "--", "a=1"], "more than one `--`"),
            (&["uv", "run", "my-train", "--data", "conf.py", "--lr", "0.1"], "put `--` in front"),
            (&["uv", "run", "my-train", "--data", "--", "--lr", "0.1"], "`--` after --data may be"),
        ] {
            let mut command = folder.shim(&["run"]);
            let output = finish(command.args(tokens));
            assert_eq!(output.status.code(), Some(125), "{tokens:?}: {}", both_streams(&output));
            let message = refusal(&output);
            assert!(message.contains(reason), "{rules}: {tokens:?}: {message}");
        }
        // A separator between words and arguments is one, and in closed mode its command is named.
        let tokens = ["mpirun", "-n", "2", "my-train", "--", "--steps", "3"];
        let named = ["HYDRA_SHIM_COMMAND", "mpirun -n 2 my-train"];
        let translate = || folder.shim(&["translate", "--format", "json"]);
        let got = translated(translate().args(tokens));
        let closed = rules == "unknown: error";
        assert_eq!(got.is_err(), closed, "{got:?}");
        if let Err(message) = got {
            assert!(
                message.contains("from the component, the rules or the environment"),
                "{message}"
            );
        }
        let printed = translated(translate().args(tokens).env(named[0], named[1])).unwrap();
        assert_eq!(words(&printed, "command").join(" "), named[1]);
        let by_rules = format!("component: component.yaml\ncommand: {}\n{rules}\n", named[1]);
        folder.file("hydra-shim.yaml", &by_rules);
        assert_eq!(folder.overrides(&tokens), "steps=3");
        // The component's own words, with a flag among them too.
        let text = component(&INPUTS, &ARGS).replace("[python3, main.py]", "[my-train, --x=1, --]");
        folder.file("component.yaml", &text);
        folder.file("hydra-shim.yaml", &format!("component: component.yaml\n{rules}\n"));
        assert_eq!(folder.overrides(&["my-train", "--x=1", "--", "--steps", "3"]), "steps=3");
        let other = folder.overrides(&["my-train", "--x=2", "--", "--steps", "3"]);
        assert!(other.contains("may be its argument"), "{other}");
    }
}

#[test]
fn a_value_that_is_a_separator_or_a_script_arrives() {
    let mut oracle = Oracle::start(HYDRA).unwrap();
    for rules in ["unknown: error", "unknown: pass"] {
        let folder = site(rules);
        for (command, value) in [
            (&["my-train"][..], "--"),
            (&["my-train"], "conf.py"),
            (&["python3", "main.py"], "--"),
            (&["uv", "run", "main.py"], "conf.py"),
            (&["torchrun", "--nnodes", "1", "main.py"], "--"),
        ] {
            let tokens = [command, &["--prompt", value, "--steps", "3"]].concat();
            let printed = folder.translate(&tokens).unwrap();
            assert_eq!(words(&printed, "command"), command);
            let overrides = words(&printed, "overrides");
            let read = oracle.apply(&[("prompt".to_owned(), vec![overrides[0].clone()])]);
            assert_eq!(read[0].as_deref(), Ok(seen::str(value).as_str()), "{tokens:?}");
        }
    }
}

#[test]
fn a_group_option_stays_inside_the_configs() {
    // A value with `..` would have Hydra read a file from outside its config folder, with any
    // `_target_` in it (measured, 1.3.8).
    let folder = closed("size: {type: string}");
    folder.file("outside/evil.yaml", "_target_: os.getcwd\n");
    let list = r#"["../../outside/evil"]"#;
    assert_refused(&folder, &["--size", "../../outside/evil"], "holds `..`");
    assert_refused(&folder, &["--items", list], "holds `..`");
    // The danger is real.
    folder.file("hydra-shim.yaml", "");
    for value in ["../../outside/evil", list] {
        let output = run(&folder, &["--size", value]);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(stdout.contains("os.getcwd"), "{}", both_streams(&output));
    }
}

#[test]
fn hydras_own_flags_keep_the_components_values() {
    let folder = closed("");
    let own = ["--config-name", "prod", "--cfg", "job", "--mode", "{inputValue: prompt}"];
    folder.file("component.yaml", &component(&INPUTS, &own));
    folder.file("conf/prod.yaml", &CONFIG.replace("mode: safe", "mode: safe\nadded: 1"));
    folder.file("outside/evil.yaml", "model: {_target_: os.getcwd}\n");
    let output = run(&folder, &["--config-name", "prod", "--cfg", "job", "--mode", "x"]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("added: 1"),
        "{}",
        both_streams(&output)
    );
    for value in ["../outside/evil", "job", "config"] {
        for flag in [&["--config-name", value][..], &[&format!("--config-name={value}")]] {
            assert_refused(&folder, flag, "(unknown: error)");
        }
    }
    assert_refused(&folder, &["--cfg", "all"], "(unknown: error)");
}

#[test]
fn closed_mode_holds_where_the_shim_interposes() {
    let folder = closed("");
    fs::create_dir(folder.path("shims")).unwrap();
    symlink(support::shim(), folder.path("shims/python3")).unwrap();
    let bin = venv(HYDRA).unwrap().join("bin");
    let path = format!("{}:{}:/usr/bin:/bin", folder.path("shims").display(), bin.display());
    for arguments in [&["model._target_=x"][..], &["--prompt", "${x}"], &["-m"], &["--", "a=1"]] {
        let mut call = Command::new(folder.path("shims/python3"));
        call.arg0("python3").arg("main.py").args(arguments);
        let output = finish(call.current_dir(folder.path(".")).env("PATH", &path));
        assert_eq!(output.status.code(), Some(125), "{arguments:?}: {}", both_streams(&output));
        refusal(&output);
        assert!(!folder.path("started").exists());
    }
}

#[test]
fn what_is_declared_reaches_an_old_hydra_too() {
    let folder = closed(KEYS);
    let tokens = ["python3", "main.py", "--prompt", "-m", "--options", r#"{"a": [1]}"#];
    let overrides = words(&folder.translate(&tokens).unwrap(), "overrides");
    for version in [HYDRA, OLD_HYDRA] {
        let mut oracle = Oracle::start(version).unwrap();
        let composed =
            oracle.composed(&folder.path("conf"), "config", &overrides, Some("model.options"));
        assert_eq!(composed, Ok(seen::dict(&[("a", seen::list(&[seen::int("1")]))])), "{version}");
    }
    assert_eq!(in_one_line(folder.translate(&tokens[..4])), "+model.prompt_='-m'");
}
