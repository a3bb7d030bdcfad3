//! A value stays the value of its flag, whatever it looks like.

use super::support::working_folder::{Folder, component, words};
use super::support::{HYDRA, Oracle, seen};
use super::{INPUTS, site};

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
