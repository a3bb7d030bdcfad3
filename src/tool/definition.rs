//! The command line of the subcommands: parser, help, completions and man page come from here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, ValueHint};

/// The whole definition.
pub fn definition() -> Command {
    Command::new("hydra-shim")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Starts Hydra applications from the --flags that Vertex AI and Kubeflow Pipelines pass",
        )
        .long_about(
            "Starts Hydra applications from the --flags that Vertex AI and Kubeflow Pipelines \
             pass, every value intact.\n\nCalled under another name (a link `python3` first in \
             PATH, made by `hydra-shim install`), it translates the flags of Hydra applications \
             and passes every other call on untouched.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([run(), translate(), check(), component(), rewrite(), install()])
}

/// The command line to translate, which may look like anything.
fn tokens() -> Arg {
    Arg::new("tokens")
        // clap writes the outer brackets.
        .value_name("COMMAND…] [--] [ARG")
        .help("The command, and the arguments as the orchestrator passes them")
        .num_args(0..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true)
        .value_hint(ValueHint::CommandWithArguments)
        .value_parser(clap::value_parser!(OsString))
}

/// An option that names a file.
fn file(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help(help)
}

fn rules() -> Arg {
    file("rules", "The rules file [default: the nearest hydra-shim.yaml]")
}

/// In which form to print; the first of `choices` is the default.
fn format<const N: usize>(choices: [&'static str; N], help: &'static str) -> Arg {
    let default = choices.first().copied().unwrap_or_default();
    Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .value_parser(choices)
        .default_value(default)
        .help(help)
}

/// The options that give a component's inputs and outputs their values.
fn values() -> [Arg; 3] {
    [
        Arg::new("set")
            .long("set")
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .help("An input's value, an artifact's URI, an output's path (outputs.NAME if an input has NAME)"),
        file("values", "A JSON object, input to value"),
        Arg::new("task").long("task").value_name("NAME").help("Only this task"),
    ]
}

fn run() -> Command {
    Command::new("run")
        .about("Translate the arguments and become COMMAND (default: python3 main.py)")
        .disable_help_flag(true)
        .arg(tokens())
}

fn translate() -> Command {
    Command::new("translate")
        .about("Print what `run` would start, and start nothing")
        .arg(format(["shell", "json"], "One line quoted for a shell, or one JSON object"))
        .arg(rules())
        .arg(file("component", "The component YAML, or the compiled pipeline"))
        .arg(tokens())
}

fn check() -> Command {
    Command::new("check")
        .about("Ask the application's Hydra whether the translated command line composes")
        .arg(rules())
        .arg(file("component", "Fill in this component or pipeline as KFP does"))
        .args(values())
        .arg(tokens())
}

fn component() -> Command {
    Command::new("component")
        .about("Print what KFP would pass to a component or pipeline, and what Hydra would get")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .value_parser(clap::value_parser!(PathBuf))
                .help("A component YAML, or a compiled component or pipeline (YAML or JSON)"),
        )
        .args(values())
        .arg(format(
            ["table", "json", "shell"],
            "For people, one JSON object, or a line per task quoted for a shell",
        ))
        .arg(rules())
}

/// An argument that names a file, a folder or a program, in any bytes.
fn path(id: &'static str, value_name: &'static str, hint: ValueHint) -> Arg {
    Arg::new(id).value_name(value_name).value_hint(hint).value_parser(clap::value_parser!(OsString))
}

fn rewrite() -> Command {
    Command::new("rewrite")
        .about("Rewrite a component YAML to Hydra's style, for images that cannot carry the shim")
        .arg(path("file", "FILE", ValueHint::FilePath).required(true).help("The component YAML"))
        .arg(
            Arg::new("in-place")
                .long("in-place")
                .action(ArgAction::SetTrue)
                .conflicts_with("output")
                .help("Change FILE itself, as a whole or not at all [default: print the result]"),
        )
        .arg(
            path("output", "OUT", ValueHint::FilePath)
                .short('o')
                .long("output")
                .help("Write the result to OUT, as a whole or not at all"),
        )
        .arg(
            Arg::new("diff")
                .long("diff")
                .action(ArgAction::SetTrue)
                .help("Print what changes, as a patch"),
        )
}

fn install() -> Command {
    Command::new("install")
        .about("Link DIR/python and DIR/python3 (or DIR/NAME…) to the shim")
        .arg(
            path("dir", "DIR", ValueHint::DirPath)
                .required(true)
                .help("The folder to put first in PATH; made if it is not there"),
        )
        .arg(
            path("names", "NAME", ValueHint::CommandName)
                .num_args(0..)
                .help("The programs to stand in front of [default: python python3]"),
        )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_whole() {
        super::definition().debug_assert();
    }
}
