//! What a component's command line says about its flags: their names, how many arguments each
//! takes, and of which type.

mod written;

use super::component::{Component, Element, Part, Port, is_flag};
use super::placeholder::{Piece, Placeholder};
use super::types::PortType;
use crate::command_line;
use crate::declarations::Declarations;
use crate::error::{Error, Result, quote};
use crate::hydra;
use crate::names::{self, Index};
use crate::value::Type;
use crate::yaml;
use written::{Place, Places, Written};

/// Stands for a placeholder where the end of the command is looked for: no flag, no script.
const SOME_VALUE: String = String::new();

/// The type that the rules give a flag (its name without dashes), if they give one: it decides what
/// the component's words after the flag are.
pub type RuleTypes<'a> = dyn Fn(&str) -> Option<Type> + 'a;

/// The declarations that a component makes, where the rules say `_rules` of its flags. A flag's key
/// is its name.
///
/// # Errors
/// The component writes a flag twice, or too many whose values may be absent.
pub fn declarations(component: &Component, _rules: &RuleTypes<'_>) -> Result<Declarations> {
    let elements: Vec<&Element> = component.command.iter().chain(&component.args).collect();
    let tokens: Vec<String> = elements
        .iter()
        .map(|element| match &element.part {
            Part::Text(text) => text.clone(),
            _ => SOME_VALUE,
        })
        .collect();
    let mut walk = Walk {
        file: &component.file,
        inputs: Index::new(&component.inputs, |port| &port.id),
        flags: Vec::new(),
        literals: Vec::new(),
        open: None,
        waiting: Vec::new(),
        followers: 0,
        alternatives: false,
    };
    let start = command_line::arguments_start(&tokens);
    walk.elements(elements.get(start..).unwrap_or_default().iter().copied())?;
    walk.close();
    walk.no_duplicates()?;
    Ok(Declarations {
        flags: walk.flags.into_iter().map(|flag| flag.declaration(&component.file)).collect(),
        literals: walk.literals,
        command: tokens.into_iter().take(start).filter(|word| !word.is_empty()).collect(),
        ..Declarations::default()
    })
}

struct Walk<'a> {
    file: &'a str,
    /// By their names in the compiled pipeline.
    inputs: Index<'a, Port>,
    flags: Vec<Written<'a>>,
    literals: Vec<String>,
    /// The flag whose values are still being read.
    open: Option<Written<'a>>,
    /// The flags, by index, whose values may be absent, and that wait for what is written next. In
    /// order.
    waiting: Vec<usize>,
    /// How many followers the flags have, all together.
    followers: usize,
    /// Inside an `if` with flags in both branches, of which one may have more values: all wait.
    alternatives: bool,
}

impl<'a> Walk<'a> {
    fn elements(&mut self, elements: impl Iterator<Item = &'a Element>) -> Result<()> {
        for element in elements {
            match &element.part {
                Part::Text(text) if text == "--" => {
                    self.close();
                    return self.follow(text, element.line);
                }
                Part::Text(text) if is_flag(text) && text.contains('=') => {
                    self.close();
                    self.follow(text, element.line)?;
                    self.literals.push(text.clone());
                }
                Part::Text(text) if is_flag(text) => self.open(text, element.line)?,
                Part::Template(_) | Part::Concat(_) if holds_flag(element) => {
                    self.joined(&element.part, element.line)?;
                }
                Part::If { then, otherwise, .. } if holds_flag(element) => {
                    self.condition(then, otherwise, element.line)?;
                }
                Part::If { then, otherwise, .. } => {
                    let places = self.places(then).or(self.places(otherwise));
                    self.values(places, element.line)?;
                }
                part => {
                    let place = self.place(part);
                    match &mut self.open {
                        Some(open) => open.places.push(place),
                        None => self.values(Places::of(place), element.line)?,
                    }
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, text: &'a str, line: usize) -> Result<()> {
        self.close();
        self.follow(text, line)?;
        self.open = Some(Written::new(text, line));
        Ok(())
    }

    /// `text` is written next.
    fn follow(&mut self, text: &'a str, line: usize) -> Result<()> {
        self.followers += self.waiting.len();
        // Of flags in a row that may all be absent each is followed by all behind it.
        if self.followers > yaml::MAX_NODES {
            let message = "too many flags in a row whose values may be absent";
            return Err(Error::in_line(self.file, line, message));
        }
        for index in self.waiting.drain(..) {
            if let Some(flag) = self.flags.get_mut(index) {
                flag.followers.push(text);
            }
        }
        Ok(())
    }

    /// Elements without a flag: values of the flag before them, or words of their own.
    fn values(&mut self, places: Places<'a>, line: usize) -> Result<()> {
        if let Some(open) = &mut self.open {
            open.places.extend(places);
            return Ok(());
        }
        for text in places.literals() {
            self.follow(text, line)?;
            self.literals.push(text.to_owned());
        }
        Ok(())
    }

    /// The places of elements without a flag.
    fn places(&self, elements: &'a [Element]) -> Places<'a> {
        let mut places = Places::default();
        for element in elements {
            match &element.part {
                Part::If { then, otherwise, .. } => {
                    places.extend(self.places(then).or(self.places(otherwise)));
                }
                part => places.push(self.place(part)),
            }
        }
        places
    }

    /// The place of an element that is a single value.
    fn place(&self, part: &'a Part) -> Place<'a> {
        match part {
            Part::Text(text) => Place::literal(text),
            Part::Placeholder(placeholder) => self.filled(placeholder),
            // Text with placeholders in it; without a flag before it an override that the YAML
            // already writes for Hydra.
            _ => Place::filled(Type::Text, false),
        }
    }

    /// A flag and its value in one.
    fn joined(&mut self, part: &'a Part, line: usize) -> Result<()> {
        let Some((flag, value)) = joined(part) else { return Ok(()) };
        self.open(flag, line)?;
        let place = match value {
            Some(placeholder) => self.filled(placeholder),
            None => Place::filled(Type::Text, false),
        };
        if let Some(open) = &mut self.open {
            open.places.push(place);
        }
        self.close();
        Ok(())
    }

    /// An `if` with flags in it: up to the first of them its elements are values of the flag before.
    fn condition(
        &mut self,
        then: &'a [Element],
        otherwise: &'a [Element],
        line: usize,
    ) -> Result<()> {
        let (then, then_flags) = up_to_flag(then);
        let (otherwise, other_flags) = up_to_flag(otherwise);
        self.values(self.places(then).or(self.places(otherwise)), line)?;
        self.close();
        self.branches(then_flags, other_flags)
    }

    /// The branches exclude each other: both may write a flag, and what is written next to the flags
    /// before is what either begins with.
    fn branches(&mut self, then: &'a [Element], otherwise: &'a [Element]) -> Result<()> {
        let both = !then.is_empty() && !otherwise.is_empty();
        let outside = self.alternatives;
        self.alternatives |= both;
        let (start, before) = (self.flags.len(), self.waiting.clone());
        self.elements(then.iter())?;
        self.close();
        let waiting = std::mem::replace(&mut self.waiting, before);
        let middle = self.flags.len();
        self.elements(otherwise.iter())?;
        self.close();
        self.alternatives = outside;
        if both {
            self.unite(start, middle);
        }
        self.waiting.extend(waiting);
        if !self.alternatives {
            let flags = &self.flags;
            self.waiting.retain(|&index| flags.get(index).is_some_and(Written::is_variable));
        }
        self.waiting.sort_unstable();
        self.waiting.dedup();
        Ok(())
    }

    /// Makes one of each flag that is among those from `start` and among those from `middle` on.
    fn unite(&mut self, start: usize, middle: usize) {
        let others = self.flags.split_off(middle);
        let texts: Vec<&str> = self.flags.iter().skip(start).map(|flag| flag.text).collect();
        let first = names::places(&texts);
        // One that is written twice stays so: an error, found later.
        let mut united = vec![false; middle - start];
        let mut moved = Vec::with_capacity(others.len());
        for other in others {
            let place = first.get(other.text).filter(|place| {
                united.get_mut(**place).is_some_and(|united| !std::mem::replace(united, true))
            });
            let index = place.map_or(self.flags.len(), |place| start + place);
            moved.push(index);
            match self.flags.get_mut(index) {
                Some(flag) => *flag = std::mem::take(flag).or(other),
                None => self.flags.push(other),
            }
        }
        for index in &mut self.waiting {
            let from_middle = index.checked_sub(middle);
            *index = from_middle.and_then(|i| moved.get(i)).copied().unwrap_or(*index);
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        // One of Hydra's own flags that the component itself writes is meant for Hydra.
        if open.places.are_literal() && hydra::own_flag(open.text).is_some() {
            self.literals.push(open.text.to_owned());
            self.literals.extend(open.places.literals().map(str::to_owned));
            return;
        }
        if self.alternatives || open.is_variable() {
            self.waiting.push(self.flags.len());
        }
        self.flags.push(open);
    }

    /// The place that a placeholder fills in.
    fn filled(&self, placeholder: &Placeholder) -> Place<'a> {
        match placeholder {
            Placeholder::InputValue(id) => match self.inputs.get(id) {
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
            Placeholder::ExecutorInput | Placeholder::Other(_) => Place::filled(Type::Text, false),
        }
    }

    fn no_duplicates(&self) -> Result<()> {
        let texts: Vec<&str> = self.flags.iter().map(|flag| flag.text).collect();
        let twice = names::repeated(&texts)
            .and_then(|(i, first)| Some((self.flags.get(i)?, self.flags.get(first)?)));
        let Some((flag, first)) = twice else { return Ok(()) };
        let (text, line) = (quote(flag.text), first.line);
        let message = format!("the flag {text} is written twice, first in line {line}");
        Err(Error::in_line(self.file, flag.line, message)
            .help("a flag's last value would count; write it once"))
    }
}

/// `--name={{$…}}` or a `concat` of the same: the flag, and the placeholder if its value is one and
/// nothing else.
fn joined(part: &Part) -> Option<(&str, Option<&Placeholder>)> {
    let (text, value) = match part {
        Part::Template(pieces) => match pieces.as_slice() {
            [Piece::Text(text), Piece::Placeholder(placeholder)] => (text, Some(placeholder)),
            [Piece::Text(text), ..] => (text, None),
            _ => return None,
        },
        Part::Concat(items) => match items.as_slice() {
            [Element { part: Part::Text(text), .. }, value] => match &value.part {
                Part::Placeholder(placeholder) => (text, Some(placeholder)),
                _ => (text, None),
            },
            [Element { part: Part::Text(text), .. }, ..] => (text, None),
            _ => return None,
        },
        _ => return None,
    };
    let (flag, before) = text.split_once('=').filter(|_| is_flag(text))?;
    Some((flag, value.filter(|_| before.is_empty())))
}

/// Whether a flag is anywhere in an element.
fn holds_flag(element: &Element) -> bool {
    match &element.part {
        Part::Text(text) => is_flag(text),
        Part::Template(_) | Part::Concat(_) => joined(&element.part).is_some(),
        Part::If { then, otherwise, .. } => then.iter().chain(otherwise).any(holds_flag),
        Part::Placeholder(_) => false,
    }
}

/// Elements, split where the first holds a flag.
fn up_to_flag(elements: &[Element]) -> (&[Element], &[Element]) {
    let first = elements.iter().position(holds_flag).unwrap_or(elements.len());
    elements.split_at(first)
}
