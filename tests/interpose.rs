//! A shim in front of PATH under the names of other programs: it translates for Hydra
//! applications, and for everything else nobody can tell that it is there.
//!
//! Python, its virtual environment and Hydra are real, and the same call without a shim in PATH
//! says what is right. Which scripts count as Hydra applications: `detection.rs`.

pub(crate) mod support;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::shims_in_path::{
    APP, FLAGS, SHOW, Site, TRANSLATED, decision, outcome, printed, write_executable,
};
use support::{both_streams, shim};

#[test]
fn a_hydra_application_receives_what_the_official_style_passes() {
    let site = Site::new(&[]);
    let main = "import hydra\nfrom omegaconf import OmegaConf\n\n\n\
        @hydra.main(version_base=None, config_path='conf', config_name='config')\n\
        def main(cfg):\n    print(OmegaConf.to_container(cfg, resolve=True))\n\n\nmain()\n";
    let config = "project: null\nlr: 0.0\nnote: ''\ndollar: ''\nday: ''\nunits: [8]\na: {b: 1}\n";
    site.files(&[("main.py", main), ("conf/config.yaml", config)]);
    let flags = "--project demo --lr 0.1 --note=it's|a,|b --dollar ${oc.env:HOME} \
        --day 2024_11_23 --units [16,|32] --a.b 3";
    let flags: Vec<String> = flags.split(' ').map(|flag| flag.replace('|', " ")).collect();
    let expected = "{'project': 'demo', 'lr': 0.1, 'note': \"it's a, b\", \
        'dollar': '${oc.env:HOME}', 'day': '2024_11_23', 'units': [16, 32], 'a': {'b': 3}}\n";
    for command in [
        &["python3", "main.py"] as &[&str],
        &["python", "-u", "main.py"],
        // KFP's usual wrapper.
        &["sh", "-ec", "mkdir -p out; \"$0\" \"$@\"", "python3", "main.py"],
    ] {
        let shown = printed(site.command(command).args(&flags));
        assert_eq!(shown, expected, "{command:?}");
    }
    assert!(site.path("app/out").is_dir());
    // What a traced shell prints is the call as it was written.
    let traced = ["sh", "-exc", "\"$0\" \"$@\"", "python3", "main.py", "--lr", "3"];
    let output = site.command(&traced).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stderr, "+ python3 main.py --lr 3\n");
    assert!(output.stdout.ends_with(b"'a': {'b': 1}}\n"), "{}", both_streams(&output));
}

#[test]
fn python_is_the_same_with_and_without_the_shim() {
    let site = Site::new(&["python", "python3"]);
    let facts = "import hydra, os, sys\n\
        print(sys.executable, sys.prefix, sys.base_prefix, sys.path, sys.flags, sys.argv)\n\
        print(hydra.__file__, __file__, os.getcwd(), sorted(os.environ.items()))\nsys.exit()\n";
    site.files(&[("main.py", &format!("{facts}{APP}"))]);
    let shims = format!("{}:", site.shims().display());
    for python in ["python", "python3"] {
        let direct = printed(&mut site.without_shims(&[python, "-B", "main.py", "lr=0.1"]));
        let shimmed = site.shown(&[python, "-B", "main.py", "--lr", "0.1"]);
        assert!(shimmed.contains(&shims), "{python}: the shims are in PATH");
        assert_eq!(shimmed.replace(&shims, ""), direct, "{python}");
        let prefix = format!(" {} ", site.venv.display());
        assert!(direct.contains(&prefix), "{python}: {direct}");
    }
}

#[test]
fn what_is_no_script_is_untouched() {
    let site = Site::new(&[]);
    // Nothing of ours may stand in the way: neither broken rules nor a broken setting.
    let main = format!("{SHOW}{APP}");
    site.files(&[("hydra-shim.yaml", "}{"), ("main.py", &main), ("program", SHOW)]);
    let code = "print(open('/proc/self/cmdline','rb').read(),end='')";
    // SEE stands for that code, and `_` for no bytes at all; Python refuses the last ones.
    let calls: &[u8] = b"
        -c SEE --lr 0.1 _ \xff\xfe -- --x
        -Bc SEE main.py --lr 0.1
        -BcSEE main.py --lr 0.1
        -W ignore -X utf8 -c SEE main.py --lr 0.1
        -V
        --version
        -VV
        -h
        -m pip --version
        -mpip --version --no-input
        -m json.tool --help
        - --lr 0.1
        -B - main.py --lr 0.1
        /dev/stdin --lr 0.1
        _
        -B
        -m
        -W
        missing.py --lr 0.1
        -m missing.module --lr 0.1
        --lr 0.1
    ";
    for call in calls.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
        if call.is_empty() {
            continue;
        }
        let arguments = call.split(|&byte| byte == b' ').map(|word| {
            let at = word.windows(3).position(|part| part == b"SEE");
            match at {
                Some(at) => [&word[..at], code.as_bytes()].concat(),
                None if word == b"_" => Vec::new(),
                None => word.to_vec(),
            }
        });
        let mut arguments: Vec<Vec<u8>> = arguments.collect();
        if call == b"_" {
            arguments.clear();
        }
        let run = |mut command: Command| {
            command.args(arguments.iter().map(|bytes| OsStr::from_bytes(bytes)));
            command.env("HYDRA_SHIM_RULES", "/nowhere/rules.yaml");
            let program = File::open(site.path("app/program")).unwrap();
            outcome(&command.stdin(program).output().unwrap())
        };
        // By the name that Python's own messages repeat.
        let direct = run(site.direct());
        assert_eq!(run(site.command(&["python3"])), direct, "{}", call.escape_ascii());
    }
}

#[test]
fn a_program_on_a_pipe_is_read_by_python_alone() {
    let site = Site::new(&[]);
    site.files(&[("program", &format!("{SHOW}{APP}"))]);
    let mut pipe = Command::new("mkfifo");
    assert!(pipe.arg(site.path("app/pipe")).status().unwrap().success());
    for call in [
        "cat program | timeout 10 python3 /dev/stdin --lr 0.1",
        "cat program > pipe & timeout 10 python3 pipe --lr 0.1",
    ] {
        let mut command = site.command(&["sh", "-c", call]);
        assert_eq!(printed(&mut command), "['--lr', '0.1']\n", "{call}");
    }
}

#[test]
fn scripts_that_start_themselves_are_translated() {
    let site = Site::new(&[]);
    let start = |program: &str| printed(site.command(&[program]).args(FLAGS));
    for (shebang, file) in
        [("#!/usr/bin/env python3", "main.py"), ("#!/usr/bin/env -S python -u", "train")]
    {
        let path = site.path("app").join(file);
        write_executable(&path, &format!("{shebang}\n{SHOW}{APP}"));
        assert_eq!(start(&format!("./{file}")), TRANSLATED, "{shebang}");
        assert_eq!(start(path.to_str().unwrap()), TRANSLATED, "{shebang}");
    }
    // A shim that is called by its path, in PATH or not.
    let python = site.path("shims/python3");
    for path in [site.search_path(), vec![site.venv.join("bin")]] {
        let mut command = site.command(&[python.to_str().unwrap(), "main.py"]);
        command.args(FLAGS).env("PATH", std::env::join_paths(&path).unwrap());
        assert_eq!(printed(&mut command), TRANSLATED, "{path:?}");
    }
}

#[test]
fn several_shims_translate_once_and_never_loop() {
    let site = Site::new(&[]);
    for folder in ["one", "two"] {
        fs::create_dir(site.path(folder)).unwrap();
        // By another process, for the reason of `write_executable`.
        let mut copy = Command::new("cp");
        copy.arg(shim()).arg(site.path(folder).join("python3"));
        assert!(copy.status().unwrap().success());
    }
    symlink(site.path("one"), site.path("link")).unwrap();
    site.files(&[("main.py", &format!("{SHOW}{APP}"))]);
    let program = shim();
    let program = program.to_str().unwrap();
    for order in [
        "one two",
        "two one two one",
        "one one/ link two ./one",
        "shims one shims two",
        "one shims link shims",
        "../one one two",
        "one missing two shims one",
    ] {
        let folder = |name: &str| match name.strip_prefix("..") {
            Some(_) => PathBuf::from(name),
            None => Path::new(&format!("{}/{name}", site.path("").display())).into(),
        };
        let folders = order.split(' ').map(folder);
        let folders = folders.chain(site.search_path().into_iter().skip(1));
        let path = std::env::join_paths(folders).unwrap();
        let copies = ["one", "two", "shims"].map(|copy| site.path(copy).join("python3"));
        let mut calls: Vec<Vec<&str>> = vec![
            vec!["python3"],
            vec!["sh", "-c", "\"$0\" \"$@\"", "python3"],
            // It does not start the shim that lies in front of Python.
            vec![program, "run", "python3"],
        ];
        calls.extend(copies.iter().map(|copy| vec![copy.to_str().unwrap()]));
        calls.extend(copies.iter().map(|copy| vec![program, "run", copy.to_str().unwrap()]));
        for call in calls {
            let mut command = site.command(&["timeout", "30"]);
            // Translated twice, `--x` would become `x=true`.
            let flags = ["main.py", "a=1", "--b", "x,y", "--", "--x"];
            command.args(&call).args(flags).env("PATH", &path);
            let expected = "['a=1', \"b='x,y'\", '--x']\n";
            assert_eq!(printed(&mut command), expected, "{order}: {call:?}");
        }
    }
}

#[test]
fn a_name_without_a_program_behind_it_is_not_found() {
    let site = Site::new(&["python3", "my-train"]);
    site.files(&[("main.py", APP)]);
    for (path, call) in [
        ("shims", "python3 main.py --lr 0.1"),
        ("shims", "python3 -V"),
        ("shims", "my-train --lr 0.1"),
        ("shims:bin:shims:shims/", "python3 main.py"),
        ("nowhere", "python3 main.py --lr 0.1"),
    ] {
        let argv: Vec<&str> = call.split(' ').collect();
        let path = std::env::join_paths(path.split(':').map(|folder| site.path(folder))).unwrap();
        let shim = site.path("shims").join(argv[0]);
        let mut command = site.command(&[shim.to_str().unwrap()]);
        command.arg0(argv[0]).args(&argv[1..]).env("PATH", &path);
        let output = command.output().unwrap();
        let shown = both_streams(&output);
        assert_eq!(output.status.code(), Some(127), "{call}: {shown}");
        assert!(output.stdout.is_empty(), "{call}: {shown}");
        let message = format!("hydra-shim: error: `{}` is not found", argv[0]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with(&message), "{call}: {shown}");
    }
}

#[test]
fn launchers_pass_the_translation_on_to_their_workers() {
    let site = Site::new(&["python3", "torchrun", "accelerate"]);
    // As torchrun does it: options, the script, its arguments; each worker by sys.executable.
    let launcher = "#!/usr/bin/env python3\nimport subprocess, sys\n\
        is_start = lambda arg: arg == '-m' or arg.endswith('.py')\n\
        start = next(i for i, arg in enumerate(sys.argv) if i and is_start(arg))\n\
        print(*sys.argv[1:start], flush=True)\n\
        for rank in range(2): subprocess.run([sys.executable, '-u', *sys.argv[start:]], check=True)\n";
    for name in ["torchrun", "accelerate"] {
        site.program(name, launcher);
    }
    site.files(&[
        ("main.py", &format!("{SHOW}{APP}")),
        ("pkg/mod.py", &format!("{SHOW}{APP}")),
        ("prepare.py", &format!("{SHOW}import argparse\n")),
    ]);
    for (name, options, worker, translated) in [
        ("torchrun", "--nproc-per-node 2", "main.py", true),
        ("torchrun", "--nproc-per-node=2 --standalone", "-m pkg.mod", true),
        ("torchrun", "--standalone", "prepare.py", false),
        ("accelerate", "launch --num_processes 2", "main.py", true),
    ] {
        let call = format!("{name} {options} {worker}");
        let argv: Vec<&str> = call.split(' ').chain(FLAGS).collect();
        let shown = decision(translated);
        assert_eq!(site.shown(&argv), format!("{options}\n{shown}{shown}"), "{call}");
        // `run` is told that the script is a Hydra application.
        let program = shim();
        let argv = [&[program.to_str().unwrap(), "run"], argv.as_slice()].concat();
        let expected = format!("{options}\n{TRANSLATED}{TRANSLATED}");
        assert_eq!(site.shown(&argv), expected, "run {call}");
    }
}

#[test]
fn an_installed_console_script_is_translated_by_its_name() {
    let site = Site::new(&["my-train"]);
    // What pip writes for an entry point.
    let script = format!(
        "#!{}/bin/python3\n# -*- coding: utf-8 -*-\nimport re\nimport sys\n\
        from my_train.cli import main\nif __name__ == '__main__':\n\
        \x20   sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n\
        \x20   sys.exit(main())\n",
        site.venv.display()
    );
    let cli = "import hydra\n@hydra.main(version_base=None, config_path=None)\n\
        def main(cfg):\n    print(dict(cfg))\n";
    site.program("my-train", &script);
    site.files(&[("lib/my_train/cli.py", cli), ("lib/my_train/__init__.py", "")]);
    let mut command = site.command(&["my-train", "+lr=0.1", "--hydra.job.name", "x,y"]);
    assert_eq!(printed(command.env("PYTHONPATH", "lib")), "{'lr': 0.1}\n");
    // No Python, no source to read: under such a name whatever it is counts as a Hydra application.
    site.program("my-train", "#!/bin/sh\necho \"$0 $*\"\n");
    let expected = format!("{} lr=0.1 note='a,b'\n", site.path("bin/my-train").display());
    assert_eq!(printed(site.command(&["my-train"]).args(FLAGS)), expected);
}

/// What the shim said of a call that it refused.
fn refused(site: &Site, argv: &[&str]) -> String {
    let output = site.command(argv).output().unwrap();
    assert_eq!(output.status.code(), Some(125), "{argv:?}: {}", both_streams(&output));
    assert!(output.stdout.is_empty(), "{argv:?}: {}", both_streams(&output));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn closed_rules_refuse_what_may_be_an_application() {
    let site = Site::new(&["python3", "torchrun"]);
    site.program("torchrun", "#!/bin/sh\n");
    let closed = "unknown: error\n";
    let own = format!(
        "{SHOW}import argparse\nfrom app import main\n\
         argparse.ArgumentParser().parse_known_args()\nmain()\n"
    );
    let mut files = vec![
        ("hydra-shim.yaml", closed),
        ("own.py", &own),
        ("app.py", APP),
        ("uses.py", "from hydra import compose\n"),
        ("zip.py", "PK\u{3}\u{4}\0\0"),
    ];
    let uses = "from tools import f\nf()\n";
    files.extend([("uses_tool.py", uses), ("tools.py", "import hydra_zen\ndef f(): pass\n")]);
    let plain = format!("{SHOW}import os, tool\ntool.f()\n");
    files.extend([("plain.py", plain.as_str()), ("tool.py", "def f(): pass\n")]);
    site.files(&files);
    for (argv, reason) in [
        (&["python3", "-m", "mypkg.train", "++evil=1"][..], "its source is not found"),
        (&["python3", "missing.py", "++evil=1"], "its source is not found"),
        (&["python3", "-", "++evil=1"], "its source is not found"),
        (&["python3", "own.py", "++evil=1"], "own.py:7 calls main, app.py:4 decorates it with"),
        (&["python3", "uses.py", "--x"], "imports Hydra"),
        (&["python3", "zip.py", "--x"], "cannot be read as Python"),
        (&["python3", "uses_tool.py", "--x"], "tools.py` imports Hydra"),
        (&["torchrun", "--new", "3", "main.py", "++evil=1"], "`--new` takes the next word"),
    ] {
        let message = refused(&site, argv);
        assert!(message.contains(reason), "{argv:?}: {message}");
        assert!(message.contains("`hydra-shim.yaml` accepts only what is declared"), "{message}");
        // Open rules, and rules with a mistake, refuse nothing.
        for open in ["unknown: pass\n", "unknown: error\nfllags: {}\n", "}{"] {
            site.file("hydra-shim.yaml", open.as_bytes());
            let output = site.command(argv).output().unwrap();
            assert_ne!(
                output.status.code(),
                Some(125),
                "{argv:?} {open}: {}",
                both_streams(&output)
            );
        }
        // Who names it has the last word.
        let off = format!("{closed}apps: {{{}: off}}\n", argv[argv.len() - 2]);
        site.file("hydra-shim.yaml", off.as_bytes());
        let mut call = site.command(argv);
        if argv[0] != "torchrun" {
            assert_ne!(call.output().unwrap().status.code(), Some(125), "{argv:?}: off");
            site.file("hydra-shim.yaml", closed.as_bytes());
            call.env("HYDRA_SHIM_NOT_APPS", format!("x, {}", argv[argv.len() - 2]));
            assert_ne!(call.output().unwrap().status.code(), Some(125), "{argv:?}: not an app");
        }
        site.file("hydra-shim.yaml", closed.as_bytes());
    }
    // What is read to its end without Hydra, and the tools of images, pass as ever.
    let shown = "['++evil=1', '--x']\n";
    assert_eq!(site.shown(&["python3", "plain.py", "++evil=1", "--x"]), shown);
    let code = "import sys; print(sys.argv[1:])";
    assert_eq!(site.shown(&["python3", "-c", code, "++evil=1", "--x"]), shown);
    assert!(site.shown(&["python3", "-m", "pip", "--version"]).starts_with("pip "));
    let output = site.command(&["python3", "-m", "kfp.dsl.executor_main", "--x"]).output().unwrap();
    assert_ne!(output.status.code(), Some(125), "{}", both_streams(&output));
}

#[test]
fn closed_rules_leave_a_launcher_alone_that_starts_nothing() {
    let site = Site::new(&["torchrun"]);
    site.program("torchrun", "#!/bin/sh\necho \"$@\"\n");
    site.file("hydra-shim.yaml", b"unknown: error\n");
    for question in ["--help", "-h", "--version"] {
        assert_eq!(site.shown(&["torchrun", question]), format!("{question}\n"));
    }
}

#[test]
fn a_program_is_left_alone_where_it_is_said_so() {
    let site = Site::new(&["python3", "my-train"]);
    site.program("my-train", &format!("#!/usr/bin/env python3\n{SHOW}"));
    let main = format!("{SHOW}{APP}");
    let untouched = decision(false);
    let rules = "command: python3 eval.py\nappend: [a=1]\napps: {eval.py: off, pkg.eval: off}\n";
    site.files(&[("eval.py", &main), ("train.py", &main), ("pkg/eval.py", &main)]);
    site.file("hydra-shim.yaml", rules.as_bytes());
    for argv in [&["python3", "eval.py"][..], &["python3", "-m", "pkg.eval"]] {
        let argv = [argv, &FLAGS].concat();
        assert_eq!(site.shown(&argv), untouched, "{argv:?}");
        let mut named = site.command(&argv);
        assert_eq!(printed(named.env("HYDRA_SHIM_APPS", "*,eval.py,pkg.eval")), untouched);
        // For `run` too it is never translated.
        let shim = shim();
        let run = [&[shim.to_str().unwrap(), "run"][..], &argv].concat();
        assert_eq!(site.shown(&run), untouched, "{run:?}");
    }
    let train = [&["python3", "train.py"][..], &FLAGS].concat();
    assert!(site.shown(&train).contains("'a=1'"));
    for (argv, names) in
        [(&["python3", "train.py"][..], "train.py"), (&["my-train"], "a, my-train")]
    {
        let mut call = site.command(&[argv, &FLAGS].concat());
        assert_eq!(printed(call.env("HYDRA_SHIM_NOT_APPS", names)), untouched, "{argv:?}");
    }
}
