//! Which calls of `python3` the shim translates: those of Hydra applications, found by their
//! source. The source is never run; Python, and the programs between, are real.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use support::both_streams;
use support::shims_in_path::{
    APP, FLAGS, Failures, SHOW, Site, TRANSLATED, UNTOUCHED, decision, printed,
};

/// `words` and the flags of most cases.
fn with_flags(words: &str) -> Vec<&str> {
    words.split(' ').chain(FLAGS).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a table")]
fn a_script_is_judged_by_its_own_text() {
    // In each text, APP stands for the line `@hydra.main()` with a function below it.
    let hydra = "
        import hydra; APP
        import hydra as h; @h.main(version_base=None); def f(cfg): ...
        from hydra import main; @main(version_base=None); def f(cfg): ...
        from hydra import main as entry; @entry(); def f(cfg): ...
        from hydra import compose, main; @main(); def f(cfg): ...
        from hydra import (;    compose,  # (;    main,;); @main(); def f(cfg): ...
        from hydra \\;    import main; @main(); def f(cfg): ...
        from hydra.main import main; @main(); def f(cfg): ...
        import os, hydra, json; APP
        import os as o, hydra as hy; @hy.main(); def f(cfg): ...
        import hydra.utils; APP
        if True: import hydra; APP
        if True:;    import hydra; APP
        try:;    import hydra; except ImportError:;    hydra = None; APP
        def start():;\tfrom hydra import main;\tmain()(print)()
        import hydra; hydra.main(config_path=None)(print)()
        import hydra; @hydra.main(;    version_base=None,;); def f(cfg): ...
        import hydra; run = hydra.main()(print)
        import hydra; class A:;    run = staticmethod(hydra.main()(print))
        import hydra\r; @hydra.main()\r; def f(cfg): ...\r
        import argparse; import hydra; APP
        x = \"'''\"; import hydra; APP
        '''It's one.;\"\"\";'''; import hydra; APP
        x = '#'; import hydra; APP
        x = 'it\\'s'; import hydra; APP
        x = f'{1}' + rb'\\\\'.decode(); import hydra; APP
        x = [; 1,; 2]; import hydra; APP
        from hydra_zen import zen; zen(print).hydra_main()
        from hydra_zen import builds, zen; if __name__ == '__main__':;    zen(print).hydra_main(config_name='c')
        import hydra_zen; hydra_zen.zen(print).hydra_main()
        import hydra_zen as hz; @hz.zen; def f(x): ...; f.hydra_main()
    ";
    let other = "
        import argparse; argparse.ArgumentParser().parse_args()
        import argparse; from hydra import compose, initialize; compose('c')
        from hydra import compose, initialize; with initialize(): compose('c')
        import hydra; hydra.utils.instantiate({})
        from hydra.utils import instantiate; instantiate({})
        from hydra_zen import builds, instantiate; instantiate(builds(dict))
        # import hydra;# @hydra.main()
        x = 1  # import hydra, hydra.main()
        '''; import hydra; @hydra.main();'''
        \"\"\"; import hydra; @hydra.main();\"\"\"; import os
        print('import hydra, hydra.main()')
        import hydra; print('hydra.main()')
        import hydra_lite; @hydra_lite.main(); def f(cfg): ...
        from my.hydra import main; @main(); def f(): ...
        import my.hydra; my.hydra.main()
        import hydra; def main(): ...; main()
        import hydra; self.hydra.main()
        hydra = None
        pass
    ";
    let site = Site::new(&[]);
    let mut failures = Failures::default();
    for (texts, translated) in [(hydra, true), (other, false)] {
        for text in texts.lines().map(|line| line.trim_matches(' ')) {
            if text.is_empty() {
                continue;
            }
            let app = "@hydra.main()\ndef f(cfg): ...";
            let text = text.replace("APP", app).replace("; ", ";").replace(';', "\n");
            site.files(&[("main.py", &format!("{SHOW}{text}\n"))]);
            let shown = site.shown(&with_flags("python3 main.py"));
            failures.compare(&text, &shown, decision(translated));
        }
    }
    // Bytes that are no UTF-8, as an older editor saved them, and a byte order mark.
    let latin = b"# -*- coding: latin-1 -*-\n# caf\xe9\n".as_slice();
    for head in [latin, b"\xef\xbb\xbf"] {
        site.files(&[]);
        let text = [head, SHOW.as_bytes(), APP.as_bytes()].concat();
        site.file("main.py", &text);
        let shown = site.shown(&with_flags("python3 main.py"));
        failures.compare(&head.escape_ascii().to_string(), &shown, TRANSLATED);
    }
    failures.assert_none();
}

/// Command line | file: text | file: text … The first file begins with [`SHOW`]; a text of APP
/// stands for [`APP`], and a `;` ends a line.
const TRANSLATED_LAYOUTS: &str = "
    python3 src/train.py | src/train.py: APP
    python3 train | train: APP
    python3 . | __main__.py: APP
    python3 -u -W ignore -X dev -OO main.py | main.py: APP
    python3 -Wignore -Xutf8 -uB main.py | main.py: APP
    python3 --check-hash-based-pycs never main.py | main.py: APP
    python main.py | main.py: APP
    env A=1 python3 main.py | main.py: APP
    nice -n 1 python3 main.py | main.py: APP
    timeout 30 python3 main.py | main.py: APP
    python3 -m pkg.mod | pkg/mod.py: APP | pkg/__init__.py:
    python3 -Bmpkg.mod | pkg/mod.py: APP
    python3 -m pkg | pkg/__main__.py: APP | pkg/__init__.py:
    python3 -m mod | mod.py: APP
    python3 -m cProfile -o profile main.py | main.py: APP
    python3 -m cProfile -o profile -m pkg.mod | pkg/mod.py: APP
    python3 -m cProfile -o profile -s tottime src/main.py | src/main.py: from app import main | src/app.py: APP

    python3 main.py | main.py: from app import main | app.py: APP
    python3 main.py | main.py: import app | app.py: APP
    python3 main.py | main.py: import os, app as a | app.py: APP
    python3 main.py | main.py: from app import * | app.py: APP
    python3 main.py | main.py: def f():;    from app import main | app.py: APP
    python3 main.py | main.py: try:;    import app;except ImportError:;    pass | app.py: APP
    python3 main.py | main.py: from pkg.train import main | pkg/train.py: APP | pkg/__init__.py:
    python3 main.py | main.py: from pkg import train | pkg/train.py: APP
    python3 main.py | main.py: from pkg import (;    data,;    train as t,;) | pkg/train.py: APP | pkg/data.py:
    python3 main.py | main.py: from pkg import main | pkg/__init__.py: from .train import main | pkg/train.py: APP
    python3 main.py | main.py: import pkg | pkg/__init__.py: APP
    python3 main.py | main.py: import pkg.data | pkg/__init__.py: APP | pkg/data.py:
    python3 src/main.py | src/main.py: import app | src/app.py: APP
    python3 main.py | main.py: import a | a.py: import b.c | b/c.py: from .d import main | b/d.py: APP
    python3 main.py | main.py: import a | a.py: import b | b.py: import a, main, app | app.py: APP
    python3 main.py | main.py: import a;import app | a.py: import argparse | app.py: APP
    python3 main.py | main.py: # no argparse;import app | app.py: APP
    python3 main.py | main.py: import my.argparse;import app | app.py: APP
    python3 -m pkg.run | pkg/run.py: from .train import main | pkg/train.py: APP
    python3 -m pkg.run | pkg/run.py: from . import train | pkg/train.py: APP
    python3 -m pkg.run | pkg/run.py: from pkg.train import main | pkg/train.py: APP
    python3 -m pkg.cli.run | pkg/cli/run.py: from ..train import main | pkg/train.py: APP
    python3 -m pkg | pkg/__main__.py: from .train import main | pkg/train.py: APP

    python3 main.py | main.py: import bad, app | bad.py: def (:;''' | app.py: APP
    python3 main.py | main.py: import app, b | app.py/x: | b.py: APP
    python3 main.py | main.py: import no, no.no;from . import x;from .... import y;import app | app.py: APP
";

/// As [`TRANSLATED_LAYOUTS`].
const UNTOUCHED_LAYOUTS: &str = "
    python3 -m pkg.mod | pkg/mod.py: import argparse
    python3 -m cProfile -o profile main.py | main.py: pass
    python3 -m cProfile -o profile main.py | main.py: import argparse;import app | app.py: APP

    python3 src/main.py | src/main.py: import app | app.py: APP
    python3 main.py | main.py: import argparse;import app | app.py: APP
    python3 main.py | main.py: from argparse import ArgumentParser;import app | app.py: APP
    python3 main.py | main.py: import app;def f():;    import argparse | app.py: APP
    python3 main.py | main.py: import click;import app | app.py: APP
    python3 main.py | main.py: import typer as t;import app | app.py: APP
    python3 main.py | main.py: import fire;import app | app.py: APP
    python3 main.py | main.py: from absl import flags;import app | app.py: APP
    python3 main.py | main.py: import tyro;import app | app.py: APP
    python3 main.py | main.py: import app | app.py: '''hydra.main'''
    python3 main.py | main.py: ''';import app;''' | app.py: APP
    python3 main.py | main.py: import a | a.py: import b | b.py: import a, main

    python3 main.py | main.py: import bad | bad.py: x = ''';import hydra;hydra.main()
    python3 main.py | main.py: import bad | bad.py: from hydra import (
    python3 main.py | main.py: import bad | bad.py: import;from import x;from x import;from;import ,;from .
";

#[test]
fn an_application_is_found_through_its_modules() {
    let site = Site::new(&[]);
    let mut failures = Failures::default();
    for (layouts, expected) in [(TRANSLATED_LAYOUTS, TRANSLATED), (UNTOUCHED_LAYOUTS, UNTOUCHED)] {
        for layout in layouts.lines().map(str::trim) {
            let Some((command, files)) = layout.split_once(" | ") else {
                continue;
            };
            let mut head = SHOW;
            site.files(&[]);
            for file in files.split(" | ") {
                let (name, text) = file.split_once(':').unwrap();
                let text = match text.trim() {
                    "APP" => APP.to_owned(),
                    text => text.replace(';', "\n"),
                };
                site.file(name, format!("{head}{text}\n").as_bytes());
                head = "";
            }
            failures.compare(layout, &site.shown(&with_flags(command)), expected);
        }
    }
    failures.assert_none();
}

#[test]
fn detection_is_bounded() {
    let site = Site::new(&[]);
    // Each module imports the next one; each of many modules is imported by the first.
    let chain = |length: usize| {
        let mut files: Vec<_> =
            (1..length).map(|i| (format!("m{}.py", i - 1), format!("import m{i}\n"))).collect();
        files.push((format!("m{}.py", length - 1), APP.to_owned()));
        files
    };
    let star = |count: usize| {
        let names: Vec<_> = (0..count).map(|i| format!("n{i}")).collect();
        let all = format!("import {}, app\n", names.join(", "));
        let mut files = vec![("m0.py".to_owned(), all), ("app.py".to_owned(), APP.to_owned())];
        files.extend(names.iter().map(|n| (format!("{n}.py"), String::new())));
        files
    };
    let large = format!("x = 1\n{}\n{APP}", "# filler\n".repeat(150_000));
    let beside = format!("import big\n{APP}");
    let one = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let mut failures = Failures::default();
    for (case, files, translated) in [
        ("a module over 1 MiB", vec![one("m0.py", &large)], false),
        ("one of 1 MiB beside it", vec![one("m0.py", &beside), one("big.py", &large)], true),
        ("a chain of 50", chain(50), true),
        ("a chain of 100", chain(100), false),
        ("50 modules beside it", star(50), true),
        ("500 modules beside it", star(500), false),
    ] {
        site.files(&[("main.py", &format!("{SHOW}import m0\n"))]);
        for (name, text) in &files {
            site.file(name, text.as_bytes());
        }
        let shown = site.shown(&with_flags("timeout 30 python3 main.py"));
        failures.compare(case, &shown, decision(translated));
    }
    // Files that would never end, or that cannot be read.
    let main = format!("{SHOW}import pipe, zero, circle, bytes, app\n");
    site.files(&[("main.py", &main), ("app.py", APP)]);
    let mut pipe = Command::new("mkfifo");
    assert!(pipe.arg(site.path("app/pipe.py")).status().unwrap().success());
    symlink("/dev/zero", site.path("app/zero.py")).unwrap();
    symlink("circle.py", site.path("app/circle.py")).unwrap();
    site.file("bytes.py", b"\xff\xfe\0\x80import hydra\n");
    let shown = site.shown(&with_flags("timeout 30 python3 main.py"));
    failures.compare("a pipe, a device, a circle, bytes", &shown, TRANSLATED);
    failures.assert_none();
}

#[test]
fn the_source_is_read_and_never_run() {
    let site = Site::new(&[]);
    let trace = "open('ran', 'w').close()\n";
    let main = format!("{trace}import app\n");
    site.files(&[("main.py", &main), ("app.py", &format!("{trace}{APP}"))]);
    let mut call = site.command(&with_flags("python3 main.py"));
    assert!(call.status().unwrap().success());
    assert!(site.path("app/ran").exists(), "whoever runs it leaves a trace");
    fs::remove_file(site.path("app/ran")).unwrap();

    // In Python's place a program that runs nothing.
    site.program("python3", "#!/bin/sh\necho \"$@\"\n");
    let shown = printed(&mut site.command(&with_flags("python3 main.py")));
    assert_eq!(shown, "main.py lr=0.1 note='a,b'\n");
    assert!(!site.path("app/ran").exists());
}

#[test]
fn modules_are_found_beside_the_file_that_a_link_leads_to() {
    let site = Site::new(&[]);
    let main = format!("{SHOW}import app\n");
    site.files(&[("src/main.py", &main), ("src/app.py", APP)]);
    for (link, target) in [("train", "src/main.py"), ("again", "train")] {
        symlink(target, site.path("app").join(link)).unwrap();
        let shown = site.shown(&with_flags(&format!("python3 {link}")));
        assert_eq!(shown, TRANSLATED, "{link} -> {target}");
    }
}

#[test]
fn modules_are_found_in_pythonpath() {
    let site = Site::new(&[]);
    site.files(&[
        ("lib/pkg/mod.py", &format!("{SHOW}{APP}")),
        ("lib/pkg/run.py", &format!("{SHOW}from .train import main")),
        ("lib/pkg/train.py", APP),
        ("src/main.py", &format!("{SHOW}from pkg.train import main")),
        ("src/other.py", &format!("{SHOW}from here import main")),
        ("here.py", APP),
    ]);
    let absolute = site.path("app/lib").into_os_string();
    let mut failures = Failures::default();
    for path in [absolute, "/nowhere:lib".into(), "lib:".into()] {
        for command in ["python3 -m pkg.mod", "python3 -m pkg.run", "python3 src/main.py"] {
            let mut call = site.command(&with_flags(command));
            let shown = printed(call.env("PYTHONPATH", &path));
            let case = format!("{command}, {}", path.display());
            failures.compare(&case, &shown, TRANSLATED);
        }
    }
    // Of several folders an empty one is the working directory.
    let mut call = site.command(&with_flags("python3 src/other.py"));
    let shown = printed(call.env("PYTHONPATH", "/nowhere:"));
    failures.compare("an empty part", &shown, TRANSLATED);
    failures.assert_none();
}

#[test]
fn an_application_can_be_named() {
    let site = Site::new(&[]);
    let argparse = format!("{SHOW}import argparse\n");
    // HYDRA_SHIM_APPS, the rules beside the script, the command line, is it named?
    let cases = [
        ("", "", "python3 main.py", false),
        ("*", "", "python3 main.py", true),
        ("main.py", "", "python3 main.py", true),
        ("other.py, main.py", "", "python3 main.py", true),
        ("other.py", "", "python3 main.py", false),
        ("ain.py", "", "python3 main.py", false),
        ("main.py", "", "python3 src/main.py", true),
        ("src/main.py", "", "python3 src/main.py", true),
        ("lib/main.py", "", "python3 src/main.py", false),
        ("*", "", "python3 -m pkg.mod", true),
        ("pkg.mod", "", "python3 -m pkg.mod", true),
        ("other.mod", "", "python3 -m pkg.mod", false),
        ("", "command: python3 main.py", "python3 main.py", true),
        ("", "command: [python3, main.py]", "python3 main.py", true),
        ("", "command: python3 other.py", "python3 main.py", false),
        ("", "apps: {main.py: {dashes: keep}}", "python3 main.py", true),
        ("", "apps: {no.py: {dashes: keep}}", "python3 main.py", false),
        ("", "apps: {pkg.mod: {dashes: keep}}", "python3 -m pkg.mod", true),
        ("", "flags: {lr: {type: float}}", "python3 main.py", false),
        // Broken rules are no business of a script that is no Hydra application.
        ("", "flags: }{", "python3 main.py", false),
        ("", "no such key: 1", "python3 main.py", false),
    ];
    let mut failures = Failures::default();
    for (apps, rules, command, named) in cases {
        site.files(&[]);
        for script in ["main.py", "src/main.py", "pkg/mod.py"] {
            site.file(script, argparse.as_bytes());
        }
        if !rules.is_empty() {
            site.file("hydra-shim.yaml", format!("{rules}\n").as_bytes());
        }
        let mut call = site.command(&with_flags(command));
        if !apps.is_empty() {
            call.env("HYDRA_SHIM_APPS", apps);
        }
        let case = format!("{command}, HYDRA_SHIM_APPS={apps}, rules: {rules}");
        failures.compare(&case, &printed(&mut call), decision(named));
    }
    failures.assert_none();
}

#[test]
fn an_application_without_flags_receives_what_the_rules_add() {
    let site = Site::new(&[]);
    let main = format!("{SHOW}{APP}");
    let rules = "append: [seed=1]\nenv: {AIP_MODEL_DIR: model_dir}\n";
    site.files(&[("main.py", &main), ("hydra-shim.yaml", rules)]);
    for (call, added) in [
        ("python3 main.py", "['model_dir=/gcs/m', 'seed=1']\n"),
        ("python3 main.py a=1", "['model_dir=/gcs/m', 'a=1', 'seed=1']\n"),
    ] {
        let words: Vec<&str> = call.split(' ').collect();
        let mut command = site.command(&words);
        let shown = printed(command.env("AIP_MODEL_DIR", "/gcs/m"));
        assert_eq!(shown, added, "{call}");
    }
}

#[test]
fn rules_that_are_broken_are_an_error_of_a_hydra_application() {
    let site = Site::new(&[]);
    let main = format!("{SHOW}{APP}");
    site.files(&[("main.py", &main), ("hydra-shim.yaml", "no such key: 1\n")]);
    let call = &mut site.command(&with_flags("python3 main.py"));
    let output = call.output().unwrap();
    let shown = both_streams(&output);
    assert_eq!(output.status.code(), Some(125), "{shown}");
    assert!(output.stdout.is_empty(), "{shown}");
    assert!(output.stderr.starts_with(b"hydra-shim: error: "), "{shown}");
}

#[test]
fn the_log_tells_what_was_decided() {
    let site = Site::new(&[]);
    site.files(&[
        ("main.py", &format!("{SHOW}{APP}")),
        ("prepare.py", &format!("{SHOW}import argparse\n")),
        ("through.py", &format!("{SHOW}import pkg.train\n")),
        ("pkg/train.py", APP),
    ]);
    for (argv, told) in [
        ("python3 main.py --lr 0.1", vec!["translated", "main.py 'lr=0.1'"]),
        ("python3 through.py --lr 0.1", vec!["translated", "pkg/train.py", "through.py 'lr=0.1'"]),
        ("python3 prepare.py --lr 1", vec!["untouched", "prepare.py --lr 1"]),
        ("python3 -c pass --lr 0.1", vec!["untouched", "-c pass --lr 0.1"]),
    ] {
        let words: Vec<&str> = argv.split(' ').collect();
        let silent = site.command(&words).output().unwrap();
        let mut call = site.command(&words);
        let output = call.env("HYDRA_SHIM_LOG", "text").output().unwrap();
        assert!(silent.stderr.is_empty(), "{argv}: {}", both_streams(&silent));
        assert_eq!(output.status, silent.status, "{argv}");
        assert_eq!(output.stdout, silent.stdout, "{argv}");
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!(line.matches('\n').count(), 1, "{argv}: {line}");
        assert!(line.starts_with("hydra-shim: "), "{argv}: {line}");
        for part in told {
            assert!(line.contains(part), "{argv}: {part}: {line}");
        }
    }
}
