//! The subcommands that start nothing: what they do and print. What they take is in [`CommandLine`].

mod check;
mod definition;
mod diff;
mod dry_run;
mod install;
mod replace;
mod rewrite_file;
mod table;

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use clap::error::ErrorKind;

use crate::command_line::{self, Tokens};
use crate::error::{Error, Kind, quote, visible};
use crate::project::{self, Named};
use crate::translate::Translation;
use crate::{exec, report, run};

pub use definition::CommandLine;
use definition::{Call, LineFormat};

/// Runs the subcommand in `arguments` (without the program's name) and returns the exit code.
///
/// # Errors
/// It failed.
pub fn main(arguments: &[OsString]) -> Result<i32> {
    let program = OsString::from("hydra-shim");
    match CommandLine::try_parse_from(std::iter::once(&program).chain(arguments)) {
        Ok(line) => dispatch(line.call).map(|()| 0),
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
    let this = || std::fs::read_link("/proc/self/exe");
    is_ours(first)
        && this().is_ok_and(|file| file.file_name() == Path::new(called).file_name())
        && exec::find_after(called, std::env::var_os("PATH"))
            .is_err_and(|error| error.kind == Kind::NotFound)
}

fn dispatch(call: Call) -> Result<()> {
    match call {
        // Never gets here: the application's options may be spelled like ours.
        Call::Run(_) => Ok(()),
        Call::Translate { format, rules, component, tokens } => {
            let named = Named { rules: rules.rules.as_deref(), component: component.as_deref() };
            let translation = project::translate_tokens(utf8(tokens)?, named)?;
            if format == LineFormat::Json {
                return print(&format!("{}\n", report::json(&translation)));
            }
            translation.warnings.iter().for_each(|warning| warn(warning));
            print(&shell(&translation))
        }
        Call::Check { rules, component, inputs, strict, tokens } => {
            let named = Named { rules: rules.rules.as_deref(), component: component.as_deref() };
            check::check(utf8(tokens)?, named, &inputs, strict)
        }
        Call::Component { file, inputs, format, rules } => {
            dry_run::component(&file, &inputs, format, rules.rules.as_deref())
        }
        Call::Install { dir, names } => print(&install::install(&dir, &names)?),
        Call::Rewrite { file, in_place, output, diff } => {
            let target = match &output {
                Some(out) => rewrite_file::Target::File(out),
                None if in_place => rewrite_file::Target::InPlace,
                None => rewrite_file::Target::Stdout,
            };
            print(&rewrite_file::rewrite(&file, &target, diff)?)
        }
    }
}

/// The command line to translate, as `run` takes it.
fn utf8(tokens: definition::Tokens) -> Result<Vec<String>> {
    let mut tokens = run::utf8(tokens.tokens)?;
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
    match arguments.first() {
        None => Ok(command),
        Some(argument) => {
            let message = format!(
                "{} follows the command, which --component gives its arguments",
                quote(argument)
            );
            let error = Error::new(Kind::Usage, message);
            Err(error
                .help("leave it out, and give inputs their values with --set NAME=VALUE")
                .into())
        }
    }
}

/// clap's message in our form.
fn usage(error: &clap::Error) -> Error {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    let (message, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let rest: Vec<&str> = rest.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let error = Error::new(Kind::Usage, message.replace('\n', " "));
    if rest.is_empty() { error } else { error.help(rest.join("\n")) }
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
    let parts = text.split_inclusive(['\n', '\t']).map(|part| {
        let end = part.len() - usize::from(part.ends_with(['\n', '\t']));
        let (shown, end) = part.split_at(end);
        visible(shown) + end
    });
    write(&parts.collect::<String>())
}

/// Writes to stdout what may be on any terminal.
fn write(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write the output")
}
