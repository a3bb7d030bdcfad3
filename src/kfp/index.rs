//! Things by their names: a few are looked through, which costs less than to make a map of them;
//! a file may have a hundred thousand.

use std::collections::BTreeMap;

/// So many are a few.
const FEW: usize = 64;

/// Finds things by their names.
pub(super) enum Index<'a, T> {
    Few(Vec<(&'a str, &'a T)>),
    Many(BTreeMap<&'a str, &'a T>),
}

impl<'a, T> Index<'a, T> {
    /// Of things whose names differ.
    pub(super) fn new(things: &'a [T], name: impl Fn(&'a T) -> &'a str) -> Self {
        let named = things.iter().map(|thing| (name(thing), thing));
        if things.len() <= FEW { Self::Few(named.collect()) } else { Self::Many(named.collect()) }
    }

    /// The one of that name.
    pub(super) fn get(&self, wanted: &str) -> Option<&'a T> {
        match self {
            Self::Few(things) => things.iter().find(|(name, _)| *name == wanted).map(|(_, t)| *t),
            Self::Many(things) => things.get(wanted).copied(),
        }
    }

    /// All names.
    pub(super) fn names(&self) -> Vec<&'a str> {
        match self {
            Self::Few(things) => things.iter().map(|(name, _)| *name).collect(),
            Self::Many(things) => things.keys().copied().collect(),
        }
    }
}

/// The first thing that has the name of one before it, and that one, as indices.
pub(super) fn same_name<'a, T>(
    things: &'a [T],
    name: impl Fn(&'a T) -> &'a str,
) -> Option<(usize, usize)> {
    let mut named = things.iter().map(&name).enumerate();
    if things.len() <= FEW {
        return named.find_map(|(index, this)| {
            let before = things.iter().take(index).position(|thing| name(thing) == this)?;
            Some((index, before))
        });
    }
    let mut seen = BTreeMap::new();
    named.find_map(|(index, this)| Some((index, seen.insert(this, index)?)))
}
