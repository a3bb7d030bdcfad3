//! The way through what a component writes: each flag becomes an override where it can.

use super::assignment::{Assignment, Ports};
use super::edit::{self, Edit};
use super::layout::{Outcome, Slot, slots_of};
use super::{Note, Possible, script};
use crate::error::quote;
use crate::hydra::{self, FlagValue};
use crate::kfp::component::{Component, Element};
use crate::kfp::items::{Flag, Item, Items, Values, flat, token};
use crate::yaml::Node;

/// What is to change.
pub(super) struct Changes {
    /// In order.
    pub(super) edits: Vec<Edit>,
    /// In no order.
    pub(super) notes: Vec<Note>,
    /// The elements of `command` after it.
    pub(super) command: Vec<Element>,
    /// The elements of `args` after it.
    pub(super) args: Vec<Element>,
}

/// Why elements are not edited that could be by their meaning.
const UNEDITABLE: &str = "its elements are in two lists, or have an anchor, alias, tag, block \
                          scalar or a comment inside";

/// Goes through the container's command line, which is `command` and `args` in one.
pub(super) fn rewrite<'a>(text: &'a str, root: &'a Node, component: &'a Component) -> Changes {
    let mut pass = Pass {
        text,
        ports: Ports::of(component),
        edits: Vec::new(),
        notes: Vec::new(),
        after_override: false,
        hydra_flag: None,
        open: None,
    };
    let of_list = |key, elements: &'a [Element]| {
        slots_of(text, root, &["implementation", "container", key], elements)
    };
    let mut slots = of_list("command", &component.command);
    let of_command = slots.len();
    slots.extend(of_list("args", &component.args));
    let items = Items::of(component, &|_| None);
    let mut outcome = Outcome::default();
    let why = component.why_no_hydra_application().or(items.start.doubt.as_deref());
    if let Some(why) = why.filter(|_| !slots.is_empty()) {
        outcome.keep(&slots);
        pass.note(&slots, format!("nothing is rewritten: {why}"));
    } else {
        let (before, arguments) = slots.split_at(items.start.at.min(slots.len()));
        outcome.keep(before);
        pass.list(arguments, &items.arguments, &mut outcome);
        let is_if = |slot: &Slot| matches!(slot.element, Element::If { .. });
        let first_if = slots.iter().position(is_if).unwrap_or(slots.len());
        for script in &items.start.scripts {
            pass.notes.extend(script::notes(&slots, script, first_if, &outcome));
        }
    }
    let last_place = of_command.checked_sub(1).and_then(|index| outcome.places.get(index));
    let args = outcome.parts.split_off(last_place.map_or(0, |place| place + 1));
    Changes { edits: pass.edits, notes: pass.notes, command: outcome.parts, args }
}

/// The changes so far.
struct Pass<'a> {
    text: &'a str,
    ports: Ports<'a>,
    edits: Vec<Edit>,
    notes: Vec<Note>,
    /// Whether an override was met.
    after_override: bool,
    /// One of Hydra's own flags after an override, and its line.
    hydra_flag: Option<(String, usize)>,
    /// A flag that was left and may have no value: it would take an override after it for that.
    open: Option<String>,
}

impl<'a> Pass<'a> {
    /// Something that a person has to know about the first of `slots`.
    fn note(&mut self, slots: &[Slot], message: String) {
        let line = slots.first().map_or(1, |slot| slot.node.line);
        self.notes.push(Note { line, message });
    }

    /// Rewrites a list of arguments, the elements of `items`.
    fn list(&mut self, slots: &[Slot<'a>], items: &[Item<'a>], outcome: &mut Outcome) {
        let mut rest = slots;
        for item in items {
            let (own, after) = rest.split_at(item.size().min(rest.len()));
            rest = after;
            match item {
                Item::Flag(flag) => self.flag(flag, own, outcome),
                Item::If(element, branches) => {
                    if let ([slot], Element::If { input, then, otherwise }) = (own, element) {
                        outcome
                            .replace(1, self.condition(slot, input, [then, otherwise], branches));
                    }
                }
                _ => {
                    self.open = None;
                    self.left(item, own);
                    outcome.keep(own);
                }
            }
        }
    }

    /// What is no flag of the application stays, and may have to be said.
    fn left(&mut self, item: &Item, slots: &[Slot]) {
        match item {
            Item::HydraFlag(element, _) => self.meet_hydra_flag(&token(element), slots),
            Item::Override(_) => self.meet_override(),
            Item::Word(element) => {
                let shown = quote(&token(element));
                let message = format!("{shown}: left: Hydra takes no argument without a key");
                self.note(slots, message);
            }
            Item::Rest(elements) => {
                let is_flag = |element: &&Element| token(element).starts_with("--");
                if elements.iter().skip(1).any(is_flag) {
                    let message = "--: left, with everything after it: it ends the flags";
                    self.note(slots, message.to_owned());
                }
            }
            Item::Flag(_) | Item::If(..) => {}
        }
    }

    /// Rewrites the branches of an `if`.
    fn condition(
        &mut self,
        slot: &Slot<'a>,
        input: &str,
        branches: [&'a Vec<Element>; 2],
        items: &[Vec<Item<'a>>; 2],
    ) -> Element {
        let before = self.open.take();
        let [then_items, else_items] = items;
        let [then, otherwise] = branches;
        self.open.clone_from(&before);
        let then = self.branch(slot, "then", then, then_items);
        let after_then = std::mem::replace(&mut self.open, before);
        let otherwise = self.branch(slot, "else", otherwise, else_items);
        self.open = self.open.take().or(after_then);
        Element::If { input: input.to_owned(), then, otherwise }
    }

    fn branch(
        &mut self,
        slot: &Slot<'a>,
        key: &str,
        elements: &'a [Element],
        items: &[Item<'a>],
    ) -> Vec<Element> {
        let mut slots = slots_of(self.text, slot.node, &["if", key], elements);
        let shared = |node: &Node| edit::is_shared(self.text, node);
        if slot.style.is_none() || shared(slot.node) || slot.node.get("if").is_some_and(shared) {
            for inner in &mut slots {
                inner.style = None;
            }
        }
        let mut outcome = Outcome::default();
        self.list(&slots, items, &mut outcome);
        outcome.parts
    }

    /// Rewrites a flag and its value, the elements of `slots`, to one override, or leaves them.
    fn flag(&mut self, flag: &Flag, slots: &[Slot], outcome: &mut Outcome) {
        let edited = self.assignment(flag, slots).and_then(|assignment| {
            let edits = self.edits(slots, &assignment.text);
            edits.map(|edits| (assignment, edits)).ok_or_else(|| UNEDITABLE.to_owned())
        });
        match edited {
            Ok((assignment, edits)) => {
                self.meet_override();
                self.edits.extend(edits);
                for loss in assignment.losses {
                    self.note(slots, format!("{}: {loss}", flag.text));
                }
                outcome.replace(slots.len(), Element::of_text(&assignment.text));
            }
            Err(why) => {
                self.note(slots, format!("{}: left: {why}", flag.text));
                outcome.keep(slots);
                let is_attached = matches!(flag.values, Values::Attached(_));
                self.open = (!is_attached && flag.count().0 == 0).then(|| flag.text.clone());
            }
        }
    }

    /// The override that a flag and its value are. The error says why there is none.
    fn assignment(&mut self, flag: &Flag, slots: &[Slot]) -> Possible<Assignment> {
        let Some(name) = flag.text.strip_prefix("--") else {
            return Err("a short option has no name to be a key".to_owned());
        };
        let pieces = match &flag.values {
            Values::Attached(pieces) => pieces.clone().ok_or("its value holds an `if`")?,
            Values::Next(None) => Vec::new(),
            Values::Next(Some(value)) if matches!(**value, Element::If { .. }) => {
                return Err("it is in front of an `if` that may be its value".to_owned());
            }
            Values::Next(Some(value)) => flat(value).ok_or("its value holds an `if`")?,
            Values::List(values) => return Err(format!("it has {} values", values.len())),
            Values::Unclear(_, doubt) => return Err(doubt.why.clone()),
        };
        if hydra::hydra_flag(&flag.text).is_some_and(|own| own.value != FlagValue::None) {
            self.meet_hydra_flag(&flag.text, slots);
            return Err(format!(
                "it is one of Hydra's own flags; if the key is meant, write {name}=… by hand"
            ));
        }
        if let Some(before) = &self.open {
            return Err(format!(
                "{before} in front of it is left, and would take it for its value"
            ));
        }
        match flag.values {
            Values::Next(None) => Assignment::switch(name),
            _ => Assignment::of(name, &pieces, &self.ports),
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

    /// One of Hydra's own flags is in this line.
    fn meet_hydra_flag(&mut self, shown: &str, slots: &[Slot]) {
        if self.after_override {
            let line = slots.first().map_or(1, |slot| slot.node.line);
            self.hydra_flag.get_or_insert((shown.to_owned(), line));
        }
    }

    /// An override is here. Hydra reads overrides in one row (`nargs="*"` of argparse).
    fn meet_override(&mut self) {
        self.after_override = true;
        if let Some((shown, line)) = self.hydra_flag.take() {
            let message = format!(
                "{shown}: Hydra takes no override after it when there is one in front; move it \
                 to the end"
            );
            self.notes.push(Note { line, message });
        }
    }
}
