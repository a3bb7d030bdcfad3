//! The second pass: which of several settings of a key holds.

use std::collections::HashMap;
use std::mem;

use crate::arguments::{Argument, ArgumentKind};
use crate::error::quote;

use super::translation::shown_from;

/// Of the settings of a key the last holds, at its place, but one that yields only over another such;
/// of a list all items do.
pub(super) fn resolve<'a>(arguments: impl Iterator<Item = Argument<'a>>) -> Vec<Argument<'a>> {
    let mut last: HashMap<String, usize> = HashMap::new();
    // `None`: it is a part of the list at a later place.
    let mut resolved: Vec<Option<Argument>> = Vec::new();
    for mut argument in arguments {
        if let Ok(ArgumentKind::Setting(setting)) = &mut argument.kind
            && let Some(place) = last.insert(setting.flag.key.name.clone(), resolved.len())
            && let Some(slot) = resolved.get_mut(place)
            && let Some(Argument { from, secret, yields, kind: Ok(ArgumentKind::Setting(earlier)) }) =
                slot
        {
            if argument.yields && !*yields {
                last.insert(setting.flag.key.name.clone(), place);
                if setting.value == earlier.value {
                    argument.kind = Ok(ArgumentKind::Dropped);
                } else {
                    setting.replaced_by = Some(quote(&shown_from(from, *secret).join(" ")));
                }
            } else if earlier.is_list() && setting.is_list() {
                setting.follow(earlier);
                from.append(&mut argument.from);
                argument.from = mem::take(from);
                argument.secret |= *secret;
                *slot = None;
            } else {
                let by = shown_from(&argument.from, argument.secret).join(" ");
                earlier.replaced_by = Some(quote(&by));
            }
        }
        resolved.push(Some(argument));
    }
    resolved.into_iter().flatten().collect()
}
