//! Which elements are what, and which of them belong to a flag.

use std::collections::{HashMap, HashSet};

use super::text::{beginning, flat, token};
use super::{Doubt, Flag, Item, RuleTypes, Values, count};
use crate::error::quote;
use crate::hydra::{self, FlagValue};
use crate::kfp::component::{Element, Port, is_flag};
use crate::kfp::placeholder::{Piece, Placeholder};
use crate::kfp::types::{Parameter, PortType};
use crate::value::{self, Type};

/// What an element is by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `--`
    End,
    /// `--name`
    Flag,
    /// `--name=…`
    Attached,
    Override,
    /// An `if` with a flag or an override in it.
    If,
    /// Anything that may be a value.
    Value,
}

impl Kind {
    fn of(element: &Element) -> Self {
        match element {
            Element::Text(text) if text == "--" => Self::End,
            Element::Text(text) if is_flag(text) && !text.contains('=') => Self::Flag,
            Element::Text(text) => Self::of_beginning(text),
            Element::Placeholder(_) => Self::Value,
            Element::If { then, otherwise, .. } => {
                let mut inside = then.iter().chain(otherwise);
                let is_value = inside.all(|element| Self::of(element) == Self::Value);
                if is_value { Self::Value } else { Self::If }
            }
            part => Self::of_beginning(&beginning(part)),
        }
    }

    /// Of text that may go on with placeholders.
    fn of_beginning(text: &str) -> Self {
        if is_flag(text) && text.contains('=') {
            Self::Attached
        } else if hydra::native_key(text).is_some() {
            Self::Override
        } else {
            Self::Value
        }
    }
}

/// What follows a flag, the most doubtful last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Opening {
    Nothing,
    Flag,
    Override,
    Value,
}

impl Opening {
    /// What `element` begins with, if `next` follows it.
    fn of(element: &Element, next: Self) -> Self {
        if let Element::If { then, otherwise, .. } = element {
            let branch = |elements: &[Element]| {
                elements.iter().rev().fold(next, |next, element| Self::of(element, next))
            };
            return branch(then).max(branch(otherwise));
        }
        match Kind::of(element) {
            Kind::End | Kind::Flag | Kind::Attached => Self::Flag,
            Kind::Override => Self::Override,
            Kind::If | Kind::Value => Self::Value,
        }
    }
}

/// Reads elements by the types of the inputs, and by those that the rules give.
pub(super) struct Grammar<'a, 'r> {
    /// By their names in the compiled pipeline.
    pub(super) inputs: HashMap<&'a str, &'a Port>,
    pub(super) rules: &'r RuleTypes<'r>,
    /// The application's flags that are named as Hydra's, as far as they are known.
    pub(super) own: HashSet<String>,
}

impl<'a> Grammar<'a, '_> {
    /// All arguments of the application.
    pub(super) fn arguments(&self, elements: &[&'a Element]) -> Vec<Item<'a>> {
        self.items(elements, Opening::Nothing)
    }

    /// The items of a list; `after` follows it.
    fn items(&self, elements: &[&'a Element], after: Opening) -> Vec<Item<'a>> {
        let mut openings = vec![after];
        for element in elements.iter().rev() {
            let next = openings.last().copied().unwrap_or(after);
            openings.push(Opening::of(element, next));
        }
        openings.reverse();
        let mut items = Vec::new();
        let mut at = 0;
        while let Some((first, rest)) = elements.get(at..).and_then(<[_]>::split_first) {
            let next = openings.get(at + 1..).unwrap_or_default();
            let item = match (Kind::of(first), first) {
                (Kind::End, _) => Item::Rest(elements.get(at..).unwrap_or_default().to_vec()),
                (Kind::Flag, Element::Text(text)) => self.flag(first, text, rest, next),
                (Kind::Attached, _) => self.attached(first),
                (Kind::Override, _) => Item::Override(first),
                (_, Element::If { then, otherwise, .. }) => {
                    let after = next.first().copied().unwrap_or(after);
                    let branch = |elements: &'a [Element]| {
                        self.items(&elements.iter().collect::<Vec<_>>(), after)
                    };
                    Item::If(first, [branch(then), branch(otherwise)])
                }
                _ => Item::Word(first),
            };
            at += item.size();
            items.push(item);
        }
        items
    }

    /// The flag `text`, which `rest` follows; `openings` are what each of these and the end begins
    /// with.
    fn flag(
        &self,
        element: &'a Element,
        text: &str,
        rest: &[&'a Element],
        openings: &[Opening],
    ) -> Item<'a> {
        let ty = (self.rules)(text.trim_start_matches('-'));
        if ty.is_none()
            && !self.own.contains(text)
            && let Some(value) = hydra_value(text, rest, openings.first().copied())
        {
            return Item::HydraFlag(element, value.first().copied());
        }
        let count = rest.iter().take_while(|element| Kind::of(element) == Kind::Value).count();
        let values = rest.get(..count).unwrap_or_default();
        let opening = openings.get(count).copied().unwrap_or(Opening::Nothing);
        let next = rest.get(count).copied();
        let belonging = self.values(text, ty.as_ref(), values, (opening, next));
        let values = belonging.unwrap_or_else(|doubt| Values::Unclear(values.to_vec(), doubt));
        Item::Flag(Flag { element, text: text.to_owned(), values })
    }

    /// What of `values` belongs to the flag `text` of type `ty`, if the rules give it one; `next`
    /// follows them, or nothing in this list.
    fn values(
        &self,
        text: &str,
        ty: Option<&Type>,
        values: &[&'a Element],
        (opening, next): (Opening, Option<&'a Element>),
    ) -> Result<Values<'a>, Doubt> {
        let name = text.trim_start_matches('-');
        let (least, most) = count(values.iter().copied());
        if opening == Opening::Value {
            let why = "its value may be inside an `if` or after it, among other arguments";
            let help = format!("write {text} and its value into the same branch of the `if`");
            return Err(Doubt { why: why.to_owned(), help });
        }
        if least == 0 && opening == Opening::Override {
            let is_override = |value: &&Element| Kind::of(value) == Kind::Override;
            return match (ty, next.filter(is_override)) {
                (Some(Type::Bool), _) if most == 0 => Ok(Values::Next(None)),
                (Some(Type::Text), Some(value)) if most == 0 => Ok(Values::Next(Some(value))),
                _ => {
                    let why =
                        format!("what follows, {}, may be its value or an override", shown(next));
                    let help = format!(
                        "declare in the rules what {text} is: `{name}: {{type: bool}}` for a switch, \
                         `{name}: {{type: string}}` if that is its value"
                    );
                    Err(Doubt { why, help })
                }
            };
        }
        let is_switch = ty == Some(&Type::Bool);
        let is_positional = |(place, value): &(usize, &&Element)| {
            is_word(value) && (*place > 0 || (is_switch && !is_bool(value)))
        };
        let list =
            format!("if all are its value, declare it in the rules: `{name}: {{type: list}}`");
        match (values, values.iter().enumerate().find(is_positional)) {
            ([], _) => Ok(Values::Next(None)),
            (values, _) if matches!(ty, Some(Type::List(_))) => Ok(Values::List(values.to_vec())),
            (_, Some((_, word))) => {
                let shown = shown(Some(word));
                let why =
                    format!("{shown} after it is neither its value nor a flag nor an override");
                let help = format!("write it as key=value or after a flag of its own; {list}");
                Err(Doubt { why, help })
            }
            ([value, empty @ ..], _) if most <= 1 && count(empty.iter().copied()).1 == 0 => {
                Ok(Values::Next(Some(value)))
            }
            (values, _) if values.iter().all(|value| self.is_list(value)) => {
                Ok(Values::List(values.to_vec()))
            }
            _ => Err(Doubt { why: format!("it has {most} values"), help: list }),
        }
    }

    /// `--name=…` in one element.
    fn attached(&self, element: &'a Element) -> Item<'a> {
        let beginning = beginning(element);
        let (flag, _) = beginning.split_once('=').unwrap_or((&beginning, ""));
        let is_hydras = hydra::hydra_flag(flag).is_some() && !self.own.contains(flag);
        if is_hydras && matches!(*element, Element::Text(_)) {
            return Item::HydraFlag(element, None);
        }
        let pieces = flat(element).map(|mut pieces| {
            if let Some(Piece::Text(first)) = pieces.first_mut() {
                *first = first.get(flag.len() + 1..).unwrap_or_default().to_owned();
            }
            pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
            pieces
        });
        Item::Flag(Flag { element, text: flag.to_owned(), values: Values::Attached(pieces) })
    }

    /// Whether all that a value may be are inputs of a list type.
    fn is_list(&self, value: &Element) -> bool {
        match value {
            Element::Placeholder(Placeholder::InputValue(id)) => self
                .inputs
                .get(id.as_str())
                .is_some_and(|port| matches!(port.ty, PortType::Parameter(Parameter::List(_)))),
            Element::If { then, otherwise, .. } => {
                then.iter().chain(otherwise).all(|value| self.is_list(value))
            }
            _ => false,
        }
    }
}

fn is_word(element: &Element) -> bool {
    matches!(*element, Element::Text(_))
}

fn is_bool(word: &Element) -> bool {
    matches!(word, Element::Text(text) if value::boolean(text).is_some())
}

/// What of `rest`, which begins with an `opening`, is the value of one of Hydra's own flags; `None` if
/// `text` is a flag of the application.
fn hydra_value<'s, 'a>(
    text: &str,
    rest: &'s [&'a Element],
    opening: Option<Opening>,
) -> Option<&'s [&'a Element]> {
    let word = match rest.first() {
        Some(Element::Text(text)) if opening >= Some(Opening::Override) => Some(text.as_str()),
        _ => None,
    };
    let takes = match hydra::hydra_flag(text)?.value {
        FlagValue::None => false,
        FlagValue::Required => word.is_some(),
        FlagValue::Optional(choices) => word.is_some_and(|word| choices.contains(&word)),
    };
    match opening {
        _ if takes => rest.get(..1),
        Some(Opening::Value) => None,
        _ => rest.get(..0),
    }
}

/// An element for a message.
fn shown(element: Option<&Element>) -> String {
    match element {
        None => "after the `if`".to_owned(),
        Some(Element::If { .. }) => "an `if`".to_owned(),
        Some(_) => element.map(|element| quote(&token(element))).unwrap_or_default(),
    }
}
