//! The way through `command` and `args`: which elements are a flag and its value.

use super::assignment::{Assignment, flat, token};
use super::edit::{self, Edit};
use super::scalar::Style;
use super::{Note, Possible, script, start};
use crate::arguments::split_attached;
use crate::error::quote;
use crate::hydra::{self, OwnValue};
use crate::kfp::component::{Component, Element, Part, is_flag};
use crate::kfp::placeholder::Piece;
use crate::yaml::Node;

/// What is to change.
pub(super) struct Changes {
    /// In order.
    pub(super) edits: Vec<Edit>,
    /// In no order.
    pub(super) notes: Vec<Note>,
    /// The elements of `command` after it.
    pub(super) command: Vec<Part>,
    /// The elements of `args` after it.
    pub(super) args: Vec<Part>,
}

/// An element with its node.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    node: &'a Node,
    pub(super) element: &'a Element,
    /// The list that it stands in, by its first byte.
    list: usize,
    /// `None` where it cannot be edited: its list has an anchor or is an alias.
    style: Option<Style>,
}

/// What became of a list of elements.
#[derive(Default)]
pub(super) struct Outcome {
    /// The elements that it is now.
    pub(super) parts: Vec<Part>,
    /// For each old element the index of the new one.
    pub(super) places: Vec<usize>,
}

impl Outcome {
    fn keep(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.replace(1, slot.element.part.clone());
        }
    }

    /// `count` elements became one.
    fn replace(&mut self, count: usize, part: Part) {
        self.places.extend(std::iter::repeat_n(self.parts.len(), count));
        self.parts.push(part);
    }
}

/// What follows a flag.
enum Next<'a> {
    /// Nothing, or another flag.
    Flag,
    /// Elements that can only be values.
    Values(&'a [Slot<'a>]),
    /// Something that may be a value or not; the clause says what.
    Unclear(&'static str),
}

/// Why elements are not edited that could be by their meaning.
const UNEDITABLE: &str = "its elements stand in two lists, or have an anchor, alias, tag, block \
                          scalar or a comment inside";

/// Goes through the container's command line, which is `command` and `args` in one.
pub(super) fn rewrite(text: &str, root: &Node, component: &Component) -> Changes {
    let mut pass = Pass {
        text,
        json: text.trim_start_matches('\u{feff}').trim_start().starts_with('{'),
        component,
        edits: Vec::new(),
        notes: Vec::new(),
        overrides: false,
        own_flag: None,
    };
    let list = |key| root.path(&["implementation", "container", key]);
    let mut slots = pass.slots(list("command"), &component.command);
    let of_command = slots.len();
    slots.extend(pass.slots(list("args"), &component.args));
    let tokens: Vec<String> = slots.iter().map(|slot| first_token(slot.element)).collect();
    let mut outcome = Outcome::default();
    match start::find(&tokens) {
        Ok(start) => {
            let (before, arguments) = slots.split_at(start.at.min(slots.len()));
            outcome.keep(before);
            pass.list(arguments, None, &mut outcome);
            let is_if = |slot: &Slot| matches!(slot.element.part, Part::If { .. });
            let first_if = slots.iter().position(is_if).unwrap_or(slots.len());
            for script in &start.scripts {
                pass.notes.extend(script::notes(&slots, script, first_if, &outcome));
            }
        }
        Err(why) => {
            outcome.keep(&slots);
            let line = slots.first().map_or(1, |slot| slot.element.line);
            pass.note(line, format!("nothing is rewritten: {why}"));
        }
    }
    let last_place = of_command.checked_sub(1).and_then(|index| outcome.places.get(index));
    let args = outcome.parts.split_off(last_place.map_or(0, |place| place + 1));
    Changes { edits: pass.edits, notes: pass.notes, command: outcome.parts, args }
}

struct Pass<'a> {
    text: &'a str,
    json: bool,
    component: &'a Component,
    edits: Vec<Edit>,
    notes: Vec<Note>,
    /// Whether an override was met.
    overrides: bool,
    /// One of Hydra's own flags behind an override, and its line.
    own_flag: Option<(String, usize)>,
}

impl<'a> Pass<'a> {
    fn slots(&self, list: Option<&'a Node>, elements: &'a [Element]) -> Vec<Slot<'a>> {
        let Some(node) = list else { return Vec::new() };
        let list = node.span.start;
        let quoted = if self.json { Style::Json } else { Style::Flow };
        let Some(items) = node.items() else {
            // A branch that is a single element. Quotes are right wherever it stands.
            let slot = |element| Slot { node, element, list, style: Some(quoted) };
            return elements.first().map(slot).into_iter().collect();
        };
        let written = self.text.get(list..).unwrap_or_default();
        // The parser has a block list start at its first dash, or at its first element.
        let is_block = items.first().is_none_or(|first| first.span.start == list);
        let style = match written.as_bytes().first() {
            _ if is_block => Some(Style::Block),
            Some(b'-') => Some(Style::Block),
            Some(b'[') => Some(quoted),
            _ => None,
        };
        let slots = items.iter().zip(elements);
        slots.map(|(node, element)| Slot { node, element, list, style }).collect()
    }

    fn note(&mut self, line: usize, message: String) {
        self.notes.push(Note { line, message });
    }

    /// Rewrites a list of arguments; `after` is what follows it.
    fn list(&mut self, slots: &[Slot<'a>], after: Option<&Slot<'a>>, outcome: &mut Outcome) {
        let mut rest = slots;
        while let [slot, behind @ ..] = rest {
            let text = token(slot.element);
            if text == "--" {
                if behind.iter().any(|slot| token(slot.element).starts_with("--")) {
                    let message = "--: left, with everything behind it: it ends the flags";
                    self.note(slot.element.line, message.to_owned());
                }
                outcome.keep(rest);
                return;
            }
            let taken = self.one(slot, &text, behind, after, outcome);
            rest = behind.get(taken..).unwrap_or_default();
        }
    }

    /// Rewrites one element and, of those behind it, as many as it returns.
    fn one(
        &mut self,
        slot: &Slot<'a>,
        text: &str,
        behind: &[Slot<'a>],
        after: Option<&Slot<'a>>,
        outcome: &mut Outcome,
    ) -> usize {
        if let Part::If { input, then, otherwise } = &slot.element.part {
            let after = behind.first().or(after);
            let part = Part::If {
                input: input.clone(),
                then: self.branch(slot, "then", then, after),
                otherwise: self.branch(slot, "else", otherwise, after),
            };
            outcome.replace(1, part);
        } else if text.starts_with("--") && text.contains('=') {
            self.attached(slot, text, outcome);
        } else if text.starts_with("--") {
            return self.flag(slot, text, behind, after, outcome);
        } else if is_flag(text) {
            return self.short(slot, text, behind, outcome);
        } else {
            outcome.keep(&[*slot]);
            if hydra::native_key(text).is_some() {
                self.meet_override();
            } else {
                let message =
                    format!("{}: left: Hydra takes no argument without a key", quote(text));
                self.note(slot.element.line, message);
            }
        }
        0
    }

    /// Rewrites a branch of an `if`.
    fn branch(
        &mut self,
        slot: &Slot<'a>,
        key: &str,
        elements: &'a [Element],
        after: Option<&Slot<'a>>,
    ) -> Vec<Element> {
        let body = slot.node.entries().and_then(|entries| entries.first());
        let list = body.and_then(|(_, body)| body.get(key));
        let mut slots = self.slots(list, elements);
        let shared = |node: &Node| edit::is_shared(self.text, node);
        if slot.style.is_none() || shared(slot.node) || body.is_some_and(|(_, b)| shared(b)) {
            for inner in &mut slots {
                inner.style = None;
            }
        }
        let mut outcome = Outcome::default();
        self.list(&slots, after, &mut outcome);
        let Element { line, span, .. } = slot.element;
        let element = |part| Element { part, line: *line, span: span.clone() };
        outcome.parts.into_iter().map(element).collect()
    }

    /// A `-x`, which is one of Hydra's own or nothing that can be rewritten.
    fn short(
        &mut self,
        slot: &Slot<'a>,
        text: &str,
        behind: &[Slot<'a>],
        outcome: &mut Outcome,
    ) -> usize {
        let own = hydra::own_flag(text);
        let is_value = |next: &Slot| match own {
            Some(own) => own.value == OwnValue::Required,
            None => matches!(next.element.part, Part::Placeholder(_)),
        };
        if own.is_some() {
            self.meet_own_flag(text, slot.element.line);
        } else {
            let message = format!("{text}: left: a short option has no name to be a key");
            self.note(slot.element.line, message);
        }
        let taken = usize::from(behind.first().is_some_and(is_value));
        outcome.keep(&[*slot]);
        outcome.keep(behind.get(..taken).unwrap_or_default());
        taken
    }

    /// `--name=value` in one element, whose text is `text`.
    fn attached(&mut self, slot: &Slot<'a>, text: &str, outcome: &mut Outcome) {
        let (shown, _) = split_attached(text);
        if hydra::own_flag(shown).is_some_and(|own| own.value != OwnValue::None) {
            self.meet_own_flag(shown, slot.element.line);
            outcome.keep(&[*slot]);
            return;
        }
        let mut pieces = flat(&slot.element.part).unwrap_or_default();
        // If the name and the `=` are not in the first piece, the name holds a placeholder and is
        // no key.
        if let Some(Piece::Text(first)) = pieces.first_mut() {
            *first = first.get(shown.len() + 1..).unwrap_or_default().to_owned();
        }
        let is_empty = |piece: &Piece| matches!(piece, Piece::Text(text) if text.is_empty());
        pieces.retain(|piece| !is_empty(piece));
        let name = shown.strip_prefix("--").unwrap_or_default();
        let assignment = Assignment::of(name, &pieces, self.component);
        self.become_one(shown, &[*slot], assignment, outcome);
    }

    /// A `--name`, and what of `behind` is its value.
    fn flag(
        &mut self,
        slot: &Slot<'a>,
        shown: &str,
        behind: &[Slot<'a>],
        after: Option<&Slot<'a>>,
        outcome: &mut Outcome,
    ) -> usize {
        let next = next(behind, after);
        if let Some(taken) = self.own_flag(shown, slot, &next, outcome) {
            return taken;
        }
        let name = shown.strip_prefix("--").unwrap_or_default();
        let (values, assignment) = match next {
            Next::Flag => (&[][..], Assignment::switch(name)),
            Next::Unclear(why) => (&[][..], Err(why.to_owned())),
            Next::Values(values) => {
                let values = own_values(values);
                let assignment = match values {
                    [value] => flat(&value.element.part)
                        .ok_or_else(|| "its value holds an `if`".to_owned())
                        .and_then(|pieces| Assignment::of(name, &pieces, self.component)),
                    _ => Err(format!("it has {} values", values.len())),
                };
                (values, assignment)
            }
        };
        let slots: Vec<Slot> = std::iter::once(slot).chain(values).copied().collect();
        self.become_one(shown, &slots, assignment, outcome);
        values.len()
    }

    /// One of Hydra's own flags, left with its value; `None` if this is none. One that takes no
    /// value but has a placeholder behind it is the application's, whatever it is called.
    fn own_flag(
        &mut self,
        shown: &str,
        slot: &Slot<'a>,
        next: &Next<'_>,
        outcome: &mut Outcome,
    ) -> Option<usize> {
        let own = hydra::own_flag(shown)?;
        let value = match next {
            Next::Values([value, ..]) => Some(value),
            _ => None,
        };
        let filled_in = value.is_some_and(|value| !matches!(value.element.part, Part::Text(_)));
        if filled_in && own.value == OwnValue::None {
            return None;
        }
        let line = slot.element.line;
        self.meet_own_flag(shown, line);
        if filled_in {
            let name = shown.trim_start_matches('-');
            self.note(
                line,
                format!(
                    "{shown}: left: it is one of Hydra's own flags; if the key is meant, write \
                     {name}=… by hand"
                ),
            );
        }
        outcome.keep(&[*slot]);
        let value = value.filter(|value| match own.value {
            OwnValue::None => false,
            OwnValue::Required => true,
            OwnValue::Optional(words) => {
                filled_in || words.contains(&token(value.element).as_str())
            }
        });
        outcome.keep(value.map_or(&[], std::slice::from_ref));
        Some(usize::from(value.is_some()))
    }

    /// Makes the `slots` of a flag one override, or leaves them.
    fn become_one(
        &mut self,
        shown: &str,
        slots: &[Slot],
        assignment: Possible<Assignment>,
        outcome: &mut Outcome,
    ) {
        let line = slots.first().map_or(1, |slot| slot.element.line);
        let edited = assignment.and_then(|assignment| {
            let edits = self.edits(slots, &assignment.text);
            edits.map(|edits| (assignment, edits)).ok_or_else(|| UNEDITABLE.to_owned())
        });
        match edited {
            Ok((assignment, edits)) => {
                self.meet_override();
                self.edits.extend(edits);
                for loss in assignment.losses {
                    self.note(line, format!("{shown}: {loss}"));
                }
                outcome.replace(slots.len(), Part::of_text(&assignment.text));
            }
            Err(why) => {
                self.note(line, format!("{shown}: left: {why}"));
                outcome.keep(slots);
            }
        }
    }

    fn edits(&self, slots: &[Slot], new: &str) -> Option<Vec<Edit>> {
        match slots {
            [flag] => edit::replace(self.text, flag.node, new, flag.style?),
            [flag, value] if flag.list == value.list => {
                edit::merge(self.text, flag.node, value.node, new, flag.style?)
            }
            _ => None,
        }
    }

    fn meet_own_flag(&mut self, shown: &str, line: usize) {
        if self.overrides {
            self.own_flag.get_or_insert((shown.to_owned(), line));
        }
    }

    /// Hydra reads overrides in one row (`nargs="*"` of argparse).
    fn meet_override(&mut self) {
        self.overrides = true;
        if let Some((shown, line)) = self.own_flag.take() {
            let message = format!(
                "{shown}: Hydra takes no override behind it when there is one in front; move it \
                 to the end"
            );
            self.note(line, message);
        }
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

/// What follows a flag; `after` is what follows the list.
fn next<'s>(behind: &'s [Slot<'s>], after: Option<&Slot>) -> Next<'s> {
    let Some(first) = behind.first().map(|slot| slot.element).or(after.map(|slot| slot.element))
    else {
        return Next::Flag;
    };
    if let Part::If { then, otherwise, .. } = &first.part {
        let flags = |branch: &[Element]| {
            branch.first().is_none_or(|element| token(element).starts_with("--"))
        };
        return if flags(then) && flags(otherwise) {
            Next::Flag
        } else {
            Next::Unclear("it stands in front of an `if` that may be its value")
        };
    }
    let text = token(first);
    if text.starts_with("--") {
        Next::Flag
    } else if is_flag(&text) {
        Next::Unclear("what follows starts with a dash and may be its value or an option")
    } else if hydra::native_key(&text).is_some() {
        Next::Unclear("what follows may be its value or an override")
    } else if behind.is_empty() {
        Next::Unclear("its value may stand behind the `if`")
    } else {
        let is_value = |slot: &&Slot| {
            let text = token(slot.element);
            !matches!(slot.element.part, Part::If { .. })
                && !is_flag(&text)
                && text != "--"
                && hydra::native_key(&text).is_none()
        };
        let count = behind.iter().take_while(is_value).count();
        Next::Values(behind.get(..count).unwrap_or_default())
    }
}

/// Of the values behind a flag, those that are its own. Behind a placeholder, a word may be meant
/// to stand alone; Hydra refuses it either way.
fn own_values<'s>(values: &'s [Slot<'s>]) -> &'s [Slot<'s>] {
    let is_text = |slot: &Slot| matches!(slot.element.part, Part::Text(_));
    let count = match values {
        [first, ..] if is_text(first) => values.len(),
        values => values.iter().take_while(|slot| !is_text(slot)).count(),
    };
    values.get(..count).unwrap_or_default()
}
