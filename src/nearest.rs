//! "Did you mean …?"

use strsim::osa_distance;

use crate::error::{Error, quote};

/// The candidate nearest to `word`, if one is near enough to be meant: at most one edit in three
/// characters (one in any case), and `-`, `_` and case are no difference.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let word = plain(word);
    let most = (word.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (osa_distance(&word, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// An error for a name that is not among `names`.
pub(crate) fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> Error {
    const SHOWN: usize = 10;
    let error = Error::refused(format!("there is no {what} {}", quote(name)));
    let names: Vec<&str> = names.collect();
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| quote(name)).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => error.help(format!("did you mean {}?", quote(near))),
        None if names.is_empty() => error,
        None if names.len() > SHOWN => error.help(format!("there are {}, …", shown.join(", "))),
        None => error.help(format!("there are {}", shown.join(", "))),
    }
}

/// The help for a word that is not among `known`: the nearest, or after `listing` all of them.
pub(crate) fn known_words(word: &str, known: &[&str], listing: &str) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("{listing} {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["learning_rate", "project", "lr"];
        for (word, expected) in [
            ("learning-rate", Some("learning_rate")),
            ("learnin_rate", Some("learning_rate")),
            ("porject", Some("project")),
            ("Lr", Some("lr")),
            ("dataset", None),
            ("rl", Some("lr")),
            ("xyz", None),
        ] {
            assert_eq!(nearest(word, names.into_iter()), expected, "{word:?}");
        }
    }
}
