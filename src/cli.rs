//! The subcommands that start nothing: what they do and print. What they take is in [`definition()`].

mod check;
mod definition;
mod diff;
mod dry_run;
mod explain;
mod install;
mod install_in_place;
mod replace;
mod rewrite_file;
mod table;

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ArgMatches;
use clap::error::{ContextKind, ErrorKind};

use crate::command_line::{self, Tokens};
use crate::error::{Error, Kind, quote, visible};
use crate::project::{self, Named};
use crate::report::{self, Report};
use crate::translate::Translation;
use crate::{exec, run};

pub use definition::definition;

/// Runs the subcommand in `arguments` (without the program's name) and returns the exit code.
///
/// # Errors
/// It failed.
pub fn main(arguments: &[OsString]) -> Result<i32> {
    let program = OsString::from("hydra-shim");
    match definition().try_get_matches_from(std::iter::once(&program).chain(arguments)) {
        Ok(matches) => dispatch(&matches).map(|()| 0),
        Err(help) if help.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(std::io::stderr(), "{help}");
            Ok(2)
        }
        Err(error) if error.use_stderr() => Err(usage(&error).into()),
        Err(help_or_version) => print(&help_or_version.to_string()).map(|()| 0),
    }
}

/// Whether `argv` calls the shim's own file under a name that somebody gave it (`./hs install …`), and
/// does not interpose: a subcommand follows, the name is not a link's, and leads to no other program. An
/// application that is there gets its arguments, whatever they are.
pub fn is_renamed(argv: &[OsString]) -> bool {
    let [called, first, ..] = argv else { return false };
    let is_ours = |first: &OsString| definition::FIRST_WORDS.split(' ').any(|word| first == word);
    let this = || std::fs::read_link(exec::OWN_FILE);
    is_ours(first)
        && this().is_ok_and(|file| file.file_name() == Path::new(called).file_name())
        && exec::find_after(called, std::env::var_os("PATH"))
            .is_err_and(|error| error.kind == Kind::NotFound)
}

fn dispatch(matches: &ArgMatches) -> Result<()> {
    match matches.subcommand() {
        Some(("translate", options)) => {
            let translation = project::translate_tokens(tokens(options)?, named(options))?;
            if options.get_one::<String>("format").is_some_and(|format| format == "json") {
                return print(&(report::json_line(&Report::new(&translation)) + "\n"));
            }
            translation.warnings.iter().for_each(|warning| warn(warning));
            print(&shell(&translation))
        }
        Some(("explain", options)) => explain::explain(options),
        Some(("check", options)) => check::check(options),
        Some(("component", options)) => dry_run::component(options),
        Some(("install", options)) => {
            let dir = required_path(options, "dir");
            let mut names: Vec<OsString> =
                options.get_many("names").unwrap_or_default().cloned().collect();
            if !options.get_flag("in-place") {
                return print(&install::install(dir, &names)?);
            }
            names.insert(0, dir.into());
            print(&if options.get_flag("undo") {
                install_in_place::undo(&names)?
            } else {
                install_in_place::install(&names, options.get_flag("force"))?
            })
        }
        Some(("rewrite", options)) => {
            let file = required_path(options, "file");
            let in_place = options.get_flag("in-place").then_some(file);
            let out = path(options, "output").or(in_place);
            print(&rewrite_file::rewrite(file, out, options.get_flag("diff"))?)
        }
        _ => Ok(()),
    }
}

/// The command line to translate, as `run` takes it.
fn tokens(options: &ArgMatches) -> Result<Vec<String>> {
    let given = options.get_many("tokens").unwrap_or_default().cloned();
    let mut tokens = run::utf8(given.collect())?;
    // clap has dropped a leading `--`; a second one is not to be taken for it.
    tokens.insert(0, "--".to_owned());
    Ok(tokens)
}

/// The command in `tokens`, to which the component's arguments are given.
fn command_alone(tokens: Vec<String>) -> Result<Vec<String>> {
    let (command, arguments) = match command_line::split(tokens)? {
        Tokens::WithCommand(line) => (line.command, line.arguments),
        Tokens::Arguments(arguments) => (Vec::new(), arguments),
    };
    let Some(argument) = arguments.first() else { return Ok(command) };
    let argument = quote(argument);
    let message = format!("{argument} follows the command, which --component gives its arguments");
    Err(Error::new(Kind::Usage, message)
        .help("leave it out, and give inputs their values with --set NAME=VALUE")
        .into())
}

/// The files that `--rules` and `--component` name.
fn named(options: &ArgMatches) -> Named<'_> {
    Named { rules: path(options, "rules"), component: path(options, "component") }
}

/// The value of an argument that is a path, if it was given.
fn path<'a>(options: &'a ArgMatches, name: &str) -> Option<&'a Path> {
    options.get_one::<PathBuf>(name).map(PathBuf::as_path)
}

/// The value of a path that clap insists on.
fn required_path<'a>(options: &'a ArgMatches, name: &str) -> &'a Path {
    path(options, name).unwrap_or(Path::new(""))
}

/// clap's message in our form.
fn usage(error: &clap::Error) -> Error {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    let (message, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let rest: Vec<&str> = rest.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let refused = Error::new(Kind::Usage, message.replace('\n', " "));
    // A command in the place of a subcommand, as of an ENTRYPOINT that has no `run`.
    if let (Some(word), None) =
        (error.get(ContextKind::InvalidSubcommand), error.get(ContextKind::SuggestedSubcommand))
    {
        return refused.help(format!("a command follows `run`: hydra-shim run {word} …"));
    }
    if rest.is_empty() { refused } else { refused.help(rest.join("\n")) }
}

/// Something that a person should know though nothing is wrong, on stderr.
fn warn(warning: &str) {
    say(&format!("warning: {warning}"));
}

/// A line on stderr.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "hydra-shim: {}", visible(line));
}

/// The command line in a line, quoted for a POSIX shell; for people, if they are who reads it.
fn shell(translation: &Translation) -> String {
    let argv: Vec<String> = translation.argv().cloned().collect();
    let people = std::io::stdout().is_terminal();
    (if people { report::shown_command(&argv) } else { shell_words::join(argv) }) + "\n"
}

/// Prints to stdout: byte for byte, but to a terminal nothing that it would not show.
fn print(text: &str) -> Result<()> {
    if !std::io::stdout().is_terminal() {
        return write(text);
    }
    let shown = |line: &str| line.split('\t').map(visible).collect::<Vec<_>>().join("\t");
    write(&text.split('\n').map(shown).collect::<Vec<_>>().join("\n"))
}

/// Writes to stdout what may be on any terminal.
fn write(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write the output")
}
