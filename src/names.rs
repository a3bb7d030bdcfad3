//! Things by their names.

use std::collections::HashMap;

/// The place of the first name that was there before, and where that was.
pub(crate) fn repeated(names: &[&str]) -> Option<(usize, usize)> {
    let mut places = HashMap::new();
    let mut each = names.iter().enumerate();
    each.find_map(|(place, name)| Some((place, places.insert(*name, place)?)))
}

/// Of things with equal names the last, at the place of the first, as in a `dict` of Python.
pub(crate) fn last_of_each<T>(things: Vec<T>, name: impl Fn(&T) -> String) -> Vec<T> {
    let mut places = HashMap::new();
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
