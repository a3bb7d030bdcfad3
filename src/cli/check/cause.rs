//! Which argument Hydra complains about, and what would be right.

use super::{complaint_of, compose, compose_with, nodes};
use crate::error::{Error, quote};
use crate::hydra::{self, Complaint, strip_boilerplate};
use crate::nearest::{known_words, nearest};
use crate::token::split_attached;
use crate::translate::{Step, Translation};
use crate::yaml;

/// Measured with hydra-core 1.3.8 and omegaconf 2.3: `k={…}`, `+k={…}`, `++k={…}`, `k.x=…` and `~k` fail.
const NO_DICT_FOR_NULL: &str = "Hydra takes no dict for a typed field that is null (Optional), in any \
    spelling: give the field a value in the config, or the type Any";

/// Hydra's complaint beside the argument that it is about.
pub(super) fn explain(translation: &Translation, stderr: &str) -> Error {
    let complaint = Complaint::read(stderr);
    let said = strip_boilerplate(stderr);
    let step = named_override(&translation.trace, &complaint, stderr)
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
fn named_override<'a>(trace: &'a [Step], complaint: &Complaint, stderr: &str) -> Option<&'a Step> {
    let named = |key: &str| trace.iter().rev().find(|step| step.key.as_deref() == Some(key));
    let quoted_part = || {
        let Complaint::Input(quoted) = complaint else { return None };
        trace.iter().find(|step| step.to.iter().any(|text| text.contains(quoted)))
    };
    let quoted_whole = || {
        let quotes = |step: &&Step| step.to.iter().any(|text| stderr.contains(text.as_str()));
        trace.iter().filter(quotes).max_by_key(|step| step.to.concat().len())
    };
    complaint.key().and_then(named).or_else(quoted_whole).or_else(quoted_part).or_else(|| {
        let full = hydra::full_key(stderr)?;
        let is_about = |key: &str| hydra::is_in(full, key);
        trace.iter().rev().find(|step| step.key.as_deref().is_some_and(is_about))
    })
}

/// Where the complaint names nothing: the step without which it is not made.
fn find_failing_override<'a>(translation: &'a Translation, stderr: &str) -> Option<&'a Step> {
    // Each trial starts Python; this many take some ten seconds.
    const MOST_TRIALS: usize = 32;
    let steps = translation.trace.iter().enumerate().filter(|(_, step)| !step.to.is_empty());
    let mut trials = steps.take(MOST_TRIALS);
    let found = trials.find(|(index, _)| {
        compose_with(translation, *index, &[]).is_ok_and(|output| complaint_of(&output) != stderr)
    });
    found.map(|(_, step)| step)
}

/// What would be right, where that is sure.
fn suggest(complaint: &Complaint, step: &Step, translation: &Translation) -> Option<String> {
    match complaint {
        Complaint::NoOption { option, available, .. } => {
            let available: Vec<&str> = available.iter().map(String::as_str).collect();
            Some(known_words(option, &available, "there is"))
        }
        Complaint::AlreadyThere(key) => Some(format!("leave the + out: {key}=…")),
        Complaint::NotDeletable(_) if hydra::merging(&step.to).is_some() => {
            Some(NO_DICT_FOR_NULL.to_owned())
        }
        Complaint::TypedNull(_) => Some(NO_DICT_FOR_NULL.to_owned()),
        Complaint::NoKey(key) | Complaint::NotDeletable(key) => {
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
    // Hydra's own flags follow the overrides.
    let own = translation.overrides().skip_while(|token| !token.starts_with('-'));
    let output = compose(translation, own, hydra::COMPOSE).ok()?;
    let config = yaml::outline(&String::from_utf8_lossy(&output.stdout), "the config").ok()?;
    let keys = nodes(&config).into_iter().map(|(key, _)| key);
    // The empty one is the config's own, and no override leads into a list.
    Some(keys.filter(|key| !key.is_empty() && !key.contains('[')).collect())
}
