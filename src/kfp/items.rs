//! What a component writes: the one grammar of its `command` and `args`, of which its declarations
//! (and with them the dry run) and `rewrite` are folds.
//!
//! - The arguments start after the command: [`Start`].
//! - A *flag* is text that starts with a dash and is no number. Its value is the one placeholder or
//!   word after it, or what is attached to it (`--name={{$…}}`); it may have none.
//! - One of *Hydra's own flags* is the application's, wherever it is, as soon as a value follows one of
//!   that name that is not one of Hydra's flag: a placeholder, a word after a switch.
//! - An *override* is text with a key in front (`key=…`), placeholders in its value or not. After a
//!   value it stays one; directly after a flag nobody can tell it from a value, unless the rules say
//!   that the flag is a switch (`bool`) or has text for its value (`string`).
//! - Several values after a flag are a list if the rules or the types of all these inputs say so.
//! - An *if* writes one of two such lists. It is a value where nothing in it is a flag or an override.
//! - After `--` all is passed as it is.

mod grammar;
mod start;
mod text;

use std::collections::{HashMap, HashSet};

use super::component::{Component, Element, Port};
use super::placeholder::Piece;
use crate::hydra;
use crate::value::Type;
use grammar::Grammar;
pub use start::Start;
pub(super) use text::{flat, token, written};

/// The type that the rules give a flag (its name without dashes), if they give one: it decides what
/// the component's words after the flag are.
pub type RuleTypes<'a> = dyn Fn(&str) -> Option<Type> + 'a;

/// A component's command line.
#[derive(Debug)]
pub struct Items<'a> {
    /// The elements of `command` and `args`.
    pub elements: Vec<&'a Element>,
    /// Where in them the arguments start.
    pub start: Start,
    /// What the elements from there on are.
    pub arguments: Vec<Item<'a>>,
}

/// One argument of the application, with its value.
#[derive(Debug)]
pub enum Item<'a> {
    /// A flag of the application.
    Flag(Flag<'a>),
    /// One of Hydra's own flags, with the value that the component writes after it.
    HydraFlag(&'a Element, Option<&'a Element>),
    /// An override.
    Override(&'a Element),
    /// None of these: a positional argument.
    Word(&'a Element),
    /// What is written if an input is given, and if it is not.
    If(&'a Element, [Vec<Self>; 2]),
    /// `--` and all that follows it.
    Rest(Vec<&'a Element>),
}

/// A flag of the application.
#[derive(Debug)]
pub struct Flag<'a> {
    /// The element that it is in.
    pub element: &'a Element,
    /// The flag with its dashes.
    pub text: String,
    /// What the component writes for its value.
    pub values: Values<'a>,
}

/// What a component writes for a flag's value.
#[derive(Debug)]
pub enum Values<'a> {
    /// What is in the flag's own element after a `=`; `None` if there is an `if` in it.
    Attached(Option<Vec<Piece>>),
    /// The next element, or nothing: a switch.
    Next(Option<&'a Element>),
    /// The elements of a list.
    List(Vec<&'a Element>),
    /// Elements of which nobody can tell that they are its value.
    Unclear(Vec<&'a Element>, Doubt),
}

/// Why it cannot be told what belongs to a flag.
#[derive(Debug)]
pub struct Doubt {
    /// What is the matter, about the flag.
    pub why: String,
    /// What would make it clear.
    pub help: String,
}

impl<'a> Items<'a> {
    /// Reads a component, whose flags have the types `rules` gives them.
    pub fn of(component: &'a Component, rules: &RuleTypes<'_>) -> Self {
        let elements: Vec<&Element> = component.command.iter().chain(&component.args).collect();
        let start = Start::in_component(component);
        let after = elements.get(start.at..).unwrap_or_default();
        let inputs = by_id(&component.inputs);
        let mut grammar = Grammar { inputs, rules, own: HashSet::new() };
        let mut arguments = grammar.arguments(after);
        grammar.own = named_as_hydras(&arguments);
        if !grammar.own.is_empty() {
            arguments = grammar.arguments(after);
        }
        Self { elements, start, arguments }
    }
}

impl Item<'_> {
    /// How many elements it is.
    pub fn size(&self) -> usize {
        match self {
            Self::Flag(flag) => 1 + flag.after().len(),
            Self::HydraFlag(_, value) => 1 + usize::from(value.is_some()),
            Self::Override(_) | Self::Word(_) | Self::If(..) => 1,
            Self::Rest(elements) => elements.len(),
        }
    }
}

impl<'a> Flag<'a> {
    /// The elements after the flag that belong to it.
    pub fn after(&self) -> &[&'a Element] {
        match &self.values {
            Values::Attached(_) | Values::Next(None) => &[],
            Values::Next(Some(value)) => std::slice::from_ref(value),
            Values::List(values) | Values::Unclear(values, _) => values,
        }
    }

    /// How many of the arguments after the flag are its value, at least and at most.
    pub fn count(&self) -> (usize, usize) {
        count(self.after().iter().copied())
    }
}

/// The application's flags that are named as Hydra's.
fn named_as_hydras(items: &[Item]) -> HashSet<String> {
    let of_item = |item: &Item| match item {
        Item::Flag(flag) if hydra::hydra_flag(&flag.text).is_some() => {
            HashSet::from([flag.text.clone()])
        }
        Item::If(_, branches) => branches.iter().flat_map(|items| named_as_hydras(items)).collect(),
        _ => HashSet::new(),
    };
    items.iter().flat_map(of_item).collect()
}

/// The ports by their names in the compiled pipeline.
pub(super) fn by_id(ports: &[Port]) -> HashMap<&str, &Port> {
    ports.iter().map(|port| (port.id.as_str(), port)).collect()
}

/// How many arguments elements become, at least and at most.
fn count<'a>(elements: impl IntoIterator<Item = &'a Element>) -> (usize, usize) {
    let of_element = |element: &'a Element| match element {
        Element::If { then, otherwise, .. } => {
            let ((a, b), (c, d)) = (count(then), count(otherwise));
            (a.min(c), b.max(d))
        }
        _ => (1, 1),
    };
    let each = elements.into_iter().map(of_element);
    each.fold((0, 0), |(least, most), (a, b)| (least + a, most + b))
}
