//! The second pass: which of several settings of a key holds.

use std::collections::HashMap;

use crate::arguments::{Argument, ArgumentKind, Setting};
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
    // The last setting of each key so far, with its place.
    let mut last: HashMap<String, (usize, Argument)> = HashMap::new();
    let mut placed = Vec::with_capacity(arguments.len());
    for (place, argument) in arguments.into_iter().enumerate() {
        let ArgumentKind::Setting(setting) = &argument.kind else {
            placed.push((place, Resolved { argument, replaced_by: None }));
            continue;
        };
        let key = setting.flag.key.name.clone();
        let argument = match last.remove(&key) {
            Some((earlier_place, earlier)) => match joined(earlier, argument) {
                Ok(joined) => joined,
                Err((argument, later)) => {
                    let by = quote(&shown_from(&later.from, later.secret).join(" "));
                    let replaced = Resolved { argument, replaced_by: Some(by) };
                    placed.push((earlier_place, replaced));
                    later
                }
            },
            None => argument,
        };
        last.insert(key, (place, argument));
    }
    let hold = |(place, argument)| (place, Resolved { argument, replaced_by: None });
    placed.extend(last.into_values().map(hold));
    placed.sort_unstable_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, resolved)| resolved).collect()
}

/// Two settings of a list as one; or both again, where they are not of a list.
fn joined<'a>(
    mut list: Argument<'a>,
    more: Argument<'a>,
) -> Result<Argument<'a>, (Argument<'a>, Argument<'a>)> {
    let is_list = |argument: &Argument| match &argument.kind {
        ArgumentKind::Setting(setting) => setting.is_list(),
        _ => false,
    };
    match (is_list(&list), more) {
        (true, Argument { from, secret, kind: ArgumentKind::Setting(more) }) if more.is_list() => {
            if let ArgumentKind::Setting(setting) = &mut list.kind {
                Setting::add(setting, *more);
            }
            list.from.extend(from);
            list.secret |= secret;
            Ok(list)
        }
        (_, more) => Err((list, more)),
    }
}
