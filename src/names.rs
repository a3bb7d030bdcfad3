//! Things by their names: a file may have a hundred thousand of them. One type of map for all, since
//! each further one is some five kilobytes of the binary.

use std::collections::BTreeMap;

/// The place of each name in a list of names.
pub(crate) struct Names<'a>(BTreeMap<&'a str, usize>);

impl<'a> Names<'a> {
    /// Of equal names the first counts.
    pub(crate) fn of(names: &mut dyn Iterator<Item = &'a str>) -> Self {
        let mut places = BTreeMap::new();
        for (place, name) in names.enumerate() {
            places.entry(name).or_insert(place);
        }
        Self(places)
    }

    /// The place of `name`.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }

    /// The names in order, each once, with their places.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (&'a str, usize)> {
        self.0.iter().map(|(name, place)| (*name, *place))
    }

    /// The place of the first name that is not the first of its kind, and of that one.
    pub(crate) fn repeated(names: &mut dyn Iterator<Item = &'a str>) -> Option<(usize, usize)> {
        let mut places = BTreeMap::new();
        names.enumerate().find_map(|(place, name)| Some((place, places.insert(name, place)?)))
    }
}

/// Finds the things of a list by their names.
pub(crate) struct Index<'a, T> {
    things: &'a [T],
    names: Names<'a>,
}

impl<'a, T> Index<'a, T> {
    /// Of things whose names differ.
    pub(crate) fn new(things: &'a [T], name: impl Fn(&'a T) -> &'a str) -> Self {
        Self { things, names: Names::of(&mut things.iter().map(name)) }
    }

    /// The one of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&'a T> {
        self.names.place(name).and_then(|place| self.things.get(place))
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.names.in_order().map(|(name, _)| name)
    }
}
