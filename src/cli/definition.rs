//! The command line of the subcommands: parser, help, completions and man page come from here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, ValueHint};

/// What may follow the program's name. A list of its own: `run` and interposing never wait for clap.
pub(super) const FIRST_WORDS: &str =
    "run translate explain check component rewrite install help --help -h --version -V";

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
        .subcommands([run(), translate(), explain(), check(), component(), rewrite(), install()])
}

fn subcommand(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about)
}

/// An argument that its place tells.
fn positional(id: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(id).value_name(value_name).help(help)
}

/// An option with a value.
fn option(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    positional(name, value_name, help).long(name)
}

/// An option without one.
fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
}

/// An argument whose value is a path, in any bytes.
fn path(argument: Arg, hint: ValueHint) -> Arg {
    argument.value_hint(hint).value_parser(clap::value_parser!(PathBuf))
}

/// An option that names a file.
fn file(name: &'static str, help: &'static str) -> Arg {
    path(option(name, "FILE", help), ValueHint::FilePath)
}

/// The file that the subcommand is about.
fn subject(help: &'static str) -> Arg {
    path(positional("file", "FILE", help).required(true), ValueHint::FilePath)
}

/// The command line to translate, which may look like anything.
fn tokens() -> Arg {
    // clap writes the outer brackets.
    let value_name = "COMMAND…] [--] [ARG";
    positional(
        "tokens",
        value_name,
        "The command, and the arguments as the orchestrator passes them",
    )
    .num_args(0..)
    .trailing_var_arg(true)
    .allow_hyphen_values(true)
    .value_hint(ValueHint::CommandWithArguments)
    .value_parser(clap::value_parser!(OsString))
}

fn rules() -> Arg {
    file("rules", "The rules file [default: the nearest hydra-shim.yaml]")
}

/// In which form to print; the first of `choices` is the default.
fn format(choices: &[&'static str], help: &'static str) -> Arg {
    let default = choices.first().copied().unwrap_or_default();
    let parser = PossibleValuesParser::new(choices.iter().copied());
    option("format", "FORMAT", help).value_parser(parser).default_value(default)
}

/// The options that give a component's inputs and outputs their values.
fn values() -> [Arg; 3] {
    let set =
        "An input's value, an artifact's URI, an output's path (outputs.NAME if an input has NAME)";
    [
        option("set", "NAME=VALUE", set).action(ArgAction::Append),
        file("values", "A JSON object, input to value"),
        option("task", "NAME", "Only this task"),
    ]
}

fn run() -> Command {
    subcommand("run", "Translate the arguments and become COMMAND (default: python3 main.py)")
        .disable_help_flag(true)
        .arg(tokens())
}

fn translate() -> Command {
    subcommand("translate", "Print what `run` would start, and start nothing")
        .arg(format(&["shell", "json"], "One line quoted for a shell, or one JSON object"))
        .arg(rules())
        .arg(file("component", "The component YAML, or the compiled pipeline"))
        .arg(tokens())
}

fn explain() -> Command {
    subcommand("explain", "Say what would become of a call, and what is in the way; start nothing")
        .arg(format(&["text", "json"], "For people, or one JSON object"))
        .arg(file(
            "component",
            "The call that this component or pipeline makes, as KFP fills it in",
        ))
        .args(values())
        .arg(tokens())
}

fn check() -> Command {
    subcommand("check", "Ask the application's Hydra whether the translated command line composes")
        .arg(rules())
        .arg(
            file("component", "Fill in this component or pipeline as KFP does; may be repeated")
                .action(ArgAction::Append),
        )
        .args(values())
        .arg(switch("strict", "Fail where there is a warning"))
        .arg(tokens())
}

fn component() -> Command {
    let about = "Print what KFP would pass to a component or pipeline, and what Hydra would get";
    let forms = "For people, one JSON object, or a line per task quoted for a shell";
    subcommand("component", about)
        .arg(subject("A component YAML, or a compiled component or pipeline (YAML or JSON)"))
        .args(values())
        .arg(format(&["table", "json", "shell"], forms))
        .arg(rules())
}

fn rewrite() -> Command {
    let about = "Rewrite a component YAML to Hydra's style, for images that cannot carry the shim";
    let in_place = "Change FILE itself, as a whole or not at all [default: print the result]";
    let output = option("output", "OUT", "Write the result to OUT, as a whole or not at all");
    subcommand("rewrite", about)
        .arg(subject("The component YAML"))
        .arg(switch("in-place", in_place).conflicts_with("output"))
        .arg(path(output.short('o'), ValueHint::FilePath))
        .arg(switch("diff", "Print what changes, as a patch"))
}

fn install() -> Command {
    let dir = "The folder to put first in PATH; made if it is not there";
    let names = "The programs to come before [default: each python, python3 and python3.N in PATH]";
    let in_place = "Take the place of each PYTHON (a path, or a name in PATH), whoever starts it";
    subcommand("install", "Link DIR/python3 and the like to the shim, or take Python's own place")
        .override_usage(
            "hydra-shim install DIR [NAME]...\n       \
             hydra-shim install --in-place [--undo | --force] PYTHON...",
        )
        .arg(path(positional("dir", "DIR", dir).required(true), ValueHint::AnyPath))
        .arg(
            positional("names", "NAME", names)
                .num_args(0..)
                .value_hint(ValueHint::CommandName)
                .value_parser(clap::value_parser!(OsString)),
        )
        .arg(switch("in-place", in_place))
        .arg(switch("undo", "Put the interpreters back").requires("in-place"))
        .arg(
            switch("force", "Give up what is kept of an interpreter that was upgraded since")
                .conflicts_with("undo")
                .requires("in-place"),
        )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_whole() {
        let mut definition = super::definition();
        definition.build();
        let names = definition.get_subcommands().map(clap::Command::get_name);
        let names = names.collect::<Vec<_>>().join(" ");
        assert_eq!(super::FIRST_WORDS, names + " --help -h --version -V");
    }
}
