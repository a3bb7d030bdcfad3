//! The rules file and the component: how they are found, what each key does, and what is said
//! about a mistake in them.

mod support;

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::Command;

use hydra_shim::command_line::App;
use hydra_shim::rules::{Naming, Rules};
use serde_json::Value;
use support::shims_in_path::{
    APP, FLAGS, Failures, SHOW, Site, TRANSLATED, UNTOUCHED, outcome, printed,
};
use support::working_folder::{Folder, component, in_one_line, refusal, translated, words};
use support::{HYDRA, Oracle, both_streams, seen, shim, venv};

/// `python3 main.py`, before the arguments.
fn main_py<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["python3", "main.py"], arguments].concat()
}

/// What arguments become under rules; the working directory also has these files.
fn under(rules: &str, files: &[(&str, &str)], arguments: &[&str]) -> String {
    let folder = Folder::new(files);
    folder.file("hydra-shim.yaml", rules);
    folder.overrides(&main_py(arguments))
}

/// What arguments become by a component with these inputs and elements.
fn declared(inputs: &[&str], args: &[&str], arguments: &[&str]) -> String {
    let folder = Folder::new(&[("c.yaml", &component(inputs, args))]);
    let tokens = [&["--component", "c.yaml"], &main_py(arguments)[..]].concat();
    folder.overrides(&tokens)
}

/// A rules file that can be told from others.
fn found(name: &str) -> String {
    format!("append: [found={name}]\n")
}

// ---------------------------------------------------------------------------------------------
// How it is found
// ---------------------------------------------------------------------------------------------

#[test]
fn the_nearest_rules_file_is_read() {
    let folder = Folder::new(&[
        ("hydra-shim.yaml", &found("top")),
        ("a/hydra-shim.yaml", &found("a")),
        ("a/b/main.py", ""),
        ("c/main.py", ""),
        ("elsewhere/hydra-shim.yaml", &found("elsewhere")),
    ]);
    let absolute = folder.path("a/b/main.py");
    let mut failures = Failures::default();
    for (cwd, command, expected) in [
        (".", "python3 main.py", "found=top"),
        (".", "python3 c/main.py", "found=top"),
        (".", "python3 ./a/main.py", "found=a"),
        (".", "python3 a/b/main.py", "found=a"),
        ("elsewhere", "python3 ../a/b/main.py", "found=a"),
        ("elsewhere", "python3 ../c/main.py", "found=top"),
        ("elsewhere", absolute.to_str().unwrap(), "found=elsewhere"),
        ("elsewhere", &format!("python3 -u -W ignore {}", absolute.to_str().unwrap()), "found=a"),
        ("elsewhere", "torchrun --nproc_per_node 2 ../a/b/main.py", "found=a"),
        // Where there is no script file: the working directory's, and none above it.
        ("elsewhere", "python3 -m package.main", "found=elsewhere"),
        ("elsewhere", "my-train", "found=elsewhere"),
        ("c", "python3 -m package.main", ""),
        ("c", "my-train", ""),
    ] {
        let mut call = folder.shim(&["translate", "--format", "json"]);
        call.args(command.split(' ')).current_dir(folder.path(cwd));
        failures.compare(
            &format!("{cwd}: {command}"),
            &in_one_line(translated(&mut call)),
            expected,
        );
    }
    failures.assert_none();
}

#[test]
fn a_rules_file_can_be_named() {
    let folder = Folder::new(&[
        ("hydra-shim.yaml", &found("beside")),
        ("conf/by-variable.yaml", &found("variable")),
        ("conf/by-option.yaml", &found("option")),
    ]);
    for (variable, options, expected) in [
        (None, &[][..], "found=beside"),
        (Some(""), &[], "found=beside"),
        (Some("conf/by-variable.yaml"), &[], "found=variable"),
        (None, &["--rules", "conf/by-option.yaml"], "found=option"),
        (None, &["--rules=conf/by-option.yaml"], "found=option"),
        (Some("conf/by-variable.yaml"), &["--rules", "conf/by-option.yaml"], "found=option"),
    ] {
        let mut call = folder.shim(&["translate", "--format", "json"]);
        call.args(options).args(["python3", "main.py"]);
        if let Some(value) = variable {
            call.env("HYDRA_SHIM_RULES", value);
        }
        assert_eq!(in_one_line(translated(&mut call)), expected, "{variable:?} {options:?}");
    }
}

#[test]
fn rules_from_a_pipe_hold_for_the_default_command() {
    let folder = Folder::new(&[]);
    folder.file("closed.yaml", "unknown: error\nflags: {f: {type: string}}\n");
    for (arguments, expected) in
        [(["--f", "1.10"], "f='1.10'"), (["--evil", "1"], "error: `--evil` is not declared")]
    {
        let mut call = folder.shim(&["translate", "--format", "json", "--rules", "/dev/stdin"]);
        let rules = std::fs::read(folder.path("closed.yaml")).unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(&rules).unwrap();
        drop(writer);
        let got = in_one_line(translated(call.args(arguments).stdin(reader)));
        assert!(got.starts_with(expected), "{arguments:?}: {got}");
    }
}

#[test]
fn a_named_rules_file_that_cannot_be_read_is_an_error_at_each_door() {
    let site = Site::new(&[]);
    site.files(&[("main.py", &format!("{SHOW}{APP}")), ("folder/x", "")]);
    site.file("latin-1", b"append: [a=\xe9]\n");
    site.file("no-yaml", b"append: [a=1\n");
    for (file, reason) in [
        ("absent.yaml", "cannot read `absent.yaml`: No such file"),
        ("folder", "cannot read `folder`: Is a directory"),
        ("latin-1", "cannot read `latin-1`: it is not UTF-8"),
        (
            "no-yaml",
            "no-yaml:2:1: did not find expected ',' or ']', while parsing a flow sequence at line 1",
        ),
    ] {
        let doors = [
            (vec!["hydra-shim", "run", "python3", "main.py", "--lr", "1"], 125),
            (vec!["python3", "main.py", "--lr", "1"], 125),
            (vec!["hydra-shim", "translate", "python3", "main.py", "--lr", "1"], 1),
        ];
        for (argv, code) in doors {
            let mut command = site.command(&argv);
            if argv[0] == "hydra-shim" {
                command = Command::new(shim());
                command.args(&argv[1..]).current_dir(site.path("app"));
            }
            let output = command.env("HYDRA_SHIM_RULES", file).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{argv:?}: {}", both_streams(&output));
            let message = refusal(&output);
            assert!(message.contains(reason), "{file}: {argv:?}: {message}");
        }
    }
}

#[test]
fn the_component_is_found_from_the_rules_the_variable_and_the_option() {
    let with = |name: &str| {
        component(&["{name: x, type: String}"], &[&format!("--{name}"), "{inputValue: x}"])
    };
    let folder = Folder::new(&[
        ("app/main.py", ""),
        ("app/hydra-shim.yaml", "component: kfp/rules.yaml\n"),
        ("app/kfp/rules.yaml", &with("rules")),
        ("variable.yaml", &with("variable")),
        ("option.yaml", &with("option")),
    ]);
    let absolute = format!("component: {}\n", folder.path("variable.yaml").to_str().unwrap());
    folder.file("absolute.yaml", &absolute);
    for (variable, options, name) in [
        (None, &[][..], "rules"),
        (Some(""), &[], "rules"),
        (Some("variable.yaml"), &[], "variable"),
        (Some("variable.yaml"), &["--component", "option.yaml"], "option"),
        (None, &["--component", "option.yaml"], "option"),
        (None, &["--rules", "absolute.yaml"], "variable"),
    ] {
        let mut call = folder.shim(&["translate", "--format", "json"]);
        // Only the flag that the component declares takes a value like this.
        let flag = format!("--{name}");
        call.args(options).args(["python3", "app/main.py", &flag, "-x"]);
        if let Some(value) = variable {
            call.env("HYDRA_SHIM_COMPONENT", value);
        }
        let expected = format!("{name}='-x'");
        assert_eq!(in_one_line(translated(&mut call)), expected, "{variable:?} {options:?}");
    }
    let mut call = folder.shim(&["translate", "--format", "json", "python3", "app/main.py"]);
    let message = translated(call.env("HYDRA_SHIM_COMPONENT", "absent.yaml")).unwrap_err();
    assert!(message.contains("cannot read `absent.yaml`"), "{message}");
}

// ---------------------------------------------------------------------------------------------
// What the keys do
// ---------------------------------------------------------------------------------------------

/// All of the keys at once, as a team writes them.
const EXAMPLE: &str = "\
component: component.yaml              # the unmodified component
dashes: underscore
flags:
  data_dir: datamodule.data_dir
  model: {key: callbacks.model_checkpoint.dirpath, type: path, mkdir: true}
  run-id: {type: string}
  tags: {type: list}
  cuda: {type: bool}
  note: {empty: drop}
  params: {type: dict, merge: true}
  token: {type: string, secret: true}
  seed: +seed
  extra: ++extra.deep
drop: [local_rank, _wandb]
env: {AIP_MODEL_DIR: model_dir}
append: [hydra.run.dir=/tmp/hydra]
apps:
  prepare.py: {component: prepare.yaml}
";

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn every_key_at_once_judged_by_hydra() {
    let inputs = ["{name: project, type: String}", "{name: lr, type: Float}"];
    let args = ["--project", "{inputValue: project}", "--learning-rate", "{inputValue: lr}"];
    let folder = Folder::new(&[
        ("component.yaml", &component(&inputs, &args)),
        ("hydra-shim.yaml", EXAMPLE),
        (
            "conf/config.yaml",
            "datamodule: {data_dir: null}\ncallbacks: {model_checkpoint: {dirpath: null}}\n\
             run_id: ''\ntags: [old]\ncuda: false\nnote: kept\nparams: {a: 1, b: 2}\ntoken: ''\n\
             extra: {deep: 1}\nmodel_dir: null\nproject: ???\nlearning_rate: 0\n",
        ),
    ]);
    let arguments = main_py(&[
        "--project",
        "--demo",
        "--learning-rate",
        "1",
        "--data-dir",
        "gs://b/d",
        "--model",
        "m/n",
        "--run_id",
        "2024_11_23",
        "--local-rank=0",
        "--tags",
        "a",
        "b,c",
        "3",
        "--cuda",
        "--note",
        "",
        "--params",
        r#"{"b": 3, "c": 4}"#,
        "--token",
        "hunter2",
        "--seed",
        "7",
        "--_wandb",
        "x",
        "--extra",
        "new",
        "--tags",
        r#"["d", 0.5]"#,
    ]);
    let mut call = folder.shim(&["translate", "--format", "json"]);
    let printed = translated(call.args(arguments).env("AIP_MODEL_DIR", "gs://b/m")).unwrap();
    let overrides = words(&printed, "overrides");
    assert_eq!(overrides.last().unwrap(), "hydra.run.dir=/tmp/hydra");

    let mut oracle = Oracle::start(HYDRA).unwrap();
    let conf = folder.path("conf");
    let tags =
        [seen::str("a"), seen::str("b,c"), seen::int("3"), seen::str("d"), seen::float("0.5")];
    let params = [("a", seen::int("1")), ("b", seen::int("3")), ("c", seen::int("4"))];
    for (key, expected) in [
        ("datamodule.data_dir", seen::str("gs://b/d")),
        ("callbacks.model_checkpoint.dirpath", seen::str("m/n")),
        ("run_id", seen::str("2024_11_23")),
        ("tags", seen::list(&tags)),
        ("cuda", seen::bool(true)),
        ("note", seen::str("kept")),
        ("params", seen::dict(&params)),
        ("token", seen::str("hunter2")),
        ("seed", seen::int("7")),
        ("extra.deep", seen::str("new")),
        ("model_dir", seen::str("gs://b/m")),
        ("project", seen::str("--demo")),
        ("learning_rate", seen::float("1.0")),
    ] {
        let composed = oracle.composed(&conf, "config", &overrides, Some(key));
        assert_eq!(composed, Ok(expected), "{key}: {overrides:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn each_key_of_a_flag() {
    let mut failures = Failures::default();
    for (flags, arguments, expected) in [
        // The short form, and the key in full, with Hydra's signs.
        ("a: b.c", &["--a", "1"][..], "b.c=1"),
        ("--a: b", &["--a", "1"], "b=1"),
        ("a: +b", &["--a", "1"], "+b=1"),
        ("a: ++b.c", &["--a=x y"], "++b.c='x y'"),
        ("a: db@backup", &["--a", "mysql"], "db@backup=mysql"),
        ("a: {key: +b}", &["--a", r#"{"x": 1}"#], "+b={x: 1}"),
        ("a: {key: ++b}", &["--a", r#"{"x": 1}"#], "++b={} | ~b | +b={x: 1}"),
        ("a: {key: b}", &["--a", r#"{"x": 1}"#], "b={} | ~b | +b={x: 1}"),
        ("a: {}", &["--a", "-x"], "a='-x'"),
        (
            "a: null",
            &["--a", "1"],
            "error: hydra-shim.yaml:1:12: flags.a: expected a Hydra key, or a mapping, not null",
        ),
        // Types.
        ("a: {type: auto}", &["--a", "1"], "a=1"),
        ("a: {type: string}", &["--a", "1"], "a='1'"),
        ("a: {type: string}", &["--a", "null"], "a='null'"),
        ("a: {type: string}", &["--a", ""], "a=''"),
        ("a: {type: path}", &["--a", "/x/{y}"], "a='/x/{y}'"),
        ("a: {type: path}", &["--a", "true"], "a='true'"),
        ("a: {type: int}", &["--a", "3.0"], "a=3"),
        ("a: {type: int}", &["--a", "1e3"], "a=1000"),
        ("a: {type: int}", &["--a", "-7"], "a=-7"),
        (
            "a: {type: int}",
            &["--a", "3.5"],
            "error: --a: the value `3.5` is not an int (declared int by hydra-shim.yaml:1)",
        ),
        (
            "a: {type: int}",
            &["--a", "true"],
            "error: --a: the value `true` is not an int (declared int by hydra-shim.yaml:1)",
        ),
        ("a: {type: float}", &["--a", "1"], "a=1.0"),
        ("a: {type: float}", &["--a", "-inf"], "a=-inf"),
        ("a: {type: float}", &["--a", "nan"], "a=nan"),
        (
            "a: {type: float}",
            &["--a", "fast"],
            "error: --a: the value `fast` is not a float (declared float by hydra-shim.yaml:1)",
        ),
        ("a: {type: bool}", &["--a", "Yes"], "a=true"),
        ("a: {type: bool}", &["--a", "OFF"], "a=false"),
        ("a: {type: bool}", &["--a=1"], "a=true"),
        (
            "a: {type: bool}",
            &["--a=perhaps"],
            "error: --a: the value `perhaps` is not a bool (declared bool by hydra-shim.yaml:1)",
        ),
        ("a: {type: list}", &["--a", r#"["1", 1]"#], "a=['1',1]"),
        ("a: {type: 'list[int]'}", &["--a", "1", "2.0"], "a=[1,2]"),
        ("a: {type: 'list[int]'}", &["--a", "[1, 2.0]"], "a=[1,2]"),
        ("a: {type: 'list[float]'}", &["--a", "1", "[2]"], "a=[1.0,2.0]"),
        ("a: {type: 'list[str]'}", &["--a", "1", "x"], "a=['1',x]"),
        ("a: {type: 'list[string]'}", &["--a", "1"], "a=['1']"),
        ("a: {type: 'list[bool]'}", &["--a", "yes", "0"], "a=[true,false]"),
        ("a: {type: dict}", &["--a", r#"{"b": [1.0]}"#], "a={} | ~a | +a={b: [1.0]}"),
        ("a: {type: 'dict[str, int]'}", &["--a", r#"{"b": 1.0}"#], "a={} | ~a | +a={b: 1}"),
        ("a: {type: hydra}", &["--a", "1,2"], "a=1,2"),
        ("a: {type: hydra}", &["--a", "range(1,3)"], "a=range(1,3)"),
        ("a: {type: hydra}", &["--a", "${b}"], "a=${b}"),
        // empty
        ("a: {empty: drop}", &["--a", "", "--b", "1"], "b=1"),
        ("a: {empty: drop}", &["--a", "null", "--b", "1"], "b=1"),
        ("a: {empty: drop}", &["--a=", "--b", "1"], "b=1"),
        ("a: {empty: drop}", &["--a", "0", "--b", "1"], "a=0 | b=1"),
        ("a: {empty: drop, type: int}", &["--a", "", "--b", "1"], "b=1"),
        ("a: {empty: drop, type: dict}", &["--a", "", "--b", "1"], "b=1"),
        ("a: {empty: drop, type: list}", &["--a=", "--b", "1"], "b=1"),
        ("a: {empty: keep}", &["--a", ""], "a=''"),
        // nullable, for any type: `null` is no item and no text then.
        ("a: {type: int, nullable: true}", &["--a", "null"], "a=null"),
        ("a: {type: int, nullable: true}", &["--a", "1"], "a=1"),
        ("a: {type: int, nullable: true}", &["--a=null"], "a=null"),
        ("a: {type: float, nullable: true}", &["--a", "null"], "a=null"),
        ("a: {type: bool, nullable: true}", &["--a", "null", "b=1"], "a=null | b=1"),
        ("a: {type: string, nullable: true}", &["--a", "null"], "a=null"),
        ("a: {type: string, nullable: true}", &["--a", ""], "a=''"),
        ("a: {type: path, nullable: true}", &["--a", "null"], "a=null"),
        ("a: {type: hydra, nullable: true}", &["--a", "null"], "a=null"),
        ("a: {type: dict, nullable: true}", &["--a", "null"], "a=null"),
        ("a: {type: list, nullable: true}", &["--a", "null"], "a=null"),
        ("a: {type: 'list[int]', nullable: true}", &["--a", "null"], "a=null"),
        ("a: {type: 'list[str]', nullable: true}", &["--a", "null"], "a=null"),
        ("a: {type: list}", &["--a", "null"], "a=null"),
        ("a: {type: list}", &["--a", "x", "null"], "a=[x,null]"),
        ("a: {type: list}", &["--a", "[null]"], "a=[null]"),
        ("a: {type: 'list[str]'}", &["--a", "null"], "a=['null']"),
        (
            "a: {type: int, nullable: false}",
            &["--a", "null"],
            "error: --a: the value `null` is not an int (declared int by hydra-shim.yaml:1)",
        ),
        (
            "a: {type: 'list[int]'}",
            &["--a", "null"],
            "error: --a: the value `null` is not an int (declared list[int] by hydra-shim.yaml:1)",
        ),
        // NaN and the infinities, as Python's json writes them and as a float alone has them.
        ("a: {type: 'list[float]'}", &["--a", "[NaN, -Infinity,1]"], "a=[NaN,-inf,1.0]"),
        ("a: {type: 'list[float]'}", &["--a", "[Infinity, nan, inf ]"], "a=[inf,nan,inf]"),
        ("a: {type: 'list[float]'}", &["--a", "nan", "[Infinity]"], "a=[nan,inf]"),
        (
            "a: {type: 'list[float]'}",
            &["--a", "[NaN, x]"],
            "error: --a: the value `[NaN, x]` is not a float (declared list[float] by \
             hydra-shim.yaml:1)",
        ),
        ("a: {type: list}", &["--a", "[NaN]"], "a=['[NaN]']"),
        // A type's name is a key only where it is called one.
        ("lr: {key: int}", &["--lr", "1"], "int=1"),
        // merge
        ("a: {merge: true}", &["--a", r#"{"x": 1}"#], "++a={x: 1}"),
        ("a: {merge: false}", &["--a", r#"{"x": 1}"#], "a={} | ~a | +a={x: 1}"),
        ("a: {merge: true}", &["--a", "1"], "a=1"),
        // `-` and `_` are equal, and the exact name goes first.
        ("run-id: {type: string}", &["--run_id", "1"], "run-id='1'"),
        ("run_id: {type: string}", &["--run-id", "1"], "run_id='1'"),
        ("a-b: {type: string}, a_b: {type: int}", &["--a_b", "1", "--a-b", "1"], "a_b=1 | a-b='1'"),
        ("a_b: {type: int}, a-b: {type: string}", &["--a_b", "1", "--a-b", "1"], "a_b=1 | a-b='1'"),
        // One of Hydra's own names.
        ("version: {type: string}", &["--version", "2"], "version='2'"),
        ("run: run_name", &["--run", "x"], "run_name=x"),
    ] {
        let rules = format!("flags: {{{flags}}}\n");
        failures.compare(
            &format!("{flags}: {arguments:?}"),
            &under(&rules, &[], arguments),
            expected,
        );
    }
    failures.assert_none();
}

#[test]
fn what_is_appended_is_there_once() {
    let rules = "append: [+extra=1, seed=2]\n";
    for (arguments, expected) in [
        (&["--lr", "1"][..], "lr=1 | +extra=1 | seed=2"),
        // An application that starts itself again.
        (&["lr=1", "+extra=1", "seed=2"], "lr=1 | +extra=1 | seed=2"),
        (&["--lr", "1", "+extra=1"], "lr=1 | +extra=1 | seed=2"),
        (&["--seed", "2", "+extra=2"], "seed=2 | +extra=2 | +extra=1"),
    ] {
        assert_eq!(under(rules, &[], arguments), expected, "{arguments:?}");
    }
}

#[test]
fn a_components_flag_is_what_the_rules_call_it() {
    let site = |rules: &str, args: &[&str], arguments: &[&str]| {
        let inputs = ["{name: x, type: String}"];
        let rules = format!("component: c.yaml\n{rules}\n");
        under(&rules, &[("c.yaml", &component(&inputs, args))], arguments)
    };
    let one = ["--a", "{inputValue: x}", "--b", "{inputValue: x}"];
    for (rules, arguments, expected) in [
        ("flags: {a: {type: list}}", &["--a", "x", "y", "--b", "1"][..], "a=[x,y] | b='1'"),
        ("flags: {a: {type: list}}", &["--a", "--b", "y", "--b", "1"], "a=['--b',y] | b='1'"),
        ("flags: {a: {type: list}}", &["--a", "m=1", "m=2", "--b", "1"], "a=['m=1'] | m=2 | b='1'"),
        ("flags: {a: {type: list}}", &["--a", "[1, 2]", "--b", "1"], "a=[1,2] | b='1'"),
        ("flags: {a: {type: list}}", &["--a", "x", "--a", "y", "--b", "1"], "a=[x,y] | b='1'"),
        ("flags: {a: {type: 'list[int]'}}", &["--a", "1", "2.0"], "a=[1,2]"),
        ("flags: {a: {type: bool}}", &["--a", "yes", "--b", "1"], "a=true | b='1'"),
        ("flags: {a: {nullable: true}}", &["--a", "null", "--b", "1"], "a=null | b='1'"),
        ("flags: {a: {type: int}}", &["--a", "1e3", "--b", "1"], "a=1000 | b='1'"),
    ] {
        assert_eq!(site(rules, &one, arguments), expected, "{rules}: {arguments:?}");
    }
    let switch = ["--a", "--b", "{inputValue: x}"];
    for (arguments, expected) in [
        (&["--a", "--b", "1"][..], "a=true | b='1'"),
        (&["--a", "off", "--b", "1"], "a=false | b='1'"),
        (&["--no-a", "--b", "1"], "a=false | b='1'"),
    ] {
        assert_eq!(site("flags: {a: {type: bool}}", &switch, arguments), expected, "{arguments:?}");
    }
}

#[test]
fn yaml_may_repeat_and_nest_within_bounds() {
    let nine = |item: &str| [item; 9].join(", ");
    let lines = ('a'..='j')
        .zip('b'..)
        .map(|(before, name)| format!("{name}: &{name} [{}]\n", nine(&format!("*{before}"))));
    let bomb = format!("drop: &a [{}]\n{}", nine("x"), lines.collect::<String>());
    // Who is named is looked for in what has mistakes, too.
    let app = App::Script("main.py".to_owned());
    assert_eq!(Rules::naming(&bomb, &app), Naming::Unnamed);
    assert_eq!(
        Rules::naming(&format!("apps: {{main.py: [{}", "[".repeat(100_000)), &app),
        Naming::Unnamed
    );
    assert_eq!(Rules::naming("apps: {main.py: [1]}\nflgs: {a: }\n", &app), Naming::Named);
    assert_eq!(Rules::naming("apps: {main.py: off}\nflgs: {a: }\n", &app), Naming::Off);
    assert_eq!(
        Rules::naming("command: python3 src/main.py\ncomponent: [1]\n", &app),
        Naming::Unnamed
    );
    assert_eq!(Rules::naming("command: [python3, main.py]\ndrop: 1\n", &app), Naming::Named);
    let deep = format!("flags: {}", "[".repeat(100_000));
    for (rules, reason) in [(bomb, "unknown key `b`"), (deep, "brackets are open")] {
        let got = under(&rules, &[], &["--lr", "1"]);
        assert!(got.starts_with("error: ") && got.contains(reason), "{got}");
    }
    let repeated = format!("apps:\n  x.py: {{flags: &f {{a: b}}}}\n{}", {
        let lines = (0..20_000).map(|n| format!("  y{n}.py: {{flags: *f}}\n"));
        lines.collect::<String>()
    });
    let got = under(&repeated, &[], &["--lr", "1"]);
    assert!(got == "lr=1" || got.contains("repetition limit"), "{got}");
    let shared = "flags: &f {a: b}\napps: {main.py: {flags: *f}}\n";
    assert_eq!(under(shared, &[], &["--a", "1"]), "b=1");
}

#[test]
fn lists_and_switches_take_what_is_theirs() {
    let rules = "flags: {tags: {type: list}, cuda: {type: bool}}\n";
    let mut failures = Failures::default();
    for (arguments, expected) in [
        (&["--tags", "a", "b", "c"][..], "tags=[a,b,c]"),
        (&["--tags", "a", "--tags", "b"], "tags=[a,b]"),
        (&["--tags", r#"["a","b"]"#], "tags=[a,b]"),
        (&["--tags", "a", "--lr", "1", "--tags", r#"["b"]"#, "--tags=c"], "lr=1 | tags=[a,b,c]"),
        (&["--tags", "-1", "2"], "tags=[-1,2]"),
        (&["--tags", "a", "lr=1"], "tags=[a] | lr=1"),
        (&["--tags", "a", "--lr", "1"], "tags=[a] | lr=1"),
        (&["--tags", "[]"], "tags=[]"),
        (&["--tags"], "tags=[]"),
        (&["--tags", "--lr", "1"], "tags=[] | lr=1"),
        (&["--tags", "lr=1"], "tags=[] | lr=1"),
        (&["--tags", "[x"], "tags=['[x']"),
        (&["--tags", ""], "tags=['']"),
        (&["--cuda"], "cuda=true"),
        (&["--no-cuda"], "cuda=false"),
        (&["--no_cuda"], "cuda=false"),
        (&["--cuda", "true"], "cuda=true"),
        (&["--cuda", "FALSE", "lr=1"], "cuda=false | lr=1"),
        (&["--cuda", "lr=1"], "cuda=true | lr=1"),
        (&["--cuda", "--lr", "1"], "cuda=true | lr=1"),
        (&["--no-cuda", "--cuda"], "cuda=true"),
    ] {
        failures.compare(&format!("{arguments:?}"), &under(rules, &[], arguments), expected);
    }
    failures.assert_none();
}

#[test]
fn the_other_keys() {
    let plain = component(&["{name: x, type: Integer}"], &["--run-id", "{inputValue: x}"]);
    let files = [("c.yaml", plain.as_str())];
    let mut failures = Failures::default();
    for (rules, arguments, expected) in [
        // dashes
        ("dashes: keep", &["--learning-rate", "1"][..], "learning-rate=1"),
        ("dashes: underscore", &["--learning-rate", "1"], "learning_rate=1"),
        ("dashes: underscore", &["a-b=1"], "a-b=1"),
        ("dashes: underscore\ncomponent: c.yaml", &["--run-id", "1.0"], "run_id=1"),
        ("dashes: underscore\ncomponent: c.yaml", &["--run_id", "1.0"], "run_id=1"),
        ("dashes: underscore\nflags: {a-b: {type: string}}", &["--a-b", "1"], "a_b='1'"),
        ("dashes: underscore\nflags: {a-b: x-y}", &["--a-b", "1"], "x-y=1"),
        (
            "dashes: underscore\ncomponent: c.yaml\nflags: {run_id: {type: string}}",
            &["--run-id", "1"],
            "run_id='1'",
        ),
        // drop
        ("drop: [local_rank]", &["--local_rank", "0", "--lr", "1"], "lr=1"),
        ("drop: [local_rank]", &["--local-rank=0", "--lr", "1"], "lr=1"),
        ("drop: [--local-rank]", &["--local_rank=0", "lr=1"], "lr=1"),
        ("drop: [wandb]", &["--wandb", "--lr", "1"], "lr=1"),
        ("drop: [wandb]", &["--wandb", "lr=1"], "lr=1"),
        ("drop: []", &["--wandb", "x"], "wandb=x"),
        // append
        ("append: [a=1, +b=2, ~c]", &["--x", "1"], "x=1 | a=1 | +b=2 | ~c"),
        ("append: [a=1]", &["--multirun", "--x", "1"], "x=1 | a=1 | --multirun"),
        ("append: [x=2]", &["--x", "1"], "x=1 | x=2"),
        // A rules type and arity win over the component's.
        ("component: c.yaml", &["--run-id", "1.0"], "run-id=1"),
        (
            "component: c.yaml\nflags: {run-id: {type: string}}",
            &["--run-id", "1.0"],
            "run-id='1.0'",
        ),
        ("component: c.yaml\nflags: {run-id: {type: list}}", &["--run-id", "1"], "run-id=[1]"),
        ("component: c.yaml\nflags: {run_id: {type: bool}}", &["--run-id", "yes"], "run-id=true"),
        ("component: c.yaml\nflags: {run_id: name}", &["--run-id", "1.0"], "name=1"),
        ("component: c.yaml\nflags: {run_id: {empty: drop}}", &["--run-id", ""], ""),
        // The command of the rules, as text and as a list.
        ("command: python3 'my app.py'\nunknown: pass", &["--a", "1"], "a=1"),
    ] {
        failures.compare(
            &format!("{rules}: {arguments:?}"),
            &under(rules, &files, arguments),
            expected,
        );
    }
    failures.assert_none();
}

#[test]
fn the_rules_command_is_the_default() {
    for (command, expected) in [
        ("python3 'src/my app.py' -x", vec!["python3", "src/my app.py"]),
        ("[python3, src/my app.py]", vec!["python3", "src/my app.py"]),
        ("[my-train, --fast]", vec!["my-train", "--fast"]),
    ] {
        let folder = Folder::new(&[("hydra-shim.yaml", &format!("command: {command}\n"))]);
        let printed = folder.translate(&["--lr", "1"]);
        if command.ends_with("-x") {
            // Behind its script a command has arguments, translated as any other.
            let message = printed.unwrap_err();
            assert!(message.contains("unexpected argument `-x`"), "{message}");
            continue;
        }
        let printed = printed.unwrap();
        assert_eq!(words(&printed, "command"), expected);
        assert_eq!(words(&printed, "overrides"), ["lr=1"]);
        assert_eq!(words(&printed, "argv"), [expected, vec!["lr=1"]].concat());
    }
}

#[test]
fn environment_variables_set_keys() {
    let rules = "env: {MODEL_DIR: model_dir, STEPS: +train.steps}\n\
                 flags: {steps: {key: +train.steps, type: int}, out: model_dir}\n";
    let folder = Folder::new(&[("hydra-shim.yaml", rules)]);
    for (variables, arguments, expected) in [
        (&[][..], &["--lr", "1"][..], "lr=1"),
        (&[("MODEL_DIR", "gs://b/m")], &["--lr", "1"], "model_dir=gs://b/m | lr=1"),
        (&[("MODEL_DIR", "gs://b/m")], &["--out", "/x"], "model_dir=/x"),
        (&[("MODEL_DIR", "gs://b/m")], &["--model-dir", "/x"], "model_dir=gs://b/m | model-dir=/x"),
        (&[("MODEL_DIR", "gs://b/m")], &["--model_dir", "/x"], "model_dir=/x"),
        (&[("MODEL_DIR", "")], &[], "model_dir=''"),
        (&[("MODEL_DIR", "--config-dir=/x")], &[], "model_dir='--config-dir=/x'"),
        (&[("MODEL_DIR", "a,b=${c}")], &[], "model_dir='a,b=\\${c}'"),
        (&[("STEPS", "3.0")], &[], "+train.steps=3"),
        (
            &[("STEPS", "many")],
            &[],
            "error: $STEPS: the value `many` is not an int (declared int by hydra-shim.yaml:2)",
        ),
        (&[("STEPS", "3"), ("MODEL_DIR", "/m")], &[], "model_dir=/m | +train.steps=3"),
    ] {
        let mut call = folder.shim(&["translate", "--format", "json"]);
        call.args(main_py(arguments)).envs(variables.iter().copied());
        assert_eq!(in_one_line(translated(&mut call)), expected, "{variables:?} {arguments:?}");
    }
    let mut call = folder.shim(&["translate", "--format", "json", "python3", "main.py"]);
    let message = translated(call.env("MODEL_DIR", OsStr::from_bytes(b"\xff"))).unwrap_err();
    assert!(
        message.contains("environment variable MODEL_DIR (hydra-shim.yaml:1) is not UTF-8"),
        "{message}"
    );
}

#[test]
fn several_applications_in_one_image() {
    let typed =
        |ty: &str| component(&[&format!("{{name: x, type: {ty}}}")], &["--x", "{inputValue: x}"]);
    let rules = "component: train.yaml\nappend: [general=1]\nunknown: error\nflags: {x: a, y: b}\n\
                 apps:\n  prepare.py: {component: prepare.yaml, append: [own=1], flags: {x: c}}\n  \
                 steps/evaluate.py: {unknown: pass}\n  package.report: {dashes: underscore, unknown: pass}\n  \
                 my-train: {append: []}\n";
    let folder = Folder::new(&[
        ("hydra-shim.yaml", rules),
        ("train.yaml", &typed("String")),
        ("prepare.yaml", &typed("Integer")),
    ]);
    let mut failures = Failures::default();
    for (tokens, expected) in [
        ("python3 main.py --x 1", "a='1' | general=1"),
        ("python3 prepare.py --x 1 --y 2", "c=1 | b=2 | own=1"),
        ("python3 src/prepare.py --x 1", "c=1 | own=1"),
        ("python3 ./prepare.py --x 1", "c=1 | own=1"),
        ("python3 src/reprepare.py --x 1", "a='1' | general=1"),
        ("python3 steps/evaluate.py --z 1", "z=1 | general=1"),
        ("python3 evaluate.py --x 1", "a='1' | general=1"),
        ("python3 -m package.report --l-r 1", "l_r=1 | general=1"),
        ("python3 -m other.report --x 1", "a='1' | general=1"),
        ("my-train --x 1", "a='1'"),
        ("python3 -m package.reports --x=1", "a='1' | general=1"),
    ] {
        let tokens: Vec<&str> = tokens.split(' ').collect();
        failures.compare(&tokens.join(" "), &folder.overrides(&tokens), expected);
    }
    failures.assert_none();
    let message = folder.translate(&["python3", "evaluate.py", "--z", "1"]).unwrap_err();
    assert!(message.starts_with("`--z` is not declared"), "{message}");
}

#[test]
fn an_app_changes_of_a_flag_only_what_it_says() {
    let rules = "flags: {token: {type: string, secret: true, empty: drop}, out: {mkdir: true}}\n\
                 apps:\n  a.py: {flags: {token: auth.token, out: {type: path}}}\n  \
                 b.py: {flags: {token: {secret: false, empty: keep}}}\n";
    let folder = Folder::new(&[("hydra-shim.yaml", rules)]);
    let shown = |tokens: &str| {
        let tokens: Vec<&str> = tokens.split(' ').collect();
        let printed = folder.translate(&tokens).unwrap();
        (printed["overrides"].to_string(), printed["trace"].to_string())
    };
    let (passed, trace) = shown("python3 a.py --token hunter2");
    assert_eq!(passed, r#"["auth.token=hunter2"]"#);
    assert!(!trace.contains("hunter2") && trace.contains("auth.token=***"), "{trace}");
    assert_eq!(shown("python3 a.py --token=").0, "[]");
    assert!(shown("python3 b.py --token hunter2").1.contains("hunter2"));
    assert_eq!(shown("python3 b.py --token=").0, r#"["token=''"]"#);
    folder.shim(&["run", "/bin/true", "--out", "made"]).status().unwrap();
    assert!(folder.path("made").is_dir());
}

#[test]
fn folders_are_made_by_run_and_not_by_translate() {
    let rules = "flags:\n  model: {type: path, mkdir: true}\n  metrics: {mkdir: parent}\n  \
                 plain: {type: path, mkdir: false}\n";
    let folder = Folder::new(&[("hydra-shim.yaml", rules)]);
    let arguments =
        ["--model", "out/a b/model", "--metrics", "out/m/metrics.json", "--plain", "no"];
    let tokens = [&["/bin/echo"], &arguments[..]].concat();
    let overrides = "model='out/a b/model' | metrics=out/m/metrics.json | plain=no";
    assert_eq!(folder.overrides(&tokens), overrides);
    assert!(!folder.path("out").exists());

    let output = folder.shim(&["run"]).args(tokens).output().unwrap();
    let expected = format!("{}\n", overrides.replace(" | ", " "));
    assert_eq!(outcome(&output).0, Some(0), "{}", both_streams(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    for (path, made) in
        [("out/a b/model", true), ("out/m", true), ("out/m/metrics.json", false), ("no", false)]
    {
        assert_eq!(folder.path(path).is_dir(), made, "{path}");
    }

    // Again, into what is there; a file without a folder needs none.
    for arguments in
        [["--model", "out/a b/model"], ["--metrics", "x.json"], ["--metrics", "/x.json"]]
    {
        let output = folder.shim(&["run", "/bin/echo"]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", both_streams(&output));
    }

    folder.file("file", "");
    let output = folder.shim(&["run", "/bin/echo", "--model", "file/x"]).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    let message = refusal(&output);
    assert!(message.contains("cannot make the folder `file/x`"), "{message}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn secrets_are_passed_and_not_shown() {
    let rules = "flags:\n  token: {type: string, secret: true}\n  pin: {type: int, secret: true}\n  \
                 keys: {type: list, secret: true}\n  login: {type: dict, secret: true}\n  \
                 maybe: {secret: true, empty: drop}\nenv: {TOKEN: token}\n";
    let folder = Folder::new(&[("hydra-shim.yaml", rules)]);
    let arguments = [
        "/bin/echo",
        "--token",
        "hunter2 one",
        "--token=hunter2 two",
        "--keys",
        "hunter2",
        "--keys",
        "[\"hunter2\"]",
        "--login",
        r#"{"name": "hunter2"}"#,
        "--maybe",
        "${hunter2}",
        "--lr",
        "1",
    ];
    let passed = "token='hunter2 two' keys=[hunter2,hunter2] login={} ~login +login={name: hunter2} \
                  maybe='\\${hunter2}' lr=1\n";
    for log in ["text", "json"] {
        let mut call = folder.shim(&["run"]);
        call.args(arguments).env("HYDRA_SHIM_LOG", log).env("TOKEN", "hunter2 three");
        let output = call.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), passed, "{}", both_streams(&output));
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(!line.contains("hunter2"), "{line}");
        for part in ["token=***", "keys=***", "login=***", "lr=1", "warning"] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }

    let printed = folder.translate(&arguments).unwrap();
    assert!(
        printed["overrides"].to_string().contains("hunter2"),
        "`translate` prints what is passed"
    );
    for part in ["trace", "warnings"] {
        let shown = printed[part].to_string();
        assert!(!shown.contains("hunter2") && shown.contains("***"), "{part}: {shown}");
    }
    assert_eq!(printed["trace"][1]["from"][0], "--token");

    // The same key by another spelling, or a part of it, or more than it.
    for (arguments, part) in [
        (&["--token.a", "hunter2"][..], "token.a=***"),
        (&["login.name=hunter2"], "login.name=***"),
        (&["+login={name: hunter2}"], "login=***"),
        (&["--pub", "hunter1", "--priv", "hunter2"], "both=***"),
    ] {
        let both =
            "  pub: {key: both, type: list}\n  priv: {key: both, type: list, secret: true}\n";
        folder.file("hydra-shim.yaml", &rules.replace("env:", &format!("{both}env:")));
        let mut call = folder.shim(&["run", "/bin/echo"]);
        let output = call.args(arguments).env("HYDRA_SHIM_LOG", "text").output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("hunter2"));
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(!line.contains("hunter2") && line.contains(part), "{line}");
    }

    for arguments in [
        &["--pin", "hunter2"][..],
        &["--pin=hunter2"],
        &["--token", "a", "hunter2"],
        &["--keys", "a", "-hunter2"],
        &["--login", "hunter2"],
        &["--login", r#"{"hunter2\"": 1}"#],
        &["--login", r#"{"a": 1e999, "b": "hunter2"}"#],
        &["--keys", "hunter2", r#"["hunter2", "???"]"#],
    ] {
        for log in ["", "json"] {
            let mut call = folder.shim(&["run", "/bin/echo"]);
            let output = call.args(arguments).env("HYDRA_SHIM_LOG", log).output().unwrap();
            assert_eq!(output.status.code(), Some(125), "{arguments:?}: {}", both_streams(&output));
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(
                !stderr.contains("hunter2") && stderr.contains("***"),
                "{arguments:?}: {stderr}"
            );
        }
    }
}

// ---------------------------------------------------------------------------------------------
// Mistakes
// ---------------------------------------------------------------------------------------------

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn a_mistake_is_named_with_its_place() {
    let mut failures = Failures::default();
    for (rules, expected) in [
        ("flag: {}", "1:1: unknown key `flag`; help: did you mean flags?"),
        ("unknown: pass\nflgs:\n  a: b", "2:1: unknown key `flgs`; help: did you mean flags?"),
        (
            "dashes: underscores",
            "1:9: dashes: unknown value `underscores`; help: did you mean underscore?",
        ),
        ("unknown: fail", "1:10: unknown: unknown value `fail`; help: known are pass, error"),
        ("unknown: true", "1:10: unknown: unknown value `true`; help: known are pass, error"),
        ("unknown: [error]", "1:10: unknown: invalid type: sequence"),
        ("flags: {a: {typ: int}}", "1:13: flags.a: unknown key `typ`; help: did you mean type?"),
        (
            "flags:\n  a:\n    type: integr",
            "3:11: flags.a.type: unknown type `integr`; help: known are auto, string, path",
        ),
        (
            "flags: {a: {type: lst}}",
            "1:19: flags.a.type: unknown type `lst`; help: did you mean list?",
        ),
        (
            "flags: {a: {type: 'list[it]'}}",
            "1:19: flags.a.type: unknown type `list[it]`; help: did you mean list[int]?",
        ),
        ("flags: {a: b}\n---\nunknown: error\n", "3: a second document, and only one is read"),
        ("flags: {-lr: b}", "1:8: flags: `-lr` is not a flag's name"),
        ("flags: {'': b}", "1:8: flags: `` is not a flag's name"),
        ("flags: {a b: c}", "1:8: flags: `a b` is not a flag's name"),
        (
            "flags: {a: {mkdir: true, type: int}}",
            "1:12: flags.a: `mkdir` is for a path, not for the type int",
        ),
        (
            "flags: {a: {type: list, merge: true}}",
            "1:12: flags.a: `merge` is for a dict, not for the type list",
        ),
        (
            "flags: {a: {type: 'list[str, int]'}}",
            "1:19: flags.a.type: unknown type `list[str, int]`; help: did you mean list[string]?",
        ),
        (
            "flags: {a: {type: 'dict[float, int]'}}",
            "1:19: flags.a.type: unknown type `dict[float, int]`; help: did you mean dict[float]?",
        ),
        (
            "flags: {a: {type: 'list[in]'}}",
            "1:19: flags.a.type: unknown type `list[in]`; help: did you mean list[int]?",
        ),
        (
            "flags: {a: {type: 'int[int]'}}",
            "1:19: flags.a.type: unknown type `int[int]`; help: did you mean list[int]?",
        ),
        ("flags: {a: {type: [int]}}", "1:19: flags.a.type: invalid type: sequence, expected text"),
        ("flags: {a: {mkdir: parents}}", "1:20: flags.a.mkdir: `mkdir` is true, false or parent"),
        (
            "flags: {a: {empty: dropped}}",
            "1:20: flags.a.empty: unknown value `dropped`; help: known are keep, drop",
        ),
        ("flags: {a: {merge: 2}}", "1:20: flags.a.merge: `2` is not true or false"),
        ("flags: {a: {secret: 'no way'}}", "1:21: flags.a.secret: `no way` is not true or false"),
        (
            "flags: {a: {dollar: alow}}",
            "1:21: flags.a.dollar: unknown value `alow`; help: did you mean allow?",
        ),
        (
            "flags: {a: {targets: true}}",
            "1:22: flags.a.targets: unknown value `true`; help: known are error, allow",
        ),
        ("flags: {a: {key: 'b c'}}", "1:18: flags.a.key: `b c` is not a key in Hydra's grammar"),
        ("flags: {a: b=1}", "1:12: flags.a: `b=1` is not a key in Hydra's grammar"),
        ("flags: {a: ~b}", "1:12: flags.a: `~b` is not a key in Hydra's grammar"),
        (
            "flags: {a: [b]}",
            "1:12: flags.a: invalid type: sequence, expected a Hydra key, or a mapping",
        ),
        (
            "flags: {a: int}",
            "1:12: flags.a: `int` may be a type or a key: for the type write {type: int}, for the key \
             {key: int}",
        ),
        ("flags: {a: {nullable: 5}}", "1:23: flags.a.nullable: `5` is not true or false"),
        ("dashes: keep\ndashes: keep", "1:1: a second time the key `dashes`"),
        ("flags: [a]", "1:8: flags: invalid type: sequence, expected a mapping"),
        ("- flags", "1:1: invalid type: sequence, expected a mapping of the rules' keys"),
        (
            "just text",
            "1:1: invalid type: string \"just text\", expected a mapping of the rules' keys",
        ),
        ("drop: local_rank", "1:7: drop: invalid type: string \"local_rank\", expected a sequence"),
        ("drop: [{a: 1}]", "1:8: drop[0]: invalid type: map, expected a string"),
        ("env: [A]", "1:6: env: invalid type: sequence, expected a mapping"),
        ("env: {A: 'b c'}", "1:10: env.A: `b c` is not a key in Hydra's grammar"),
        ("append: a=1", "1:9: append: invalid type: string \"a=1\", expected a sequence"),
        ("append: [a=1, --multirun]", "1:15: append[1]: `--multirun` is not an override"),
        ("append: [lr 1]", "1:10: append[0]: `lr 1` is not an override"),
        ("command: ''", "1:10: command: `command` is empty"),
        ("command: []", "1:10: command: `command` is empty"),
        (
            "command: python3 'x",
            "1:10: command: `command` is not a command line: missing closing quote",
        ),
        (
            "command: {a: 1}",
            "1:10: command: invalid type: map, expected a command line, or a list of its words",
        ),
        ("component: [a]", "1:12: component: invalid type: sequence, expected a string"),
        (
            "component: c.yml",
            "cannot read `c.yml`: No such file or directory (os error 2); help: it is the `component` of \
             `hydra-shim.yaml`",
        ),
        (
            "apps: {a.py: {flag: {}}}",
            "1:15: apps.a.py: unknown key `flag`; help: did you mean flags?",
        ),
        (
            "apps: {a.py: {apps: {}}}",
            "1:14: apps.a.py: `command` and `apps` are keys of the file, not of one of its apps",
        ),
        (
            "apps: {a.py: {command: python3 a.py}}",
            "1:14: apps.a.py: `command` and `apps` are keys of the file, not of one of its apps",
        ),
        ("flags: {[a]: {}, [b]: {}}", "1:9: flags: invalid type: sequence, expected a string"),
        ("flags: {a: {type: int}, a: {type: string}}", "1:8: flags: `a` is there twice"),
        ("apps: {a.py: {}, a.py: {}}", "1:7: apps: `a.py` is there twice"),
        ("apps: [a.py]", "1:7: apps: invalid type: sequence, expected a mapping"),
        ("apps: {a.py: b}", "1:14: apps.a.py: an app's rules are a mapping, or off, not `b`"),
        (
            "flags: {a: b\n",
            "2:1: did not find expected ',' or '}', while parsing a flow mapping at line 1 column 8",
        ),
        (
            "flags:\n\ta: b",
            "2:1: found character that cannot start any token, while scanning for the next token",
        ),
    ] {
        let got = under(rules, &[], &["--lr", "1"]);
        let got = got.strip_prefix("error: ").unwrap_or(&got);
        let got = got.strip_prefix("hydra-shim.yaml:").unwrap_or(got);
        let same = got.starts_with(expected);
        failures.compare(rules, if same { expected } else { got }, expected);
    }
    failures.assert_none();
}

#[test]
fn a_rules_file_may_say_nothing() {
    for rules in ["{}", "flags:\n", "flags: {}\napps:\n", "---\nflags: {}\n", "null\n"] {
        assert_eq!(under(rules, &[], &["--lr", "1"]), "lr=1", "{rules:?}");
    }
}

#[test]
fn block_and_flow_say_the_same() {
    let block =
        "flags:\n  a:\n    key: b\n    type: int\ndrop:\n  - x\nenv:\n  V: k\nappend:\n- c=1\n";
    let flow = "{flags: {a: {key: b, type: int}}, drop: [x], env: {V: k}, append: [c=1]}";
    let json = r#"{"flags": {"a": {"key": "b", "type": "int"}}, "drop": ["x"], "append": ["c=1"]}"#;
    for rules in [block, flow, json] {
        assert_eq!(under(rules, &[], &["--a", "1.0", "--x", "y"]), "b=1 | c=1", "{rules}");
    }
}

#[test]
fn a_mistake_in_the_rules_breaks_only_hydra_applications() {
    let site = Site::new(&[]);
    let app = format!("{SHOW}{APP}");
    site.files(&[("main.py", &app), ("other.py", SHOW), ("module.py", SHOW)]);
    let argv = |script| [&["python3", script], &FLAGS[..]].concat();
    for rules in ["flgs: {}\n", "flags: {a: {type: integr}}\n", "[", "component: absent.yaml\n"] {
        site.file("hydra-shim.yaml", rules.as_bytes());
        assert_eq!(site.shown(&argv("other.py")), UNTOUCHED, "{rules}");
        assert_eq!(site.shown(&["python3", "other.py"]), "[]\n", "{rules}");
        let module = [&["python3", "-m", "module"], &FLAGS[..]].concat();
        assert_eq!(site.shown(&module), UNTOUCHED, "{rules}");
        assert_eq!(site.shown(&["python3", "-c", SHOW, "--lr"]), "['--lr']\n", "{rules}");
        // Without a flag, too: the rules might add something.
        for argv in [argv("main.py"), vec!["python3", "main.py"]] {
            let output = site.command(&argv).output().unwrap();
            assert_eq!(output.status.code(), Some(125), "{rules}: {}", both_streams(&output));
            refusal(&output);
        }
    }
    // What the rules name is an application, whatever else they get wrong.
    for names in ["command: python3 other.py\n", "apps: {other.py: {}}\n"] {
        site.file("hydra-shim.yaml", format!("{names}unknown: error\nflgs: {{}}\n").as_bytes());
        let output = site.command(&argv("other.py")).output().unwrap();
        assert_eq!(output.status.code(), Some(125), "{names}: {}", both_streams(&output));
        assert!(refusal(&output).contains("unknown key `flgs`"), "{names}");
    }
    let mut call = site.command(&argv("other.py"));
    assert_eq!(printed(call.env("HYDRA_SHIM_RULES", "absent.yaml")), UNTOUCHED);
    // The rules name an application that does not show itself.
    for rules in ["command: python3 other.py\n", "apps: {other.py: {}}\n"] {
        site.file("hydra-shim.yaml", rules.as_bytes());
        assert_eq!(site.shown(&argv("other.py")), TRANSLATED, "{rules}");
    }
}

#[test]
fn rules_hold_behind_any_other_name() {
    let folder =
        Folder::new(&[("hydra-shim.yaml", "flags: {lr: {type: string}}\nappend: [x=1]\n")]);
    fs::create_dir(folder.path("shims")).unwrap();
    symlink(shim(), folder.path("shims/echo")).unwrap();
    let mut call = Command::new(folder.path("shims/echo"));
    call.arg0("echo").args(["--lr", "1", "--", "y=2"]).current_dir(folder.path("."));
    let path = format!("{}:/bin", folder.path("shims").to_str().unwrap());
    assert_eq!(printed(call.env_clear().env("PATH", path)), "lr='1' y=2 x=1\n");
}

// ---------------------------------------------------------------------------------------------
// The component
// ---------------------------------------------------------------------------------------------

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn a_components_flags_take_exactly_their_tokens() {
    let inputs = [
        "{name: prompt, type: String}",
        "{name: delta, type: String}",
        "{name: note, type: String}",
        "{name: Number of passes, type: Integer}",
        "{name: low, type: Float}",
        "{name: high, type: Float}",
        "{name: data, type: Dataset}",
    ];
    let args = [
        "--prompt",
        "{inputValue: prompt}",
        "--verbose",
        "--delta",
        "{inputValue: delta}",
        "--note",
        "{inputValue: note}",
        "'--passes={{$.inputs.parameters[''number_of_passes'']}}'",
        "--data",
        "{inputPath: data}",
        "--text",
        "{inputValue: data}",
        "--model",
        "{outputPath: model}",
        "--score",
        "{outputPath: score}",
        "--uri",
        "{inputUri: data}",
        "--fixed",
        "'7'",
        "--negative",
        "'-7'",
        "--all",
        "'{{$}}'",
        "--passes2",
        "{inputValue: Number of passes}",
    ];
    let mut failures = Failures::default();
    for (arguments, expected) in [
        (&["--prompt", "--hello"][..], "prompt='--hello'"),
        (&["--prompt", "--verbose"], "prompt='--verbose'"),
        (&["--prompt", "--prompt", "--delta", "-x"], "prompt='--prompt' | delta='-x'"),
        (&["--delta", "-x", "--note", ""], "delta='-x' | note=''"),
        (&["--delta", "--"], "delta='--'"),
        (&["--delta", "-"], "delta='-'"),
        (&["--delta", "--config-dir=/tmp"], "delta='--config-dir=/tmp'"),
        (&["--delta", "model._target_=os.system"], "delta='model._target_=os.system'"),
        (&["--delta", "a\n--b=c"], "delta='a\n--b=c'"),
        (&["--delta", "null"], "delta='null'"),
        (&["--delta", "{inputValue: delta}"], "delta='{inputValue: delta}'"),
        (&["--verbose", "--note", "x"], "verbose=true | note=x"),
        (&["--verbose", "a=b"], "verbose=true | a=b"),
        (&["--passes=3.0"], "passes=3"),
        (&["--passes", "3"], "passes=3"),
        (&["--passes2", "1e3"], "passes2=1000"),
        (&["--data", "/gcs/b/007"], "data=/gcs/b/007"),
        (&["--data", "7"], "data='7'"),
        (&["--text", "[1]"], "text='[1]'"),
        (&["--model", "1"], "model='1'"),
        (&["--score", "/tmp/kfp/outputs/score"], "score=/tmp/kfp/outputs/score"),
        (&["--score", "0.5"], "score='0.5'"),
        (&["--uri", "gs://b/${x}"], "uri='gs://b/\\${x}'"),
        (&["--fixed", "7"], "fixed=7"),
        (&["--negative", "-7"], "negative=-7"),
        (&["--all", "{\"a\": 1}"], "all='{\"a\": 1}'"),
        (&["--other", "1"], "other=1"),
    ] {
        failures.compare(&format!("{arguments:?}"), &declared(&inputs, &args, arguments), expected);
    }
    for (arguments, reason) in [
        (&["--prompt"][..], "error: --prompt: "),
        (
            &["--passes", "many"],
            "error: --passes: the value `many` is not an int (declared int by c.yaml:18)",
        ),
        (&["--prompt", "a", "b"], "error: unexpected argument `b` (argument 3)"),
    ] {
        let got = declared(&inputs, &args, arguments);
        assert!(got.starts_with(reason), "{arguments:?}: {got}");
    }
    failures.assert_none();
}

#[test]
fn types_are_kfps_in_any_case() {
    let mut failures = Failures::default();
    for (ty, value, expected) in [
        ("String", "007", "x='007'"),
        ("str", "1", "x='1'"),
        ("TEXT", "true", "x='true'"),
        ("Integer", "3.0", "x=3"),
        ("INT", "-3", "x=-3"),
        ("integer", "3.5", "error"),
        ("Float", "1", "x=1.0"),
        ("double", "1e3", "x=1e3"),
        ("Float", "nan", "x=nan"),
        ("Boolean", "True", "x=true"),
        ("BOOL", "0", "x=false"),
        ("bool", "perhaps", "error"),
        ("List", "[1.0, 2.5]", "x=[1,2.5]"),
        ("JsonArray", "[\"a\"]", "x=[a]"),
        ("list", "1", "error"),
        ("'List[int]'", "[1.0]", "x=[1]"),
        ("'List[float]'", "[1]", "x=[1.0]"),
        ("'list[str]'", "[\"1\"]", "x=['1']"),
        ("'List[int]'", "[1.5]", "error"),
        ("Dict", "{\"a\": [2.0]}", "x={} | ~x | +x={a: [2]}"),
        ("JSONOBJECT", "{\"a\": 1}", "x={} | ~x | +x={a: 1}"),
        ("'Dict[str, float]'", "{\"a\": 1}", "x={} | ~x | +x={a: 1.0}"),
        ("dict", "[1]", "error"),
        ("Dataset", "7", "x='7'"),
        ("system.Model", "7", "x='7'"),
        ("'{GCSPath: {data_type: CSV}}'", "7", "x='7'"),
        ("{GCSPath: {data_type: CSV}}", "7", "x='7'"),
    ] {
        let input = format!("{{name: x, type: {ty}}}");
        let got = declared(&[&input], &["--x", "{inputValue: x}"], &["--x", value]);
        let refused = expected == "error" && got.starts_with("error: --x: the value ");
        failures.compare(&format!("{ty} {value}"), if refused { "error" } else { &got }, expected);
    }
    // No type at all: KFP passes text.
    let got = declared(&["{name: x}"], &["--x", "{inputValue: x}"], &["--x", "7"]);
    failures.compare("no type", &got, "x='7'");
    failures.assert_none();
}

#[test]
fn optional_inputs_may_be_null() {
    let mut failures = Failures::default();
    for (input, value, expected) in [
        ("{name: x, type: Integer, optional: true}", "null", "x=null"),
        ("{name: x, type: Integer, optional: true}", "", "x=null"),
        ("{name: x, type: Float, optional: true}", "", "x=null"),
        ("{name: x, type: Boolean, optional: true}", "null", "x=null"),
        ("{name: x, type: List, optional: true}", "", "x=null"),
        ("{name: x, type: Dict, optional: true}", "null", "x=null"),
        ("{name: x, type: String, optional: true}", "null", "x=null"),
        ("{name: x, type: String, optional: true}", "", "x=''"),
        ("{name: x, type: String}", "null", "x='null'"),
        ("{name: x, type: Integer, optional: true}", "1", "x=1"),
    ] {
        let got = declared(&[input], &["--x", "{inputValue: x}"], &["--x", value]);
        failures.compare(&format!("{input} {value:?}"), &got, expected);
    }
    failures.assert_none();
    for value in ["null", ""] {
        let input = "{name: x, type: Integer}";
        let got = declared(&[input], &["--x", "{inputValue: x}"], &["--x", value]);
        assert!(got.starts_with("error: --x: the value "), "{value:?}: {got}");
    }
}

#[test]
fn conditions_and_joined_text() {
    let inputs = [
        "{name: a, type: Integer, optional: true}",
        "{name: b, type: String}",
        "{name: Run Name, type: String, optional: true}",
    ];
    let args = [
        "if: {cond: {isPresent: a}, then: [--a, {inputValue: a}], else: [--no-a]}",
        "--id",
        "concat: [run-, {inputValue: b}]",
        "if:\n        cond: {isPresent: Run Name}\n        then:\n        - --name\n        - {inputValue: Run Name}",
        "--maybe",
        "if: {cond: {isPresent: a}, then: {inputValue: b}}",
        "--same",
        "if: {cond: {isPresent: a}, then: x, else: {inputValue: b}}",
        "--last",
        "{inputValue: b}",
    ];
    let mut failures = Failures::default();
    for (arguments, expected) in [
        (&["--a", "3.0", "--id", "run--x"][..], "a=3 | id=run--x"),
        (&["--no-a", "--id", "--x"], "no-a=true | id='--x'"),
        (&["--id", "7", "--name", "--y"], "id='7' | name='--y'"),
        (&["--maybe", "7", "--last", "z"], "maybe='7' | last=z"),
        (&["--maybe", "--same", "x", "--last", "z"], "maybe=true | same=x | last=z"),
        (&["--maybe", "-x", "--last", "z"], "maybe='-x' | last=z"),
        (&["--same", "--x", "--last", "z"], "same='--x' | last=z"),
    ] {
        failures.compare(&format!("{arguments:?}"), &declared(&inputs, &args, arguments), expected);
    }
    failures.assert_none();
}

#[test]
fn flags_in_the_command_count_too() {
    let with = |command: &str, args: &str| {
        format!(
            "name: C\ninputs: [{{name: p, type: String}}]\nimplementation:\n  container:\n    image: \
             i\n    command: {command}\n    args: {args}\n"
        )
    };
    let flags = "--p, {inputValue: p}";
    let script = "'pip install x; exec \"$0\" \"$@\"'";
    for (command, args) in [
        (format!("[python3, main.py, {flags}]"), "[]".to_owned()),
        (format!("[python3, -u, -m, package, {flags}]"), "[--q, x]".to_owned()),
        ("[python3, main.py]".to_owned(), format!("[{flags}]")),
        ("[]".to_owned(), format!("[{flags}]")),
        (format!("[sh, -c, {script}, python3, main.py, {flags}]"), "[]".to_owned()),
        (format!("[sh, -ec, {script}, python3, main.py]"), format!("[{flags}]")),
        (format!("[/bin/bash, -e, -c, {script}, python3, -m, package]"), format!("[{flags}]")),
        ("[torchrun, --nproc_per_node, '2', train.py]".to_owned(), format!("[{flags}]")),
        ("[my-train]".to_owned(), format!("[{flags}]")),
        ("[tini, --, python3, main.py]".to_owned(), format!("[{flags}]")),
        ("[hydra-shim, run, python3, main.py]".to_owned(), format!("[{flags}]")),
    ] {
        let folder = Folder::new(&[("c.yaml", &with(&command, &args))]);
        let got = folder.overrides(&["--component", "c.yaml", "python3", "main.py", "--p", "--x"]);
        assert_eq!(got, "p='--x'", "{command} {args}");
    }
    // Without `command` the image's ENTRYPOINT is run.
    let bare = format!(
        "inputs: [{{name: p, type: String}}]\nimplementation: {{container: {{image: i, args: \
         [{flags}]}}}}\n"
    );
    let folder = Folder::new(&[("c.yaml", &bare)]);
    assert_eq!(folder.overrides(&["--component", "c.yaml", "--p", "--x"]), "p='--x'");
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn a_mistake_in_the_component_is_named_with_its_place() {
    let x = "{name: x, type: String}";
    let mut failures = Failures::default();
    for (inputs, args, expected) in [
        (&[x][..], &["--a", "{inputValue: y}"][..], "c.yaml:12:20: there is no input `y`"),
        (
            &["{name: data, type: String}"],
            &["--a", "{inputPath: dta}"],
            "c.yaml:12:19: there is no input `dta`; help: did you mean `data`?",
        ),
        (
            &[x],
            &["--a", "{outputPath: modl}"],
            "c.yaml:12:20: there is no output `modl`; help: did you mean `model`?",
        ),
        (
            &[x],
            &["--a", "{inputvalue: x}"],
            "c.yaml:12:7: `inputvalue` is no placeholder; help: did you mean inputValue?",
        ),
        (&[x], &["--a", "1.10"], "c.yaml:12:7: an element is text, and `1.10` is none"),
        (&[x], &["--a", "[x]"], "c.yaml:12:7: an element is text or one placeholder, not a list"),
        (
            &[x],
            &["--a", "{inputValue: x}", "--a", "{inputValue: x}"],
            "c.yaml:13: the flag `--a` is written twice, first in line 11",
        ),
        (
            &["{name: x, type: Flaot}"],
            &["--a", "{inputValue: x}"],
            "c.yaml:2: the input `x` has the unknown type `Flaot`; help: did you mean Float?",
        ),
        (
            &["{name: x}", "{name: X}"],
            &[],
            "c.yaml:2:21: `x` and `X` have the same name in a compiled pipeline, `x`",
        ),
        (&["{type: String}"], &[], "c.yaml:2:10: `name` is missing"),
        (&[x], &["if: {cond: {isPresent: y}, then: [a]}"], "c.yaml:11:30: there is no input `y`"),
        (
            &[x],
            &["if: {cond: x, then: [a]}"],
            "c.yaml:11:11: `if` needs `cond: {isPresent: INPUT}`",
        ),
    ] {
        let got = declared(inputs, args, &["--lr", "1"]);
        let got = got.strip_prefix("error: ").unwrap_or(&got);
        let same = got.starts_with(expected);
        failures.compare(
            &format!("{inputs:?} {args:?}"),
            if same { expected } else { got },
            expected,
        );
    }
    for (text, expected) in [
        ("name: x\n", "c.yaml:1:1: this is no component"),
        ("implementation: {container: {command: [a]}}", "c.yaml:1:29: `image` is missing"),
        (
            "implementation: {container: {image: i, args: --a}}",
            "c.yaml:1:46: `args` is a scalar, not a list",
        ),
        ("implementation: {container: {image: [i]}}", "c.yaml:1:37: `image` is a list, not text"),
        (
            "inputs: x\nimplementation: {container: {image: i}}",
            "c.yaml:1:9: `inputs` is a scalar, not a list",
        ),
        ("a: [", "c.yaml:"),
    ] {
        let folder = Folder::new(&[("c.yaml", text)]);
        let got = folder.overrides(&["--component", "c.yaml", "python3", "main.py"]);
        let got = got.strip_prefix("error: ").unwrap_or(&got);
        let same = got.starts_with(expected);
        failures.compare(text, if same { expected } else { got }, expected);
    }
    failures.assert_none();
}

#[test]
fn a_component_in_block_and_in_flow() {
    let block = "name: C\ninputs:\n  - name: Run Name\n    type: String\n    description: >\n      Two\n      \
                 lines.\nimplementation:\n  container:\n    image: i\n    command:\n      - python3\n      - \
                 main.py\n    args:\n      - --run-name\n      - inputValue: Run Name\n";
    let flow = "{name: C, inputs: [{name: Run Name, type: String}], implementation: {container: {image: \
                i, command: [python3, main.py], args: [--run-name, {inputValue: Run Name}]}}}";
    let json = r#"{"inputs": [{"name": "Run Name", "type": "String"}], "implementation": {"container":
        {"image": "i", "command": ["python3", "main.py"], "args": ["--run-name", {"inputValue": "Run Name"}]}}}"#;
    let anchors = "inputs: [&i {name: Run Name, type: String}]\nimplementation:\n  container:\n    image: \
                   i\n    command: [python3, main.py]\n    args: [--run-name, &p {inputValue: Run Name}, \
                   --again, *p]\n";
    for text in [block, flow, json, anchors] {
        let folder = Folder::new(&[("c.yaml", text)]);
        let tokens = ["--component", "c.yaml", "python3", "main.py", "--run-name", "-1"];
        assert_eq!(folder.overrides(&tokens), "run-name='-1'", "{text}");
    }
}

#[test]
fn the_trace_says_who_declared_what() {
    let folder = Folder::new(&[
        ("hydra-shim.yaml", "component: c.yaml\nflags: {lr: model.lr}\n"),
        ("c.yaml", &component(&["{name: lr, type: Float}"], &["--lr", "{inputValue: lr}"])),
    ]);
    let printed = folder.translate(&main_py(&["--lr", "1", "--x", "y"])).unwrap();
    let expected = r#"[{"from":["--lr","1"],"to":["model.lr=1.0"],"key":"model.lr","type":"float"},
        {"from":["--x","y"],"to":["x=y"],"key":"x","type":"auto"}]"#;
    let expected: Value = serde_json::from_str(expected).unwrap();
    assert_eq!(printed["trace"], expected);
}

#[test]
fn a_real_application_runs_under_rules() {
    let python = venv(HYDRA).unwrap().join("bin/python");
    let app = "import hydra\n\n\n@hydra.main(version_base=None, config_path='conf', \
               config_name='config')\ndef main(cfg):\n    print(dict(cfg))\n\n\nmain()\n";
    let folder = Folder::new(&[
        ("main.py", app),
        ("conf/config.yaml", "out: null\nrun_id: null\nseed: 0\n"),
        (
            "hydra-shim.yaml",
            "dashes: underscore\nflags: {run-id: {type: string}, out: {type: path, mkdir: true}}\n\
             append: [hydra.output_subdir=null, hydra.run.dir=.]\n",
        ),
    ]);
    let arguments = ["main.py", "--run-id", "2024_11_23", "--out", "made/here", "--seed", "7"];
    let mut call = folder.shim(&["run", python.to_str().unwrap()]);
    let shown = printed(call.args(arguments).env("PYTHONDONTWRITEBYTECODE", "1"));
    assert_eq!(shown, "{'out': 'made/here', 'run_id': '2024_11_23', 'seed': 7}\n");
    assert!(folder.path("made/here").is_dir());
}
