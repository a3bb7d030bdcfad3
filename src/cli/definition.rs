//! The command line of the subcommands: parser, help, completions and man page come from here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

/// What may follow the program's name. A list of its own: `run` and interposing never wait for clap.
pub(super) const FIRST_WORDS: &str =
    "run translate check component rewrite install help --help -h --version -V";

/// The command line after the program's name.
#[derive(Debug, Parser)]
#[command(
    name = "hydra-shim",
    version,
    about = "Starts Hydra applications from the --flags that Vertex AI and Kubeflow Pipelines pass",
    long_about = "Starts Hydra applications from the --flags that Vertex AI and Kubeflow Pipelines \
                  pass, every value intact.\n\nCalled under another name (a link `python3` first in \
                  PATH, made by `hydra-shim install`), it translates the flags of Hydra \
                  applications and passes every other call on untouched.",
    arg_required_else_help = true
)]
pub struct CommandLine {
    #[command(subcommand)]
    pub(super) call: Call,
}

#[derive(Debug, Subcommand)]
pub(super) enum Call {
    /// Translate the arguments and become COMMAND (default: python3 main.py)
    #[command(disable_help_flag = true)]
    Run(Tokens),
    /// Print what `run` would start, and start nothing
    Translate {
        /// One line quoted for a shell, or one JSON object
        #[arg(long, value_name = "FORMAT", default_value = "shell")]
        format: LineFormat,
        #[command(flatten)]
        rules: Rules,
        /// The component YAML, or the compiled pipeline
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        component: Option<PathBuf>,
        #[command(flatten)]
        tokens: Tokens,
    },
    /// Ask the application's Hydra whether the translated command line composes
    Check {
        #[command(flatten)]
        rules: Rules,
        /// Fill in this component or pipeline as KFP does
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        component: Option<PathBuf>,
        #[command(flatten)]
        inputs: Inputs,
        /// Fail where there is a warning
        #[arg(long)]
        strict: bool,
        #[command(flatten)]
        tokens: Tokens,
    },
    /// Print what KFP would pass to a component or pipeline, and what Hydra would get
    Component {
        /// A component YAML, or a compiled component or pipeline (YAML or JSON)
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        #[command(flatten)]
        inputs: Inputs,
        /// For people, one JSON object, or a line per task quoted for a shell
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: TasksFormat,
        #[command(flatten)]
        rules: Rules,
    },
    /// Rewrite a component YAML to Hydra's style, for images that cannot carry the shim
    Rewrite {
        /// The component YAML
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Change FILE itself, as a whole or not at all [default: print the result]
        #[arg(long, conflicts_with = "output")]
        in_place: bool,
        /// Write the result to OUT, as a whole or not at all
        #[arg(long, short, value_name = "OUT", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
        /// Print what changes, as a patch
        #[arg(long)]
        diff: bool,
    },
    /// Link DIR/python3 and the like (or DIR/NAME…) to the shim
    Install {
        /// The folder to put first in PATH; made if it is not there
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        dir: PathBuf,
        /// The programs to come before [default: each python, python3 and python3.N in PATH]
        #[arg(value_name = "NAME", num_args = 0.., value_hint = ValueHint::CommandName)]
        names: Vec<OsString>,
    },
}

/// The command line to translate, which may look like anything.
#[derive(Debug, Args)]
pub(super) struct Tokens {
    /// The command, and the arguments as the orchestrator passes them
    // clap writes the outer brackets.
    #[arg(value_name = "COMMAND…] [--] [ARG", num_args = 0.., trailing_var_arg = true,
          allow_hyphen_values = true, value_hint = ValueHint::CommandWithArguments)]
    pub(super) tokens: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct Rules {
    /// The rules file [default: the nearest hydra-shim.yaml]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) rules: Option<PathBuf>,
}

/// What gives a component's inputs and outputs their values.
#[derive(Debug, Args)]
pub(super) struct Inputs {
    /// An input's value, an artifact's URI, an output's path (outputs.NAME if an input has NAME)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) set: Vec<String>,
    /// A JSON object, input to value
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) values: Option<PathBuf>,
    /// Only this task
    #[arg(long, value_name = "NAME")]
    pub(super) task: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LineFormat {
    Shell,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TasksFormat {
    Table,
    Json,
    Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_whole() {
        let mut definition = super::CommandLine::command();
        definition.build();
        let names = definition.get_subcommands().map(clap::Command::get_name);
        let names = names.collect::<Vec<_>>().join(" ");
        assert_eq!(super::FIRST_WORDS, names + " --help -h --version -V");
    }
}
