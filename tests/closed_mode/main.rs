//! Closed mode: whoever sets a pipeline's parameters sets the values of declared flags, and
//! nothing else. What the real Hydra does with what gets through is part of the tests.

mod command_end;
mod instantiate;
#[path = "../support/mod.rs"]
mod support;
mod values;

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::Command;

use assert_cmd::assert::{Assert, OutputAssertExt};
use support::working_folder::{Folder, component, main_py, split, words};
use support::{HYDRA, OLD_HYDRA, Oracle, refused, seen, stderr, stdout, venv};

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
fn run<S: AsRef<OsStr>>(folder: &Folder, arguments: &[S]) -> Assert {
    let python = venv(HYDRA).unwrap().join("bin/python");
    let mut command = folder.shim(&["run", python.to_str().unwrap(), "main.py"]);
    finish(command.args(arguments))
}

fn finish(command: &mut Command) -> Assert {
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("SECRET", "hunter2").assert()
}

/// Asserts that nothing was started.
fn assert_refused<S: AsRef<OsStr> + Debug>(folder: &Folder, arguments: &[S], reason: &str) {
    let message = refused(run(folder, arguments), 125);
    assert!(message.contains(reason), "{arguments:?}: {message}");
    assert!(!folder.path("started").exists(), "{arguments:?}: it was started");
}

#[test]
fn arguments_that_nobody_declared_are_refused() {
    let folder = closed("extra: {type: string}");
    for (arguments, reason) in [
        ("model._target_=os.system", "`model._target_=os.system` is not declared"),
        ("+model._target_=os.system", "declare a flag for its key"),
        ("'~model'", "is not declared"),
        ("--model._target_=os.system", "`--model._target_` is not declared"),
        ("--model._target_ os.system", "`--model._target_` is not declared"),
        ("--config-dir=/tmp", "`--config-dir` is not declared"),
        ("--config-dir /tmp", "`--config-dir` is not declared"),
        ("-cd /tmp", "`-cd` is not declared"),
        ("-cd=/tmp", "`-cd` is not declared"),
        ("--config-path=/tmp", "is not declared"),
        ("-cn other", "is not declared"),
        ("--multirun", "is not declared"),
        ("-m", "is not declared"),
        ("--experimental-rerun=x", "is not declared"),
        ("--cfg job", "is not declared"),
        ("--info", "is not declared"),
        ("--help", "is not declared"),
        ("hydra.run.dir=/tmp", "is not declared"),
        ("hydra/launcher=x", "is not declared"),
        ("-- model._target_=x", "is not declared"),
        ("--extra x -- -m", "`--` is not declared"),
        ("--extra x -- --config-dir=/tmp", "`--` is not declared"),
        // Not the component's own words either, nor nothing: it does not write the `--`.
        ("--extra x -- --fixed=1", "(unknown: error); help: leave it out"),
        ("--extra x -- +author=here", "`--` is not declared"),
        ("--extra x -- --", "`--` is not declared"),
        ("--extra x --", "`--` is not declared"),
        ("--extra x y", "`y` is not declared"),
        ("--extra.x=1", "is not declared"),
        ("--no-extra", "is not declared"),
        ("--Extra=1", "(unknown: error); help: did you mean --extra?"),
        ("--ｅxtra=1", "is not declared"),
        ("-extra=1", "is not declared"),
        ("-prompt 1", "is not declared"),
        ("--fixed=2", "is not declared"),
        ("--fixed 1", "is not declared"),
        ("+author=there", "is not declared"),
        ("++author=here", "is not declared"),
        ("fixed=1", "is not declared"),
        ("--mode", "--mode: its value is missing at the end of the command line"),
        ("''", "`` is not declared"),
        ("-", "`-` is not declared"),
        ("--=x", "is not declared"),
    ] {
        assert_refused(&folder, &split(arguments), reason);
    }
    // What the component itself writes is accepted, and what is declared.
    let tokens = main_py("--mode safe --fixed=1 +author=here --quiet --extra x");
    let expected = "mode=safe | fixed=1 | +author=here | quiet=true | extra=x";
    assert_eq!(folder.overrides(&tokens), expected);
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
            "a.api_key=hunter2 x",
            "++a.api_key=hunter2 x",
            "'a={api_key: hunter2}' x",
            "-a.api_key=hunter2",
            "--a.api-key=hunter2 x",
            "--steps 1 -- a.api_key=hunter2",
        ] {
            let mut run = folder.shim(&["run", "true"]);
            run.args(split(arguments)).env("HYDRA_SHIM_LOG", "json");
            let call = run.assert();
            let said = stdout(&call) + &stderr(&call);
            assert!(said.contains("hydra-shim: ") && !said.contains("hunter2"), "{rules}: {call}");
        }
    }
    // Where the command's end is not known, the rules are not either.
    for command in [&["timeout", "5"][..], &["sh", "x"], &["uv", "run"], &["python3", "-c", "x"]] {
        let tokens = [&["run"], command, &["my-train", "token=hunter2", "--x", "hunter2"]].concat();
        let message = refused(Folder::new(&[]).shim(&tokens).assert(), 125);
        assert!(message.contains("cannot tell") && !message.contains("hunter2"), "{message}");
    }
}

#[test]
fn what_the_component_writes_after_its_own_dashes_is_its_own() {
    let args = ["--prompt", "{inputValue: prompt}", "--", "+author=here", "--cfg", "job"];
    let folder = site("unknown: error");
    folder.file("component.yaml", &component(&INPUTS, &args));
    for (arguments, expected) in [
        ("--prompt -- -- +author=here --cfg job", "prompt='--' | +author=here | --cfg | job"),
        ("--prompt x -- +author=there", "error: `+author=there` is not declared"),
        ("--prompt x -- --prompt=y", "error: `--prompt=y` is not declared"),
        ("--prompt x -- --cfg all", "error: --cfg: the value `all` is not the"),
    ] {
        let got = folder.overrides(&main_py(arguments));
        assert!(got.starts_with(expected), "{arguments}: {got}");
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
        let call = run(&folder, &["--size", value]);
        assert!(stdout(&call).contains("os.getcwd"), "{call}");
    }
}

#[test]
fn hydras_own_flags_keep_the_components_values() {
    let folder = closed("");
    let own = ["--config-name", "prod", "--cfg", "job", "--mode", "{inputValue: prompt}"];
    folder.file("component.yaml", &component(&INPUTS, &own));
    folder.file("conf/prod.yaml", &CONFIG.replace("mode: safe", "mode: safe\nadded: 1"));
    folder.file("outside/evil.yaml", "model: {_target_: os.getcwd}\n");
    let call = run(&folder, &["--config-name", "prod", "--cfg", "job", "--mode", "x"]);
    assert!(stdout(&call).contains("added: 1"), "{call}");
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
        refused(finish(call.current_dir(folder.path(".")).env("PATH", &path)), 125);
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
    assert_eq!(folder.overrides(&tokens[..4]), "+model.prompt_='-m'");
}
