//! Writes the completions for bash, zsh and fish and the man pages, all from the definition of the
//! command line. A program of its own, so that the shipped binary carries none of it:
//!
//! ```sh
//! cargo run --example completions_and_man -- FOLDER DATE    # the date on the pages: 2024-11-23
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::{env, io};

use clap::Command;
use clap_complete::{Generator as _, Shell, generate};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use hydra_shim::{cli, interpose, log, project, sagemaker, started};

const NAME: &str = "hydra-shim";

const ENVIRONMENT: [(&str, &str); 8] = [
    (
        project::COMMAND_VARIABLE,
        "The command for when the arguments name none, quoted as for a shell.",
    ),
    (project::RULES_VARIABLE, "The rules file, in place of the nearest hydra-shim.yaml."),
    (project::COMPONENT_VARIABLE, "The component or compiled pipeline that declares the flags."),
    (
        interpose::APPS_VARIABLE,
        "Scripts to take for Hydra applications, separated by commas; * for all.",
    ),
    (
        interpose::NOT_APPS_VARIABLE,
        "Scripts, modules and programs to leave alone, whatever they are.",
    ),
    (log::LOG_VARIABLE, "text or json: say on stderr what was decided."),
    (
        started::VARIABLE,
        "Set for an application under closed rules: what it starts again passes as it is.",
    ),
    (sagemaker::HYPERPARAMETERS_VARIABLE, "SageMaker's hyperparameters, which have their types."),
];

const EXIT_STATUS: [(&str, &str); 4] = [
    ("125", "run, or interposed: refused; nothing was started."),
    ("126, 127", "run, interposed or check: the command cannot be executed, or is not found."),
    ("2, 1", "The other subcommands: bad usage, or failure."),
    ("any other", "The application's own: the shim is gone."),
];

fn main() -> io::Result<()> {
    let [folder, date] = env::args_os().skip(1).collect::<Vec<_>>().try_into().map_err(|_| {
        io::Error::other("name the folder to write into, and the date for the man pages")
    })?;
    let (folder, date) = (PathBuf::from(folder), date.to_string_lossy().into_owned());
    fs::create_dir_all(&folder)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        fs::write(folder.join(shell.file_name(NAME)), completion(shell))?;
    }
    let mut whole = cli::definition().disable_help_subcommand(true);
    whole.build();
    let mut page = man_page(&whole, &folder, &date)?;
    section("ENVIRONMENT", &ENVIRONMENT).to_writer(&mut page)?;
    section("EXIT STATUS", &EXIT_STATUS).to_writer(&mut page)?;
    whole.get_subcommands().try_for_each(|command| man_page(command, &folder, &date).map(drop))
}

fn completion(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut cli::definition(), NAME, &mut script);
    // In a program with a dash in its name, bash would complete no subcommand's options: the state
    // is set by one spelling and read by another (clap-rs/clap#6421, clap_complete 4.6).
    String::from_utf8_lossy(&script).replace("hydra__subcmd__shim", "hydra__shim")
}

fn man_page(command: &Command, folder: &Path, date: &str) -> io::Result<File> {
    let version = cli::definition().get_version().unwrap_or_default().to_owned();
    let page =
        Man::new(command.clone()).source(format!("{NAME} {version}")).manual(NAME).date(date);
    let mut file = File::create(folder.join(page.get_filename()))?;
    page.render(&mut file)?;
    Ok(file)
}

fn section(title: &str, entries: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (term, text) in entries {
        roff.control("TP", []).text([bold(*term)]).text([roman(*text)]);
    }
    roff
}
