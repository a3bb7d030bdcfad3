//! The second pass: which of several settings of a key holds.

use std::collections::HashMap;
use std::mem;

use crate::arguments::{Argument, ArgumentKind};
use crate::error::quote;

use super::translation::shown_from;

/// Of the settings of a key the last holds, at its place; one that yields holds only over another such, and is
/// dropped without a word where it says the same. Of a list all items hold.
pub(super) fn resolve<'a>(arguments: impl Iterator<Item = Argument<'a>>) -> Vec<Argument<'a>> {
    let mut last: HashMap<String, usize> = HashMap::new();
    // `None`: it is a part of the list at a later place.
    let mut resolved: Vec<Option<Argument>> = Vec::new();
    for mut argument in arguments {
        if let Ok(ArgumentKind::Setting(setting)) = &mut argument.kind
            && let Some(place) = last.insert(setting.flag.key.name.clone(), resolved.len())
            && let Some(slot) = resolved.get_mut(place)
            && let Some(Argument { from, secret, yields, kind }) = slot
            && let Ok(ArgumentKind::Setting(earlier)) = kind
        {
            let is_same = setting.value == earlier.value;
            if argument.yields && !*yields {
                last.insert(setting.flag.key.name.clone(), place);
                setting.replaced_by = Some(quote(&shown_from(from, *secret).join(" ")));
                if is_same {
                    argument.kind = Ok(ArgumentKind::Dropped);
                }
            } else if earlier.is_list() && setting.is_list() {
                setting.follow(earlier);
                from.append(&mut argument.from);
                argument.from = mem::take(from);
                argument.secret |= *secret;
                *slot = None;
            } else if *yields && is_same {
                *kind = Ok(ArgumentKind::Dropped);
            } else {
                let by = shown_from(&argument.from, argument.secret).join(" ");
                earlier.replaced_by = Some(quote(&by));
            }
        }
        resolved.push(Some(argument));
    }
    resolved.into_iter().flatten().collect()
}
