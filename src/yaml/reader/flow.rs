//! Flow collections, and the nodes of one line.

use super::merge::is_merge;
use super::properties::Properties;
use super::{Mark, Read, Reader};
use crate::yaml::{Kind, Node};

impl Reader<'_> {
    /// A flow collection or a scalar that is no block, and the byte that it ends in front of.
    pub(super) fn content(&mut self, parent: usize, in_flow: bool) -> Read<(Kind, usize)> {
        let kind = match self.peek() {
            Some(b'[' | b'{') => self.flow()?,
            Some(b'\'' | b'"') => self.quoted()?,
            _ => return self.plain(parent, in_flow),
        };
        self.may_start = false;
        Ok((kind, self.at))
    }

    /// `parse_flow_sequence_entry`, `parse_flow_mapping_key`: entries, each of them but the last
    /// with a comma behind it.
    fn flow(&mut self) -> Read<Kind> {
        self.enter()?;
        let open = self.at;
        let is_list = self.peek() == Some(b'[');
        let close = if is_list { b']' } else { b'}' };
        let (mut items, mut entries, mut merges) = (Vec::new(), Vec::new(), false);
        self.at += 1;
        loop {
            self.skip();
            if self.peek() == Some(close) {
                break;
            }
            if self.peek().is_none() {
                let why = if is_list { "this `[` is not closed" } else { "this `{` is not closed" };
                return Err(self.refuse(open, why));
            }
            let mark = self.mark();
            match self.flow_entry(mark, close)? {
                (item, None) if is_list => {
                    self.check_value(&item)?;
                    items.push(item);
                }
                (key, value) => {
                    let value = match value {
                        Some(value) => value,
                        None => self.empty_behind(&key)?,
                    };
                    self.check_key(&key)?;
                    if !is_merge(&key) {
                        self.check_value(&value)?;
                    }
                    if is_list {
                        items.push(self.pair(mark, key, value)?);
                    } else {
                        merges |= is_merge(&key);
                        entries.push((key, value));
                    }
                }
            }
            self.skip();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte != close => return Err(self.unexpected()),
                _ => {}
            }
        }
        self.at += 1;
        self.depth -= 1;
        if is_list {
            return Ok(Kind::Sequence(items));
        }
        Ok(Kind::Mapping(if merges { self.merged(entries)? } else { entries }))
    }

    /// A single pair in a sequence is a mapping (`parse_flow_sequence_entry_mapping_key`).
    fn pair(&mut self, mark: Mark, key: Node, value: Node) -> Read<Node> {
        let end = value.span.end.max(key.span.end);
        let merges = is_merge(&key);
        let entries = vec![(key, value)];
        let entries = if merges { self.merged(entries)? } else { entries };
        self.node(mark, &Properties::default(), Kind::Mapping(entries), end)
    }

    /// A node, or a key with its value. A colon makes a key of what stands on its line; behind a
    /// `?` it may stand anywhere. In flow context it needs no blank behind it (`check_value`).
    fn flow_entry(&mut self, mark: Mark, close: u8) -> Read<(Node, Option<Node>)> {
        let explicit = self.peek() == Some(b'?');
        let key =
            if explicit { self.flow_value(&[b':', b',', close])? } else { self.flow_node(mark)? };
        self.skip();
        if self.peek() == Some(b':') {
            if !explicit && !self.is_key(mark) {
                return Err(self.no_key(mark));
            }
            let value = self.flow_value(&[b',', close])?;
            return Ok((key, Some(value)));
        }
        let value = if explicit { Some(self.empty_behind(&key)?) } else { None };
        Ok((key, value))
    }

    /// An indicator and the node behind it, which is empty where one of `without` follows.
    fn flow_value(&mut self, without: &[u8]) -> Read<Node> {
        self.at += 1;
        let behind = self.mark();
        self.skip();
        if self.peek().is_some_and(|byte| without.contains(&byte)) {
            return self.empty(&Properties::default(), behind);
        }
        let mark = self.mark();
        self.flow_node(mark)
    }

    /// The node that starts at `mark`, which is here: `parse_flow_node`.
    fn flow_node(&mut self, mark: Mark) -> Read<Node> {
        let properties = self.properties(true)?;
        if self.is_at_end() {
            return Err(self.unexpected());
        }
        match self.peek() {
            Some(b',' | b']' | b'}' | b':' | b'?') if properties.mark.is_some() => {
                self.empty(&properties, mark)
            }
            Some(b'*') if properties.mark.is_none() => self.alias(),
            _ => {
                let (kind, end) = self.content(0, true)?;
                self.node(mark, &properties, kind, end)
            }
        }
    }
}
