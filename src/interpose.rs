//! Called under another program's name, as a link `python3` first in PATH.
//!
//! Kubernetes, Vertex and the KFP launcher replace an image's ENTRYPOINT by the component's
//! `command`, so this is the way in for most components. What is not a Hydra application is passed on
//! untouched, and a mistake in the rules does not break it. Only where closed rules hold is a program
//! refused that may be one: not recognised, but not known to be something else either.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::command_line::{App, CommandLine, Ending, Program, split_at_script};
use crate::error::{Error, Result, quote};
use crate::project::{Named, Project};
use crate::python::{Modules, Search};
use crate::rules::Naming;
use crate::started;

/// Names applications whose source does not show that they are Hydra's.
pub const APPS_VARIABLE: &str = "HYDRA_SHIM_APPS";
/// Names programs that are left alone, whatever else says that they are applications.
pub const NOT_APPS_VARIABLE: &str = "HYDRA_SHIM_NOT_APPS";

/// Why what is `off` in the rules is left alone.
pub const OFF: &str = "the rules say `off`";

/// Modules that are not Hydra applications unless they are named: images are built with the first three,
/// and the last one runs KFP's lightweight components.
const NEVER_APPS: [&str; 4] = ["pip", "venv", "ensurepip", "kfp.dsl.executor_main"];

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
    /// Translate the arguments of this command line, by what the project says.
    Translate(CommandLine, Project, String),
}

/// What of the environment decides.
#[derive(Debug, Default)]
pub struct Environment {
    /// [`APPS_VARIABLE`]'s value.
    apps: String,
    /// [`NOT_APPS_VARIABLE`]'s value.
    not_apps: String,
    /// `PYTHONPATH`, where Python looks for modules.
    python_path: Option<OsString>,
    /// The interpreter or launcher: where it is says which packages it has.
    program: PathBuf,
}

impl Environment {
    /// The environment of this process, which starts a program as `argv0`.
    pub fn read(argv0: &OsStr) -> Self {
        // Of a name that is not UTF-8 the others still count.
        let text = |name| std::env::var_os(name).unwrap_or_default().to_string_lossy().into_owned();
        Self {
            apps: text(APPS_VARIABLE),
            not_apps: text(NOT_APPS_VARIABLE),
            python_path: std::env::var_os("PYTHONPATH"),
            program: place_of(argv0),
        }
    }

    /// The modules of a program in `first`.
    pub fn modules(&self, first: &Path) -> Modules {
        Modules::new(first, self.python_path.as_deref(), &self.program)
    }
}

/// Where a program looks for itself: a bare name is found in PATH.
fn place_of(argv0: &OsStr) -> PathBuf {
    let path = std::env::var_os("PATH").filter(|_| !argv0.as_bytes().contains(&b'/'));
    let mut places = path.iter().flat_map(std::env::split_paths).map(|folder| folder.join(argv0));
    places.find(|place| place.is_file()).unwrap_or_else(|| argv0.into())
}

/// The first of a variable's names, separated by commas, that is `app`'s; `*` is every script's and
/// module's but [`NEVER_APPS`].
fn name_of<'a>(names: &'a str, app: &App) -> Option<&'a str> {
    let any = matches!(app, App::Script(_) | App::Module(_)) && !is_never_app(app);
    let mut names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.find(|name| app.is_named(name) || (*name == "*" && any))
}

fn is_never_app(app: &App) -> bool {
    matches!(app, App::Module(module) if NEVER_APPS.contains(&module.as_str()))
}

/// Decides for a call as `name` with `arguments`.
///
/// # Errors
/// It is to be translated and its rules cannot be read; or closed rules hold where it is started, and
/// nobody can tell whether it is an application.
pub fn decide(name: &OsStr, arguments: &[OsString], environment: &Environment) -> Result<Decision> {
    match command_line(name, arguments)? {
        Ok(line) => decide_line(line, environment),
        Err(reason) => Ok(Decision::Untouched(reason)),
    }
}

/// The command line of a call as `name` with `arguments`; or why it starts nothing that could be an
/// application.
///
/// # Errors
/// Closed rules hold where it is started, and nobody can tell what it starts.
pub fn command_line(
    name: &OsStr,
    arguments: &[OsString],
) -> Result<std::result::Result<CommandLine, String>> {
    let untouched = |reason: String| Ok(Err(reason));
    // What is not UTF-8 is refused when it must be translated, and not before.
    let name = name.to_string_lossy().into_owned();
    let arguments = arguments.iter().map(|a| a.to_string_lossy().into_owned());
    match Program::of(&name) {
        Program::Shell => untouched("a shell takes its arguments as they are".to_owned()),
        Program::Other | Program::Starter => Ok(Ok(CommandLine {
            app: App::Program(name.clone()),
            command: vec![name],
            arguments: arguments.collect(),
            ending: Ending::Grammar,
        })),
        Program::Python | Program::Launcher(_) => {
            let tokens = std::iter::once(name).chain(arguments).collect();
            match split_at_script(tokens) {
                Ok(Some(line)) => Ok(Ok(line)),
                Ok(None) => untouched("no script or module is started".to_owned()),
                Err(error) => {
                    let project = Project::read(&App::Unknown, Named::default()).ok();
                    match project.and_then(|project| project.closed_by(&App::Unknown)) {
                        Some(rules) => {
                            let message = format!(
                                "{} accepts only what is declared (unknown: error), and {}",
                                quote(&rules),
                                error.message
                            );
                            Err(Error { message, ..error })
                        }
                        None => untouched(error.message),
                    }
                }
            }
        }
    }
}

/// Decides for the program of a command line.
///
/// # Errors
/// As [`decide`].
pub fn decide_line(line: CommandLine, environment: &Environment) -> Result<Decision> {
    let untouched = |reason: String| Ok(Decision::Untouched(reason));
    let app = &line.app;
    if let Some(name) = name_of(&environment.not_apps, app) {
        return untouched(format!("{NOT_APPS_VARIABLE} names {name}"));
    }
    if started::is_again(app, environment) {
        return untouched("it starts itself again".to_owned());
    }
    if is_never_app(app) && name_of(&environment.apps, app).is_none() {
        return untouched("it builds images, or is KFP's own executor".to_owned());
    }
    // What cannot be read says nothing, and is an error only for what is translated by it.
    let project = Project::read(app, Named::default());
    let rules = project.as_ref().ok();
    let naming = rules.map_or(Naming::Unnamed, |project| project.naming(app));
    if naming == Naming::Off {
        return untouched(OFF.to_owned());
    }
    let has_flags = line.arguments.iter().any(|argument| argument.starts_with('-'));
    // Without a flag there is nothing to translate, unless rules add something.
    if !has_flags && rules.is_some_and(|project| !project.has_rules()) {
        return untouched("there is no flag to translate".to_owned());
    }
    let Recognised { is_application, reason } = recognise(app, environment, naming);
    if is_application {
        return Ok(Decision::Translate(line, project?, reason));
    }
    refuse_suspect(app, environment, rules.and_then(|project| project.closed_by(app)))?;
    untouched(reason)
}

/// What a program is known as.
#[derive(Debug)]
pub struct Recognised {
    /// Whether that is a Hydra application.
    pub is_application: bool,
    /// Why, or why not.
    pub reason: String,
}

/// What `app` is: the environment, its source or the rules, which say `naming` of it, say so.
pub fn recognise(app: &App, environment: &Environment, naming: Naming) -> Recognised {
    let application = |reason| Recognised { is_application: true, reason };
    if let App::Program(name) = app {
        return application(format!("the shim is installed as {name}"));
    }
    if let Some(name) = name_of(&environment.apps, app) {
        return application(format!("{APPS_VARIABLE} names {name}"));
    }
    let by_source = match Source::of(app, environment) {
        Some(source) => source.recognise(app),
        None => Recognised {
            is_application: false,
            reason: format!("{NOT_KNOWN}: its source is not found"),
        },
    };
    if !by_source.is_application && naming == Naming::Named {
        return application("the rules name it".to_owned());
    }
    by_source
}

/// What is said of a program first that is not recognised.
const NOT_KNOWN: &str = "it is not known as a Hydra application";

/// The file that Python starts for a program, and where it looks for what that imports.
struct Source {
    file: PathBuf,
    search: Search,
}

impl Source {
    /// `None` if there is none.
    fn of(app: &App, environment: &Environment) -> Option<Self> {
        let modules = |first: &Path| environment.modules(first);
        let (file, modules) = match app {
            App::Script(path) => {
                // As Python does for `sys.path[0]`: the folder that the script really lies in.
                let real = std::fs::canonicalize(path).ok()?;
                if real.is_dir() {
                    (real.join("__main__.py"), modules(&real))
                } else {
                    let modules = modules(real.parent()?);
                    (real, modules)
                }
            }
            App::Module(module) => {
                let mut modules = modules(Path::new(""));
                (modules.main_file(module)?, modules)
            }
            App::Program(_) | App::Unknown => return None,
        };
        Some(Self { file, search: Search::new(modules) })
    }

    fn recognise(mut self, app: &App) -> Recognised {
        let mut reason = NOT_KNOWN.to_owned();
        if let Some(start) = self.search.start(&self.file) {
            if start.is_hydra {
                return Recognised { is_application: true, reason: start.in_words() };
            }
            reason = format!("{reason}: {}", start.in_words());
        }
        if let App::Script(name) | App::Module(name) = app {
            let read = self.search.files_in_words();
            reason = format!("{reason}; read: {read}; {APPS_VARIABLE}={name} if it is one");
        }
        Recognised { is_application: false, reason }
    }
}

/// The file that Python starts for `app`.
pub fn source_file(app: &App, environment: &Environment) -> Option<PathBuf> {
    Some(Source::of(app, environment)?.file)
}

/// Whether `app` is known not to be a Hydra application: it is not recognised, and its source was read
/// and has nothing of Hydra.
pub fn is_other(app: &App, environment: &Environment, naming: Naming) -> bool {
    !recognise(app, environment, naming).is_application && suspicion(app, environment).is_none()
}

/// Why `app`, which is not recognised, may be a Hydra application all the same.
fn suspicion(app: &App, environment: &Environment) -> Option<String> {
    match Source::of(app, environment) {
        Some(mut source) => source.search.suspicion(&source.file),
        None => Some("its source is not found".to_owned()),
    }
}

/// Refuses `app`, which is not recognised, if it has something of Hydra or could not be read: in closed
/// mode, where that is by a rules file, its arguments would pass unchecked.
fn refuse_suspect(app: &App, environment: &Environment, closed_by: Option<String>) -> Result<()> {
    let (App::Script(name) | App::Module(name), Some(rules)) = (app, closed_by) else {
        return Ok(());
    };
    let Some(why) = suspicion(app, environment) else { return Ok(()) };
    Err(Error::refused(format!(
        "{} accepts only what is declared (unknown: error), and whether {} is a Hydra application \
         cannot be told: {why}",
        quote(&rules),
        quote(name)
    ))
    .help(format!(
        "name it: in the rules' `apps` or in {APPS_VARIABLE} if it is one; else `apps: {{{name}: off}}` \
         or {NOT_APPS_VARIABLE}={name}"
    )))
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
            assert!(matches!(decision, Ok(Decision::Untouched(_))), "{call}: {decision:?}");
        }
    }
}
