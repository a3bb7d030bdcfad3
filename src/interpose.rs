//! Called under another program's name, as a link `python3` first in PATH.
//!
//! Kubernetes, Vertex and the KFP launcher replace an image's ENTRYPOINT by the component's
//! `command`, so this is the way in for most components. What is no Hydra application is passed on
//! untouched, and nothing of ours may break it: sources and rules are read only when there is
//! something to translate, the rules for whether they name the program, and a mistake in them names
//! nothing.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::command_line::{self, App, CommandLine, Program};
use crate::project;
use crate::python::{self, SearchPath};

/// Names applications whose source does not show that they are Hydra's.
pub const APPS_VARIABLE: &str = "HYDRA_SHIM_APPS";

/// Modules that no `*` makes a Hydra application: images are built with them.
const NEVER_APPS: [&str; 3] = ["pip", "venv", "ensurepip"];

/// Whether the shim, called as `called` (argv\[0\]), is called by a name of its own, under which
/// it does not interpose: `hydra-shim`, or what starts so.
pub fn is_own_name(called: &OsStr) -> bool {
    let name = called.as_bytes().rsplit(|byte| *byte == b'/').next();
    name.is_some_and(|name| name.starts_with(b"hydra-shim"))
}

/// What is to be done with a call.
#[derive(Debug)]
pub enum Decision {
    /// Start the real program with the same arguments.
    Untouched(String),
    /// Translate the arguments of this command line.
    Translate(CommandLine, String),
}

/// What of the environment decides.
#[derive(Debug, Default)]
pub struct Environment {
    /// [`APPS_VARIABLE`]'s value.
    apps: String,
    /// `PYTHONPATH`, where Python looks for modules.
    python_path: Option<OsString>,
}

impl Environment {
    /// The environment of this process.
    pub fn read() -> Self {
        let apps = std::env::var(APPS_VARIABLE).unwrap_or_default();
        Self { apps, python_path: std::env::var_os("PYTHONPATH") }
    }
}

/// Decides for a call as `name` with `arguments`.
pub fn decide(name: &OsStr, arguments: &[OsString], environment: &Environment) -> Decision {
    let untouched = |reason: &str| Decision::Untouched(reason.to_owned());
    // What is not UTF-8 is refused when it must be translated, and not before.
    let name = name.to_string_lossy().into_owned();
    let arguments = arguments.iter().map(|a| a.to_string_lossy().into_owned());
    let line = match Program::of(&name) {
        Program::Shell => return untouched("a shell takes its arguments as they are"),
        Program::Other | Program::Starter => CommandLine {
            app: App::Program(name.clone()),
            ending: command_line::Ending::Grammar,
            command: vec![name],
            arguments: arguments.collect(),
        },
        Program::Python | Program::Launcher(_) => {
            let tokens: Vec<String> = std::iter::once(name).chain(arguments).collect();
            match command_line::split_given(tokens) {
                Ok(line) => line,
                Err(_) => return untouched("no script or module is started"),
            }
        }
    };
    if line.app == App::Unknown {
        return untouched("no script or module is started");
    }
    let has_flags = line.arguments.iter().any(|argument| argument.starts_with('-'));
    // Without a flag there is nothing to translate, unless rules add something.
    if !has_flags && !project::has_rules(&line.app) {
        return untouched("there is no flag to translate");
    }
    match hydra_app(&line.app, environment, None) {
        Some(reason) => Decision::Translate(line, reason),
        None => untouched("it is not known as a Hydra application"),
    }
}

/// Why `app` is a Hydra application: its source, the environment, or the rules (`rules`, or the file
/// found for it) say so. `None` if it is not known as one.
pub fn hydra_app(app: &App, environment: &Environment, rules: Option<&Path>) -> Option<String> {
    let by_rules = || project::rules_name(app, rules).then(|| "the rules name it".to_owned());
    by_name_or_source(app, environment).or_else(by_rules)
}

fn by_name_or_source(app: &App, environment: &Environment) -> Option<String> {
    let python_path = environment.python_path.as_deref();
    let named = |matches: &dyn Fn(&str) -> bool| {
        let mut names = environment.apps.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.find(|name| matches(name)).map(|name| format!("{APPS_VARIABLE} names {name}"))
    };
    match app {
        App::Unknown => None,
        App::Program(name) => Some(format!("the shim is installed as {name}")),
        App::Script(path) => named(&|name| name == "*" || app.is_named(name)).or_else(|| {
            // As Python does for `sys.path[0]`: the folder that the script really lies in.
            let real = std::fs::canonicalize(path).ok()?;
            let main = real.join("__main__.py");
            let (folder, file) =
                if real.is_dir() { (real.as_path(), &main) } else { (real.parent()?, &real) };
            python::hydra_entry_point(file, &SearchPath::new(folder, python_path))
        }),
        App::Module(module) => {
            named(&|name| name == module || (name == "*" && !NEVER_APPS.contains(&module.as_str())))
                .or_else(|| {
                    let path = SearchPath::new(Path::new(""), python_path);
                    python::hydra_entry_point(&path.main_file(module)?, &path)
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_no_script_is_untouched() {
        for call in [
            "python3",
            "python3 -V",
            "python3 -c pass --x",
            "python3 -m pip install --user x",
            "python3 main.py",
            "python3 main.py a=1",
            "sh -c x --y",
            "python3 missing.py --a 1",
            "torchrun --help",
            "python3 -c -- --x",
        ] {
            let mut words = call.split(' ').map(OsString::from);
            let name = words.next().unwrap();
            let decision = decide(&name, &words.collect::<Vec<_>>(), &Environment::default());
            assert!(matches!(decision, Decision::Untouched(_)), "{call}: {decision:?}");
        }
    }
}
