//! Block collections, and what may stand in them.

use std::cmp::Ordering;

use super::merge::is_merge;
use super::properties::{ONE_OF_EACH, Properties, Tag};
use super::{Mark, Read, Reader};
use crate::yaml::{Kind, Node};

impl Reader<'_> {
    /// How the next token stands to a collection whose content is indented by `parent` at least:
    /// outside of it, at its own column, or deeper (`unwind_indent`).
    fn place(&self, parent: usize) -> Ordering {
        let column = self.indentation() + 1;
        if column < parent || self.is_at_end() { Ordering::Less } else { column.cmp(&parent) }
    }

    /// The node behind an indicator or at the start, or an empty one: `parse_block_node`, in a
    /// collection whose content is indented by `parent` at least. In a mapping `dashes` may stand
    /// at its own column (`parse_block_node_or_indentless_sequence`).
    pub(super) fn block_node(&mut self, parent: usize, dashes: bool) -> Read<Node> {
        let behind = self.mark();
        self.skip();
        let mut properties = Properties::default();
        loop {
            match self.place(parent) {
                Ordering::Less => return self.empty(&properties, behind),
                Ordering::Equal if dashes && self.is_at(b'-') => {
                    return self.block_sequence(&properties, parent, true);
                }
                // Of what stands there a block scalar alone need not be a key (`fetch_block_scalar`
                // calls no `save_possible_simple_key`).
                Ordering::Equal if !matches!(self.peek(), Some(b'|' | b'>')) => {
                    return self.empty(&properties, behind);
                }
                _ => {}
            }
            let column = self.indentation();
            if self.is_at(b'-') {
                return self.block_sequence(&properties, column + 1, false);
            }
            if self.is_at(b'?') {
                let mark = self.mark();
                return self.block_mapping(&properties, mark, column, None);
            }
            let (mark, may_start) = (self.mark(), self.may_start);
            let later = self.properties(false)?;
            let is_alone = self.line > mark.line || self.peek().is_none();
            if is_alone || matches!(self.peek(), Some(b'|' | b'>')) {
                properties = self.join(&properties, &later)?;
                if is_alone {
                    continue;
                }
                return self.block_scalar(&properties, parent);
            }
            let (node, is_key) = self.unit(parent, mark, may_start, &later, &properties)?;
            if is_key {
                return self.block_mapping(&properties, mark, column, Some(node));
            }
            return Ok(node);
        }
    }

    /// Reads a node that is no block, and goes on to what follows; whether that is the colon which
    /// makes a key of it (`save_possible_simple_key`, `fetch_value`). A key has the properties on
    /// its line, any other node also the `earlier` ones.
    fn unit(
        &mut self,
        parent: usize,
        mark: Mark,
        may_start: bool,
        later: &Properties,
        earlier: &Properties,
    ) -> Read<(Node, bool)> {
        let has_properties = later.mark.is_some();
        let (node, (kind, end)) = if has_properties && self.is_at(b':') {
            (None, (Kind::Scalar { text: String::new(), plain: true }, later.end))
        } else if !has_properties && self.peek() == Some(b'*') {
            (Some(self.alias()?), (Kind::Sequence(Vec::new()), 0))
        } else {
            (None, self.content(parent, false)?)
        };
        self.skip();
        let is_key = self.line == mark.line && self.is_at(b':');
        if is_key && !(may_start && self.is_key(mark)) {
            return Err(self.no_key(mark));
        }
        let node = match node {
            Some(alias) if !is_key && earlier.mark.is_some() => {
                return Err(self.refuse(alias.span.start, "an alias has no anchor and no tag"));
            }
            Some(alias) => alias,
            None if is_key => self.node(mark, later, kind, end)?,
            None => {
                let properties = self.join(earlier, later)?;
                self.node(mark, &properties, kind, end)?
            }
        };
        if is_key {
            self.check_key(&node)?;
        }
        Ok((node, is_key))
    }

    /// `parse_block_sequence_entry` and, where the dashes stand at the column of the mapping around
    /// them, `parse_indentless_sequence_entry`.
    fn block_sequence(
        &mut self,
        properties: &Properties,
        parent: usize,
        indentless: bool,
    ) -> Read<Node> {
        self.enter()?;
        let mark = self.mark();
        let (mut items, mut end) = (Vec::new(), mark.at);
        while self.is_at(b'-') && self.place(parent) == Ordering::Equal {
            self.start_block()?;
            let item = self.block_node(parent, false)?;
            end = item.span.end;
            self.check_value(&item)?;
            items.push(item);
        }
        if !indentless && self.place(parent) != Ordering::Less {
            return Err(self.unexpected());
        }
        self.depth -= 1;
        self.node(mark, properties, Kind::Sequence(items), end)
    }

    /// `parse_block_mapping_key` and `parse_block_mapping_value`; at the colon of the `first` key
    /// or, if that is not read yet, at its `?`.
    fn block_mapping(
        &mut self,
        properties: &Properties,
        mark: Mark,
        column: usize,
        first: Option<Node>,
    ) -> Read<Node> {
        self.enter()?;
        let parent = column + 1;
        let (mut entries, mut merges, mut end) = (Vec::new(), false, mark.at);
        let mut simple = first;
        loop {
            let (key, value) = if let Some(key) = simple {
                self.at += 1;
                self.may_start = false;
                (key, self.block_node(parent, true)?)
            } else {
                self.explicit_entry(parent)?
            };
            end = value.span.end.max(end);
            if is_merge(&key) {
                merges = true;
            } else {
                self.check_value(&value)?;
            }
            entries.push((key, value));
            match self.place(parent) {
                Ordering::Less => break,
                Ordering::Equal if self.is_at(b'?') => simple = None,
                Ordering::Equal if self.may_start => simple = Some(self.block_key(parent)?),
                _ => return Err(self.unexpected()),
            }
        }
        self.depth -= 1;
        let entries = if merges { self.merged(entries)? } else { entries };
        self.node(mark, properties, Kind::Mapping(entries), end)
    }

    fn block_key(&mut self, parent: usize) -> Read<Node> {
        let mark = self.mark();
        let properties = self.properties(false)?;
        let (key, is_key) = self.unit(parent, mark, true, &properties, &Properties::default())?;
        if !is_key {
            return Err(self.refuse(mark.at, "a `: ` is missing behind this key"));
        }
        Ok(key)
    }

    /// `? key` and, if it follows, `: value`.
    fn explicit_entry(&mut self, parent: usize) -> Read<(Node, Node)> {
        self.start_block()?;
        let key = self.block_node(parent, true)?;
        self.check_key(&key)?;
        let value = if self.is_at(b':') && self.place(parent) == Ordering::Equal {
            self.start_block()?;
            self.block_node(parent, true)?
        } else {
            self.empty_behind(&key)?
        };
        Ok((key, value))
    }

    /// Reads an indicator behind which a block collection may start, where one may start.
    fn start_block(&mut self) -> Read<()> {
        if !self.may_start {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    /// Those of a node, of which the `earlier` stand on lines of their own.
    fn join(&self, earlier: &Properties, later: &Properties) -> Read<Properties> {
        let Some(second) = later.mark else { return Ok(*earlier) };
        let has_both = earlier.anchor.is_some() && later.anchor.is_some()
            || earlier.tag != Tag::None && later.tag != Tag::None;
        if has_both {
            return Err(self.refuse(second.at, ONE_OF_EACH));
        }
        Ok(Properties {
            mark: earlier.mark.or(later.mark),
            end: later.end,
            anchor: earlier.anchor.or(later.anchor),
            tag: if later.tag == Tag::None { earlier.tag } else { later.tag },
        })
    }
}
