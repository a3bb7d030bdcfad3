//! Tables: arguments in, overrides or the reason for a refusal out.

use super::*;
use crate::declarations::{Arity, Empty, Flag, Mkdir, Permission, SECRET};
use crate::translate::{Step, dry_run, translate};

fn declarations() -> Declarations {
    let key = |name: &str| name.parse::<Key>().unwrap();
    let flag = |name: &str, k: &str, ty| Flag::new(name, key(k), ty, "rules:1");
    let with = |flag: Flag, change: &dyn Fn(&mut Flag)| {
        let mut flag = flag;
        change(&mut flag);
        flag
    };
    Declarations {
        flags: [
            flag("prompt", "prompt", Type::Text),
            flag("run-id", "run_id", Type::Text),
            flag("n", "+model.n", Type::Int),
            flag("f", "f", Type::Float),
            flag("version", "version", Type::Text),
            flag("sweep", "lr", Type::Hydra),
            with(flag("token", "token", Type::Text), &|f| f.rule.secret = Some(true)),
            with(flag("pin", "pin", Type::Int), &|f| f.rule.secret = Some(true)),
            with(flag("cuda", "cuda", Type::Bool), &|f| f.arity = Arity::Switch),
            with(flag("tags", "tags", Type::List(value::Element::Any)), &|f| {
                (f.arity, f.loose_list) = (Arity::AtLeast(0), true);
            }),
            with(flag("note", "note", Type::Text), &|f| f.rule.empty = Some(Empty::Drop)),
            with(flag("opt", "opt", Type::Int), &|f| f.nullable = true),
            with(flag("opts", "opts", Type::Text), &|f| f.nullable = true),
            with(flag("range", "range", Type::Float), &|f| f.arity = Arity::Exactly(2)),
            with(flag("warm", "warm", Type::Int), &|f| {
                (f.arity, f.rule.nullable) = (Arity::AtMost(1), Some(true));
            }),
            with(flag("quiet", "quiet", Type::Bool), &|f| f.arity = Arity::Exactly(0)),
            with(flag("params", "params", Type::Dict(value::Element::Any)), &|f| {
                f.rule.merge = Some(true);
            }),
            with(flag("out", "out", Type::Path), &|f| f.rule.mkdir = Some(Mkdir::Parent)),
        ]
        .into_iter()
        .collect(),
        drop: vec!["local_rank".to_owned()],
        ..Declarations::default()
    }
}

fn run(arguments: &[&str], declared: &Declarations) -> String {
    let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
    match translate(Vec::new(), &arguments, declared) {
        Ok(translation) => {
            let overrides: Vec<&str> = translation.overrides().map(String::as_str).collect();
            overrides.join(" | ")
        }
        Err(error) => format!("error: {}; {}", error.message, error.help.unwrap_or_default()),
    }
}

#[test]
fn undeclared_arguments() {
    for (arguments, expected) in [
        (&["--project", "demo"][..], "project=demo"),
        (&["--project=demo"], "project=demo"),
        (&["--project="], "project=''"),
        (&["--project", ""], "project=''"),
        (&["--a=b=c"], "a='b=c'"),
        (&["--model.optimizer.lr", "0.1"], "model.optimizer.lr=0.1"),
        (&["--input-val", "x"], "input-val=x"),
        (&["--lr", "-1e-05"], "lr=-1e-05"),
        (&["--flag"], "flag=true"),
        (&["--filter", "a=b"], "filter='a=b'"),
        (&["lr=0.1", "+a=b", "++c=d", "~e", "db@x=y"], "lr=0.1 | +a=b | ++c=d | ~e | db@x=y"),
        (
            &["--multirun", "lr=1,2", "--cfg", "job", "--x", "1"],
            "lr=1,2 | x=1 | --multirun | --cfg | job",
        ),
        (
            &["-cn", "other", "--info", "lr=1", "-i", "plugins"],
            "lr=1 | -cn | other | --info | -i | plugins",
        ),
        (&["--config-dir=/x", "-c=job"], "--config-dir=/x | -c=job"),
        (&["--a", "1", "--", "--b", "x", "-m", "y=1"], "a=1 | --b | x | y=1 | -m"),
        (&["--lr", "1", "lr=3", "--b", "2", "--lr", "4"], "lr=3 | b=2 | lr=4"),
        (
            &["--d", r#"{"a": 1, "a": 2, "b": [1.50, "x y"]}"#],
            "d={} | ~d | +d={a: 2,b: [1.50,'x y']}",
        ),
        (&["--l", "[1, true, null, \"null\"]"], "l=[1,true,null,'null']"),
        (&["--l", "[a-z]"], "l='[a-z]'"),
        (&[], ""),
    ] {
        assert_eq!(run(arguments, &Declarations::default()), expected, "{arguments:?}");
    }
}

#[test]
fn what_is_refused_undeclared() {
    for (arguments, reason) in [
        (&["--project", "--model._target_=os.system"][..], "starts with a dash"),
        (&["--project", "--config-dir=/tmp"], "starts with a dash"),
        (&["--project", "--"], "starts with a dash"),
        (&["--project", "-"], "starts with a dash"),
        (&["--project", "-12e5"], "starts with a dash"),
        (&["-x"], "unexpected argument `-x`"),
        (&["-cjob"], "unexpected argument `-cjob`"),
        (&["word"], "unexpected argument `word` (argument 1)"),
        (&["--a", "1", "2"], "unexpected argument `2` (argument 3)"),
        (&[""], "unexpected argument ``"),
        (&["--=x"], "is not a key"),
        (&["---x", "1"], "is not a key"),
        (&["--1", "2"], "is not a key"),
        (&["--a b=1"], "is not a key"),
        (&["--é", "1"], "it holds 'é'"),
        (&["--a", "???"], "is `???`"),
        (&["--a", "[\"???\"]"], "is `???`"),
        (&["--a", "{{$.inputs.parameters['x']}}"], "placeholder"),
        (&["--a={inputValue: x}"], "placeholder"),
        (&["--a", r#"{"q\"": 1}"#], "dict key `q\"`"),
        (&["--a", r#"["\ud800"]"#], "JSON that cannot be sent on"),
        (&["--a", r#"["\u0000"]"#], "NUL"),
        (&["--a", "[1e999]"], "overflows"),
        (&["--multirun=1"], "takes no value"),
        (&["--cfg"], "needs a value, but nothing follows"),
        (&["--cfg", "--resolve"], "needs a value"),
        (&["--run", "5"], "unexpected argument `5`"),
    ] {
        let result = run(arguments, &Declarations::default());
        assert!(
            result.starts_with("error: ") && result.contains(reason),
            "{arguments:?}: {result}"
        );
    }
}

#[test]
fn after_a_switch_of_hydras_comes_nothing_that_may_be_its_value() {
    let may_be = "after it may be the value of a flag of the application's";
    for (arguments, expected) in [
        // A value would be taken for an override, a flag of Hydra's, or lost.
        (&["--lr", "1", "--run", "++model={_target_: os.system}"][..], may_be),
        (&["--run", "lr=${oc.env:HOME}", "--lr", "1"], may_be),
        (&["--lr", "1", "--version", "a=b"], may_be),
        (&["--lr", "1", "--run", "word"], may_be),
        (&["--lr", "1", "--run", "--"], may_be),
        (&["--run", "--seed=3"], may_be),
        (&["--lr", "1", "--run", "--config-dir=/tmp/evil"], may_be),
        (&["--lr", "1", "--help", "--run"], may_be),
        (&["--lr", "1", "--resolve", "-r"], may_be),
        (&["--lr", "1", "--run", "--x"], may_be),
        (&["--lr", "1", "-r", "a=b"], may_be),
        (&["--lr", "1", "-h", "a=b"], may_be),
        (&["--lr", "1", "-sc", "a=b"], may_be),
        (&["--lr", "1", "-i", "a=b"], may_be),
        (&["--lr", "1", "--hydra-help", "a=b"], may_be),
        (&["--lr", "1", "--shell-completion", "a=b"], may_be),
        (&["--lr", "1", "--info", "all"], "write --info=all; "),
        (&["--lr", "1", "--run", "--quiet", "--n", "1"], may_be),
        (&["--lr", "1", "--run", "--cuda", "word"], may_be),
        (&["--lr", "1", "--run", "--prompt"], may_be),
        (&["-h", "--no-cuda", "n=1"], may_be),
        // What cannot be its value.
        (&["--lr", "1", "--run"], "lr=1 | --run"),
        (&["--run", "--lr", "1"], "lr=1 | --run"),
        (&["--run", "--lr", "-1"], "lr=-1 | --run"),
        (&["--run", "--n", "1"], "+model.n=1 | --run"),
        (&["--run", "--cuda", "off", "--n", "1"], "cuda=false | +model.n=1 | --run"),
        (&["--run", "--config-name", "tiny", "--lr", "1"], "lr=1 | --run | --config-name | tiny"),
        (&["--info=all", "x=1", "--lr", "1"], "x=1 | lr=1 | --info=all"),
        (&["--lr", "1", "--info"], "lr=1 | --info"),
        // A sweep, and a flag that takes a value, are not switches.
        (&["--lr", "1", "--multirun", "x=1,2"], "lr=1 | x=1,2 | --multirun"),
        (&["-m", "x=1,2", "--lr", "1"], "x=1,2 | lr=1 | -m"),
        (&["--cfg", "job", "x=1", "--lr", "1"], "x=1 | lr=1 | --cfg | job"),
        // A line of Hydra's flags and overrides, which somebody typed.
        (&["--run", "x=1"], "x=1 | --run"),
        (
            &["--help", "--resolve", "++x=1", "--info", "all"],
            "++x=1 | --help | --resolve | --info | all",
        ),
        (&["--version", "--config-dir=/tmp"], "--version | --config-dir=/tmp"),
        // After a `--` everything is itself.
        (&["--lr", "1", "--", "--run", "x=1"], "lr=1 | x=1 | --run"),
        // The launcher's own flag makes no line official.
        (&["--local_rank=0", "--help", "x=1"], "x=1 | --help"),
        // A declared flag of that name wins.
        (&["--version", "a=b", "--lr", "1"], "version='a=b' | lr=1"),
    ] {
        let mut declared = declarations();
        let is_declared = arguments.len() == 4 && arguments[0] == "--version";
        if !is_declared {
            declared.flags =
                declared.flags.iter().filter(|f| f.name != "version").cloned().collect();
        }
        let result = run(arguments, &declared);
        let refused = result.strip_prefix("error: ");
        assert!(
            result == expected || refused.is_some_and(|why| why.contains(expected)),
            "{arguments:?}: {result}"
        );
    }
    // Words that the component itself writes.
    let literals = ["--run", "x=1"].map(str::to_owned).to_vec();
    let declared = Declarations { literals, ..Declarations::default() };
    assert_eq!(run(&["--lr", "1", "--run", "x=1"], &declared), "lr=1 | x=1 | --run");
}

#[test]
fn declared_arguments() {
    for (arguments, expected) in [
        (&["--prompt", "--hello"][..], "prompt='--hello'"),
        (&["--prompt", "null"], "prompt='null'"),
        (
            &["--prompt", "{{$.inputs.parameters['x']}}"],
            "prompt='{{$.inputs.parameters[\\'x\\']}}'",
        ),
        (&["--run_id", "007"], "run_id='007'"),
        (&["--n", "3.0"], "+model.n=3"),
        (&["--n", "1e3"], "+model.n=1000"),
        (&["--n", "-12.50e1"], "+model.n=-125"),
        (&["--n", "0.0"], "+model.n=0"),
        (&["--f", "1"], "f=1.0"),
        (&["--f", "007.50"], "f=7.50"),
        (&["--f", "-Infinity"], "f=-inf"),
        (&["--f", "nan"], "f=nan"),
        (&["--f", "1e5"], "f=1e5"),
        (&["--version", "2"], "version='2'"),
        (&["--sweep", "1,2"], "lr=1,2"),
        (&["--cuda", "--no-cuda"], "cuda=false"),
        (&["--cuda", "no", "lr=1"], "cuda=false | lr=1"),
        (&["--cuda", "lr=1"], "cuda=true | lr=1"),
        (&["--cuda=0"], "cuda=false"),
        (
            &["--tags", "a", "-1", "2.5", "--tags", "[\"b\", 3]", "--f", "1"],
            "tags=[a,-1,2.5,b,3] | f=1.0",
        ),
        (&["--tags"], "tags=[]"),
        (&["--tags=a,b", "x=1"], "tags=['a,b'] | x=1"),
        (&["--note", "", "--f", "1"], "f=1.0"),
        (&["--note", "x"], "note=x"),
        (&["--opt", "null", "--opts", ""], "opt=null | opts=''"),
        (&["--opt", ""], "opt=null"),
        (&["--warm", "null"], "warm=null"),
        (&["--warm", "3"], "warm=3"),
        (&["--warm"], "warm=true"),
        (&["--opts", "null"], "opts=null"),
        (&["--range", "-1", "2"], "range=[-1.0,2.0]"),
        (&["--quiet", "a=1"], "quiet=true | a=1"),
        (&["--params", r#"{"a": 1}"#], "++params={a: 1}"),
        (&["--local-rank=0", "--f", "1", "--local_rank", "1"], "f=1.0"),
    ] {
        assert_eq!(run(arguments, &declarations()), expected, "{arguments:?}");
    }
}

#[test]
fn what_does_not_fit_its_declaration() {
    for (arguments, reason) in [
        (&["--n", "3.5"][..], "--n: the value `3.5` is not an int (declared int by rules:1)"),
        (&["--n", "1e5000"], "is not an int"),
        (&["--n", ""], "is not an int"),
        (&["--f", "1e999"], "is not a float"),
        (&["--f", "1_0"], "is not a float"),
        (&["--cuda=maybe"], "is not a bool"),
        (&["--params", "[1]"], "is not a dict"),
        (
            &["--n"],
            "--n: its value is missing at the end of the command line (declared by rules:1)",
        ),
        (&["--range"], "--range: its 2 values are missing at the end"),
        (&["--range", "1"], "--range: 1 of its 2 values is missing at the end"),
        (&["--x", "--token=hunter2"], "--x has no value: the next argument, `--token`, starts"),
        (&["--cfg", "--token=hunter2"], "needs a value, but `--token` starts with a dash"),
        (&["--x", "1", "--run", "token=hunter2"], "flags, and `token` after it may be the value"),
        (
            &["--pin", "hunter2"],
            "--pin: the value *** cannot be passed as int (declared int by rules:1)",
        ),
    ] {
        let result = run(arguments, &declarations());
        assert!(
            result.starts_with("error: ") && result.contains(reason),
            "{arguments:?}: {result}"
        );
    }
}

#[test]
fn closed_mode_takes_only_what_is_declared() {
    let mut declared = declarations();
    declared.closed = true;
    declared.literals = vec!["fixed=1".to_owned()];
    assert_eq!(run(&["--prompt", "x", "fixed=1"], &declared), "prompt=x | fixed=1");
    for arguments in [
        &["--other", "1"][..],
        &["a=1"],
        &["fixed=2"],
        &["--multirun"],
        &["-m"],
        &["--config-dir=/tmp"],
        &["--", "a=1"],
        &["--prompt", "${oc.env:SECRET}"],
        &["--params", r#"{"a": [{"_target_": "os.system"}]}"#],
        &["--params", r#"{"a": "${x}"}"#],
        &["--sweep", "${x}"],
    ] {
        let result = run(arguments, &declared);
        assert!(result.starts_with("error: "), "{arguments:?}: {result}");
    }
    declared.flags.for_each(|flag| {
        flag.rule.dollar = Some(Permission::Allow);
        flag.rule.targets = Some(Permission::Allow);
    });
    assert_eq!(run(&["--prompt", "${x}"], &declared), "prompt='\\${x}'");
    assert_eq!(run(&["--params", r#"{"_target_": "a.b"}"#], &declared), "++params={_target_: a.b}");
}

#[test]
fn secrets_are_passed_and_never_shown() {
    let arguments = ["--token", "hunter2", "--token=hunter3"].map(str::to_owned);
    let translation = translate(Vec::new(), &arguments, &declarations()).unwrap();
    assert!(translation.overrides().eq(["token=hunter3"]));
    let steps: Vec<_> =
        translation.trace.iter().map(|step| (step.shown_from(), step.shown_to())).collect();
    let shown = format!("{steps:?} {:?} {:?}", translation.shown_argv(), translation.warnings);
    assert!(!shown.contains("hunter") && shown.contains(SECRET), "{shown}");
}

#[test]
fn variables_give_way_to_flags() {
    let mut declared = declarations();
    declared.variables = vec![crate::declarations::Variable {
        name: "AIP_MODEL_DIR".to_owned(),
        key: "out".parse().unwrap(),
        value: "gs://b/m".to_owned(),
        source: "rules:9".into(),
    }];
    assert_eq!(run(&[], &declared), "out=gs://b/m");
    assert_eq!(run(&["--out", "/x/y"], &declared), "out=/x/y");
}

#[test]
fn what_may_be_meant_otherwise_is_warned_of() {
    for (arguments, reason) in [
        (["--x", "['a', 'b']"], Some("written as JSON")),
        (["--x", "{'a': 1}"], Some("written as JSON")),
        (["--tags", "['a']"], Some("written as JSON")),
        (["--prompt", "['a']"], None),
        (["--x", "[a-z]"], None),
        (["--x", "a=b"], Some("looks like an override")),
        (["--x", "${y}"], Some("would evaluate it")),
        (["--x", "[1]"], None),
    ] {
        let tokens = arguments.map(str::to_owned).to_vec();
        let warnings = translate(Vec::new(), &tokens, &declarations()).unwrap().warnings;
        match (reason, warnings.as_slice()) {
            (None, []) => {}
            (Some(reason), [warning]) => assert!(warning.contains(reason), "{warning}"),
            _ => panic!("{arguments:?}: {warnings:?}"),
        }
    }
}

#[test]
fn a_dry_run_goes_on_after_what_it_refuses() {
    let arguments = ["--lr", "1", "--f", "x", "word", "--tags", "a", "--n", "3", "--tags", "???"];
    let arguments = arguments.map(str::to_owned).to_vec();
    let run = dry_run(Vec::new(), &arguments, &declarations());
    let refused = |step: &Step| Some((step.from.join(" "), step.kind.error()?.message.clone()));
    let refused: Vec<(String, String)> = run.trace.iter().filter_map(refused).collect();
    let first = "--f: the value `x` is not a float (declared float by rules:1)";
    assert_eq!(refused[0], ("--f x".to_owned(), first.to_owned()));
    assert_eq!((&*refused[1].0, &*refused[2].0), ("word", "--tags ???"));
    assert_eq!(refused.len(), 3);
    let overrides: Vec<&String> = run.overrides().collect();
    assert_eq!(overrides, ["lr=1", "tags=[a]", "+model.n=3"]);
    let error = translate(Vec::new(), &arguments, &declarations()).unwrap_err();
    assert_eq!(error.message, first);
    // In closed mode a flag that nobody declared is refused with its value.
    let closed = Declarations { closed: true, ..declarations() };
    let arguments = ["--evil", "value", "--token", "x", "y", "a=b"].map(str::to_owned).to_vec();
    let run = dry_run(Vec::new(), &arguments, &closed);
    let refused = run.trace.iter().filter(|step| step.kind.error().is_some());
    let shown = refused.map(|step| step.shown_from().join(" "));
    assert_eq!(shown.collect::<Vec<_>>(), ["--evil value", "***", "***"]);
}
