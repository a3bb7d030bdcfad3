//! The second pass: which of several settings of a key holds.

use std::collections::HashMap;

use crate::arguments::{Argument, ArgumentKind};
use crate::error::quote;

use super::translation::shown_from;

/// An argument, and what sets its key again.
pub(super) struct Resolved<'a> {
    pub(super) argument: Argument<'a>,
    /// A later argument that sets the same key, as it may be shown.
    pub(super) replaced_by: Option<String>,
}

/// Of the settings of a key the last holds, at its place; of a list all items do.
pub(super) fn resolve(arguments: Vec<Argument<'_>>) -> Vec<Resolved<'_>> {
    let mut last: HashMap<String, usize> = HashMap::new();
    // `None`: it is a part of the list at a later place.
    let mut resolved: Vec<Option<Resolved>> = Vec::with_capacity(arguments.len());
    for mut argument in arguments {
        let place = resolved.len();
        let earlier = match &argument.kind {
            ArgumentKind::Setting(setting) => last.insert(setting.flag.key.name.clone(), place),
            _ => None,
        };
        if let Some(slot) = earlier.and_then(|earlier| resolved.get_mut(earlier)) {
            match slot.take() {
                Some(before) if is_list(&before.argument) && is_list(&argument) => {
                    argument = joined(before.argument, argument);
                }
                earlier => {
                    let by = quote(&shown_from(&argument.from, argument.secret).join(" "));
                    *slot = earlier.map(|earlier| Resolved { replaced_by: Some(by), ..earlier });
                }
            }
        }
        resolved.push(Some(Resolved { argument, replaced_by: None }));
    }
    resolved.into_iter().flatten().collect()
}

fn is_list(argument: &Argument) -> bool {
    matches!(&argument.kind, ArgumentKind::Setting(setting) if setting.is_list())
}

/// Two settings of a list as one.
fn joined<'a>(mut list: Argument<'a>, more: Argument<'a>) -> Argument<'a> {
    if let (ArgumentKind::Setting(list), ArgumentKind::Setting(more)) = (&mut list.kind, more.kind)
    {
        list.add(*more);
    }
    list.from.extend(more.from);
    list.secret |= more.secret;
    list
}
