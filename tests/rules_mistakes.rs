//! Mistakes in the rules are named with their place, and break only Hydra applications.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use hydra_shim::command_line::App;
use hydra_shim::rules::{Naming, RulesFile};
use support::shims_in_path::{APP, FLAGS, Failures, SHOW, Site, TRANSLATED, UNTOUCHED, printed};
use support::working_folder::{Folder, under};
use support::{refused, shim};

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
        ("unknown: [error]", "1:10: unknown: this is a list, not text"),
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
        ("flags: {a: b}\n---\nunknown: error\n", "2: a second document, and only one is read"),
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
            "flags: {a: {type: 'list[str,]'}}",
            "1:19: flags.a.type: unknown type `list[str,]`; help: did you mean list[str]?",
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
        ("flags: {a: {type: [int]}}", "1:19: flags.a.type: this is a list, not text"),
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
        ("flags: {a: [b]}", "1:12: flags.a: this is a list, not a Hydra key, or a mapping"),
        (
            "flags: {a: int}",
            "1:12: flags.a: `int` may be a type or a key: for the type write {type: int}, for the key \
             {key: int}",
        ),
        (
            "flags: {a: 'list[int]'}",
            "1:12: flags.a: `list[int]` may be a type or a key: for the type write \
             {type: \"list[int]\"}, for the key {key: \"list[int]\"}",
        ),
        ("flags: {a: {nullable: 5}}", "1:23: flags.a.nullable: `5` is not true or false"),
        ("dashes: keep\ndashes: keep", "1:1: the key `dashes` is there twice"),
        ("flags: [a]", "1:8: flags: this is a list, not a mapping"),
        ("- flags", "1:1: this is a list, not a mapping of the rules' keys"),
        ("just text", "1:1: this is the text \"just text\", not a mapping of the rules' keys"),
        ("drop: local_rank", "1:7: drop: this is the text \"local_rank\", not a list"),
        ("drop: [{a: 1}]", "1:8: drop[0]: this is a dict, not text"),
        ("env: [A]", "1:6: env: this is a list, not a mapping"),
        ("env: {A: 'b c'}", "1:10: env.A: `b c` is not a key in Hydra's grammar"),
        ("append: a=1", "1:9: append: this is the text \"a=1\", not a list"),
        ("append: [a=1, --multirun]", "1:15: append[1]: `--multirun` is not an override"),
        ("append: [lr 1]", "1:10: append[0]: `lr 1` is not an override"),
        ("command: ''", "1:10: command: `command` is empty"),
        ("command: []", "1:10: command: `command` is empty"),
        (
            "command: python3 'x",
            "1:10: command: `command` is not a command line: missing closing quote",
        ),
        ("command: {a: 1}", "1:10: command: this is not a command line, or a list of its words"),
        ("component: [a]", "1:12: component: this is a list, not text"),
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
        ("flags: {a: {type: int}, a: {type: string}}", "1:8: flags: the key `a` is there twice"),
        ("apps: {a.py: {}, a.py: {}}", "1:7: apps: the key `a.py` is there twice"),
        ("apps: [a.py]", "1:7: apps: this is a list, not a mapping"),
        ("apps: {a.py: b}", "1:14: apps.a.py: an app's rules are a mapping, or off, not `b`"),
        (
            "flags: {a: b\n",
            "2:1: did not find expected ',' or '}' while parsing a flow mapping (from 1:8 on)",
        ),
        (
            "flags:\n\ta: b",
            "2:1: found character that cannot start any token while scanning for the next token (from 2:1 on); help: \
             in YAML spaces indent, never tabs, and a word that starts with @, ` or % has quotes",
        ),
    ] {
        let got = under(rules, &[], "--lr 1");
        let got = got.strip_prefix("error: ").unwrap_or(&got);
        let got = got.strip_prefix("hydra-shim.yaml:").unwrap_or(got);
        let same = got.starts_with(expected);
        failures.compare(rules, if same { expected } else { got }, expected);
    }
    failures.assert_none();
}

#[test]
fn a_rules_file_may_say_nothing() {
    for rules in
        ["", "# nothing\n", "{}", "flags:\n", "flags: {}\napps:\n", "---\nflags: {}\n", "null\n"]
    {
        assert_eq!(under(rules, &[], "--lr 1"), "lr=1", "{rules:?}");
    }
}

#[test]
fn block_and_flow_say_the_same() {
    let block =
        "flags:\n  a:\n    key: b\n    type: int\ndrop:\n  - x\nenv:\n  V: k\nappend:\n- c=1\n";
    let flow = "{flags: {a: {key: b, type: int}}, drop: [x], env: {V: k}, append: [c=1]}";
    let json = r#"{"flags": {"a": {"key": "b", "type": "int"}}, "drop": ["x"], "append": ["c=1"]}"#;
    for rules in [block, flow, json] {
        assert_eq!(under(rules, &[], "--a 1.0 --x y"), "b=1 | c=1", "{rules}");
    }
}

#[test]
fn what_yaml_would_type_is_the_text_that_is_written() {
    for (rules, arguments, expected) in [
        ("flags: {no: a, on: {type: int}}", "--no x --on 1.0", "a=x | on=1"),
        ("flags: {a: {type: dict, merge: yes}}", "--a '{\"b\": 1}'", "++a={b: 1}"),
        ("drop: [010, 1e5, 1.10]", "--010 x --1e5 y --1.10 z --a 1", "a=1"),
        ("drop: &d [1.10]\napps: {main.py: {drop: *d}}", "--1.10 x", ""),
    ] {
        assert_eq!(under(rules, &[], arguments), expected, "{rules}");
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
    let naming = |text: &str| RulesFile::new(text.to_owned(), String::new()).naming(&app);
    assert_eq!(naming(&bomb), Naming::Unnamed);
    assert_eq!(naming(&format!("apps: {{main.py: [{}", "[".repeat(100_000))), Naming::Unnamed);
    assert_eq!(naming("apps: {main.py: [1]}\nflgs: {a: }\n"), Naming::Named);
    assert_eq!(naming("apps: {main.py: off}\nflgs: {a: }\n"), Naming::Off);
    assert_eq!(naming("command: python3 src/main.py\ncomponent: [1]\n"), Naming::Unnamed);
    assert_eq!(naming("command: [python3, main.py]\ndrop: 1\n"), Naming::Named);
    let deep = format!("flags: {}", "[".repeat(100_000));
    for (rules, reason) in [(bomb, "over 1048576 nodes"), (deep, "nested deeper than 100 levels")] {
        let got = under(&rules, &[], "--lr 1");
        assert!(got.starts_with("error: ") && got.contains(reason), "{got}");
    }
    let repeated = format!("apps:\n  x.py: {{flags: &f {{a: b}}}}\n{}", {
        let lines = (0..20_000).map(|n| format!("  y{n}.py: {{flags: *f}}\n"));
        lines.collect::<String>()
    });
    let got = under(&repeated, &[], "--lr 1");
    assert!(got == "lr=1" || got.contains("repetition limit"), "{got}");
    let shared = "flags: &f {a: b}\napps: {main.py: {flags: *f}}\n";
    assert_eq!(under(shared, &[], "--a 1"), "b=1");
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
            refused(site.command(&argv).assert(), 125);
        }
    }
    // What the rules name is an application, whatever else they get wrong.
    for names in ["command: python3 other.py\n", "apps: {other.py: {}}\n"] {
        site.file("hydra-shim.yaml", format!("{names}unknown: error\nflgs: {{}}\n").as_bytes());
        let message = refused(site.command(&argv("other.py")).assert(), 125);
        assert!(message.contains("unknown key `flgs`"), "{names}: {message}");
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
