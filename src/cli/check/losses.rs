//! What a config that composes has not, though nothing complains: values that are missing, and what a
//! dict takes from the config that it replaces.

use std::collections::HashSet;

use super::{complaint_of, compose_with, nodes};
use crate::hydra::{self, strip_boilerplate};
use crate::token::split_attached;
use crate::translate::{Step, Translation};
use crate::yaml::{self, Node};

/// The most keys that a warning names.
const SHOWN: usize = 10;

/// The warnings for `config`, which `translation` composes.
pub(super) fn warnings(translation: &Translation, config: &str) -> Vec<String> {
    let Ok(config) = yaml::outline(config, "the config") else { return Vec::new() };
    let missing: Vec<String> = leaves(&config)
        .filter(|(_, node)| node.text() == Some(hydra::MISSING))
        .map(|(key, _)| key)
        .collect();
    let mut warnings = Vec::new();
    if !missing.is_empty() {
        warnings.push(format!("still missing (`???`): {}", listed(&missing)));
    }
    for (index, step) in translation.trace.iter().enumerate() {
        if let (Some(key), Some(merging)) = (&step.key, hydra::merging(&step.to)) {
            warnings.extend(taken_away(translation, &config, (index, step), key, merging));
        }
    }
    warnings
}

/// What the dict at `key` takes away: the keys that the config has where it is merged, and the schema,
/// if that would refuse it.
fn taken_away(
    translation: &Translation,
    config: &Node,
    (index, step): (usize, &Step),
    key: &str,
    merging: String,
) -> Vec<String> {
    let flag = step.from.first().map_or(key, |from| split_attached(from).0);
    let mut warnings = Vec::new();
    let mut other = compose_with(translation, index, &[merging]);
    if let Ok(output) = &other
        && !output.status.success()
    {
        warnings.push(format!(
            "{flag}: the dict takes the schema of `{key}` away, which would refuse it ({}): \
             `merge: true` on the flag keeps the schema",
            strip_boilerplate(&complaint_of(output))
        ));
        other = compose_with(translation, index, &[]);
    }
    let other = other.ok().filter(|output| output.status.success());
    let other = other.and_then(|output| {
        yaml::outline(&String::from_utf8_lossy(&output.stdout), "the config").ok()
    });
    let below = |root: &Node| -> Vec<String> {
        let inside = |leaf: &String| leaf.strip_prefix(key).is_some_and(|r| r.starts_with('.'));
        leaves(root).map(|(leaf, _)| leaf).filter(inside).collect()
    };
    let kept: HashSet<String> = below(config).into_iter().collect();
    let mut gone = other.map(|other| below(&other)).unwrap_or_default();
    gone.retain(|key| !kept.contains(key));
    if !gone.is_empty() {
        warnings.push(format!(
            "{flag}: the dict replaces the config's, and with it go {}: `merge: true` on the flag \
             keeps them",
            listed(&gone)
        ));
    }
    warnings
}

/// The scalars and empty collections of a config, with the keys that lead to them.
fn leaves(root: &Node) -> impl Iterator<Item = (String, &Node)> {
    let is_leaf = |node: &Node| {
        node.entries().is_none_or(<[_]>::is_empty) && node.items().is_none_or(<[_]>::is_empty)
    };
    nodes(root).into_iter().filter(move |(_, node)| is_leaf(node))
}

/// Keys in a message.
fn listed(keys: &[String]) -> String {
    let shown: Vec<String> = keys.iter().take(SHOWN).map(|key| format!("`{key}`")).collect();
    let more = if keys.len() > SHOWN { ", …" } else { "" };
    shown.join(", ") + more
}
