//! `check`: does it compose? Asks the application's own Hydra, with `--cfg job --resolve`, which
//! composes the config and runs nothing of the application.

use std::ffi::OsStr;
use std::process::{Command, Output};

use crate::command_line::{self, App};
use crate::error::{Error, Result, quote};
use crate::exec::{self, Myself};
use crate::hydra::{Complaint, essence, own_flag};
use crate::interpose;
use crate::nearest::nearest;
use crate::sources;
use crate::translate::{SECRET, Step, Translation};
use crate::yaml::{self, Node};

/// Runs the translated command with `--cfg job --resolve` and returns the config it composes.
///
/// # Errors
/// The program is no Hydra application, cannot be started, or Hydra complains: then with the flag
/// that it complains about, and who declared it.
pub(super) fn check(translation: &Translation) -> Result<String> {
    refuse_other_programs(&translation.command)?;
    let overrides = composing(&translation.overrides);
    let output = compose(&translation.command, &overrides, true)?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let complaint = format!("{}{}", String::from_utf8_lossy(&output.stderr), printed);
    Err(explain(translation, &without_secrets(translation, complaint)))
}

/// Hydra quotes overrides in its messages, those with secrets too.
fn without_secrets(translation: &Translation, said: String) -> String {
    let masked = translation.trace.iter().flat_map(|step| &step.to);
    let masked = masked.filter_map(|to| to.strip_suffix(SECRET)).filter(|key| key.ends_with('='));
    masked.fold(said, |said, key| {
        let secrets = translation.overrides.iter().filter_map(|o| o.strip_prefix(key));
        secrets.fold(said, |said, secret| {
            // Once as it was written, once as Hydra shows it when it has read it.
            said.replace(secret, SECRET).replace(secret.trim_matches('\''), SECRET)
        })
    })
}

/// A program that is no Hydra application would not understand `--cfg job`, and simply run.
fn refuse_other_programs(command: &[String]) -> Result<()> {
    let Ok(line) = command_line::split_given(command.to_vec()) else {
        return Ok(());
    };
    if !matches!(line.app, App::Script(_) | App::Module(_)) {
        return Ok(());
    }
    let apps = std::env::var(interpose::APPS_VARIABLE).unwrap_or_default();
    let python_path = std::env::var_os("PYTHONPATH");
    let known = interpose::hydra_app(&line.app, &apps, python_path.as_deref()).is_some();
    if known || sources::rules_for(&line.app).1 {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{} is not known as a Hydra application, and would run instead of composing its config",
        quote(&command.join(" "))
    ))
    .help("name it: HYDRA_SHIM_APPS=main.py hydra-shim check …"))
}

/// The overrides, and those of Hydra's own flags that say where the config is.
fn composing(overrides: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut rest = overrides.iter();
    while let Some(token) = rest.next() {
        let name = token.split('=').next().unwrap_or(token);
        match own_flag(name).map(|flag| flag.long) {
            None => kept.push(token.clone()),
            Some("--config-path" | "--config-name" | "--config-dir") => {
                kept.push(token.clone());
                if name == token {
                    kept.extend(rest.next().cloned());
                }
            }
            Some("--cfg" | "--package" | "--experimental-rerun") if name == token => {
                rest.next();
            }
            Some(_) => {}
        }
    }
    kept
}

fn compose(command: &[String], overrides: &[String], resolve: bool) -> Result<Output> {
    let name = command.first().map_or("", String::as_str);
    let program = exec::find(OsStr::new(name), std::env::var_os("PATH"), &Myself::find())?;
    let mut process = Command::new(&program);
    process.args(command.iter().skip(1)).args(overrides).args(["--cfg", "job"]);
    if resolve {
        process.arg("--resolve");
    }
    process.output().map_err(|error| {
        Error::refused(format!("cannot start {}: {error}", quote(&program.to_string_lossy())))
    })
}

/// Hydra's complaint beside the argument that it is about.
fn explain(translation: &Translation, stderr: &str) -> Error {
    let complaint = Complaint::read(stderr);
    let said = essence(stderr);
    let Some(step) = guilty(&translation.trace, &complaint, stderr) else {
        return Error::refused(format!("Hydra: {said}"));
    };
    let declared = step.declared_by.as_ref().map_or(String::new(), |by| format!(" ({by})"));
    let from = step.from.first().map_or("", String::as_str);
    let flag = if from.starts_with("--") { from.split('=').next().unwrap_or(from) } else { from };
    let to = step.to.join(" ");
    let error = Error::refused(format!("{flag}{declared}: Hydra, given {}: {said}", quote(&to)));
    match suggest(&complaint, translation) {
        Some(help) => error.help(help),
        None => error,
    }
}

/// The step whose override the complaint quotes, or whose key it names.
fn guilty<'a>(trace: &'a [Step], complaint: &Complaint, stderr: &str) -> Option<&'a Step> {
    let names = |step: &&Step| {
        complaint.key().is_some_and(|key| !key.is_empty() && step.key.as_deref() == Some(key))
    };
    let quotes = |step: &&Step| step.to.iter().any(|text| stderr.contains(text.as_str()));
    let full_key = stderr.split_once("full_key: ").and_then(|(_, rest)| rest.lines().next());
    let full = |step: &&Step| full_key.is_some() && step.key.as_deref() == full_key;
    trace
        .iter()
        .rev()
        .find(names)
        .or_else(|| trace.iter().filter(quotes).max_by_key(|step| step.to.concat().len()))
        .or_else(|| trace.iter().rev().find(full))
}

/// What would be right, where that is sure.
fn suggest(complaint: &Complaint, translation: &Translation) -> Option<String> {
    match complaint {
        Complaint::NoOption { option, available, .. } => {
            let near = nearest(option, available.iter().map(String::as_str));
            Some(near.map_or_else(
                || format!("there is {}", available.join(", ")),
                |near| format!("did you mean {near}?"),
            ))
        }
        Complaint::AlreadyThere(key) => Some(format!("leave the + out: {key}=…")),
        Complaint::NoKey(key) => {
            let keys = config_keys(translation).unwrap_or_default();
            let underscored = key.replace('-', "_");
            if underscored != *key && keys.contains(&underscored) {
                return Some("put `dashes: underscore` into hydra-shim.yaml".to_owned());
            }
            let last = key.rsplit('.').next().unwrap_or(key);
            let below = |k: &&String| k.rsplit('.').next() == Some(last);
            let same_name: Vec<&String> = keys.iter().filter(below).collect();
            if let [one] = same_name.as_slice() {
                return Some(format!("map it in hydra-shim.yaml: flags: {{{key}: {one}}}"));
            }
            Some(match nearest(key, keys.iter().map(String::as_str)) {
                Some(near) => {
                    format!(
                        "did you mean {near}? Map it in hydra-shim.yaml: flags: {{{key}: {near}}}"
                    )
                }
                None => format!(
                    "the config has no such key; to add it: flags: {{{key}: +{key}}} in hydra-shim.yaml"
                ),
            })
        }
        Complaint::Other => None,
    }
}

/// The keys of the config that composes without any override.
fn config_keys(translation: &Translation) -> Option<Vec<String>> {
    let own: Vec<String> = composing(&translation.overrides)
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
