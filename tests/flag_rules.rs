//! What a flag's declaration in the rules does.

mod support;

use assert_cmd::assert::OutputAssertExt;
use support::shims_in_path::Failures;
use support::working_folder::{Folder, component, under};
use support::{refused, succeeded};

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn each_key_of_a_flag() {
    let mut failures = Failures::default();
    for (flags, arguments, expected) in [
        // The short form, and the key in full, with Hydra's signs.
        ("a: b.c", "--a 1", "b.c=1"),
        ("--a: b", "--a 1", "b=1"),
        ("a: +b", "--a 1", "+b=1"),
        ("a: ++b.c", "'--a=x y'", "++b.c='x y'"),
        ("a: db@backup", "--a mysql", "db@backup=mysql"),
        ("a: {key: +b}", r#"--a '{"x": 1}'"#, "+b={x: 1}"),
        ("a: {key: ++b}", r#"--a '{"x": 1}'"#, "++b={} | ~b | +b={x: 1}"),
        ("a: {key: b}", r#"--a '{"x": 1}'"#, "b={} | ~b | +b={x: 1}"),
        ("a: {}", "--a -x", "a='-x'"),
        (
            "a: null",
            "--a 1",
            "error: hydra-shim.yaml:1:12: flags.a: this is null, not a Hydra key, or a mapping",
        ),
        // Types.
        ("a: {type: auto}", "--a 1", "a=1"),
        ("a: {type: string}", "--a 1", "a='1'"),
        ("a: {type: string}", "--a null", "a='null'"),
        ("a: {type: string}", "--a ''", "a=''"),
        ("a: {type: path}", "--a '/x/{y}'", "a='/x/{y}'"),
        ("a: {type: path}", "--a true", "a='true'"),
        ("a: {type: int}", "--a 3.0", "a=3"),
        ("a: {type: int}", "--a 1e3", "a=1000"),
        ("a: {type: int}", "--a -7", "a=-7"),
        (
            "a: {type: int}",
            "--a 3.5",
            "error: --a: the value `3.5` is not an int (declared int by hydra-shim.yaml:1)",
        ),
        (
            "a: {type: int}",
            "--a true",
            "error: --a: the value `true` is not an int (declared int by hydra-shim.yaml:1)",
        ),
        ("a: {type: float}", "--a 1", "a=1.0"),
        ("a: {type: float}", "--a -inf", "a=-inf"),
        ("a: {type: float}", "--a nan", "a=nan"),
        (
            "a: {type: float}",
            "--a fast",
            "error: --a: the value `fast` is not a float (declared float by hydra-shim.yaml:1)",
        ),
        ("a: {type: bool}", "--a Yes", "a=true"),
        ("a: {type: bool}", "--a OFF", "a=false"),
        ("a: {type: bool}", "--a=1", "a=true"),
        (
            "a: {type: bool}",
            "--a=perhaps",
            "error: --a: the value `perhaps` is not a bool (declared bool by hydra-shim.yaml:1)",
        ),
        (
            "a: {type: bool}",
            "--a perhaps",
            "error: unexpected argument `perhaps` (argument 2): expected --name value, key=value, or \
             one of Hydra's own flags; help: --a is declared bool: its values are true, yes, on, 1 and \
             false, no, off, 0",
        ),
        ("a: {type: list}", r#"--a '["1", 1]'"#, "a=['1',1]"),
        ("a: {type: 'list[int]'}", "--a 1 2.0", "a=[1,2]"),
        ("a: {type: 'list[int]'}", "--a '[1, 2.0]'", "a=[1,2]"),
        ("a: {type: 'list[float]'}", "--a 1 '[2]'", "a=[1.0,2.0]"),
        ("a: {type: 'list[str]'}", "--a 1 x", "a=['1',x]"),
        ("a: {type: 'list[string]'}", "--a 1", "a=['1']"),
        ("a: {type: 'list[bool]'}", "--a yes 0", "a=[true,false]"),
        ("a: {type: dict}", r#"--a '{"b": [1.0]}'"#, "a={} | ~a | +a={b: [1.0]}"),
        ("a: {type: 'dict[str, int]'}", r#"--a '{"b": 1.0}'"#, "a={} | ~a | +a={b: 1}"),
        ("a: {type: hydra}", "--a 1,2", "a=1,2"),
        ("a: {type: hydra}", "--a 'range(1,3)'", "a=range(1,3)"),
        ("a: {type: hydra}", "--a '${b}'", "a=${b}"),
        // empty
        ("a: {empty: drop}", "--a '' --b 1", "b=1"),
        ("a: {empty: drop}", "--a null --b 1", "b=1"),
        ("a: {empty: drop}", "--a= --b 1", "b=1"),
        ("a: {empty: drop}", "--a 0 --b 1", "a=0 | b=1"),
        ("a: {empty: drop, type: int}", "--a '' --b 1", "b=1"),
        ("a: {empty: drop, type: dict}", "--a '' --b 1", "b=1"),
        ("a: {empty: drop, type: list}", "--a= --b 1", "b=1"),
        ("a: {empty: keep}", "--a ''", "a=''"),
        // nullable
        ("a: {type: int, nullable: true}", "--a 1", "a=1"),
        ("a: {type: int, nullable: true}", "--a=null", "a=null"),
        ("a: {type: bool, nullable: true}", "--a null b=1", "a=null | b=1"),
        ("a: {type: string, nullable: true}", "--a ''", "a=''"),
        ("a: {type: list}", "--a null", "a=null"),
        ("a: {type: list}", "--a x null", "a=[x,null]"),
        ("a: {type: list}", "--a '[null]'", "a=[null]"),
        ("a: {type: 'list[str]'}", "--a null", "a=['null']"),
        (
            "a: {type: int, nullable: false}",
            "--a null",
            "error: --a: the value `null` is not an int (declared int by hydra-shim.yaml:1); help: if \
             null is a value of it, declare `nullable: true` in the rules",
        ),
        (
            "a: {type: int}",
            "--a ''",
            "error: --a: the value `` is not an int (declared int by hydra-shim.yaml:1); help: if \
             null is a value of it, declare `nullable: true` in the rules",
        ),
        (
            "a: {type: 'list[int]'}",
            "--a null",
            "error: --a: the value `null` is not an int (declared list[int] by hydra-shim.yaml:1); \
             help: if null is a value of it, declare `nullable: true` in the rules",
        ),
        (
            "a: {type: 'list[int]'}",
            "--a 1 2 x",
            "error: --a: the value `1 2 x` holds `x`, which is not an int (declared list[int] by \
             hydra-shim.yaml:1)",
        ),
        // NaN and the infinities, as Python's json writes them and as a float alone has them.
        ("a: {type: 'list[float]'}", "--a '[NaN, -Infinity,1]'", "a=[NaN,-inf,1.0]"),
        ("a: {type: 'list[float]'}", "--a '[Infinity, nan, inf ]'", "a=[inf,nan,inf]"),
        ("a: {type: 'list[float]'}", "--a nan '[Infinity]'", "a=[nan,inf]"),
        (
            "a: {type: 'list[float]'}",
            "--a '[NaN, x]'",
            "error: --a: the value `[NaN, x]` is not a float (declared list[float] by \
             hydra-shim.yaml:1)",
        ),
        ("a: {type: list}", "--a '[NaN]'", "a=['[NaN]']"),
        // A type's name is a key only where it is called one.
        ("lr: {key: int}", "--lr 1", "int=1"),
        // merge
        ("a: {merge: true}", r#"--a '{"x": 1}'"#, "++a={x: 1}"),
        ("a: {merge: false}", r#"--a '{"x": 1}'"#, "a={} | ~a | +a={x: 1}"),
        ("a: {merge: true}", "--a 1", "a=1"),
        // `-` and `_` are equal, and the exact name goes first.
        ("run-id: {type: string}", "--run_id 1", "run-id='1'"),
        ("run_id: {type: string}", "--run-id 1", "run_id='1'"),
        ("a-b: {type: string}, a_b: {type: int}", "--a_b 1 --a-b 1", "a_b=1 | a-b='1'"),
        ("a_b: {type: int}, a-b: {type: string}", "--a_b 1 --a-b 1", "a_b=1 | a-b='1'"),
        // One of Hydra's own names.
        ("version: {type: string}", "--version 2", "version='2'"),
        ("run: run_name", "--run x", "run_name=x"),
    ] {
        let rules = format!("flags: {{{flags}}}\n");
        failures.compare(
            &format!("{flags}: {arguments}"),
            &under(&rules, &[], arguments),
            expected,
        );
    }
    failures.assert_none();
}

#[test]
fn null_may_be_a_value_of_any_type() {
    for ty in "auto string path int float bool dict list list[int] list[str] hydra".split(' ') {
        let rules = format!("flags: {{a: {{type: '{ty}', nullable: true}}}}\n");
        assert_eq!(under(&rules, &[], "--a null"), "a=null", "{ty}");
    }
}

#[test]
fn lists_and_switches_take_what_is_theirs() {
    let rules = "flags: {tags: {type: list}, cuda: {type: bool}}\n";
    let mut failures = Failures::default();
    for (arguments, expected) in [
        ("--tags a b c", "tags=[a,b,c]"),
        ("--tags a --tags b", "tags=[a,b]"),
        (r#"--tags '["a","b"]'"#, "tags=[a,b]"),
        (r#"--tags a --lr 1 --tags '["b"]' --tags=c"#, "lr=1 | tags=[a,b,c]"),
        ("--tags -1 2", "tags=[-1,2]"),
        ("--tags a lr=1", "tags=[a] | lr=1"),
        ("--tags a --lr 1", "tags=[a] | lr=1"),
        ("--tags '[]'", "tags=[]"),
        ("--tags", "tags=[]"),
        ("--tags --lr 1", "tags=[] | lr=1"),
        ("--tags lr=1", "tags=[] | lr=1"),
        ("--tags '[x'", "tags=['[x']"),
        ("--tags ''", "tags=['']"),
        ("--cuda", "cuda=true"),
        ("--no-cuda", "cuda=false"),
        ("--no_cuda", "cuda=false"),
        ("--cuda true", "cuda=true"),
        ("--cuda FALSE lr=1", "cuda=false | lr=1"),
        ("--cuda lr=1", "cuda=true | lr=1"),
        ("--cuda --lr 1", "cuda=true | lr=1"),
        ("--no-cuda --cuda", "cuda=true"),
    ] {
        failures.compare(arguments, &under(rules, &[], arguments), expected);
    }
    failures.assert_none();
}

#[test]
fn a_components_flag_is_what_the_rules_call_it() {
    let site = |rules: &str, args: &[&str], arguments: &str| {
        let inputs = ["{name: x, type: String}"];
        let rules = format!("component: c.yaml\n{rules}\n");
        under(&rules, &[("c.yaml", &component(&inputs, args))], arguments)
    };
    let one = ["--a", "{inputValue: x}", "--b", "{inputValue: x}"];
    for (rules, arguments, expected) in [
        ("flags: {a: {type: list}}", "--a x y --b 1", "a=[x,y] | b='1'"),
        ("flags: {a: {type: list}}", "--a --b y --b 1", "a=['--b',y] | b='1'"),
        ("flags: {a: {type: list}}", "--a m=1 m=2 --b 1", "a=['m=1'] | m=2 | b='1'"),
        ("flags: {a: {type: list}}", "--a '[1, 2]' --b 1", "a=[1,2] | b='1'"),
        ("flags: {a: {type: list}}", "--a x --a y --b 1", "a=[x,y] | b='1'"),
        ("flags: {a: {type: 'list[int]'}}", "--a 1 2.0", "a=[1,2]"),
        ("flags: {a: {type: bool}}", "--a yes --b 1", "a=true | b='1'"),
        ("flags: {a: {nullable: true}}", "--a null --b 1", "a=null | b='1'"),
        ("flags: {a: {type: int}}", "--a 1e3 --b 1", "a=1000 | b='1'"),
    ] {
        assert_eq!(site(rules, &one, arguments), expected, "{rules}: {arguments}");
    }
    let switch = ["--a", "--b", "{inputValue: x}"];
    for (arguments, expected) in [
        ("--a --b 1", "a=true | b='1'"),
        ("--a off --b 1", "a=false | b='1'"),
        ("--no-a --b 1", "a=false | b='1'"),
    ] {
        assert_eq!(site("flags: {a: {type: bool}}", &switch, arguments), expected, "{arguments}");
    }
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
    succeeded(folder.shim(&["run", "/bin/true", "--out", "made"]).assert());
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

    let printed = succeeded(folder.shim(&["run"]).args(tokens).assert());
    assert_eq!(printed, format!("{}\n", overrides.replace(" | ", " ")));
    for (path, made) in
        [("out/a b/model", true), ("out/m", true), ("out/m/metrics.json", false), ("no", false)]
    {
        assert_eq!(folder.path(path).is_dir(), made, "{path}");
    }

    // Again, into what is there; a file without a folder needs none.
    for arguments in
        [["--model", "out/a b/model"], ["--metrics", "x.json"], ["--metrics", "/x.json"]]
    {
        succeeded(folder.shim(&["run", "/bin/echo"]).args(arguments).assert());
    }

    folder.file("file", "");
    let message = refused(folder.shim(&["run", "/bin/echo", "--model", "file/x"]).assert(), 125);
    assert!(message.contains("cannot make the folder `file/x`"), "{message}");
}
