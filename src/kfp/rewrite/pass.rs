//! The way through `command` and `args`: which elements are a flag and its value.

use super::assignment::{Assignment, flat, token};
use super::edit::{self, Edit};
use super::next::{Next, next, own_values};
use super::own_flag::Order;
use super::slot::{Outcome, Slot, first_token, slots_of};
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

/// Why elements are not edited that could be by their meaning.
const UNEDITABLE: &str = "its elements stand in two lists, or have an anchor, alias, tag, block \
                          scalar or a comment inside";

/// Goes through the container's command line, which is `command` and `args` in one.
pub(super) fn rewrite(text: &str, root: &Node, component: &Component) -> Changes {
    let mut pass =
        Pass { text, component, edits: Vec::new(), notes: Vec::new(), order: Order::default() };
    let list = |key| root.path(&["implementation", "container", key]);
    let mut slots = slots_of(text, list("command"), &component.command);
    let of_command = slots.len();
    slots.extend(slots_of(text, list("args"), &component.args));
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

/// The changes so far.
pub(super) struct Pass<'a> {
    text: &'a str,
    component: &'a Component,
    edits: Vec<Edit>,
    notes: Vec<Note>,
    pub(super) order: Order,
}

impl<'a> Pass<'a> {
    /// Something that a person has to know.
    pub(super) fn note(&mut self, line: usize, message: String) {
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
        let mut slots = slots_of(self.text, list, elements);
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
}
