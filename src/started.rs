//! `HYDRA_SHIM_STARTED`: an application that starts itself again, as Lightning does for each device.
//!
//! Closed rules accept only what is declared, and such an application writes overrides of its own. So
//! its environment says what was started by a line that the rules have admitted; a descendant that
//! starts the same passes as it is. A pipeline's parameter is an argument and reaches no environment;
//! who sets the environment can name the application in `HYDRA_SHIM_NOT_APPS` as well.

use std::ffi::{OsStr, OsString};

use crate::command_line::{App, Program};
use crate::exec;
use crate::interpose::{self, Environment};
use crate::translate::Translation;

/// Names the file that was started.
pub const VARIABLE: &str = "HYDRA_SHIM_STARTED";

/// What the variable has to say in the environment of the application that `translation` starts; nothing
/// under open rules. The program is started as `argv0`.
pub fn by(translation: &Translation, argv0: &OsStr) -> Option<OsString> {
    let command = translation.closed.then_some(translation.command.as_slice())?;
    // `mpirun -n 2 python3 main.py`: what it starts is further on.
    let starts = |(at, word): (usize, &String)| match Program::of(word) {
        Program::Python | Program::Launcher(_) => command.get(at..),
        _ => None,
    };
    let mut apps = command.iter().enumerate().filter_map(starts).chain([command]);
    let environment = Environment::read(argv0);
    apps.find_map(|command| file(&App::of(command.to_vec()), &environment))
}

/// Whether `app` was started already by whoever starts it now.
pub fn is_again(app: &App, environment: &Environment) -> bool {
    let started = std::env::var_os(VARIABLE);
    started.is_some_and(|started| file(app, environment) == Some(started))
}

/// The file that `app` is read from, or a module's name where it is not found.
fn file(app: &App, environment: &Environment) -> Option<OsString> {
    let file = match app {
        App::Program(name) => exec::find(OsStr::new(name), std::env::var_os("PATH")).ok(),
        app => interpose::source_file(app, environment),
    };
    match (file, app) {
        (Some(file), _) => std::fs::canonicalize(file).ok().map(Into::into),
        (None, App::Module(name)) => Some(name.into()),
        (None, _) => None,
    }
}
