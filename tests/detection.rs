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
    // In each text, APP stands for the line `@hydra.main()` with a function `f` below it.
    let hydra = "
        import hydra; APP; f()
        import hydra; APP; if __name__ == '__main__':;    f()
        import hydra; APP; if __name__ == '__main__': f()
        import hydra; APP; if __name__ == '__main__':;    import sys;    sys.exit(f())
        import hydra; APP; def start():;    setup();    f(); def setup(): pass; start()
        import hydra; APP; spawn(f)
        import hydra; APP; run = f; run()
        import hydra as h; @h.main(version_base=None); def f(cfg): ...; f()
        from hydra import main; @main(version_base=None); def f(cfg): ...; f()
        from hydra import main as entry; @entry(); def f(cfg): ...; f()
        from hydra import compose, main; @main(); def f(cfg): ...; f()
        from hydra import (;    compose,  # (;    main,;); @main(); def f(cfg): ...; f()
        from hydra \\;    import main; @main(); def f(cfg): ...; f()
        from hydra import *; @main(); def f(cfg): ...; f()
        from hydra.main import main; @main(); def f(cfg): ...; f()
        import hydra.main; @hydra.main.main(); def f(cfg): ...; f()
        import os, hydra, json; APP; f()
        import os as o, hydra as hy; @hy.main(); def f(cfg): ...; f()
        import hydra.utils; APP; f()
        if True: import hydra; APP; f()
        if True:;    import hydra; APP; f()
        try:;    import hydra; except ImportError:;    hydra = None; APP; f()
        def start():;\tfrom hydra import main;\tmain()(print)(); start()
        import hydra; hydra.main(config_path=None)(print)()
        import hydra; @hydra.main(;    version_base=None,;); def f(cfg): ...; f()
        import hydra; run = hydra.main()(print); run()
        import hydra; class A:;    run = staticmethod(hydra.main()(print)); A.run()
        import hydra; class A:;    def __call__(self): hydra.main()(print)(); A()()
        import hydra; class A:;    def run(self):;        hydra.main()(print)(); a = A(); a.run()
        import hydra; def deco(f):;    @hydra.main();    def inner(cfg): f(cfg);    return inner; @deco; def f(cfg): ...; f()
        import hydra\r; @hydra.main()\r; def f(cfg): ...\r; f()\r
        import argparse; import hydra; APP; f()
        from argparse import Namespace; import hydra; x = Namespace(a=1); APP; f()
        import argparse, hydra; def unused():;    argparse.ArgumentParser().parse_args(); APP; f()
        import argparse, hydra; p = argparse.ArgumentParser(); p.parse_known_args(['--x']); APP; f()
        import argparse, hydra; APP; f(); argparse.ArgumentParser().parse_args()
        import hydra, sys; sys.argv.append('a=1'); sys.argv[1:] = [a for a in sys.argv[1:]]; APP; f()
        import hydra, sys; sys.argv = [a for a in sys.argv if a]; APP; f()
        import hydra, sys; args = []; sys.argv = args; APP; f()
        from hydra._internal.utils import _run_hydra as r; def f(): r(None, None, print, '.', 'c'); f()
        from hydra._internal.utils import get_args_parser; def f():;    args = get_args_parser().parse_args(); f()
        from dora import hydra_main; @hydra_main(config_path='c'); def f(cfg): ...; f()
        x = \"'''\"; import hydra; APP; f()
        '''It's one.;\"\"\";'''; import hydra; APP; f()
        x = '#'; import hydra; APP; f()
        x = 'it\\'s'; import hydra; APP; f()
        x = f'{1}' + rb'\\\\'.decode(); import hydra; APP; f()
        x = [; 1,; 2]; import hydra; APP; f()
        from hydra_zen import zen; zen(print).hydra_main()
        from hydra_zen import builds, zen; if __name__ == '__main__':;    zen(print).hydra_main(config_name='c')
        import hydra_zen; hydra_zen.zen(print).hydra_main()
        import hydra_zen as hz; @hz.zen; def f(x): ...; f.hydra_main()
    ";
    let other = "
        import hydra; APP
        import hydra; APP; def start(): f()
        import hydra; APP; f({'a': 1})
        import hydra; APP; class T:;    def test(self): f()
        import hydra; def f(): hydra.main()(print)(); class T:;    f = f
        import argparse; argparse.ArgumentParser().parse_args()
        import argparse, hydra; argparse.ArgumentParser().parse_known_args(); APP; f()
        import argparse, hydra; def flags(): return argparse.ArgumentParser().parse_args(); flags(); APP; f()
        import argparse, hydra; p = argparse.ArgumentParser(); args, rest = p.parse_known_args(); APP; f()
        import click, hydra; APP; @click.command(); def go(): f(); go()
        from click import group; import hydra; APP; @group(); def cli(): ...; @cli.command(); def go(): f(); cli()
        import typer, hydra; APP; app = typer.Typer(); @app.command(); def go(): f(); app()
        import fire, hydra; APP; fire.Fire(f)
        import getopt, sys, hydra; APP; sys.argv[1:] = getopt.getopt(sys.argv[1:], '', ['lr='])[1]; f()
        from absl import app; import hydra; APP; app.run(f)
        import hydra, sys; sys.argv = ['x', 'a=1']; APP; f()
        from unittest import mock; import hydra, sys; APP; with mock.patch.object(sys, 'argv', []):;    f()
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
        import hydra_lite; @hydra_lite.main(); def f(cfg): ...; f()
        from my.hydra import main; @main(); def f(): ...; f()
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
    python3 -m cProfile -o profile -s tottime src/main.py | src/main.py: from app import main;main() | src/app.py: APP

    python3 main.py | main.py: from app import main;main() | app.py: APP
    python3 main.py | main.py: from app import main as m;m() | app.py: APP
    python3 main.py | main.py: import app;app.main() | app.py: APP
    python3 main.py | main.py: import os, app as a;a.main() | app.py: APP
    python3 main.py | main.py: from app import *;main() | app.py: APP
    python3 main.py | main.py: def f():;    from app import main;    main();f() | app.py: APP
    python3 main.py | main.py: try:;    import app;except ImportError:;    pass;app.main() | app.py: APP
    python3 main.py | main.py: try:;    from no import main;except ImportError:;    from app import main;main() | app.py: APP
    python3 main.py | main.py: from pkg.train import main;main() | pkg/train.py: APP | pkg/__init__.py:
    python3 main.py | main.py: import pkg.train;pkg.train.main() | pkg/train.py: APP | pkg/__init__.py:
    python3 main.py | main.py: from pkg import train;train.main() | pkg/train.py: APP
    python3 main.py | main.py: from pkg import (;    data,;    train as t,;);t.main() | pkg/train.py: APP | pkg/data.py:
    python3 main.py | main.py: from pkg import main;main() | pkg/__init__.py: from .train import main | pkg/train.py: APP
    python3 main.py | main.py: from pkg import main;main() | pkg/__init__.py: from .main import main | pkg/main.py: APP
    python3 main.py | main.py: import pkg;pkg.train.main() | pkg/__init__.py: from . import train | pkg/train.py: APP
    python3 main.py | main.py: import pkg;pkg.main() | pkg/__init__.py: APP
    python3 main.py | main.py: import pkg.data;pkg.main() | pkg/__init__.py: APP | pkg/data.py:
    python3 src/main.py | src/main.py: import app;app.main() | src/app.py: APP
    python3 main.py | main.py: import a;a.f() | a.py: import b.c;def f(): b.c.main() | b/c.py: from .d import main | b/d.py: APP
    python3 main.py | main.py: import a;a.f() | a.py: import b;def f(): b.f() | b.py: import a, app;def f():;    a.f();    app.main() | app.py: APP
    python3 main.py | main.py: import a;import app;app.main() | a.py: import argparse | app.py: APP
    python3 main.py | main.py: import argparse;import app;app.main() | app.py: APP
    python3 main.py | main.py: from argparse import Namespace;import app;Namespace();app.main() | app.py: APP
    python3 main.py | main.py: import click;import app;app.main() | app.py: APP
    python3 main.py | main.py: from deco import d;@d(1);def f(cfg): ...;f() | deco.py: import hydra;def d(x):;    def e(f): return hydra.main()(f);    return e
    python3 main.py | main.py: from app import run;run() | app.py: import hydra;run = hydra.main()(print)
    python3 -m pkg.run | pkg/run.py: from .train import main;main() | pkg/train.py: APP
    python3 -m pkg.run | pkg/run.py: from . import train;train.main() | pkg/train.py: APP
    python3 -m pkg.run | pkg/run.py: from pkg.train import main;main() | pkg/train.py: APP
    python3 -m pkg.cli.run | pkg/cli/run.py: from ..train import main;main() | pkg/train.py: APP
    python3 -m pkg | pkg/__main__.py: from .train import main;main() | pkg/train.py: APP

    python3 main.py | main.py: import bad, app;bad.x();app.main() | bad.py: def (:;''' | app.py: APP
    python3 main.py | main.py: import app, b;app.main();b.main() | app.py/x: | b.py: APP
    python3 main.py | main.py: import no, no.no;from . import x;from .... import y;import app;no.no.f();x();y();app.main() | app.py: APP
";

/// As [`TRANSLATED_LAYOUTS`].
const UNTOUCHED_LAYOUTS: &str = "
    python3 -m pkg.mod | pkg/mod.py: import argparse
    python3 -m cProfile -o profile main.py | main.py: pass
    python3 -m cProfile -o profile main.py | main.py: import argparse;import app;argparse.ArgumentParser().parse_args();app.main() | app.py: APP

    python3 src/main.py | src/main.py: import app;app.main() | app.py: APP
    python3 main.py | main.py: import app | app.py: APP
    python3 main.py | main.py: from app import main | app.py: APP
    python3 main.py | main.py: from app import Config;Config() | app.py: import hydra;class Config: ...;hydra.main()(print)()
    python3 main.py | main.py: from app import load;load() | app.py: import hydra;def load(): ...;@hydra.main();def main(cfg): load();main()
    python3 -m tests.test_app | tests/test_app.py: import unittest, app;class T(unittest.TestCase):;    def test(self): app.main();unittest.main() | app.py: APP
    python3 main.py | main.py: from flags import get;import app;get();app.main() | flags.py: import argparse;def get(): return argparse.ArgumentParser().parse_args() | app.py: APP
    python3 main.py | main.py: from argparse import ArgumentParser;import app;ArgumentParser().parse_known_args();app.main() | app.py: APP
    python3 main.py | main.py: import app;def f():;    import argparse;    argparse.ArgumentParser().parse_args();f();app.main() | app.py: APP
    python3 main.py | main.py: import click;import app;@click.command();def f(): app.main();f() | app.py: APP
    python3 main.py | main.py: import typer as t;import app;t.run(app.main) | app.py: APP
    python3 main.py | main.py: import fire;import app;fire.Fire(app.main) | app.py: APP
    python3 main.py | main.py: from absl import app as a;import app;a.run(app.main) | app.py: APP
    python3 main.py | main.py: import tyro;import app;tyro.cli(app.main) | app.py: APP
    python3 main.py | main.py: import app;app.main() | app.py: '''hydra.main'''
    python3 main.py | main.py: ''';import app;app.main();''' | app.py: APP
    python3 main.py | main.py: import a;a.f() | a.py: import b;def f(): b.f() | b.py: import a, main;def f():;    a.f();    main.f()

    python3 main.py | main.py: import bad;bad.main() | bad.py: x = ''';import hydra;hydra.main()
    python3 main.py | main.py: import bad;bad.main() | bad.py: from hydra import (
    python3 main.py | main.py: import bad;bad.x() | bad.py: import;from import x;from x import;from;import ,;from .
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
        let next = |i| format!("import m{i}\ndef main(): m{i}.main()\n");
        let mut files: Vec<_> = (1..length).map(|i| (format!("m{}.py", i - 1), next(i))).collect();
        files.push((format!("m{}.py", length - 1), APP.to_owned()));
        files
    };
    let star = |count: usize| {
        let names: Vec<_> = (0..count).map(|i| format!("n{i}")).collect();
        let calls = format!("    {}.f()\n", names.join(".f()\n    "));
        let all = format!("import {}, app\ndef main():\n{calls}    app.main()\n", names.join(", "));
        let mut files = vec![("m0.py".to_owned(), all), ("app.py".to_owned(), APP.to_owned())];
        files.extend(names.iter().map(|n| (format!("{n}.py"), String::new())));
        files
    };
    let large = format!("x = 1\n{}\n{APP}", "# filler\n".repeat(150_000));
    let beside = format!("import big\nbig.f()\n{APP}");
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
        site.files(&[("main.py", &format!("{SHOW}import m0\nm0.main()\n"))]);
        for (name, text) in &files {
            site.file(name, text.as_bytes());
        }
        let shown = site.shown(&with_flags("timeout 30 python3 main.py"));
        failures.compare(case, &shown, decision(translated));
    }
    // Files that would never end, or that cannot be read.
    let main = format!(
        "{SHOW}import pipe, zero, circle, bytes, app\n\
         pipe.f(), zero.f(), circle.f(), bytes.f(), app.main()\n"
    );
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
    let main = format!("{trace}import app\nif len(app.__name__) == 0:\n    app.main()\n");
    site.files(&[("main.py", &main), ("app.py", &format!("{trace}{APP}"))]);
    let mut call = site.command(&with_flags("python3 main.py"));
    assert!(call.status().unwrap().success());
    assert!(site.path("app/ran").exists(), "whoever runs it leaves a trace");
    fs::remove_file(site.path("app/ran")).unwrap();

    // In Python's place a program that runs nothing.
    site.program("python3", "#!/bin/sh\necho \"$@\"\n");
    let path = std::env::join_paths([site.path("shims"), site.path("bin")]).unwrap();
    let shown = printed(site.command(&with_flags("python3 main.py")).env("PATH", path));
    assert_eq!(shown, "main.py lr=0.1 note='a,b'\n");
    assert!(!site.path("app/ran").exists());
}

#[test]
fn modules_are_found_beside_the_file_that_a_link_leads_to() {
    let site = Site::new(&[]);
    let main = format!("{SHOW}import app\napp.main()\n");
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
        ("lib/pkg/run.py", &format!("{SHOW}from .train import main\nmain()")),
        ("lib/pkg/train.py", APP),
        ("src/main.py", &format!("{SHOW}from pkg.train import main\nmain()")),
        ("src/other.py", &format!("{SHOW}from here import main\nmain()")),
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
        ("through.py", &format!("{SHOW}import pkg.train\npkg.train.main()\n")),
        ("pkg/train.py", APP),
        (
            "own.py",
            &format!(
                "{SHOW}from flags import parse; import hydra\nparse()\nhydra.main()(print)()\n"
            ),
        ),
        (
            "flags.py",
            "import argparse\ndef parse(): return argparse.ArgumentParser().parse_args()\n",
        ),
        ("composes.py", &format!("{SHOW}from hydra import compose, initialize\n")),
    ]);
    for (argv, told) in [
        ("python3 main.py --lr 0.1", vec!["translated", "main.py 'lr=0.1'"]),
        ("python3 through.py --lr 0.1", vec!["translated", "pkg/train.py", "through.py 'lr=0.1'"]),
        ("python3 prepare.py --lr 1", vec!["untouched", "prepare.py --lr 1"]),
        ("python3 -c pass --lr 0.1", vec!["untouched", "-c pass --lr 0.1"]),
        // How it is started, use by use.
        (
            "python3 through.py --lr 0.1",
            vec![
                "(through.py:5 calls pkg.train.main, pkg/train.py:4 decorates it with hydra.main)",
            ],
        ),
        // Why not, what was looked at, and what to do where it may be one.
        (
            "python3 own.py --lr 1",
            vec![
                "(it is not known as a Hydra application: own.py:5 calls parse, flags.py:2 calls ",
                "; read: own.py, flags.py; HYDRA_SHIM_APPS=own.py if it is one)",
            ],
        ),
        (
            "python3 -m composes --lr 1",
            vec!["application; read: composes.py; HYDRA_SHIM_APPS=composes if it is one)"],
        ),
        (
            "python3 prepare.py --lr 1",
            vec!["(it is not known as a Hydra application; read: prepare.py; "],
        ),
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

#[test]
fn a_decision_costs_few_file_operations() {
    let site = Site::new(&["python3"]);
    // Folders that have nothing, and modules of which each calls many, as in a large program.
    let path: Vec<_> = (0..20).map(|n| site.path(&format!("app/lib{n}"))).collect();
    let many: Vec<String> = (0..100).map(|n| format!("m{n}")).collect();
    let calls = format!("{}.f()\n", many.join(".f()\n    "));
    let module =
        format!("import os, sys, {}\ndef f():\n    os.getcwd()\n    {calls}", many.join(", "));
    site.files(&[("main.py", &format!("{SHOW}{module}f()\n"))]);
    for folder in &path {
        fs::create_dir(folder).unwrap();
    }
    for name in &many {
        site.file(&format!("lib19/{name}/__init__.py"), module.as_bytes());
    }
    let mut call = site.command(&["strace", "-e", "trace=%file,read,getdents64", "-o", "log"]);
    call.arg(site.path("shims/python3")).args(with_flags("main.py"));
    let path = std::env::join_paths(path).unwrap();
    assert_eq!(printed(call.env("PYTHONPATH", path)), UNTOUCHED);
    let log = fs::read_to_string(site.path("app/log")).unwrap();
    let (decision, _) = log.rsplit_once("execve(").unwrap();
    let count = decision.lines().count();
    assert!((200..1000).contains(&count), "{count} file operations");
}
