//! What a component writes: the one grammar of its `command` and `args`, of which its declarations
//! (and with them the dry run) and `rewrite` are folds.
//!
//! - The arguments start after the command: [`Start`].
//! - A *flag* is text that starts with a dash and is no number. Its value is the one placeholder or
//!   word after it, or what is attached to it (`--name={{$…}}`); it may have none.
//! - One of *Hydra's own flags* is the application's as soon as a value follows that is not one of
//!   Hydra's flag: a placeholder, a word after a switch.
//! - An *override* is text with a key in front (`key=…`), placeholders in its value or not. After a
//!   value it stays one; directly after a flag nobody can tell it from a value, unless the rules say
//!   that the flag is a switch (`bool`) or has text for its value (`string`).
//! - Several values after a flag are a list if the rules or the types of all these inputs say so.
//! - An *if* writes one of two such lists. It is a value where nothing in it is a flag or an override.
//! - After `--` all is passed as it is.

mod start;

use std::collections::HashMap;

use super::component::{Component, Element, Part, Port, is_flag};
use super::placeholder::{Piece, Placeholder};
use super::types::{Parameter, PortType};
use crate::error::quote;
use crate::hydra::{self, OwnValue};
use crate::value::{self, Type};
pub use start::Start;

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
    /// What is in the flag's own element behind a `=`; `None` if there is an `if` in it.
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
    /// The line of what is in doubt.
    pub line: usize,
    /// What is the matter, about the flag.
    pub why: String,
    /// What would make it clear.
    pub help: String,
}

impl<'a> Items<'a> {
    /// Reads a component, whose flags have the types `rules` gives them.
    pub fn of(component: &'a Component, rules: &RuleTypes<'_>) -> Self {
        let elements: Vec<&Element> = component.command.iter().chain(&component.args).collect();
        let tokens: Vec<String> = elements.iter().map(|element| first_token(element)).collect();
        let start = Start::of(&tokens);
        let grammar = Grammar { inputs: by_id(&component.inputs), rules };
        let arguments = elements.get(start.at..).unwrap_or_default();
        let arguments = grammar.items(arguments, Opening::Nothing);
        Self { elements, start, arguments }
    }

    /// Why it cannot be told what the arguments are for, if it can't.
    pub fn why_unknown(&self) -> Option<&str> {
        if self.runs_kfp_executor() {
            return Some(
                "this is a lightweight Python component, whose flags are for KFP's own executor \
                 and no Hydra application",
            );
        }
        self.start.doubt.as_deref()
    }

    /// Whether this is the command of a lightweight Python component
    /// (`kfp/dsl/component_factory.py`): its flags are for KFP's executor.
    pub fn runs_kfp_executor(&self) -> bool {
        self.elements.iter().any(|element| token(element).contains("executor_main"))
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

/// The ports by their names in the compiled pipeline.
pub(super) fn by_id(ports: &[Port]) -> HashMap<&str, &Port> {
    ports.iter().map(|port| (port.id.as_str(), port)).collect()
}

/// How many arguments elements become, at least and at most.
fn count<'a>(elements: impl IntoIterator<Item = &'a Element>) -> (usize, usize) {
    let of_element = |element: &'a Element| match &element.part {
        Part::If { then, otherwise, .. } => {
            let ((a, b), (c, d)) = (count(then), count(otherwise));
            (a.min(c), b.max(d))
        }
        _ => (1, 1),
    };
    let each = elements.into_iter().map(of_element);
    each.fold((0, 0), |(least, most), (a, b)| (least + a, most + b))
}

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
        match &element.part {
            Part::Text(text) if text == "--" => Self::End,
            Part::Text(text) if is_flag(text) && !text.contains('=') => Self::Flag,
            Part::Text(text) => Self::of_beginning(text),
            Part::Placeholder(_) => Self::Value,
            Part::If { then, otherwise, .. } => {
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
        if let Part::If { then, otherwise, .. } = &element.part {
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

struct Grammar<'a, 'r> {
    inputs: HashMap<&'a str, &'a Port>,
    rules: &'r RuleTypes<'r>,
}

impl<'a> Grammar<'a, '_> {
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
            let item = match (Kind::of(first), &first.part) {
                (Kind::End, _) => Item::Rest(elements.get(at..).unwrap_or_default().to_vec()),
                (Kind::Flag, Part::Text(text)) => self.flag(first, text, rest, next),
                (Kind::Attached, _) => attached(first),
                (Kind::Override, _) => Item::Override(first),
                (_, Part::If { then, otherwise, .. }) => {
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
            && let Some(value) = hydra_value(text, rest, openings.first().copied())
        {
            return Item::HydraFlag(element, value.first().copied());
        }
        let count = rest.iter().take_while(|element| Kind::of(element) == Kind::Value).count();
        let values = rest.get(..count).unwrap_or_default();
        let opening = openings.get(count).copied().unwrap_or(Opening::Nothing);
        let next = rest.get(count).copied();
        let values = self.values(element, text, ty.as_ref(), values, (opening, next));
        Item::Flag(Flag { element, text: text.to_owned(), values })
    }

    /// What of `values` belongs to the flag `text`; `next` follows them, or nothing in this list.
    fn values(
        &self,
        element: &'a Element,
        text: &str,
        ty: Option<&Type>,
        values: &[&'a Element],
        (opening, next): (Opening, Option<&'a Element>),
    ) -> Values<'a> {
        let name = text.trim_start_matches('-');
        let unclear = |element: &Element, why: String, help: String| {
            Values::Unclear(values.to_vec(), Doubt { line: element.line, why, help })
        };
        let (least, most) = count(values.iter().copied());
        let is_word = |value: &Element| matches!(value.part, Part::Text(_));
        if opening == Opening::Value {
            return unclear(
                next.unwrap_or(element),
                "its value may be inside an `if` or after it, among other arguments".to_owned(),
                format!("write {text} and its value into the same branch of the `if`"),
            );
        }
        if least == 0 && opening == Opening::Override {
            return match (ty, next) {
                (Some(Type::Bool), _) if most == 0 => Values::Next(None),
                (Some(Type::Text), Some(value))
                    if most == 0 && Kind::of(value) == Kind::Override =>
                {
                    Values::Next(Some(value))
                }
                _ => unclear(
                    next.unwrap_or(element),
                    format!("what follows, {}, may be its value or an override", shown(next)),
                    format!(
                        "declare in the rules what {text} is: `{name}: {{type: bool}}` for a switch, \
                         `{name}: {{type: string}}` if that is its value"
                    ),
                ),
            };
        }
        let list =
            || format!("if all are its value, declare it in the rules: `{name}: {{type: list}}`");
        match (values, ty) {
            ([], _) => Values::Next(None),
            (values, Some(Type::List(_))) => Values::List(values.to_vec()),
            ([word, ..], Some(Type::Bool)) if is_word(word) && !is_bool(word) => unclear(
                word,
                format!(
                    "the rules declare it bool, and {} after it is no word for true or false",
                    shown(Some(word))
                ),
                "write an override, as key=value, or a flag with its value".to_owned(),
            ),
            ([value], _) if most <= 1 => Values::Next(Some(value)),
            (values, _) if values.iter().all(|value| self.is_list(value)) => {
                Values::List(values.to_vec())
            }
            (values, _) => match values.iter().skip(1).find(|value| is_word(value)) {
                Some(word) => unclear(
                    word,
                    format!(
                        "{} after its value is neither a flag nor an override",
                        shown(Some(word))
                    ),
                    format!("write it as key=value or after a flag of its own; {}", list()),
                ),
                None => unclear(element, format!("it has {most} values"), list()),
            },
        }
    }

    /// Whether all that a value may be are inputs of a list type.
    fn is_list(&self, value: &Element) -> bool {
        match &value.part {
            Part::Placeholder(Placeholder::InputValue(id)) => self
                .inputs
                .get(id.as_str())
                .is_some_and(|port| matches!(port.ty, PortType::Parameter(Parameter::List(_)))),
            Part::If { then, otherwise, .. } => {
                then.iter().chain(otherwise).all(|value| self.is_list(value))
            }
            _ => false,
        }
    }
}

fn is_bool(word: &Element) -> bool {
    matches!(&word.part, Part::Text(text) if value::boolean(text).is_some())
}

/// What of `rest`, which begins with an `opening`, is the value of one of Hydra's own flags; `None` if
/// `text` is a flag of the application.
fn hydra_value<'s, 'a>(
    text: &str,
    rest: &'s [&'a Element],
    opening: Option<Opening>,
) -> Option<&'s [&'a Element]> {
    let word = match rest.first().map(|next| &next.part) {
        Some(Part::Text(text)) if opening >= Some(Opening::Override) => Some(text.as_str()),
        _ => None,
    };
    let takes = match hydra::own_flag(text)?.value {
        OwnValue::None => false,
        OwnValue::Required => word.is_some(),
        OwnValue::Optional(choices) => word.is_some_and(|word| choices.contains(&word)),
    };
    match opening {
        _ if takes => rest.get(..1),
        Some(Opening::Value) => None,
        _ => rest.get(..0),
    }
}

/// `--name=…` in one element.
fn attached(element: &Element) -> Item<'_> {
    let beginning = beginning(&element.part);
    let (flag, _) = beginning.split_once('=').unwrap_or((&beginning, ""));
    if matches!(element.part, Part::Text(_)) && hydra::own_flag(flag).is_some() {
        return Item::HydraFlag(element, None);
    }
    let pieces = flat(&element.part).map(|mut pieces| {
        if let Some(Piece::Text(first)) = pieces.first_mut() {
            *first = first.get(flag.len() + 1..).unwrap_or_default().to_owned();
        }
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        pieces
    });
    Item::Flag(Flag { element, text: flag.to_owned(), values: Values::Attached(pieces) })
}

/// An element for a message.
fn shown(element: Option<&Element>) -> String {
    match element.map(|element| &element.part) {
        None => "after the `if`".to_owned(),
        Some(Part::If { .. }) => "an `if`".to_owned(),
        Some(_) => element.map(|element| quote(&token(element))).unwrap_or_default(),
    }
}

/// The text that a part begins with, up to the first placeholder.
fn beginning(part: &Part) -> String {
    match part {
        Part::Text(text) => text.clone(),
        Part::Template(pieces) => match pieces.first() {
            Some(Piece::Text(text)) => text.clone(),
            _ => String::new(),
        },
        Part::Concat(elements) => {
            let is_text = |element: &&Element| matches!(element.part, Part::Text(_));
            let texts = elements.iter().take_while(is_text).count();
            elements.iter().take(texts + 1).map(|element| beginning(&element.part)).collect()
        }
        Part::Placeholder(_) | Part::If { .. } => String::new(),
    }
}

/// The first of the arguments that an element becomes.
fn first_token(element: &Element) -> String {
    match &element.part {
        Part::If { then, otherwise, .. } => {
            then.first().or(otherwise.first()).map_or_else(String::new, first_token)
        }
        _ => token(element),
    }
}

/// An element as one text: what it is, if it is text; its placeholders as a pipeline writes them.
pub(super) fn token(element: &Element) -> String {
    flat(&element.part).map_or_else(|| "{if}".to_owned(), |pieces| written(&pieces))
}

/// Text and placeholders as a pipeline writes them.
pub(super) fn written(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Placeholder(placeholder) => placeholder.written(),
    };
    pieces.iter().map(text).collect()
}

/// Text and placeholders in a row; `None` if there is an `if` among them.
pub(super) fn flat(part: &Part) -> Option<Vec<Piece>> {
    Some(match part {
        Part::Text(text) => vec![Piece::Text(text.clone())],
        Part::Placeholder(placeholder) => vec![Piece::Placeholder(placeholder.clone())],
        Part::Template(pieces) => pieces.clone(),
        Part::Concat(elements) => {
            let mut joined: Vec<Piece> = Vec::new();
            for element in elements {
                for piece in flat(&element.part)? {
                    match (joined.last_mut(), piece) {
                        (Some(Piece::Text(last)), Piece::Text(text)) => last.push_str(&text),
                        (_, piece) => joined.push(piece),
                    }
                }
            }
            joined
        }
        Part::If { .. } => return None,
    })
}
