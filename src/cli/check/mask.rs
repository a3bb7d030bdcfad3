//! A config that Hydra printed, without the secrets in it, however YAML spells them.

use std::ops::Range;

use super::nodes;
use crate::declarations::SECRET;
use crate::translate::Translation;
use crate::yaml;

/// The config with [`SECRET`] for what a secret key is set to, for each scalar that holds a secret, and
/// then for each text that is one.
pub(super) fn config(translation: &Translation, config: &str) -> String {
    let Ok(root) = yaml::outline(config, "the config") else {
        return translation.masked(config);
    };
    let steps = translation.trace.iter().filter(|step| step.secret && !step.to.is_empty());
    let keys: Vec<&str> = steps.filter_map(|step| step.key.as_deref()).collect();
    let holds_one = |text: &str| translation.masked(text) != text;
    let mut spans: Vec<Range<usize>> = Vec::new();
    for (key, node) in nodes(&root) {
        let is_inside = spans.last().is_some_and(|last| node.span.start < last.end);
        if !is_inside && (keys.contains(&key.as_str()) || node.text().is_some_and(holds_one)) {
            spans.push(node.span.clone());
        }
    }
    let mut masked = config.to_owned();
    // From the end, so that the places in front stay where they are.
    for span in spans.into_iter().rev() {
        let ends_line = config.get(..span.end).is_some_and(|text| text.ends_with('\n'));
        masked.replace_range(span, &format!("{SECRET}{}", if ends_line { "\n" } else { "" }));
    }
    translation.masked(&masked)
}
