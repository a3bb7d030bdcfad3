//! Which of the elements behind a flag are its values.

use super::assignment::token;
use super::slot::Slot;
use crate::hydra;
use crate::kfp::component::{Element, Part, is_flag};

/// What follows a flag.
pub(super) enum Next<'a> {
    /// Nothing, or another flag.
    Flag,
    /// Elements that can only be values.
    Values(&'a [Slot<'a>]),
    /// Something that may be a value or not; the clause says what.
    Unclear(&'static str),
}

/// What follows a flag; `after` is what follows the list.
pub(super) fn next<'s>(behind: &'s [Slot<'s>], after: Option<&Slot>) -> Next<'s> {
    let Some(first) = behind.first().map(|slot| slot.element).or(after.map(|slot| slot.element))
    else {
        return Next::Flag;
    };
    if let Part::If { then, otherwise, .. } = &first.part {
        let flags = |branch: &[Element]| {
            branch.first().is_none_or(|element| token(element).starts_with("--"))
        };
        return if flags(then) && flags(otherwise) {
            Next::Flag
        } else {
            Next::Unclear("it stands in front of an `if` that may be its value")
        };
    }
    let text = token(first);
    if text.starts_with("--") {
        Next::Flag
    } else if is_flag(&text) {
        Next::Unclear("what follows starts with a dash and may be its value or an option")
    } else if hydra::native_key(&text).is_some() {
        Next::Unclear("what follows may be its value or an override")
    } else if behind.is_empty() {
        Next::Unclear("its value may stand behind the `if`")
    } else {
        let is_value = |slot: &&Slot| {
            let text = token(slot.element);
            !matches!(slot.element.part, Part::If { .. })
                && !is_flag(&text)
                && text != "--"
                && hydra::native_key(&text).is_none()
        };
        let count = behind.iter().take_while(is_value).count();
        Next::Values(behind.get(..count).unwrap_or_default())
    }
}

/// Of the values behind a flag, those that are its own. Behind a placeholder, a word may be meant
/// to stand alone; Hydra refuses it either way.
pub(super) fn own_values<'s>(values: &'s [Slot<'s>]) -> &'s [Slot<'s>] {
    let is_text = |slot: &Slot| matches!(slot.element.part, Part::Text(_));
    let count = match values {
        [first, ..] if is_text(first) => values.len(),
        values => values.iter().take_while(|slot| !is_text(slot)).count(),
    };
    values.get(..count).unwrap_or_default()
}
