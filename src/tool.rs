//! The subcommands that start nothing: what they do and print. What they take is in [`definition()`].

mod check;
mod component;
mod definition;
mod install;
mod rewrite;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command};

use crate::arguments::split_attached;
use crate::command_line::{self, Tokens};
use crate::error::{Error, Kind, Result, quote};
use crate::sources::Named;
use crate::{report, run};

pub use definition::definition;

/// Runs the subcommand in `arguments` (without the program's name) and returns the exit code.
///
/// # Errors
/// It failed.
pub fn main(arguments: &[OsString]) -> Result<i32> {
    let definition = definition();
    let (ours, tokens) = split_own_options(arguments, &definition);
    let program = OsString::from("hydra-shim");
    match definition.try_get_matches_from(std::iter::once(&program).chain(ours)) {
        Ok(matches) => dispatch(&matches, tokens).map(|()| 0),
        Err(help) if help.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(std::io::stderr(), "{help}");
            Ok(2)
        }
        Err(error) if error.use_stderr() => Err(usage(&error)),
        Err(help_or_version) => print(&help_or_version.to_string()).map(|()| 0),
    }
}

fn dispatch(matches: &ArgMatches, tokens: &[OsString]) -> Result<()> {
    match matches.subcommand() {
        Some(("translate", options)) => {
            let translation = run::prepare(tokens.to_vec(), named(options))?;
            if options.get_one::<String>("format").is_some_and(|format| format == "json") {
                return print(&format!("{}\n", report::json(&translation)));
            }
            translation.warnings.iter().for_each(|warning| warn(warning));
            print(&format!("{}\n", report::shell(&translation)))
        }
        Some(("check", options)) => {
            let Named { rules, component } = named(options);
            let translations = match component {
                None => vec![run::prepare(tokens.to_vec(), Named { rules, component })?],
                Some(file) => component::translations(file, options, &command_alone(tokens)?)?,
            };
            check::check_all(&translations, rules).and_then(|configs| print(&configs))
        }
        Some(("component", options)) => print(&component::component(options)?),
        Some(("install", options)) => {
            let names: Vec<OsString> =
                options.get_many("names").unwrap_or_default().cloned().collect();
            print(&install::install(required_path(options, "dir"), &names)?)
        }
        Some(("rewrite", options)) => {
            let target = match path(options, "output") {
                Some(out) => rewrite::Target::File(out),
                None if options.get_flag("in-place") => rewrite::Target::InPlace,
                None => rewrite::Target::Stdout,
            };
            print(&rewrite::rewrite(
                required_path(options, "file"),
                &target,
                options.get_flag("diff"),
            )?)
        }
        _ => Ok(()),
    }
}

/// The command in `tokens`, to which the component's arguments are given.
fn command_alone(tokens: &[OsString]) -> Result<Vec<String>> {
    let (command, arguments) = match command_line::split(run::utf8(tokens.to_vec())?)? {
        Tokens::WithCommand(line) => (line.command, line.arguments),
        Tokens::Arguments(arguments) => (Vec::new(), arguments),
    };
    match arguments.first() {
        None => Ok(command),
        Some(argument) => {
            let message = format!(
                "{} stands behind the command, which --component gives its arguments",
                quote(argument)
            );
            Err(Error::new(Kind::Usage, message)
                .help("leave it out, and give inputs their values with --set NAME=VALUE"))
        }
    }
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

/// The subcommand and its own options, which clap reads, and the tokens behind them, which are the
/// command line to translate and may look like anything.
fn split_own_options<'a>(
    arguments: &'a [OsString],
    definition: &Command,
) -> (&'a [OsString], &'a [OsString]) {
    let name = arguments.first().and_then(|name| name.to_str());
    let Some(command) = name.and_then(|name| definition.find_subcommand(name)) else {
        return (arguments, &[]);
    };
    if !command.get_positionals().any(|arg| arg.get_id() == "tokens") {
        return (arguments, &[]);
    }
    let mut at = 1;
    while let Some(option) = arguments.get(at).and_then(|argument| argument.to_str()) {
        let (name, attached) = split_attached(option);
        let known =
            |arg: &&Arg| name.strip_prefix("--").is_some_and(|long| arg.get_long() == Some(long));
        if matches!(option, "--help" | "-h") {
            return (arguments.get(..=at).unwrap_or(arguments), &[]);
        } else if command.get_arguments().any(|arg| known(&arg)) {
            at += if attached.is_some() { 1 } else { 2 };
        } else {
            break;
        }
    }
    arguments.split_at(at.min(arguments.len()))
}

/// clap's message in our form.
fn usage(error: &clap::Error) -> Error {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    let (message, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let rest: Vec<&str> = rest.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let error = Error::new(Kind::Usage, message.replace('\n', " "));
    if rest.is_empty() { error } else { error.help(rest.join("\n        ")) }
}

/// Something that a person should know though nothing is wrong, on stderr.
fn warn(warning: &str) {
    let _ = writeln!(std::io::stderr(), "hydra-shim: warning: {warning}");
}

/// Prints to stdout.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Error::refused(format!("cannot write the output: {error}")))
}
