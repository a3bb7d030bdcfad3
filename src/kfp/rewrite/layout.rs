//! The elements of a list with their places in the file, and what they become.

use super::scalar::Style;
use crate::kfp::component::Element;
use crate::yaml::Node;

/// An element with its node.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    pub(super) node: &'a Node,
    pub(super) element: &'a Element,
    /// The list that it is in, by its first byte.
    pub(super) list: usize,
    /// `None` where it cannot be edited: its list has an anchor or is an alias.
    pub(super) style: Option<Style>,
}

/// What became of a list of elements.
#[derive(Default)]
pub(super) struct Outcome {
    /// The elements that it is now.
    pub(super) parts: Vec<Element>,
    /// For each old element the index of the new one.
    pub(super) places: Vec<usize>,
}

impl Outcome {
    /// Elements that stay as they are.
    pub(super) fn keep(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.replace(1, slot.element.clone());
        }
    }

    /// `count` elements became one.
    pub(super) fn replace(&mut self, count: usize, part: Element) {
        self.places.extend(std::iter::repeat_n(self.parts.len(), count));
        self.parts.push(part);
    }
}

/// The `elements` that are the node of the file `text` to which `keys` lead from `node`.
pub(super) fn slots_of<'a>(
    text: &str,
    node: &'a Node,
    keys: &[&str],
    elements: &'a [Element],
) -> Vec<Slot<'a>> {
    // Where an alias is on the way, that is their place.
    let node = keys.iter().fold(node, |node, key| node.get(key).unwrap_or(node));
    let list = node.span.start;
    let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    let quoted = if is_json { Style::Json } else { Style::Flow };
    let Some(items) = node.items() else {
        // An alias, or a branch that is a single element. Quotes are right wherever it is.
        let slot = |element| Slot { node, element, list, style: Some(quoted) };
        return elements.iter().map(slot).collect();
    };
    let written = text.get(list..).unwrap_or_default();
    let style = match written.as_bytes().first() {
        Some(b'-') => Some(Style::Block),
        Some(b'[') => Some(quoted),
        _ => None,
    };
    let slots = items.iter().zip(elements);
    slots.map(|(node, element)| Slot { node, element, list, style }).collect()
}
