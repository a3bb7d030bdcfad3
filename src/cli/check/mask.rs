//! A config that Hydra printed, without the secrets in it, however YAML spells them.

use std::ops::Range;

use crate::declarations::SECRET;
use crate::translate::Translation;
use crate::yaml::{self, Node};

/// The config with [`SECRET`] for what a secret key is set to, for each scalar that holds a secret, and
/// then for each text that is one.
pub(super) fn config(translation: &Translation, config: &str) -> String {
    let Ok(root) = yaml::parse(config, "the config") else {
        return translation.masked(config);
    };
    let steps = translation.trace.iter().filter(|step| step.secret && !step.to.is_empty());
    let mut secrets = Secrets {
        translation,
        keys: steps.filter_map(|step| step.key.as_deref()).collect(),
        spans: Vec::new(),
    };
    secrets.find(&root, "");
    let mut masked = config.to_owned();
    // From the end, so that the places in front stay where they are.
    for span in secrets.spans.into_iter().rev() {
        let ends_line = config.get(..span.end).is_some_and(|text| text.ends_with('\n'));
        masked.replace_range(span, &format!("{SECRET}{}", if ends_line { "\n" } else { "" }));
    }
    translation.masked(&masked)
}

/// Looks for secrets.
struct Secrets<'a> {
    translation: &'a Translation,
    /// The keys that secrets set.
    keys: Vec<&'a str>,
    /// Where secrets stand, in the text's order.
    spans: Vec<Range<usize>>,
}

impl Secrets<'_> {
    /// Looks through the `node` that `key` leads to.
    fn find(&mut self, node: &Node, key: &str) {
        let holds_one = |text: &str| self.translation.masked(text) != text;
        if self.keys.contains(&key) || node.text().is_some_and(holds_one) {
            self.spans.push(node.span.clone());
            return;
        }
        for item in node.items().unwrap_or_default() {
            // No flag's key leads to an item.
            self.find(item, "-");
        }
        for (name, value) in node.entries().unwrap_or_default() {
            let Some(name) = name.text() else { continue };
            let below = if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
            self.find(value, &below);
        }
    }
}
