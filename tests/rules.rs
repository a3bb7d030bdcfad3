//! What each key of the rules does.

mod support;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use hydra_shim::command_line::App;
use hydra_shim::rules::{Naming, Rules};
use support::shims_in_path::{Failures, outcome};
use support::working_folder::{
    Folder, component, in_one_line, main_py, refusal, translated, under, words,
};
use support::{HYDRA, Oracle, both_streams, seen};

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
        (
            "a: {type: bool}",
            &["--a", "perhaps"],
            "error: unexpected argument `perhaps` (argument 2): expected --name value, key=value, or \
             one of Hydra's own flags; help: --a is declared bool: its values are true, yes, on, 1 and \
             false, no, off, 0",
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
            "error: --a: the value `null` is not an int (declared int by hydra-shim.yaml:1); help: if \
             null is a value of it, declare `nullable: true` in the rules",
        ),
        (
            "a: {type: 'list[int]'}",
            &["--a", "null"],
            "error: --a: the value `null` is not an int (declared list[int] by hydra-shim.yaml:1); \
             help: if null is a value of it, declare `nullable: true` in the rules",
        ),
        (
            "a: {type: 'list[int]'}",
            &["--a", "1", "2", "x"],
            "error: --a: the value `1 2 x` holds `x`, which is not an int (declared list[int] by \
             hydra-shim.yaml:1)",
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
