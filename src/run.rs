//! `run`, and every other name: translate, then be gone.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result, quote};
use crate::interpose::{self, Decision, Environment};
use crate::log::Log;
use crate::project::{self, Named};
use crate::translate::Translation;
use crate::{exec, in_place, started};

/// `hydra-shim run TOKENS…`: never comes back, but with an error.
///
/// # Errors
/// Nothing was started.
pub fn run(tokens: Vec<OsString>, log: Log) -> Result<Infallible> {
    let translation = project::translate_tokens(utf8(tokens)?, Named::default())?;
    let program = translation.command.first().map_or("", String::as_str);
    let program = exec::find(OsStr::new(program), std::env::var_os("PATH"))?;
    start(&program, program.as_os_str(), &translation, "run", log)
}

/// What the shim starts for a call under another program's name.
#[derive(Debug)]
pub struct Called {
    /// The real program.
    pub program: PathBuf,
    /// The name that says whose command line it is.
    pub name: OsString,
    /// What the program is told it was called.
    pub argv0: OsString,
}

impl Called {
    /// For a call as `called`, perhaps in the `place` of an interpreter.
    ///
    /// # Errors
    /// As [`exec::find_after`].
    pub fn of(called: &OsStr, place: Option<&Path>) -> Result<Self> {
        if let Some(place) = place {
            // argv[0] may be anything, and Python tells by it where its environment is.
            let (program, argv0) = (place.to_owned(), called.to_owned());
            return Ok(Self { program, name: "python3".into(), argv0 });
        }
        let program = exec::find_after(called, std::env::var_os("PATH"))?;
        let name = Path::new(called).file_name().unwrap_or_default().to_owned();
        // With a bare name Python would look itself up in PATH, find the shim there, and lose its
        // virtual environment (measured, CPython 3.11).
        Ok(Self { argv0: program.clone().into(), program, name })
    }
}

/// A call under any other name, or in the `place` of an interpreter: `argv` whole.
///
/// # Errors
/// Nothing was started.
pub fn interposed(argv: &[OsString], place: Option<&Path>, log: Log) -> Result<Infallible> {
    let (called, arguments) = match argv {
        [called, arguments @ ..] => (called.as_os_str(), arguments),
        [] => (OsStr::new(""), argv),
    };
    let Called { program, name, argv0 } = &Called::of(called, place)?;
    match interpose::decide(name, arguments, &Environment::read(argv0))? {
        Decision::Untouched(reason) => {
            let mut argv: Vec<&OsStr> = argv.iter().map(OsString::as_os_str).collect();
            if let Some(first) = argv.first_mut() {
                *first = argv0;
            }
            log.untouched(&reason, &argv);
            in_place::exec(program, &argv)
        }
        Decision::Translate(line, project, reason) => {
            if let Some(at) = arguments.iter().position(|argument| argument.to_str().is_none()) {
                return Err(not_utf8(at));
            }
            let translation = project.translate(line)?;
            start(program, argv0, &translation, &reason, log)
        }
    }
}

/// Replaces this process by the translated command, as `program` that is told it was called `argv0`.
fn start(
    program: &Path,
    argv0: &OsStr,
    translation: &Translation,
    reason: &str,
    log: Log,
) -> Result<Infallible> {
    for folder in &translation.folders {
        std::fs::create_dir_all(folder).map_err(|error| {
            let shown = translation.masked(folder);
            Error::refused(format!("cannot make the folder {}: {error}", quote(&shown)))
                .help("the rules say `mkdir` of its flag")
        })?;
    }
    log.translated(reason, translation);
    if let Some(file) = started::by(translation, argv0) {
        // SAFETY: no other thread reads or writes the environment; this process has none.
        unsafe { std::env::set_var(started::VARIABLE, file) };
    }
    let mut argv: Vec<&OsStr> = translation.argv().map(OsStr::new).collect();
    if let Some(first) = argv.first_mut() {
        *first = argv0;
    }
    in_place::exec(program, &argv)
}

/// The arguments as text.
///
/// # Errors
/// One is not UTF-8.
pub fn utf8(tokens: Vec<OsString>) -> Result<Vec<String>> {
    let text = |(at, token): (usize, OsString)| token.into_string().map_err(|_| not_utf8(at));
    tokens.into_iter().enumerate().map(text).collect()
}

/// The argument itself is not shown: what it is declared to be is not known yet, and it may be secret.
fn not_utf8(at: usize) -> Error {
    Error::refused(format!("word {} of the command line is not UTF-8", at + 1))
        .help("Hydra reads its command line as text; pass other bytes in a file")
}
