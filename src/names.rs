//! Things by their names. A few are looked through, which costs less than a map; a file may have a
//! hundred thousand. One type of map for all, since each further one is some four kilobytes of the
//! binary.

use std::collections::BTreeMap;

/// Places by name.
pub(crate) type Places = BTreeMap<String, usize>;

/// So many are a few.
const FEW: usize = 64;

/// The place of each name; of equal names that of the first.
pub(crate) fn places(names: &[&str]) -> Places {
    let mut places = Places::new();
    for (place, name) in names.iter().enumerate() {
        places.entry((*name).to_owned()).or_insert(place);
    }
    places
}

/// The place of the first name that was there before, and where that was.
pub(crate) fn repeated(names: &[&str]) -> Option<(usize, usize)> {
    let mut each = names.iter().enumerate();
    if names.len() <= FEW {
        return each.find_map(|(place, name)| {
            let before = names.iter().take(place).position(|other| other == name)?;
            Some((place, before))
        });
    }
    let mut places = Places::new();
    each.find_map(|(place, name)| Some((place, places.insert((*name).to_owned(), place)?)))
}

/// Of things with equal names the last, at the place of the first, as in a `dict` of Python.
pub(crate) fn last_of_each<T>(things: Vec<T>, name: impl Fn(&T) -> String) -> Vec<T> {
    let mut places = Places::new();
    let mut kept: Vec<T> = Vec::with_capacity(things.len());
    for thing in things {
        let place = *places.entry(name(&thing)).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(old) => *old = thing,
            None => kept.push(thing),
        }
    }
    kept
}

/// Finds the things of a list by their names.
pub(crate) struct Index<'a, T> {
    things: &'a [T],
    /// In the order of the things.
    pub(crate) names: Vec<&'a str>,
    /// Where there are many.
    places: Option<Places>,
}

impl<'a, T> Index<'a, T> {
    /// Of things whose names differ.
    pub(crate) fn new(things: &'a [T], name: impl Fn(&'a T) -> &'a str) -> Self {
        let names: Vec<&str> = things.iter().map(name).collect();
        let places = (names.len() > FEW).then(|| places(&names));
        Self { things, names, places }
    }

    /// The one of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&'a T> {
        let place = match &self.places {
            None => self.names.iter().position(|other| *other == name),
            Some(places) => places.get(name).copied(),
        };
        place.and_then(|place| self.things.get(place))
    }
}
