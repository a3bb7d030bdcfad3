//! The check at the end: nothing but what was meant has changed.

use crate::kfp::component::{Component, Element, Part};
use crate::kfp::items::flat;
use crate::yaml::{self, Kind, Node};

/// Whether `new` is the file `old` with these `command` and `args`.
pub(super) fn is_only(old: &Node, new: &str, file: &str, command: &[Part], args: &[Part]) -> bool {
    let Ok(root) = yaml::parse(new, file) else {
        return false;
    };
    let Ok(component) = Component::read(&root, file) else {
        return false;
    };
    same_but_arguments(old, &root, &["implementation", "container"])
        && same_elements(&component.command, command)
        && same_elements(&component.args, args)
}

/// Whether two trees are the same, but for the arguments of the container at `path`.
fn same_but_arguments(a: &Node, b: &Node, path: &[&str]) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Scalar { text: a, plain: p }, Kind::Scalar { text: b, plain: q }) => {
            (a, p) == (b, q)
        }
        (Kind::Sequence(a), Kind::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_but_arguments(a, b, &["-"]))
        }
        (Kind::Mapping(a), Kind::Mapping(b)) => {
            let same = |((k, a), (l, b)): (&(Node, Node), &(Node, Node))| {
                same_but_arguments(k, l, &["-"])
                    && match (path, k.text()) {
                        ([], Some("command" | "args")) => true,
                        ([first, rest @ ..], Some(key)) if *first == key => {
                            same_but_arguments(a, b, rest)
                        }
                        _ => same_but_arguments(a, b, &["-"]),
                    }
            };
            a.len() == b.len() && a.iter().zip(b).all(same)
        }
        _ => false,
    }
}

fn same_elements(elements: &[Element], parts: &[Part]) -> bool {
    elements.len() == parts.len()
        && elements.iter().zip(parts).all(|(element, part)| same(&element.part, part))
}

/// Whether two elements write the same.
fn same(a: &Part, b: &Part) -> bool {
    let all = |a: &[Element], b: &[Element]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.part, &b.part))
    };
    match (a, b) {
        (
            Part::If { input, then, otherwise },
            Part::If { input: other, then: other_then, otherwise: other_otherwise },
        ) => input == other && all(then, other_then) && all(otherwise, other_otherwise),
        (Part::Concat(a), Part::Concat(b)) => all(a, b),
        _ => flat(a).is_some_and(|pieces| Some(pieces) == flat(b)),
    }
}
