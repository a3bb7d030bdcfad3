//! `check`: does it compose? Asks the application's own Hydra, with `--cfg job --resolve`, which
//! composes the config and runs nothing of the application.

mod mask;

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::arguments::split_attached;
use crate::command_line::App;
use crate::error::{Error, Kind, Result, quote};
use crate::exec;
use crate::hydra::{self, Complaint, OwnFlag, OwnValue, own_flag, strip_boilerplate};
use crate::interpose::{self, APPS_VARIABLE, Environment};
use crate::nearest::{known_words, nearest};
use crate::translate::{Step, Translation};
use crate::yaml::{self, Node};

/// Checks each translation and returns the configs that they compose, as YAML documents.
///
/// # Errors
/// As [`check`].
pub(super) fn check_all(
    translations: &[Translation],
    rules: Option<&Path>,
) -> anyhow::Result<String> {
    let configs: Vec<String> =
        translations.iter().map(|translation| check(translation, rules)).collect::<Result<_>>()?;
    Ok(configs.join("---\n"))
}

/// Runs the translated command with `--cfg job --resolve` and returns the config it composes.
///
/// # Errors
/// The program is no Hydra application, cannot be started, or Hydra complains: then with the flag
/// that it complains about, and who declared it.
fn check(translation: &Translation, rules: Option<&Path>) -> Result<String> {
    refuse_other_programs(&translation.command, rules)?;
    let output = compose(&translation.command, &composing(translation.overrides()), true)?;
    if output.status.success() {
        return Ok(mask::config(translation, &String::from_utf8_lossy(&output.stdout)));
    }
    let error = explain(translation, &complaint_of(&output));
    let help = match error.help {
        None if translation.overrides().any(|text| own_flag(text).is_some_and(OwnFlag::sweeps)) => {
            Some(
                "a sweep composes several configs: check it with one value for each key".to_owned(),
            )
        }
        help => help.map(|help| translation.masked(&help)),
    };
    Err(Error { message: translation.masked(&error.message), help, ..error })
}

/// All that a failed run printed.
fn complaint_of(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes);
    format!("{}{}", text(&output.stderr), text(&output.stdout))
}

/// A program that is no Hydra application would not understand `--cfg job`, and simply run.
fn refuse_other_programs(command: &[String], rules: Option<&Path>) -> Result<()> {
    let app = App::of(command.to_vec());
    let known = match &app {
        App::Program(name) => {
            is_python_program(&exec::find(OsStr::new(name), std::env::var_os("PATH"))?)
        }
        app => interpose::hydra_app(app, &Environment::read(), rules).is_some(),
    };
    if known {
        return Ok(());
    }
    let error = Error::refused(format!(
        "{} is not known as a Hydra application, and would run instead of composing its config",
        quote(&command.join(" "))
    ));
    Err(match app {
        App::Script(name) | App::Module(name) => {
            error.help(format!("name it: {APPS_VARIABLE}={name} hydra-shim check …"))
        }
        _ => error.help("check takes a script, a module or an installed Python program"),
    })
}

/// The overrides, and those of Hydra's own flags that say where the config is.
fn composing<'a>(overrides: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut rest = overrides.peekable();
    while let Some(token) = rest.next() {
        let (name, _) = split_attached(token);
        let Some(own) = own_flag(name) else {
            kept.push(token.clone());
            continue;
        };
        let value = match own.value {
            OwnValue::Required if name == token => rest.next(),
            OwnValue::Optional(choices) => rest.next_if(|next| choices.contains(&next.as_str())),
            _ => None,
        };
        if own.locates_config() {
            kept.push(token.clone());
            kept.extend(value.cloned());
        }
    }
    kept
}

/// Whether a program is a Python script: by its first lines, as pip and setuptools write them (where
/// the interpreter's path is long, `/bin/sh` in the first and Python in the second). One that cannot be
/// read or executed counts: starting it says why.
fn is_python_program(file: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|mut opened| {
        opened.by_ref().take(1024).read_to_end(&mut start)?;
        opened.metadata()
    });
    let executable = |metadata: &Metadata| metadata.permissions().mode() & 0o111 != 0;
    if !read.is_ok_and(|metadata| executable(&metadata)) {
        return true;
    }
    let text = String::from_utf8_lossy(&start);
    text.starts_with("#!") && text.lines().take(2).any(|line| line.contains("python"))
}

fn compose(command: &[String], overrides: &[String], resolve: bool) -> Result<Output> {
    let name = command.first().map_or("", String::as_str);
    let program = exec::find(OsStr::new(name), std::env::var_os("PATH"))?;
    let mut process = Command::new(&program);
    process.args(command.iter().skip(1)).args(overrides).args(hydra::COMPOSE);
    process.env_remove(hydra::FULL_ERROR_VARIABLE);
    if resolve {
        process.arg(hydra::RESOLVE);
    }
    process.output().map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => Kind::NotFound,
            _ => Kind::CannotExecute,
        };
        Error::new(kind, format!("cannot start {}: {error}", quote(&program.to_string_lossy())))
    })
}

/// Hydra's complaint beside the argument that it is about.
fn explain(translation: &Translation, stderr: &str) -> Error {
    let complaint = Complaint::read(stderr);
    let said = strip_boilerplate(stderr);
    let step = guilty(&translation.trace, &complaint, stderr)
        .or_else(|| find_failing_override(translation, stderr));
    let Some(step) = step else {
        return Error::refused(format!("Hydra: {said}"));
    };
    let declared = step.declared_by.as_ref().map_or(String::new(), |by| format!(" ({by})"));
    let from = step.from.first().map_or("", String::as_str);
    let flag = if from.starts_with("--") { split_attached(from).0 } else { from };
    let to = step.shown_to().join(" ");
    let error = Error::refused(format!("{flag}{declared}: Hydra, given {}: {said}", quote(&to)));
    match suggest(&complaint, step, translation) {
        Some(help) => error.help(help),
        None => error,
    }
}

/// The step whose key the complaint names, or whose override it quotes.
fn guilty<'a>(trace: &'a [Step], complaint: &Complaint, stderr: &str) -> Option<&'a Step> {
    let named = |key: &str| trace.iter().rev().find(|step| step.key.as_deref() == Some(key));
    let quoting = |quoted: &str| {
        let quotes = |step: &&Step| step.to.iter().any(|text| text.contains(quoted));
        trace.iter().find(quotes)
    };
    let quoted_whole = || {
        let quotes = |step: &&Step| step.to.iter().any(|text| stderr.contains(text.as_str()));
        trace.iter().filter(quotes).max_by_key(|step| step.to.concat().len())
    };
    complaint
        .key()
        .and_then(named)
        .or_else(quoted_whole)
        .or_else(|| complaint.input().and_then(quoting))
        .or_else(|| {
            let full = hydra::full_key(stderr)?;
            let below = |key: &str| {
                full.strip_prefix(key).is_some_and(|r| r.is_empty() || r.starts_with(['.', '[']))
            };
            trace.iter().rev().find(|step| step.key.as_deref().is_some_and(below))
        })
}

/// Where the complaint names nothing: the step without which it is not made.
fn find_failing_override<'a>(translation: &'a Translation, stderr: &str) -> Option<&'a Step> {
    // Each trial starts Python; this many take some ten seconds.
    const MOST_TRIALS: usize = 32;
    let mut at = 0;
    translation.trace.iter().filter(|step| !step.to.is_empty()).take(MOST_TRIALS).find(|step| {
        let own = at..at + step.to.len();
        at = own.end;
        let others = translation.overrides().enumerate();
        let others = others.filter(|(index, _)| !own.contains(index)).map(|(_, o)| o);
        let overrides = composing(others);
        compose(&translation.command, &overrides, true)
            .is_ok_and(|output| complaint_of(&output) != stderr)
    })
}

/// What would be right, where that is sure.
fn suggest(complaint: &Complaint, step: &Step, translation: &Translation) -> Option<String> {
    match complaint {
        Complaint::NoOption { option, available, .. } => {
            let available: Vec<&str> = available.iter().map(String::as_str).collect();
            Some(known_words(option, &available, "there is"))
        }
        Complaint::AlreadyThere(key) => Some(format!("leave the + out: {key}=…")),
        Complaint::NoKey(key) => {
            let keys = config_keys(translation).unwrap_or_default();
            let is_flag = step.from.first().is_some_and(|from| from.starts_with('-'));
            Some(suggest_key(key, &keys, is_flag))
        }
        Complaint::Input(_) | Complaint::Other => None,
    }
}

/// For a key that the config has not: which of its keys was meant.
fn suggest_key(key: &str, keys: &[String], is_flag: bool) -> String {
    let map = |to: &str| format!("flags: {{{key}: {to}}} in hydra-shim.yaml");
    let underscored = key.replace('-', "_");
    if is_flag && underscored != key && keys.contains(&underscored) {
        return "put `dashes: underscore` into hydra-shim.yaml".to_owned();
    }
    let last = key.rsplit('.').next();
    let mut same_name = keys.iter().filter(|k| k.rsplit('.').next() == last);
    let meant = match (same_name.next(), same_name.next()) {
        (Some(one), None) => Some(one.as_str()),
        _ => nearest(key, keys.iter().map(String::as_str)),
    };
    match (meant, is_flag) {
        (Some(meant), true) => format!("did you mean {meant}? Map it: {}", map(meant)),
        (Some(meant), false) => format!("did you mean {meant}?"),
        (None, true) => {
            format!("the config has no such key; to add it: {}", map(&format!("+{key}")))
        }
        (None, false) => "the config has no such key".to_owned(),
    }
}

/// The keys of the config that composes without any override.
fn config_keys(translation: &Translation) -> Option<Vec<String>> {
    let own: Vec<String> = composing(translation.overrides())
        .into_iter()
        .skip_while(|token| !token.starts_with('-'))
        .collect();
    let output = compose(&translation.command, &own, false).ok()?;
    let config = yaml::parse(&String::from_utf8_lossy(&output.stdout), "the config").ok()?;
    let mut keys = Vec::new();
    collect_keys(&config, "", &mut keys);
    Some(keys)
}

fn collect_keys(node: &Node, prefix: &str, keys: &mut Vec<String>) {
    for (key, value) in node.entries().unwrap_or_default() {
        let Some(name) = key.text() else { continue };
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        collect_keys(value, &path, keys);
        keys.push(path);
    }
}
