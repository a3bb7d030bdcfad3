//! Hydra's own flags among the arguments: left as they are, and where they stand is looked at.

use crate::hydra::{self, OwnValue};
use crate::kfp::component::Part;

use super::assignment::token;
use super::next::Next;
use super::pass::Pass;
use super::slot::{Outcome, Slot};

/// Whether one of Hydra's own flags stands between overrides.
#[derive(Default)]
pub(super) struct Order {
    /// Whether an override was met.
    overrides: bool,
    /// One of Hydra's own flags behind an override, and its line.
    own_flag: Option<(String, usize)>,
}

impl<'a> Pass<'a> {
    /// A `-x`, which is one of Hydra's own or nothing that can be rewritten.
    pub(super) fn short(
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

    /// One of Hydra's own flags, left with its value; `None` if this is none. One that takes no
    /// value but has a placeholder behind it is the application's, whatever it is called.
    pub(super) fn own_flag(
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

    /// One of Hydra's own flags stands in this line.
    pub(super) fn meet_own_flag(&mut self, shown: &str, line: usize) {
        if self.order.overrides {
            self.order.own_flag.get_or_insert((shown.to_owned(), line));
        }
    }

    /// An override stands here. Hydra reads overrides in one row (`nargs="*"` of argparse).
    pub(super) fn meet_override(&mut self) {
        self.order.overrides = true;
        if let Some((shown, line)) = self.order.own_flag.take() {
            let message = format!(
                "{shown}: Hydra takes no override behind it when there is one in front; move it \
                 to the end"
            );
            self.note(line, message);
        }
    }
}
