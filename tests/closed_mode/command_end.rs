//! Where a command ends is decided by no value.

use assert_cmd::assert::OutputAssertExt;

use super::support::working_folder::{component, translated, words};
use super::support::{HYDRA, Oracle, refused, seen};
use super::{ARGS, INPUTS, site};

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
            (&["my-train", dict, "--"][..], "before `--` may be its argument"),
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
            (&["uv", "run", "my-train", "--data", "conf.py", "--lr", "0.1"], "put `--` before"),
            (&["uv", "run", "my-train", "--data", "--", "--lr", "0.1"], "`--` after --data may be"),
        ] {
            let message = refused(folder.shim(&["run"]).args(tokens).assert(), 125);
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
