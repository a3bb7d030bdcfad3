//! Applications that are found through installed packages. Each is run by the real Python in a virtual
//! environment of its own, with the real Hydra: what it prints shows that it is what it was taken for.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use support::shims_in_path::{APP, FLAGS, Failures, SHOW, Site, TRANSLATED, UNTOUCHED, printed};

/// What an application prints whose config has the flags of most cases.
const COMPOSED: &str = "{'lr': 0.1, 'note': 'a,b'}\n";

/// A module whose decorator `runner` is made as `NeMo`'s and Modulus' are: of Hydra's internals, with
/// what they parse before.
const RUNNER: &str = "
import functools
from hydra._internal.utils import _run_hydra, get_args_parser

def runner(config_path='conf', config_name='config'):
    def decorator(task_function):
        @functools.wraps(task_function)
        def wrapper(cfg_passthrough=None):
            if cfg_passthrough is not None:
                return task_function(cfg_passthrough)
            args = get_args_parser()
            parsed_args = args.parse_args()
            parsed_args.overrides.append('hydra.output_subdir=null')
            parsed_args.overrides.append('hydra.run.dir=.')
            _run_hydra(args=parsed_args, args_parser=args, task_function=task_function,
                       config_path=config_path, config_name=config_name)
        return wrapper
    return decorator
";

/// A decorator made of `hydra.main`, as hydraflow's is.
const DECORATOR: &str = "
from functools import wraps
import hydra

def main(node, config_name='config'):
    def decorator(app):
        @hydra.main(config_path='pkg://conf', config_name=config_name, version_base=None)
        @wraps(app)
        def inner(cfg):
            app(cfg)
        return inner
    return decorator
";

/// A site whose Python is in a virtual environment of its own, which has this test's Hydra.
struct Installed {
    site: Site,
    packages: PathBuf,
}

impl Installed {
    fn new() -> Self {
        let mut site = Site::new(&["python3"]);
        let environment = site.path("environment");
        let hydra = site.venv.clone();
        let version = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut versions =
            fs::read_dir(hydra.join("lib")).unwrap().map(|entry| version(entry.unwrap()));
        let version = versions.find(|name| name.starts_with("python3")).unwrap();
        let packages = environment.join("lib").join(&version).join("site-packages");
        fs::create_dir_all(&packages).unwrap();
        fs::create_dir(environment.join("bin")).unwrap();
        let python = fs::canonicalize(hydra.join("bin/python3")).unwrap();
        symlink(&python, environment.join("bin/python3")).unwrap();
        let home = python.parent().unwrap().display();
        fs::write(environment.join("pyvenv.cfg"), format!("home = {home}\n")).unwrap();
        let of_hydra = hydra.join("lib").join(&version).join("site-packages");
        fs::write(packages.join("hydra-core.pth"), format!("{}\n", of_hydra.display())).unwrap();
        site.venv = environment;
        Self { site, packages }
    }

    /// Writes files below a folder.
    fn write(folder: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// What a call prints in a working directory of these files, and of a config of `lr` and `note`.
    fn shown(&self, files: &[(&str, &str)], call: &str) -> String {
        self.site.files(files);
        let config =
            "lr: 0\nnote: ''\nhydra: {output_subdir: null, run: {dir: .}, job: {chdir: false}}\n";
        let job_logging = "defaults: [{override hydra/job_logging: none}, {override hydra/hydra_logging: none}]\n";
        Self::write(
            &self.site.path("app"),
            &[("conf/config.yaml", &format!("{job_logging}{config}")), ("conf/__init__.py", "")],
        );
        let words: Vec<&str> = call.split(' ').chain(FLAGS).collect();
        printed(self.site.command(&words).env("PYTHONPATH", self.site.path("app")))
    }
}

#[test]
fn decorators_of_installed_packages_lead_to_hydra() {
    let installed = Installed::new();
    Installed::write(
        &installed.packages,
        &[
            ("nemo/core/config/__init__.py", "from nemo.core.config.hydra_runner import runner\n"),
            ("nemo/core/config/hydra_runner.py", RUNNER),
            (
                "physics/sym/__init__.py",
                "from .node import Node\nfrom .hydra.utils import main, compose\n",
            ),
            ("physics/sym/node.py", "class Node: ...\n"),
            ("physics/sym/hydra/__init__.py", "from .utils import runner\n"),
            (
                "physics/sym/hydra/utils.py",
                &format!("{RUNNER}\nmain = runner\ndef compose(): ...\n"),
            ),
            ("flow/__init__.py", "from flow.core.main import main\n__all__ = ['main']\n"),
            ("flow/core/main.py", DECORATOR),
            ("wrap/__init__.py", "from .utils._hydra import main\n"),
            ("wrap/utils/__init__.py", ""),
            (
                "wrap/utils/_hydra/__init__.py",
                "import hydra\ndef main(config_name):\n    return hydra.main('pkg://conf', config_name, None)\n",
            ),
            ("launch/__init__.py", ""),
            (
                "launch/cli.py",
                "import hydra\n@hydra.main('pkg://conf', 'config', None)\ndef run(cfg):\n    print(cfg)\n",
            ),
        ],
    );
    let mut failures = Failures::default();
    for program in [
        "from nemo.core.config import runner\n@runner(config_path='conf')\ndef main(cfg): print(cfg)\nmain()",
        "from nemo.core import config\n@config.runner()\ndef main(cfg): print(cfg)\nmain()",
        "import physics.sym\n@physics.sym.main()\ndef run(cfg): print(cfg)\nrun()",
        "from physics import sym as s\n@s.main()\ndef run(cfg): print(cfg)\nrun()",
        "from physics.sym.hydra import runner\ndef run(cfg): print(cfg)\nmain = runner()(run)\nmain()",
        "import flow\n@flow.main(dict)\ndef app(cfg): print(cfg)\napp()",
        "from wrap import main\n@main(config_name='config')\ndef app(cfg): print(cfg)\napp()",
        "from launch.cli import run\nrun()",
        "import launch.cli as cli\ndef main(): cli.run()\nmain()",
        "import argparse\nfrom launch import cli\ndef unused(): argparse.ArgumentParser().parse_args()\ncli.run()",
    ] {
        let guarded = program.rsplit_once('\n').unwrap();
        let program = format!("{}\nif __name__ == '__main__':\n    {}\n", guarded.0, guarded.1);
        let shown = installed.shown(&[("main.py", &program)], "python3 main.py");
        failures.compare(&program, &shown, COMPOSED);
    }
    failures.assert_none();
}

#[test]
fn modules_are_found_as_python_finds_them() {
    let installed = Installed::new();
    let elsewhere = installed.site.path("elsewhere");
    let app = format!("{SHOW}{APP}");
    let through = format!("{SHOW}from .train import main\nmain()\n");
    let files: &[(&str, &str)] = &[("run.py", &app), ("through.py", &through), ("train.py", APP)];
    for (folder, package) in [
        (installed.packages.clone(), "regular"),
        (installed.packages.clone(), "spaces/inner"),
        (elsewhere.join("src"), "listed"),
        (elsewhere.join("editable"), "edited"),
    ] {
        Installed::write(&folder.join(package), files);
        if package != "spaces/inner" {
            Installed::write(&folder.join(package), &[("__init__.py", ""), ("__main__.py", &app)]);
        }
    }
    Installed::write(&elsewhere.join("single"), &[("alone.py", &app)]);
    let src = format!("# a comment\n\n{}\nimport os\n", elsewhere.join("src").display());
    // What setuptools writes for `pip install -e`, without its comments and namespaces.
    let finder = format!(
        "import sys\nfrom importlib.machinery import PathFinder\nfrom pathlib import Path\n\
         MAPPING: dict[str, str] = {{'edited': '{0}/editable/edited', 'alone': '{0}/single/alone'}}\n\
         class Finder:\n    @classmethod\n    def find_spec(cls, name, path=None, target=None):\n        \
         if name in MAPPING:\n            \
         return PathFinder.find_spec(name, [str(Path(MAPPING[name]).parent)])\n\
         def install(): sys.meta_path.append(Finder)\n",
        elsewhere.display()
    );
    Installed::write(
        &installed.packages,
        &[
            ("listed.pth", &src),
            (
                "__editable__.edited-0.1.pth",
                "import __editable___edited_0_1_finder; __editable___edited_0_1_finder.install()",
            ),
            ("__editable___edited_0_1_finder.py", &finder),
        ],
    );
    let mut failures = Failures::default();
    for package in ["regular", "spaces.inner", "listed", "edited"] {
        for module in ["run", "through"] {
            let call = format!("python3 -m {package}.{module}");
            failures.compare(&call, &installed.shown(&[], &call), TRANSLATED);
        }
        let main = format!("{SHOW}from {package}.train import main\nmain()\n");
        let shown = installed.shown(&[("main.py", &main)], "python3 main.py");
        failures.compare(&main, &shown, TRANSLATED);
        // The local one is found first.
        let (top, _) = package.split_once('.').unwrap_or((package, ""));
        let local = format!("{top}/__init__.py");
        let shown = installed.shown(&[("main.py", &main), (&local, "")], "python3 main.py");
        failures.compare(&format!("{main} beside {local}"), &shown, UNTOUCHED);
    }
    for call in ["python3 -m regular", "python3 -m listed", "python3 -m edited", "python3 -m alone"]
    {
        failures.compare(call, &installed.shown(&[], call), TRANSLATED);
    }
    failures.assert_none();
}

#[test]
fn each_kind_of_environment_has_its_packages() {
    let site = Site::new(&["python3"]);
    let root = site.path("root");
    let python = "#!/bin/sh\nshift; echo \"$@\"\n";
    let module = "lib/python3.9/site-packages/pkg.py";
    let user = "home/.local/lib/python3.9/site-packages/user.py";
    Installed::write(
        &root,
        &[
            (&format!("conda/{module}"), APP),
            (&format!("venv/{module}"), APP),
            ("venv/pyvenv.cfg", "home = /nowhere/bin\ninclude-system-site-packages = false\n"),
            (&format!("shared/{module}"), "x = 1\n"),
            (
                "shared/pyvenv.cfg",
                &format!(
                    "include-system-site-packages = true\nhome = {}/base/bin\n",
                    root.display()
                ),
            ),
            ("base/lib64/python3/dist-packages/based.py", APP),
            (user, APP),
            ("link/empty", ""),
        ],
    );
    for folder in ["conda", "venv", "shared", "base"] {
        fs::create_dir_all(root.join(folder).join("bin")).unwrap();
        support::shims_in_path::write_executable(&root.join(folder).join("bin/python3"), python);
    }
    symlink("../base/bin/python3", root.join("link/python3")).unwrap();
    let mut failures = Failures::default();
    for (bin, module, found) in [
        ("conda/bin", "pkg", true),
        ("conda/bin", "user", true),
        ("conda/bin", "based", false),
        ("venv/bin", "pkg", true),
        ("venv/bin", "user", false),
        ("shared/bin", "pkg", false),
        ("shared/bin", "based", true),
        ("shared/bin", "user", true),
        ("link", "based", true),
        ("link", "pkg", false),
    ] {
        let main = format!("from {module} import main\nmain()\n");
        site.files(&[("main.py", &main)]);
        let mut call = site.command(&["python3", "main.py", "--lr", "0.1"]);
        let path =
            std::env::join_paths([site.path("shims"), root.join(bin), "/bin".into()]).unwrap();
        let shown = printed(call.env("PATH", path).env("HOME", root.join("home")));
        let expected = if found { "lr=0.1\n" } else { "--lr 0.1\n" };
        failures.compare(&format!("{bin}: {module}"), &shown, expected);
    }
    failures.assert_none();
}
