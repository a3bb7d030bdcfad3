//! Where the bytes are: one element replaced, or two made one, and nothing else touched.
//!
//! An element that an anchor, an alias, a tag or a block scalar is part of is not edited: something
//! elsewhere may depend on it.

use std::ops::Range;

use super::scalar::{Style, scalar};
use crate::yaml::{Kind, Node};

/// A replacement of some bytes of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// The bytes that go.
    pub range: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

/// The file with all `edits`, which are in order and do not overlap.
pub(super) fn apply(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.range.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// The edit that makes the element `node` the scalar `new`; `None` if it cannot be edited.
pub(super) fn replace(text: &str, node: &Node, new: &str, style: Style) -> Option<Vec<Edit>> {
    Some(vec![Edit { range: node.span.start..end(text, node)?, text: scalar(new, style) }])
}

/// The edits that make the element `flag` the scalar `new` and take the next one, `value`, away;
/// `None` if they cannot be edited. Comments stay.
pub(super) fn merge(
    text: &str,
    flag: &Node,
    value: &Node,
    new: &str,
    style: Style,
) -> Option<Vec<Edit>> {
    let (flag_end, value_end) = (end(text, flag)?, end(text, value)?);
    let written = text.get(value.span.start..value_end)?;
    if written.contains('\n') && written.contains('#') {
        // Perhaps a comment inside the value.
        return None;
    }
    if !text.get(flag_end..value.span.start)?.contains('#') {
        return Some(vec![Edit { range: flag.span.start..value_end, text: scalar(new, style) }]);
    }
    let mut edits = replace(text, flag, new, style)?;
    let deleted = |range| Edit { range, text: String::new() };
    if style == Style::Block {
        let dash = text.get(..value.span.start)?.trim_end();
        if !dash.ends_with('-') {
            return None;
        }
        edits.push(deleted(with_blanks(text, dash.len() - 1..value_end)));
    } else {
        // One comma has to go with the value. After the last element there may be none.
        let comma = text.get(value_end..).map(|rest| value_end + blank(rest))?;
        let has_comma = text.get(comma..)?.starts_with(',');
        if has_comma && !text.get(value_end..comma)?.contains('\n') {
            edits.push(deleted(with_blanks(text, value.span.start..comma + 1)));
        } else {
            edits.push(deleted(with_blanks(text, value.span.start..value_end)));
            if has_comma {
                edits.push(deleted(comma..comma + 1));
            }
        }
    }
    Some(edits)
}

/// Whether a node is an alias, or has an anchor or a tag: they are part of its span, and no plain
/// scalar starts with these.
pub(super) fn is_shared(text: &str, node: &Node) -> bool {
    text.get(node.span.clone()).is_some_and(|written| written.starts_with(['&', '*', '!']))
}

/// Where what is written of `node` ends; `None` for a node that is not edited.
fn end(text: &str, node: &Node) -> Option<usize> {
    is_editable(text, node).then_some(node.span.end)
}

fn is_editable(text: &str, node: &Node) -> bool {
    let editable = |child: &Node| is_editable(text, child);
    let is_block = |written: &str| written.starts_with(['|', '>']);
    !is_shared(text, node)
        && match &node.kind {
            Kind::Scalar(_) => !text.get(node.span.clone()).is_none_or(is_block),
            Kind::Alias => false,
            Kind::Sequence(items) => items.iter().all(editable),
            Kind::Mapping(entries) => {
                entries.iter().all(|(key, value)| editable(key) && editable(value))
            }
        }
}

/// How many bytes of blanks, line ends and comments `text` starts with.
fn blank(text: &str) -> usize {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if !rest.starts_with('#') {
            return text.len() - rest.len();
        }
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
}

/// The bytes to delete so that `range` leaves no blanks: those after it, and the whole line where
/// nothing else is on it.
fn with_blanks(text: &str, range: Range<usize>) -> Range<usize> {
    let after = text.get(range.end..).unwrap_or_default();
    let end = range.end + after.len() - after.trim_start_matches([' ', '\t']).len();
    let before = text.get(..range.start).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let alone = before.get(line..).is_some_and(|text| text.trim().is_empty());
    let rest = text.get(end..).unwrap_or_default();
    if alone && let Some(line_end) = ["\r\n", "\n"].iter().find(|e| rest.starts_with(**e)) {
        return line..end + line_end.len();
    }
    range.start..end
}
