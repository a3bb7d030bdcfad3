//! What a component's command line says about its flags: their names, how many arguments each
//! takes, and of which type they are.

mod written;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::component::{Component, Element, Port};
use super::items::{Flag, Item, Items, RuleTypes, Values, by_id};
use super::placeholder::{Piece, Placeholder};
use super::types::PortType;
use crate::declarations::{self, Declarations, Flags};
use crate::error::{Result, quote};
use crate::hydra::Key;
use crate::value::Type;
use crate::yaml;
use written::{Place, Written};

/// The declarations that a component makes, where the rules give its flags the types `rules`. A
/// flag's key is its name.
///
/// # Errors
/// The component writes a flag twice, or something after it of which nobody can tell whether it is
/// the flag's value, or too many flags whose values may be absent.
pub fn declarations(component: &Component, rules: &RuleTypes<'_>) -> Result<Declarations> {
    let items = Items::of(component, rules);
    let declarer =
        Declarer { component, inputs: by_id(&component.inputs), followers: Cell::new(0) };
    let flags = declarer.flags(&items.arguments, None, false)?;
    declarer.no_duplicates(&flags)?;
    let command = items.elements.iter().take(items.start.at);
    let flags: Flags = flags.into_iter().map(|flag| flag.declaration(component)).collect();
    let is_handed_over = rules("executor_input") == Some(Type::ExecutorInput)
        || flags.iter().any(|flag| flag.ty == Type::ExecutorInput);
    Ok(Declarations {
        flags,
        ports: if is_handed_over { ports(component) } else { Flags::default() },
        literals: literals(&items.arguments).into_iter().map(str::to_owned).collect(),
        command: command.filter_map(|element| text(element)).map(str::to_owned).collect(),
        ..Declarations::default()
    })
}

/// The component's inputs and outputs, as the executor input has them.
fn ports(component: &Component) -> Flags {
    let sides = [("inputs", &component.inputs), ("outputs", &component.outputs)];
    let ports =
        sides.into_iter().flat_map(|(side, ports)| ports.iter().map(move |port| (side, port)));
    let flags = ports.map(|(side, port)| {
        let ty = match port.ty {
            PortType::Parameter(parameter) if side == "inputs" => parameter.ty(),
            _ => Type::Path,
        };
        let (name, key) = (format!("{side}.{}", port.id), Key::existing(&port.id));
        let mut flag = declarations::Flag::new(&name, key, ty, component.source(&port.name));
        // With a default KFP never passes null.
        flag.nullable = port.optional && port.default.is_none();
        flag
    });
    flags.collect()
}

/// What the component itself writes beside the flags that it declares and their values.
fn literals<'x>(items: &'x [Item]) -> Vec<&'x str> {
    let of_item = |item: &'x Item| match item {
        Item::Flag(flag) if !is_literal(flag) => Vec::new(),
        Item::Flag(Flag { element, .. }) | Item::Override(element) | Item::Word(element) => {
            text(element).into_iter().collect()
        }
        Item::HydraFlag(flag, value) => {
            text(flag).into_iter().chain(value.and_then(text)).collect()
        }
        Item::If(_, branches) => branches.iter().flat_map(|items| literals(items)).collect(),
        Item::Rest(elements) => elements.iter().filter_map(|element| text(element)).collect(),
    };
    items.iter().flat_map(of_item).collect()
}

/// The text of an element without placeholders.
fn text(element: &Element) -> Option<&str> {
    match element {
        Element::Text(text) => Some(text),
        _ => None,
    }
}

/// Whether a flag and its value are a single text, `--name=value`: nothing fills it in.
fn is_literal(flag: &Flag) -> bool {
    matches!(flag.values, Values::Attached(_)) && text(flag.element).is_some()
}

/// What follows an item: the rest of its list, and what follows that.
#[derive(Clone, Copy)]
struct After<'s, 'x> {
    items: &'x [Item<'x>],
    outer: Option<&'s Self>,
}

struct Declarer<'x> {
    component: &'x Component,
    /// By their names in the compiled pipeline.
    inputs: HashMap<&'x str, &'x Port>,
    /// How many followers the flags have, all together.
    followers: Cell<usize>,
}

impl<'x> Declarer<'x> {
    /// The flags among `items`; `are_alternatives`: inside an `if` with arguments in both branches,
    /// of which the other may write fewer values for the same flag.
    fn flags(
        &self,
        items: &'x [Item<'x>],
        outer: Option<&After<'_, 'x>>,
        are_alternatives: bool,
    ) -> Result<Vec<Written<'x>>> {
        let mut flags: Vec<Written<'x>> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let after = After { items: items.get(index + 1..).unwrap_or_default(), outer };
            match item {
                Item::Flag(flag) if !is_literal(flag) => {
                    let mut written = self.written(flag)?;
                    if are_alternatives || written.is_variable() {
                        written.followers = self.followers(flag, &after)?;
                    }
                    flags.push(written);
                }
                Item::If(_, [then, otherwise]) => {
                    let both = are_alternatives || !(then.is_empty() || otherwise.is_empty());
                    let then = self.flags(then, Some(&after), both)?;
                    flags.extend(united(then, self.flags(otherwise, Some(&after), both)?));
                }
                _ => {}
            }
        }
        Ok(flags)
    }

    fn written(&self, flag: &'x Flag<'x>) -> Result<Written<'x>> {
        let (place, count) = match &flag.values {
            Values::Attached(pieces) => {
                let place = match pieces.as_deref() {
                    Some([Piece::Placeholder(placeholder)]) => self.filled(placeholder),
                    _ => Place::filled(Type::Text, false),
                };
                (Some(place), (1, 1))
            }
            Values::Unclear(_, doubt) => {
                let message = format!("{}: {}", flag.text, doubt.why);
                return Err(self.component.source(&flag.text).refuse(message).help(&doubt.help));
            }
            Values::Next(_) | Values::List(_) => {
                (self.place(flag.after().iter().copied()), flag.count())
            }
        };
        let is_list = matches!(flag.values, Values::List(_));
        Ok(Written { text: &flag.text, place, count, is_list, followers: Vec::new() })
    }

    /// What is written at one place, by any of `values`.
    fn place(&self, values: impl Iterator<Item = &'x Element>) -> Option<Place<'x>> {
        let of_value = |value: &'x Element| match value {
            Element::Text(text) => Some(Place::literal(text)),
            Element::Placeholder(placeholder) => Some(self.filled(placeholder)),
            Element::Template(_) | Element::Concat(_) => Some(Place::filled(Type::Text, false)),
            Element::If { then, otherwise, .. } => self.place(then.iter().chain(otherwise)),
        };
        values.filter_map(of_value).reduce(Place::or)
    }

    /// What a placeholder fills in.
    fn filled(&self, placeholder: &Placeholder) -> Place<'x> {
        match placeholder {
            Placeholder::InputValue(id) => match self.inputs.get(id.as_str()) {
                Some(port) => {
                    let ty = match port.ty {
                        PortType::Parameter(parameter) => parameter.ty(),
                        // KFP v1 passed any input by value, as text.
                        PortType::Artifact => Type::Text,
                    };
                    // With a default KFP never passes null.
                    Place::filled(ty, port.optional && port.default.is_none())
                }
                None => Place::filled(Type::Text, false),
            },
            Placeholder::InputPath(_)
            | Placeholder::InputUri(_)
            | Placeholder::OutputPath(_)
            | Placeholder::OutputUri(_)
            | Placeholder::OutputFile(_) => Place::filled(Type::Path, false),
            Placeholder::ExecutorInput => Place::filled(Type::ExecutorInput, false),
            Placeholder::Other(_) => Place::filled(Type::Text, false),
        }
    }

    /// What may be the next argument where the values of `flag` are absent.
    fn followers(&self, flag: &Flag, after: &After<'_, 'x>) -> Result<Vec<&'x str>> {
        let mut found = Vec::new();
        let mut outer = Some(after);
        while let Some(After { items, outer: next }) = outer {
            let first = first_of(items);
            found.extend(first.texts);
            outer = next.filter(|_| first.may_be_absent);
        }
        self.followers.set(self.followers.get() + found.len());
        // Of flags in a row that may all be absent each is followed by all after it.
        if self.followers.get() > yaml::MAX_NODES {
            let message = "too many flags in a row whose values may be absent";
            return Err(self.component.source(&flag.text).refuse(message));
        }
        Ok(found)
    }

    fn no_duplicates(&self, flags: &[Written]) -> Result<()> {
        let mut texts = HashSet::with_capacity(flags.len());
        match flags.iter().find(|flag| !texts.insert(flag.text)) {
            None => Ok(()),
            Some(Written { text, .. }) => Err(self
                .component
                .source(text)
                .refuse(format!("the flag {} is written twice", quote(text)))
                .help("a flag's last value would count; write it once")),
        }
    }
}

/// The texts that a list of items may begin with.
struct First<'x> {
    texts: Vec<&'x str>,
    /// The list may write nothing.
    may_be_absent: bool,
}

fn first_of<'x>(items: &'x [Item<'x>]) -> First<'x> {
    let mut texts = Vec::new();
    for item in items {
        match item {
            Item::Flag(flag) if is_literal(flag) => texts.extend(text(flag.element)),
            Item::Flag(flag) => texts.push(flag.text.as_str()),
            Item::HydraFlag(element, _) | Item::Override(element) | Item::Word(element) => {
                texts.extend(text(element));
            }
            Item::Rest(elements) => texts.extend(elements.first().and_then(|end| text(end))),
            Item::If(_, branches) => {
                let [then, otherwise] = branches.each_ref().map(|items| first_of(items));
                texts.extend(then.texts.into_iter().chain(otherwise.texts));
                if then.may_be_absent || otherwise.may_be_absent {
                    continue;
                }
            }
        }
        return First { texts, may_be_absent: false };
    }
    First { texts, may_be_absent: true }
}

/// The flags of both branches of an `if`: those that either writes are one. A flag that a branch
/// writes twice stays so.
fn united<'x>(then: Vec<Written<'x>>, otherwise: Vec<Written<'x>>) -> Vec<Written<'x>> {
    let mut others: HashMap<&str, Written> = HashMap::new();
    let mut again = Vec::new();
    let mut order = Vec::with_capacity(otherwise.len());
    for flag in otherwise {
        order.push(flag.text);
        again.extend(others.insert(flag.text, flag));
    }
    let mut flags: Vec<Written> = then
        .into_iter()
        .map(|flag| match others.remove(flag.text) {
            Some(other) => flag.or(other),
            None => flag,
        })
        .collect();
    flags.extend(order.into_iter().filter_map(|text| others.remove(text)));
    flags.extend(again);
    flags
}
