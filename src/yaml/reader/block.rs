//! Block collections, and what may stand in them.

use std::cmp::Ordering;

use super::merge::is_merge;
use super::properties::{ONE_OF_EACH, Properties, Tag};
use super::{Mark, Reader};
use crate::error::Result;
use crate::yaml::{Kind, Node};

/// What may be a key: what stands in front of a `:`, or a value that is no block.
struct Unit<'a> {
    mark: Mark,
    /// The column, from 0.
    column: usize,
    /// Those on its line.
    properties: Properties<'a>,
    content: Content,
    /// Whether a key could start where it does, and its colon follows.
    is_key: bool,
}

enum Content {
    /// Properties with nothing behind them on their line, or with a block scalar.
    Later,
    Alias(Node),
    /// With the byte that it ends in front of.
    Written(Kind, usize),
}

impl<'a> Reader<'a> {
    /// How the next token stands to a collection whose content is indented by `parent` at least:
    /// outside of it, at its own column, or deeper (`unwind_indent`).
    fn place(&self, parent: usize) -> Ordering {
        let column = self.indentation() + 1;
        if column < parent || self.is_at_end() { Ordering::Less } else { column.cmp(&parent) }
    }

    /// The node behind an indicator or at the start, or an empty one: `parse_block_node`, in a
    /// collection whose content is indented by `parent` at least. In a mapping `dashes` may stand at
    /// its own column (`parse_block_node_or_indentless_sequence`).
    pub(super) fn block_node(&mut self, parent: usize, dashes: bool) -> Result<Node> {
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
            let unit = self.unit(parent)?;
            if unit.is_key {
                let (mark, column) = (unit.mark, unit.column);
                let key = self.key_of(unit)?;
                return self.block_mapping(&properties, mark, column, Some(key));
            }
            properties = self.join(properties, unit.properties)?;
            match unit.content {
                Content::Written(kind, end) => {
                    return self.node(unit.mark, &properties, kind, end);
                }
                Content::Alias(node) if properties.mark.is_none() => return Ok(node),
                Content::Alias(node) => {
                    return Err(self.refuse(node.span.start, "an alias has no anchor and no tag"));
                }
                Content::Later => {}
            }
            if matches!(self.peek(), Some(b'|' | b'>')) && self.line == unit.mark.line {
                return self.block_scalar(&properties, parent);
            }
        }
    }

    /// Reads what may be a key, and goes on to what follows: `save_possible_simple_key` and
    /// `fetch_value`.
    fn unit(&mut self, parent: usize) -> Result<Unit<'a>> {
        let (mark, column, may_start) = (self.mark(), self.indentation(), self.may_start);
        let mut properties = Properties::default();
        if matches!(self.peek(), Some(b'&' | b'!')) {
            properties = self.properties(false)?;
        }
        let is_later = self.line > mark.line || matches!(self.peek(), None | Some(b'|' | b'>'));
        let has_properties = properties.mark.is_some();
        let content = match self.peek() {
            _ if is_later => Content::Later,
            Some(b':') if has_properties && self.is_at(b':') => {
                Content::Written(Kind::Scalar { text: String::new(), plain: true }, properties.end)
            }
            Some(b'*') if !has_properties => Content::Alias(self.alias()?),
            _ => {
                let (kind, end) = self.content(parent, false)?;
                Content::Written(kind, end)
            }
        };
        if !is_later {
            self.skip();
        }
        let is_key = !is_later && self.line == mark.line && self.is_at(b':');
        if is_key && !(may_start && self.is_key(mark)) {
            return Err(self.no_key(mark));
        }
        Ok(Unit { mark, column, properties, content, is_key })
    }

    /// A unit as the key that it is.
    fn key_of(&mut self, unit: Unit<'a>) -> Result<Node> {
        let node = match unit.content {
            Content::Written(kind, end) => self.node(unit.mark, &unit.properties, kind, end)?,
            Content::Alias(node) => node,
            Content::Later => self.empty(&unit.properties, unit.mark)?,
        };
        self.key(node)
    }

    /// `parse_block_sequence_entry` and, where the dashes stand at the column of the mapping around
    /// them, `parse_indentless_sequence_entry`.
    fn block_sequence(
        &mut self,
        properties: &Properties<'a>,
        parent: usize,
        indentless: bool,
    ) -> Result<Node> {
        self.enter()?;
        let mark = self.mark();
        let (mut items, mut end) = (Vec::new(), mark.at);
        while self.is_at(b'-') && self.place(parent) == Ordering::Equal {
            self.start_block()?;
            let item = self.block_node(parent, false)?;
            end = item.span.end;
            items.push(self.value(item)?);
        }
        if !indentless && self.place(parent) != Ordering::Less {
            return Err(self.unexpected());
        }
        self.depth -= 1;
        self.node(mark, properties, Kind::Sequence(items), end)
    }

    /// `parse_block_mapping_key` and `parse_block_mapping_value`; at the colon of the `first` key or, if
    /// that is not read yet, at its `?`.
    fn block_mapping(
        &mut self,
        properties: &Properties<'a>,
        mark: Mark,
        column: usize,
        first: Option<Node>,
    ) -> Result<Node> {
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
            let value = if is_merge(&key) { value } else { self.value(value)? };
            merges |= is_merge(&key);
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

    fn block_key(&mut self, parent: usize) -> Result<Node> {
        let start = self.at;
        let unit = self.unit(parent)?;
        if unit.is_key {
            self.key_of(unit)
        } else {
            Err(self.refuse(start, "a `: ` is missing behind this key"))
        }
    }

    /// `? key` and, if it follows, `: value`.
    fn explicit_entry(&mut self, parent: usize) -> Result<(Node, Node)> {
        self.start_block()?;
        let key = self.block_node(parent, true)?;
        let key = self.key(key)?;
        let value = if self.is_at(b':') && self.place(parent) == Ordering::Equal {
            self.start_block()?;
            self.block_node(parent, true)?
        } else {
            self.empty_behind(&key)?
        };
        Ok((key, value))
    }

    /// Reads an indicator behind which a block collection may start, where one may start.
    fn start_block(&mut self) -> Result<()> {
        if !self.may_start {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    /// Those of a node, of which the `earlier` stand on lines of their own.
    fn join(&self, earlier: Properties<'a>, later: Properties<'a>) -> Result<Properties<'a>> {
        let (Some(mark), Some(second)) = (earlier.mark, later.mark) else {
            return Ok(if earlier.mark.is_some() { earlier } else { later });
        };
        let anchors = usize::from(earlier.anchor.is_some()) + usize::from(later.anchor.is_some());
        let tags = usize::from(earlier.tag != Tag::None) + usize::from(later.tag != Tag::None);
        if anchors > 1 || tags > 1 {
            return Err(self.refuse(second.at, ONE_OF_EACH));
        }
        let tag = if later.tag == Tag::None { earlier.tag } else { later.tag };
        let anchor = earlier.anchor.or(later.anchor);
        Ok(Properties { mark: Some(mark), end: later.end, anchor, tag })
    }
}
