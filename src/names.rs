//! Things by their names: a file may have a hundred thousand of them. One type of map for all, since
//! each further one is some four kilobytes of the binary.

use std::collections::BTreeMap;

/// Places by name.
pub(crate) type Places = BTreeMap<String, usize>;

/// The place of each name in a list of names; of equal names that of the first.
pub(crate) fn places(names: &mut dyn Iterator<Item = &str>) -> Places {
    let mut places = Places::new();
    for (place, name) in names.enumerate() {
        places.entry(name.to_owned()).or_insert(place);
    }
    places
}

/// The place of the first name that was there before, and where that was.
pub(crate) fn repeated(names: &mut dyn Iterator<Item = &str>) -> Option<(usize, usize)> {
    let mut places = Places::new();
    names
        .enumerate()
        .find_map(|(place, name)| Some((place, places.insert(name.to_owned(), place)?)))
}

/// Finds the things of a list by their names.
pub(crate) struct Index<'a, T> {
    things: &'a [T],
    places: Places,
}

impl<'a, T> Index<'a, T> {
    /// Of things whose names differ.
    pub(crate) fn new(things: &'a [T], name: impl Fn(&'a T) -> &'a str) -> Self {
        Self { things, places: places(&mut things.iter().map(name)) }
    }

    /// The one of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&'a T> {
        self.places.get(name).and_then(|place| self.things.get(*place))
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }
}
