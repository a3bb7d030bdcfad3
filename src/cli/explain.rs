//! `explain`: what would become of a call as a container makes it, in the order in which it happens, and
//! what is in the way. Nothing is run; what decides is asked, and never imitated.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use serde::Serialize;

use super::{dry_run, path, print, table, tokens};
use crate::command_line::{App, CommandLine, Program, Script, is_argument};
use crate::error::{Error, Result, quote, visible};
use crate::interpose::{self, Decision, Environment, OFF};
use crate::kfp::fill::Received;
use crate::nearest::nearest;
use crate::project::{self, Named, Project};
use crate::report::{self, TraceEntry};
use crate::rules::Naming;
use crate::run::Called;
use crate::translate::Translation;
use crate::{exec, hydra, in_place};

/// So often may a command start another one: the kernel's own limit for scripts is 5.
const DEEPEST: usize = 10;

/// Explains the call, or that of each task of a component, and prints.
///
/// # Errors
/// The component is none that KFP would take; or, after the printing, a call would not be translated.
pub(super) fn explain(options: &ArgMatches) -> anyhow::Result<()> {
    let mut calls = Vec::new();
    match path(options, "component") {
        None => calls.push(Call::explain(None, tokens(options)?.split_off(1), Vec::new())),
        Some(file) => {
            let pipeline = project::read_pipeline(file)?;
            for (task, filled) in dry_run::filled_tasks(&pipeline, options)? {
                let name = Some(task.name.clone());
                calls.push(match task.component.why_no_hydra_application() {
                    Some(reason) => {
                        let mut call = Call { task: name, ..Call::default() };
                        call.add("skipped", reason);
                        call
                    }
                    None => Call::explain(name, dry_run::texts(&filled), filled.received),
                });
            }
        }
    }
    if options.get_one::<String>("format").is_some_and(|format| format == "json") {
        let calls = calls.iter().map(Call::report).collect();
        print(&(report::json_line(&Calls { calls }) + "\n"))?;
    } else {
        print(&calls.iter().map(Call::text).collect::<Vec<_>>().join("\n"))?;
    }
    let blocking = calls.iter().flat_map(|call| &call.findings).filter(|found| found.blocks);
    let blocking: Vec<String> = blocking.map(|found| quote(&found.about)).collect();
    if blocking.is_empty() {
        return Ok(());
    }
    let message = format!("flags would not be translated: {}", blocking.join(", "));
    Err(Error::refused(message).help("the reason is printed with each of them").into())
}

/// One thing on a call's way.
#[derive(Serialize)]
struct Finding {
    about: String,
    found: String,
    /// Whether the call is not translated for it.
    blocks: bool,
    /// What to do, where something may not be in order.
    help: Option<String>,
}

/// A call, and what is found on its way.
#[derive(Default)]
struct Call {
    task: Option<String>,
    received: Vec<Received>,
    findings: Vec<Finding>,
    translation: Option<Translation>,
}

/// `explain --format json`.
#[derive(Serialize)]
struct Calls<'a> {
    calls: Vec<CallReport<'a>>,
}

#[derive(Serialize)]
struct CallReport<'a> {
    task: Option<&'a str>,
    translated: bool,
    findings: &'a [Finding],
    warnings: Vec<&'a String>,
    trace: Vec<TraceEntry<'a>>,
}

/// Why a call's way ends, and where.
type End = (String, Error);

impl Call {
    /// Explains the call that a container makes, of whose words `received` says more.
    fn explain(task: Option<String>, tokens: Vec<String>, received: Vec<Received>) -> Self {
        let mut call = Self { task, received, ..Self::default() };
        if let Err((about, error)) = call.follow(tokens) {
            call.block(&about, error);
        }
        call
    }

    /// Adds what was found.
    fn add(&mut self, about: &str, found: impl Into<String>) {
        self.warn(about, Error::refused(found));
    }

    /// Adds what is not in order if it has a help.
    fn warn(&mut self, about: &str, error: Error) {
        let (about, found, help) = (about.to_owned(), error.message, error.help);
        self.findings.push(Finding { about, found, blocks: false, help });
    }

    /// Adds why the call is not translated.
    fn block(&mut self, about: &str, error: Error) {
        let (about, found, help) = (about.to_owned(), error.message, error.help);
        self.findings.push(Finding { about, found, blocks: true, help });
    }

    fn is_blocked(&self) -> bool {
        self.findings.iter().any(|found| found.blocks)
    }

    /// Follows what is started to where it comes to the shim, or goes around it, and explains what the
    /// shim does with it, or would.
    fn follow(&mut self, mut tokens: Vec<String>) -> std::result::Result<(), End> {
        // Arguments alone are given to the image's ENTRYPOINT.
        let Some(first) = tokens.first().filter(|first| !is_argument(first)).cloned() else {
            return self.run(tokens).map_err(|error| ("run".to_owned(), error));
        };
        let mut is_login = false;
        for _ in 0..DEEPEST {
            let Some((word, rest)) = tokens.split_first() else { break };
            let at = |error| (word.clone(), error);
            let name = word.rsplit('/').next().unwrap_or(word);
            if interpose::is_own_name(OsStr::new(word))
                && let [run, rest @ ..] = rest
                && run == "run"
            {
                self.add(word, "the shim by its own name, for whatever program");
                return self.run(rest.to_vec()).map_err(at);
            }
            let search_path = std::env::var_os("PATH");
            let file = exec::find_first(OsStr::new(word), search_path.clone()).map_err(at)?;
            let shown = file.display();
            let place = in_place::is_marked(&file).then(|| fs::canonicalize(&file).ok()).flatten();
            let called = if place.is_some() || exec::is_shim(&file) {
                let called = Called::of(OsStr::new(word), place.as_deref()).map_err(at)?;
                let how = match place {
                    Some(_) => " in the place of an interpreter",
                    None if word == name => " (first in PATH)",
                    None => "",
                };
                let program = in_place::interpreter(&called.program).map_err(at)?;
                let program = shown_program(&program);
                let found = format!("{shown} is the shim{how}; after it {program}");
                if is_login && place.is_none() {
                    let why = "but a login shell takes PATH from the system's profile";
                    let error = Error::refused(format!("{found}; {why}"));
                    self.block(word, error.help("leave out the -l, or install --in-place"));
                } else {
                    self.add(word, found);
                }
                called
            } else if let Some(next) = started(name, &file, &tokens) {
                self.add(word, format!("{shown}, which starts what follows"));
                is_login |= Script::is_login(&tokens);
                tokens = next;
                continue;
            } else {
                let shim = exec::find_shim(OsStr::new(name), search_path);
                self.block(word, around(word, &file, shim.as_deref()));
                Called { program: file.clone(), name: name.into(), argv0: file.into() }
            };
            self.interposed(&called, rest);
            return Ok(());
        }
        Err((first, Error::refused("starts nothing that is known")))
    }

    /// Explains what `run` does.
    fn run(&mut self, tokens: Vec<String>) -> Result<()> {
        let (line, project) = project::command_line(tokens, Named::default())?;
        let word = line.command.first().cloned().unwrap_or_default();
        let program = exec::find(OsStr::new(&word), std::env::var_os("PATH"))?;
        self.add(&word, shown_program(&program));
        let app = line.app.clone();
        let decision = match project.naming(&app) {
            Naming::Off => Decision::Untouched(OFF.to_owned()),
            _ => Decision::Translate(line, project, "run asks nothing".to_owned()),
        };
        let environment = Environment::read(program.as_os_str());
        self.decided(&app, Ok(decision), &environment);
        if let App::Script(script) = &app
            && interpose::source_file(&app, &environment).is_none()
        {
            let found = format!("{} is not found", quote(script));
            self.block(
                script,
                Error::refused(found).help("it is looked for in the working directory"),
            );
        }
        Ok(())
    }

    /// Explains what the shim does under another program's name; without arguments, with flags.
    fn interposed(&mut self, called: &Called, rest: &[String]) {
        let arguments: Vec<OsString> = rest.iter().map(OsString::from).collect();
        let environment = Environment::read(&called.argv0);
        let (app, decision) = match interpose::command_line(&called.name, &arguments) {
            Err(error) => (App::Unknown, Err(error)),
            Ok(Err(reason)) => (App::Unknown, Ok(Decision::Untouched(reason))),
            Ok(Ok(mut line)) => {
                let app = line.app.clone();
                let is_bare = line.arguments.is_empty();
                line.arguments.extend(is_bare.then(|| "--flag=value".to_owned()));
                let mut decided = interpose::decide_line(line, &environment);
                if let Ok(Decision::Translate(line, _, reason)) = &mut decided {
                    line.arguments.retain(|_| !is_bare);
                    reason.insert_str(0, "a Hydra application: ");
                }
                (app, decided)
            }
        };
        self.decided(&app, decision, &environment);
    }

    /// Explains what was decided of a program.
    fn decided(&mut self, app: &App, decision: Result<Decision>, environment: &Environment) {
        let name = shown_app(app);
        let project = match decision {
            Ok(Decision::Translate(line, project, reason)) => {
                self.add(name, reason);
                Ok((project, Some(line)))
            }
            Ok(Decision::Untouched(reason)) => {
                self.block(name, Error::refused(format!("passes untouched: {reason}")));
                Project::read(app, Named::default()).map(|project| (project, None))
            }
            Err(error) => Err(error),
        };
        let told = project.and_then(|(project, line)| self.declared(app, &project, line));
        if let Err(error) = told {
            self.block("rules", error);
        }
        let error = match environment.modules(Path::new("")).distribution("hydra_core") {
            Some((version, folder)) => {
                let found = Error::refused(format!("{version}, in {}", folder.display()));
                let help = "the shim was not measured with it; hydra-shim check asks it";
                if hydra::is_measured(&version) { found } else { found.help(help) }
            }
            None => Error::refused("is not installed for that program")
                .help("pip install hydra-core, into its environment"),
        };
        self.warn("hydra-core", error);
    }

    /// Explains by what a program's `line` is translated.
    fn declared(&mut self, app: &App, project: &Project, line: Option<CommandLine>) -> Result<()> {
        let rules = project.rules(app)?;
        let is_closed = project.closed_by(app).is_some();
        let mut found = project.rules_file().unwrap_or("none in its folder or above".to_owned());
        if is_closed {
            found += " (closed mode)";
        }
        let mut help = None;
        let (name, names) = (shown_app(app), rules.app_names().collect::<Vec<_>>());
        if !names.is_empty() && !names.iter().any(|named| app.is_named(named)) {
            let _ = write!(found, "; its apps are {}, not {name}", names.join(", "));
            let near = nearest(name, names.iter().copied());
            help = near.map(|near| format!("is {near} meant for {name}?"));
        }
        if is_closed && self.is_blocked() {
            found += "; the arguments pass unchecked";
            let name_it = || format!("name the program: apps: {{{name}: {{}}}}");
            help = help.or_else(|| line.is_none().then(name_it));
        }
        self.warn("rules", Error { help, ..Error::refused(found) });
        let component = project.component(app, &rules)?;
        let component = component.map(|(file, says)| format!("{file}, {} flags", says.flags.len()));
        self.add("component", component.unwrap_or("none".to_owned()));
        self.translation = line.map(|line| project.dry_run(line)).transpose()?;
        if self.translation.iter().any(|translation| translation.errors().next().is_some()) {
            self.block("arguments", Error::refused("refused, as the table says"));
        }
        Ok(())
    }

    fn report(&self) -> CallReport<'_> {
        let steps = self.translation.iter().flat_map(|translation| &translation.trace);
        let warnings = self.translation.iter().flat_map(|translation| &translation.warnings);
        CallReport {
            task: self.task.as_deref(),
            translated: self.translation.is_some() && !self.is_blocked(),
            findings: &self.findings,
            warnings: warnings.collect(),
            trace: steps.map(TraceEntry::new).collect(),
        }
    }

    fn text(&self) -> String {
        let task = self.task.as_ref().map(|task| format!("{}\n\n", visible(task)));
        let mut out = task.unwrap_or_default();
        let widths = self.findings.iter().map(|found| found.about.chars().count());
        let width = widths.max().unwrap_or(0);
        for Finding { about, found, help, .. } in &self.findings {
            let _ = writeln!(out, "{:width$}  {}", visible(about), visible(found));
            for help in help.iter().flat_map(|help| help.lines()) {
                let _ = writeln!(out, "{:width$}  help: {}", "", visible(help));
            }
        }
        let shown = self.translation.iter().filter(|translation| !translation.trace.is_empty());
        for line in shown.flat_map(|translation| table::steps(translation, &self.received)) {
            let _ = writeln!(out, "  {line}");
        }
        for warning in self.translation.iter().flat_map(|translation| &translation.warnings) {
            let _ = writeln!(out, "warning: {}", visible(warning));
        }
        out
    }
}

/// An application as it is named.
fn shown_app(app: &App) -> &str {
    match app {
        App::Script(name) | App::Module(name) | App::Program(name) => name,
        App::Unknown => "arguments",
    }
}

/// A program; and whether it is `CPython`, by the name of the file that it leads to.
fn shown_program(program: &Path) -> String {
    let real = fs::canonicalize(program).unwrap_or_default();
    let is_python = matches!(Program::of(&real.to_string_lossy()), Program::Python);
    format!("{}{}", program.display(), if is_python { ", CPython" } else { "" })
}

/// The command line that a program (`file`, called `name`), which is not the shim, starts in its turn.
fn started(name: &str, file: &Path, tokens: &[String]) -> Option<Vec<String>> {
    let rest = tokens.get(1..)?;
    match Program::of(name) {
        Program::Python => None,
        Program::Shell => in_shell(tokens),
        Program::Launcher(_) => launched(name, file, rest),
        Program::Starter => further_on(rest),
        Program::Other => {
            let file_name = vec![file.to_string_lossy().into_owned()];
            Some([exec::script_command(file)?, file_name, rest.to_vec()].concat())
        }
    }
}

/// The command line in a shell's script that gets the shell's arguments, as in
/// `pip list && exec python3 main.py "$0" "$@"`.
fn in_shell(tokens: &[String]) -> Option<Vec<String>> {
    let script = Script::find(tokens).filter(|script| script.inline)?;
    let (text, arguments) = tokens.get(script.at..)?.split_first()?;
    let (zeroth, rest) = arguments.split_at_checked(1).unwrap_or_default();
    let words = shell_words::split(text).ok()?;
    let end = words.iter().position(|word| matches!(word.as_str(), "$@" | "${@}" | "$*"))?;
    let before = words.get(..end)?;
    let is_program = |word: &String| further_on(std::slice::from_ref(word)).is_some();
    // A word of the script may do anything else.
    let is_plain = |word: &String| *word == "$0" || !word.contains(['$', ';', '&', '|', '`']);
    let last = before.last().filter(|word| *word == "$0").map(|_| end - 1);
    let starts = [before.iter().rposition(is_program), last].into_iter().flatten();
    let mut commands = starts.filter_map(|start| before.get(start..));
    let command = commands.find(|command| command.iter().all(is_plain))?;
    let filled = command
        .iter()
        .flat_map(|word| if word == "$0" { zeroth } else { std::slice::from_ref(word) });
    Some(filled.chain(rest).cloned().collect())
}

/// The program that a starter starts, with its arguments.
fn further_on(tokens: &[String]) -> Option<Vec<String>> {
    let is_program = |word: &String| {
        interpose::is_own_name(OsStr::new(word))
            || matches!(Program::of(word), Program::Python | Program::Launcher(_) | Program::Shell)
    };
    Some(tokens.get(tokens.iter().position(is_program)?..)?.to_vec())
}

/// The program that a launcher starts: what follows it, or a Python that is not looked for in PATH.
fn launched(launcher: &str, file: &Path, arguments: &[String]) -> Option<Vec<String>> {
    let python = match launcher {
        // Its own: `sys.executable`.
        "torchrun" | "accelerate" | "deepspeed" => own_interpreter(file)?,
        "uv" | "poetry" => Some(PathBuf::from(".venv/bin/python")).filter(|file| file.exists())?,
        "conda" => return None,
        _ => return further_on(arguments),
    };
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    let line = interpose::command_line(OsStr::new(launcher), &arguments).ok()?.ok()?;
    let program = match line.app {
        App::Module(name) => vec!["-m".to_owned(), name],
        App::Script(name) => vec![name],
        App::Program(_) | App::Unknown => return None,
    };
    Some([vec![python.to_string_lossy().into_owned()], program, line.arguments].concat())
}

/// The interpreter of an installed script, be it named by `env`.
fn own_interpreter(script: &Path) -> Option<PathBuf> {
    let command = exec::script_command(script)?;
    exec::find(OsStr::new(command.last()?), std::env::var_os("PATH")).ok()
}

/// Why a call of `word`, which is `file`, goes around the shim; in PATH there may be a `shim` of that name.
fn around(word: &str, file: &Path, shim: Option<&Path>) -> Error {
    let shown = file.display();
    let in_place = format!("hydra-shim install --in-place {shown}");
    let (why, help) = match (Program::of(word), shim) {
        (Program::Shell, _) => (
            "what its script does with the arguments is not known".to_owned(),
            "explain what the script starts: hydra-shim explain python3 main.py".to_owned(),
        ),
        (Program::Launcher(_) | Program::Starter, _) => (
            "which Python it starts is not known".to_owned(),
            format!("explain that Python by its path; or start hydra-shim run {word} …"),
        ),
        _ if word.contains('/') => (
            "it is named by its path, and PATH is not asked".to_owned(),
            format!("name it as it is in PATH; or {in_place}; or start hydra-shim run {word} …"),
        ),
        (_, Some(shim)) => {
            let environment = file.ancestors().nth(2).map(|above| above.join("pyvenv.cfg"));
            let is_activated = environment.is_some_and(|environment| environment.exists());
            let by = if is_activated { ", as an activated environment does" } else { "" };
            let dir = shim.parent().unwrap_or(shim).display();
            (
                format!("it comes before {} in PATH{by}", shim.display()),
                format!("put {dir} first in PATH; or {in_place}"),
            )
        }
        (_, None) => (
            "PATH has no shim of that name".to_owned(),
            format!(
                "in the Dockerfile: RUN hydra-shim install /opt/hydra-shim {word}, and \
                 ENV PATH=/opt/hydra-shim:$PATH"
            ),
        ),
    };
    Error::refused(format!("{shown} is not the shim: {why}")).help(help)
}
