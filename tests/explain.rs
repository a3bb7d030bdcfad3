//! `explain`: its verdict is what really happens to the call, and it says why. The calls are made, by real
//! shells and a real Python; the application prints what arrived.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use serde_json::Value;
use support::private_python::PrivatePython;
use support::shims_in_path::{
    APP, FLAGS, Failures, SHOW, Site, TRANSLATED, UNTOUCHED, printed, write_executable,
};
use support::{HYDRA, both_streams, shim, shim_command, stdout};

/// A shell's words; `FLAGS` stands for the flags.
fn words(line: &str) -> Vec<String> {
    shell_words::split(&line.replace("FLAGS", &FLAGS.join(" "))).unwrap()
}

/// `explain` of a call, in its environment and folder.
fn explain(call: &Command, options: &[&str], words: &[String]) -> Command {
    let mut command = shim_command();
    command.arg("explain").args(options).args(words);
    command.current_dir(call.get_current_dir().unwrap());
    command.envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Compares the verdict on each line with what happens; each line is followed by a part of what is said.
fn compare(lines: &str, call: impl Fn(&[&str]) -> Command) {
    let mut failures = Failures::default();
    for (line, part) in lines.lines().filter_map(|line| line.trim().split_once(" | ")) {
        let words = words(line);
        let arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut call = call(&arguments);
        let happens = printed(&mut call);
        let output = explain(&call, &[], &words).output().unwrap();
        let verdict = match output.status.code() {
            Some(0) => TRANSLATED,
            Some(1) => UNTOUCHED,
            _ => "another exit code",
        };
        failures.compare(line, &happens, verdict);
        let said = both_streams(&output);
        if !said.contains(part) {
            failures.compare(line, &said, part);
        }
    }
    failures.assert_none();
}

/// An application, and what is none.
fn files(site: &Site) {
    let app = format!("{SHOW}{APP}");
    let parser = format!("{SHOW}import argparse\nargparse.ArgumentParser().parse_args()\n");
    site.files(&[("main.py", &app), ("package/train.py", &app), ("other.py", &parser)]);
    let python = site.venv.join("bin/python3");
    let scripts = [("./by-env", "/usr/bin/env python3"), ("./by-path", python.to_str().unwrap())];
    for (name, interpreter) in scripts {
        write_executable(&site.path("app").join(name), &format!("#!{interpreter}\n{app}"));
    }
    // As its workers are started: `sys.executable`.
    let launcher = "import os, sys\nos.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n";
    site.program("torchrun", &format!("#!{}\n{launcher}", python.display()));
    fs::write(site.path("app/.bash_profile"), "PATH=/usr/bin:/bin\n").unwrap();
}

#[test]
fn the_verdict_is_what_happens() {
    let site = Site::new(&[]);
    files(&site);
    symlink(shim(), site.path("bin/hydra-shim")).unwrap();
    let call = |words: &[&str]| {
        let mut call = site.command(words);
        call.env("HOME", site.path("app"));
        call
    };
    let python = site.venv.join("bin/python3");
    let lines = r#"
        python3 main.py FLAGS | is the shim (first in PATH); after it VENV, CPython
        python3 main.py FLAGS | a Hydra application: main.py:13 calls main
        python3 main.py FLAGS | lr=0.1
        python3 -m package.train FLAGS | package.train  a Hydra application
        python3 other.py FLAGS | other.py:5 calls .parse_args; read: other.py
        python3 -c 'import sys; print(sys.argv[1:])' FLAGS | no script or module is started
        VENV main.py FLAGS | it is named by its path, and PATH is not asked
        env A=1 python3 main.py FLAGS | lr=0.1
        timeout 20 nice -n 1 python3 main.py FLAGS | lr=0.1
        sh -c 'exec "$0" "$@"' python3 main.py FLAGS | lr=0.1
        sh -c 'true && exec python3 main.py "$0" "$@"' FLAGS | lr=0.1
        bash -o pipefail -ec 'python3 -u main.py "$@"' x FLAGS | lr=0.1
        bash -lc 'python3 main.py "$@"' x FLAGS | but a login shell takes PATH
        bash --login -c 'python3 main.py "$@"' x FLAGS | leave out the -l
        bash -c 'VENV main.py "$@"' x FLAGS | it is named by its path
        ./by-env FLAGS | lr=0.1
        ./by-path FLAGS | it is named by its path
        torchrun main.py FLAGS | VENV is not the shim
        hydra-shim run python3 main.py FLAGS | run asks nothing
    "#;
    compare(&lines.replace("VENV", python.to_str().unwrap()), call);
    // One whose place in PATH another one took.
    let activated = |words: &[&str]| {
        let mut call = call(words);
        let path = [vec![site.venv.join("bin")], site.search_path()].concat();
        call.env("PATH", std::env::join_paths(path).unwrap());
        call
    };
    compare("python3 main.py FLAGS | in PATH, as an activated environment does", activated);
    let without = |words: &[&str]| site.without_shims(words);
    compare("python3 main.py FLAGS | PATH has no shim of that name", without);
    let named = |words: &[&str]| {
        let mut call = call(words);
        call.env("HYDRA_SHIM_APPS", "other.py").env("HYDRA_SHIM_NOT_APPS", "main.py");
        call
    };
    compare("python3 other.py FLAGS | HYDRA_SHIM_APPS names other.py", named);
    compare("python3 main.py FLAGS | HYDRA_SHIM_NOT_APPS names main.py", named);
}

#[test]
fn a_shim_in_place_is_reached_by_whatever_way() {
    let python = PrivatePython::new();
    let venv = python.hydra_venv();
    python.take_place();
    let app = python.path("app");
    fs::write(app.join("main.py"), format!("{SHOW}{APP}")).unwrap();
    fs::write(app.join(".bash_profile"), "").unwrap();
    symlink(&venv, app.join(".venv")).unwrap();
    let launcher = "import os, sys\nos.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n";
    let program = format!("#!{}\n{launcher}", venv.join("bin/python3").display());
    write_executable(&app.join("torchrun"), &program);
    write_executable(&app.join("uv"), "#!/bin/sh\nshift\nexec .venv/bin/python \"$@\"\n");
    let call = |words: &[&str]| {
        let mut call = Command::new(words[0]);
        let path = [&venv.join("bin"), Path::new("/usr/bin"), Path::new("/bin"), &app];
        call.args(&words[1..]).current_dir(&app).env_clear();
        call.env("PATH", std::env::join_paths(path).unwrap()).env("HOME", &app);
        call
    };
    let lines = "
        python3 main.py FLAGS | is the shim in the place of an interpreter; after it KEPT
        python3 main.py FLAGS | hydra-core  HYDRA, in
        VENV/bin/python main.py FLAGS | lr=0.1
        sh -c 'VENV/bin/python3 main.py \"$@\"' x FLAGS | lr=0.1
        torchrun main.py FLAGS | lr=0.1
        uv run main.py FLAGS | lr=0.1
    ";
    let kept = python.kept();
    let lines =
        lines.replace("VENV", venv.to_str().unwrap()).replace("HYDRA,", &format!("{HYDRA},"));
    compare(&lines.replace("KEPT", kept.to_str().unwrap()), call);
}

/// What `explain` prints of a call in the site's folder, and its exit code.
fn said(site: &Site, options: &[&str], line: &str) -> (Option<i32>, String) {
    let output = explain(&site.command(&["true"]), options, &words(line)).output().unwrap();
    let text = stdout(&output.clone().assert());
    let places = [(site.path("shims"), "SHIMS"), (site.venv.clone(), "VENV")];
    let text =
        places.iter().fold(text, |text, (path, name)| text.replace(path.to_str().unwrap(), name));
    (output.status.code(), text)
}

#[test]
fn all_of_it_is_said_in_order() {
    let site = Site::new(&[]);
    let component = "name: t\ninputs:\n- {name: lr, type: Float}\n- {name: note, type: String}\n\
        implementation:\n  container:\n    image: i\n    command: [python3, main.py]\n    args:\n\
        \x20   - --lr\n    - {inputValue: lr}\n    - --note\n    - {inputValue: note}\n";
    site.files(&[
        ("main.py", APP),
        ("hydra-shim.yaml", "component: component.yaml\nunknown: error\nflags: {lr: opt.lr}\n"),
        ("component.yaml", component),
    ]);
    let head = "\
python3     SHIMS/python3 is the shim (first in PATH); after it VENV/bin/python3, CPython
main.py     a Hydra application: main.py:10 calls main, main.py:4 decorates it with hydra.main
rules       hydra-shim.yaml (closed mode)
component   component.yaml, 2 flags
hydra-core  HYDRA, in VENV/lib/PYTHON/site-packages
"
    .replace("HYDRA", HYDRA);
    let python = fs::read_dir(site.venv.join("lib")).unwrap().next().unwrap().unwrap().file_name();
    let head = head.replace("PYTHON", python.to_str().unwrap());
    let whole = head.clone()
        + "  received    key     type    declared by        override\n"
        + "  --lr 0.1    opt.lr  float   component.yaml:10  opt.lr=0.1\n"
        + "  --note a,b  note    string  component.yaml:12  note='a,b'\n";
    assert_eq!(said(&site, &[], "python3 main.py FLAGS"), (Some(0), whole.clone()));
    // Without arguments: when flags given to it would be.
    assert_eq!(said(&site, &[], "python3 main.py"), (Some(0), head.clone()));
    // The component's own call.
    let own = ["--component", "component.yaml", "--set", "lr=0.1", "--set", "note=a,b"];
    assert_eq!(said(&site, &own, ""), (Some(0), format!("t\n\n{whole}")));
    let (code, samples) = said(&site, &own[..2], "");
    assert!(code == Some(0) && samples.contains("(sample)"), "{samples}");
    // Refused: the reason is in the table.
    let (code, refused) = said(&site, &[], "python3 main.py --lr fast --rate 1");
    assert!(code == Some(1), "{refused}");
    for part in ["arguments   refused, as the table says", "`fast` is not a float", "--rate"] {
        assert!(refused.contains(part), "{refused}");
    }
    // For programs.
    let (code, json) = said(&site, &["--format", "json"], "python3 main.py FLAGS");
    let json: Value = serde_json::from_str(&json).unwrap();
    let call = &json["calls"][0];
    assert_eq!((code, &call["translated"]), (Some(0), &Value::Bool(true)));
    assert_eq!(call["findings"][0]["about"], "python3");
    assert_eq!(call["trace"][0]["to"][0], "opt.lr=0.1");
    // No secret is shown, in whatever form.
    site.file("hydra-shim.yaml", b"flags: {token: {type: string, secret: true}}\n");
    for options in [&[][..], &["--format", "json"]] {
        for line in ["python3 main.py --token hunter2", "sh -c 'x' --token hunter2"] {
            let output = explain(&site.command(&["true"]), options, &words(line)).output().unwrap();
            let said = both_streams(&output);
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}

#[test]
fn what_is_not_in_order_is_said_and_what_to_do() {
    let site = Site::new(&[]);
    let cases = [
        ("apps: {mian.py: {}}", "python3 main.py FLAGS", 0, "is mian.py meant for main.py?"),
        ("apps: {a.py: {}}", "python3 main.py FLAGS", 0, "its apps are a.py, not main.py"),
        ("apps: {main.py: off}", "python3 main.py FLAGS", 1, "the rules say `off`"),
        ("apps: {main.py: off}", "hydra-shim run python3 main.py FLAGS", 1, "the rules say `off`"),
        ("unknown: error", "VENV main.py FLAGS", 1, "(closed mode); the arguments pass unchecked"),
        ("unknown: error", "python3 plain.py FLAGS", 1, "name the program: apps: {plain.py: {}}"),
        ("unknown: error", "python3 suspect.py FLAGS", 1, "suspect.py` imports Hydra"),
        (
            "unknown: eror",
            "python3 main.py FLAGS",
            1,
            "rules       hydra-shim.yaml:1:10: unknown: unknown value",
        ),
        ("component: c.yaml", "python3 main.py FLAGS", 1, "cannot read `c.yaml`"),
        (
            "{}",
            "python3 plain.py FLAGS",
            1,
            "read: plain.py; HYDRA_SHIM_APPS=plain.py if it is one",
        ),
        ("{}", "python3 absent.py FLAGS", 1, "its source is not found"),
        ("", "python3 main.py lr=0.1", 1, "there is no flag to translate"),
        ("{}", "python3 main.py --a --b", 1, "refused, as the table says"),
        ("{}", "absent main.py FLAGS", 1, "`absent` is not found in PATH"),
        ("{}", "/absent/python3 main.py", 1, "`/absent/python3` is not found"),
        ("{}", "sh -c '\"$0\" \"$@\"'", 1, "sh  starts nothing that is known"),
        ("{}", "bash run.sh FLAGS", 1, "what its script does with the arguments is not known"),
        ("{}", "conda run python3 main.py FLAGS", 1, "which Python it starts is not known"),
        ("{}", "FLAGS", 0, "run asks nothing"),
        ("{}", "hydra-shim run python3 absent.py FLAGS", 1, "`absent.py` is not found"),
    ];
    let mut failures = Failures::default();
    site.program("conda", "#!/bin/sh\n");
    for (rules, line, code, part) in cases {
        let suspect = "import hydra\n";
        let plain = "pass\n";
        let files = [("main.py", APP), ("plain.py", plain), ("suspect.py", suspect)];
        site.files(&files);
        if !rules.is_empty() {
            site.file("hydra-shim.yaml", rules.as_bytes());
        }
        let line = line.replace("VENV", site.venv.join("bin/python3").to_str().unwrap());
        let got = said(&site, &[], &line);
        if got.0 != Some(code) || !got.1.contains(part) {
            failures.compare(&format!("{rules}: {line}"), &format!("{got:?}"), part);
        }
    }
    failures.assert_none();
}

#[test]
fn another_hydra_is_named() {
    let site = Site::new(&[]);
    site.files(&[("main.py", APP)]);
    let place = site.path("packages");
    let explained = |version: Option<&str>| {
        let _ = fs::remove_dir_all(&place);
        fs::create_dir(&place).unwrap();
        fs::create_dir(place.join("bin")).unwrap();
        symlink(site.venv.join("bin/python3"), place.join("bin/python3")).unwrap();
        fs::write(place.join("pyvenv.cfg"), "home = /nowhere\n").unwrap();
        let packages = place.join("lib/python3.11/site-packages");
        fs::create_dir_all(&packages).unwrap();
        if let Some(version) = version {
            fs::create_dir(packages.join(format!("hydra_core-{version}.dist-info"))).unwrap();
        }
        let path = [site.shims(), place.join("bin")];
        let mut call = site.command(&["true"]);
        call.env("PATH", std::env::join_paths(path).unwrap());
        stdout(&explain(&call, &[], &words("python3 main.py FLAGS")).assert().success())
    };
    for (version, part) in [
        (Some("1.1.2"), "the shim was not measured with it"),
        (Some("2.0.0"), "the shim was not measured with it"),
        (None, "is not installed for that program"),
    ] {
        let said = explained(version);
        assert!(said.contains(part), "{version:?}: {said}");
    }
    assert!(!explained(Some("1.4.0")).contains("help:"));
}
