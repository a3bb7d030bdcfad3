//! From files and the environment to [`Declarations`], before the heart is asked.

use std::env::VarError;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::command_line::{self, App, CommandLine, Ending, Tokens};
use crate::declarations::{Declarations, Variable};
use crate::error::{Error, Result, quote};
use crate::kfp::compiled::{Pipeline, Task};
use crate::kfp::component::{Component, Element};
use crate::kfp::declare;
use crate::rules::{Naming, Rules, RulesFile};
use crate::sagemaker::{HYPERPARAMETERS_VARIABLE, Hyperparameters};
use crate::translate::{self, Translation};
use crate::yaml;

/// Names the rules file.
pub const RULES_VARIABLE: &str = "HYDRA_SHIM_RULES";
/// Names the component's file.
pub const COMPONENT_VARIABLE: &str = "HYDRA_SHIM_COMPONENT";
/// Holds the command for when the arguments name none.
pub const COMMAND_VARIABLE: &str = "HYDRA_SHIM_COMMAND";

/// The rules file's name where nothing names another.
const RULES_FILE: &str = "hydra-shim.yaml";
/// The command where nothing else is said.
const DEFAULT_COMMAND: [&str; 2] = ["python3", "main.py"];

/// Files that the command line of a subcommand names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    /// `--rules`
    pub rules: Option<&'a Path>,
    /// `--component`
    pub component: Option<&'a Path>,
}

/// What a team says of an application: the rules file that holds for it, read once.
#[derive(Debug)]
pub struct Project {
    rules: Option<(PathBuf, RulesFile)>,
    /// The component's file, where it is not the rules that name it.
    component: Option<PathBuf>,
}

impl Project {
    /// Reads the rules file that is `named`, or that is found for `app`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(app: &App, named: Named<'_>) -> Result<Self> {
        let read = |file: PathBuf| match read_text(&file) {
            Ok(text) => {
                let rules = RulesFile::new(text, shown_path(&file));
                Ok((file, rules))
            }
            Err(error) => Err(with_variable(error, RULES_VARIABLE, &file)),
        };
        let rules = rules_file(app, named.rules).map(read).transpose()?;
        let component = named.component.map(Path::to_owned).or_else(|| file_in(COMPONENT_VARIABLE));
        Ok(Self { rules, component })
    }

    /// Whether there are rules.
    pub fn has_rules(&self) -> bool {
        self.rules.is_some()
    }

    /// What the rules say of `app` by its name. Text that is not YAML says nothing: a program that is no
    /// application is not to break by it.
    pub fn naming(&self, app: &App) -> Naming {
        self.rules.as_ref().map_or(Naming::Unnamed, |(_, rules)| rules.naming(app))
    }

    /// The rules file, if closed mode holds for `app` by it. With a mistake in it nothing does.
    pub fn closed_by(&self, app: &App) -> Option<String> {
        let declared = self.rules(app).ok()?.over(Declarations::default());
        self.rules_file().filter(|_| declared.closed)
    }

    /// The rules file, as it is shown.
    pub fn rules_file(&self) -> Option<String> {
        self.rules.as_ref().map(|(_, rules)| rules.name().to_owned())
    }

    /// Translates a command line by what is declared for its application.
    ///
    /// # Errors
    /// As [`Self::dry_run`]; or an argument is refused.
    pub fn translate(&self, line: CommandLine) -> Result<Translation> {
        self.dry_run(line)?.accepted()
    }

    /// Translates a command line as far as it can be.
    ///
    /// # Errors
    /// The rules or the component are not as they should be, or the command may have been ended by a value.
    pub fn dry_run(&self, line: CommandLine) -> Result<Translation> {
        if self.naming(&line.app) == Naming::Off {
            return Ok(Translation::untouched(line.command, line.arguments));
        }
        let rules = self.rules(&line.app)?;
        let (_, component) = self.component(&line.app, &rules)?.unwrap_or_default();
        let declared = lay_over(&rules, component)?;
        check_command(&line, &declared, rules.command())?;
        Ok(translate::dry_run(line.command, &line.arguments, &declared))
    }

    /// What the rules say of `app`; nothing, where there are none.
    ///
    /// # Errors
    /// There is a mistake in them.
    pub fn rules(&self, app: &App) -> Result<Rules> {
        match &self.rules {
            Some((_, rules)) => rules.rules(app),
            None => Ok(Rules::default()),
        }
    }

    /// The component that is named, or that the rules name: its file, as it is shown, and what it says.
    ///
    /// # Errors
    /// It cannot be read, or its flags cannot be told.
    pub fn component(&self, app: &App, rules: &Rules) -> Result<Option<(String, Declarations)>> {
        let read = |file: &Path| {
            let types = |flag: &str| rules.declared_type(flag);
            let declared = declare::declarations(&read_component(file, app)?, &types)?;
            Ok(Some((shown_path(file), declared)))
        };
        match (&self.component, &self.rules, rules.component()) {
            (Some(file), ..) => {
                read(file).map_err(|error| with_variable(error, COMPONENT_VARIABLE, file))
            }
            (None, Some((file, rules)), Some(component)) => {
                let rules = quote(rules.name());
                read(&file.with_file_name(component))
                    .map_err(|error| error.or_help(format!("it is the `component` of {rules}")))
            }
            _ => Ok(None),
        }
    }
}

/// Splits the tokens after `run` and translates the arguments by what is declared for them.
///
/// # Errors
/// As [`command_line()`] and [`Project::translate`].
pub fn translate_tokens(tokens: Vec<String>, named: Named<'_>) -> Result<Translation> {
    let (line, project) = command_line(tokens, named)?;
    project.translate(line)
}

/// Splits the tokens after `run`, and reads what is said of their application.
///
/// # Errors
/// As [`command_line::split`] and [`Project::read`].
pub fn command_line(tokens: Vec<String>, named: Named<'_>) -> Result<(CommandLine, Project)> {
    let (line, project) = match command_line::split(tokens)? {
        Tokens::WithCommand(line) => (line, None),
        Tokens::Arguments(arguments) => {
            let (command, project) = default_command(named)?;
            (command_line::with_default(command, arguments)?, project)
        }
    };
    let project = project.map_or_else(|| Project::read(&line.app, named), Ok)?;
    Ok((line, project))
}

/// Translates what a component's container is started with, a command and the application's
/// arguments, as far as it can be; with `other_command` in the place of its command, if that is not
/// empty.
///
/// # Errors
/// As [`translate_tokens`], but for what single arguments are refused for.
pub fn dry_run(
    component: &Component,
    (command, arguments): (&[String], &[String]),
    rules: Option<&Path>,
    other_command: &[String],
) -> Result<Translation> {
    let named = Named { rules, component: None };
    let (command, project) = match (other_command, command) {
        ([], []) => default_command(named)?,
        ([], command) | (command, _) => (command.to_vec(), None),
    };
    let app = App::of(command.clone());
    // A component's own command names a file in its image; the rules are here.
    let place = if other_command.is_empty() { &App::Unknown } else { &app };
    let project = project.map_or_else(|| Project::read(place, named), Ok)?;
    if project.naming(&app) == Naming::Off {
        return Ok(Translation::untouched(command, arguments.to_vec()));
    }
    let rules = project.rules(&app)?;
    let run = |component| -> Result<Translation> {
        Ok(translate::dry_run(command, arguments, &lay_over(&rules, component)?))
    };
    match declare::declarations(component, &|flag| rules.declared_type(flag)) {
        Ok(declared) => run(declared),
        // Shown by what the rules say alone: what is secret stays so.
        Err(error) => Ok(run(Declarations::default())?.refused_whole(&error)),
    }
}

/// Refuses a command that a separator has ended, where a value may have been that separator. In closed
/// mode all of the command has to be named: by the component, the rules or the environment.
fn check_command(
    line: &CommandLine,
    declared: &Declarations,
    rules: Option<&[String]>,
) -> Result<()> {
    if line.ending == Ending::Grammar || (line.ending == Ending::Separator && !declared.closed) {
        return Ok(());
    }
    let component = declared.command.as_slice();
    let component = component.strip_suffix(&["--".to_owned()]).unwrap_or(component);
    let is_named = component.ends_with(&line.command)
        || rules == Some(line.command.as_slice())
        || variable_command()?.is_some_and(|command| command == line.command);
    if is_named {
        return Ok(());
    }
    let why = match line.ending {
        Ending::AfterFlags => "a flag or an override before `--` may be its argument",
        Ending::FirstOfSeveral => "there is more than one `--`, and one may be a value",
        _ => {
            "closed mode takes what is before `--` from the component, the rules or the \
              environment alone (unknown: error)"
        }
    };
    Err(command_line::cannot_tell(command_line::first(&line.command), why).help(format!(
        "leave out the `--` where all of it is the application's, or name the command: `command` in \
         hydra-shim.yaml, or {COMMAND_VARIABLE}"
    )))
}

/// The rules over the component's declarations, with the environment's part in them.
fn lay_over(rules: &Rules, component: Declarations) -> Result<Declarations> {
    let mut declared = rules.over(component);
    for (name, key, source) in rules.env() {
        let value = match std::env::var(name) {
            Ok(value) => value,
            Err(VarError::NotPresent) => continue,
            Err(VarError::NotUnicode(_)) => {
                let message = format!("the environment variable {name} ({source}) is not UTF-8");
                return Err(Error::refused(message));
            }
        };
        let (name, key) = (name.to_owned(), key.clone());
        declared.variables.push(Variable { name, key, value, source });
    }
    let sent = std::env::var_os(HYPERPARAMETERS_VARIABLE).filter(|sent| !sent.is_empty());
    if let Some(sent) = sent {
        match sent.to_str().and_then(Hyperparameters::read) {
            Some(sent) => declared.hyperparameters = sent,
            None => declared.warnings.push(format!(
                "{HYPERPARAMETERS_VARIABLE} is not a JSON object: values are typed by their text"
            )),
        }
    }
    Ok(declared)
}

/// The rules file for an application: the one named, else the nearest in the script's folder or
/// above it; for what has no script file, the working directory's.
fn rules_file(app: &App, named: Option<&Path>) -> Option<PathBuf> {
    if let Some(file) = named.map(Path::to_owned).or_else(|| file_in(RULES_VARIABLE)) {
        return Some(file);
    }
    let App::Script(script) = app else {
        return Some(PathBuf::from(RULES_FILE)).filter(|file| file.is_file());
    };
    let script = std::path::absolute(script).ok()?;
    script.ancestors().skip(1).map(|folder| folder.join(RULES_FILE)).find(|file| file.is_file())
}

/// The file that an environment variable names; an empty one names none.
fn file_in(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// An error in `file`, which says so if it is the variable that names it.
fn with_variable(error: Error, variable: &str, file: &Path) -> Error {
    let is_named = file_in(variable).is_some_and(|named| named == file);
    if is_named { error.or_help(format!("{variable} names it")) } else { error }
}

/// Reads a component for `app`. Of a compiled pipeline's tasks it is the one that starts `app`.
fn read_component(file: &Path, app: &App) -> Result<Component> {
    let mut tasks = read_pipeline(file)?.tasks;
    if tasks.len() == 1
        && let Some(task) = tasks.pop()
    {
        return Ok(task.component);
    }
    let starts = |task: &&Task| match (app_of(&task.component), app) {
        (App::Script(theirs), App::Script(ours)) => {
            let (theirs, ours) = (Path::new(&theirs), Path::new(ours));
            ours.ends_with(theirs) || theirs.ends_with(ours)
        }
        (theirs, ours) => theirs == *ours,
    };
    let mut found: Vec<&Task> = tasks.iter().filter(starts).collect();
    // A component that several tasks call is the same one.
    found.dedup_by_key(|task| (&task.component.name, &task.component.image));
    match found.as_slice() {
        [task] => return Ok(task.component.clone()),
        [] => found = tasks.iter().collect(),
        _ => {}
    }
    let names: Vec<&str> = found.iter().map(|task| task.name.as_str()).collect();
    Err(Error::refused(format!(
        "{}: cannot tell which task starts this application: {}",
        quote(&shown_path(file)),
        names.join(", ")
    ))
    .help("name the file of a single component, for each script under `apps` in the rules"))
}

/// What a component's container runs.
fn app_of(component: &Component) -> App {
    let elements = component.command.iter().chain(&component.args);
    let tokens: Vec<String> = elements
        .map_while(|element| match element {
            Element::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect();
    App::of(tokens)
}

/// Reads a compiled pipeline or component, or a component YAML (a pipeline of one task).
///
/// # Errors
/// It cannot be read, or is not one that KFP would take.
pub fn read_pipeline(file: &Path) -> Result<Pipeline> {
    let shown = shown_path(file);
    Pipeline::read(&read_text(file)?, &shown)
}

/// Reads a text file, and no more of it than is parsed.
///
/// # Errors
/// It cannot be read, is too large, or is not UTF-8.
pub fn read_text(file: &Path) -> Result<String> {
    let failed =
        |why: String| Error::refused(format!("cannot read {}: {why}", quote(&shown_path(file))));
    // Room for nearly all of them at once; without it the first reads would be of 32 bytes.
    let mut bytes = Vec::with_capacity(16 << 10);
    let limit = yaml::MAX_BYTES as u64 + 1;
    File::open(file)
        .and_then(|opened| opened.take(limit).read_to_end(&mut bytes))
        .map_err(|error| failed(error.to_string()))?;
    if bytes.len() > yaml::MAX_BYTES {
        return Err(failed(format!("it has over {} bytes", yaml::MAX_BYTES)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        failed(format!("it is not UTF-8, from byte {at} on"))
            .help("convert it first, as with iconv")
    })
}

/// A path for messages: relative to the working directory where it is below that.
pub fn shown_path(file: &Path) -> String {
    let here = if file.is_absolute() { std::env::current_dir() } else { Ok(PathBuf::new()) };
    let here = here.unwrap_or_default();
    let shown = file.strip_prefix(&here).unwrap_or(file);
    shown.to_string_lossy().into_owned()
}

/// The command for arguments that name none, and the project if it is that of the command: whoever goes
/// on does not read its files again.
fn default_command(named: Named<'_>) -> Result<(Vec<String>, Option<Project>)> {
    if let Some(command) = variable_command()? {
        return Ok((command, None));
    }
    let project = Project::read(&App::Unknown, named)?;
    if let Some(command) = project.rules(&App::Unknown)?.command() {
        return Ok((command.to_vec(), Some(project)));
    }
    // A file that is named holds for every command; and a pipe can be read but once.
    let is_named = named.rules.is_some() || file_in(RULES_VARIABLE).is_some();
    Ok((DEFAULT_COMMAND.map(str::to_owned).to_vec(), Some(project).filter(|_| is_named)))
}

/// The command that the environment names.
fn variable_command() -> Result<Option<Vec<String>>> {
    let value = std::env::var_os(COMMAND_VARIABLE).filter(|value| !value.is_empty());
    let Some(value) = value else { return Ok(None) };
    let words = value.to_str().and_then(|text| shell_words::split(text).ok());
    words.map(Some).ok_or_else(|| {
        Error::refused(format!(
            "{COMMAND_VARIABLE} is not a command line: {}",
            quote(&value.to_string_lossy())
        ))
        .help(format!("quote it as for a shell: {COMMAND_VARIABLE}='python3 src/train.py'"))
    })
}
