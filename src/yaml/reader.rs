//! The reader: one pass over the bytes, and no token is kept.
//!
//! `PyYAML` 6.0 has a scanner that puts tokens into a queue, and goes back in it to put a `KEY` in
//! front of what turns out to be one; a parser; a composer. Here the three are one descent: what
//! may be a key is read first, and where a `:` follows it on its line, the mapping begins with it.
//! What is read and what is refused is the same, and each rule names the function that it is from.

mod block;
mod block_scalar;
mod document;
mod flow;
mod merge;
mod plain;
mod properties;
mod quoted;
mod refusal;

use super::{Kind, MAX_DEPTH, MAX_NODES, Node};
use crate::names::Places;
use properties::{Anchored, Properties, Tag};
use refusal::Refusal;

pub(super) use document::parse;

/// What is read, or why it is not.
type Read<T> = Result<T, Refusal>;

/// The place where a node starts.
#[derive(Clone, Copy)]
struct Mark {
    at: usize,
    line: usize,
    /// In characters, from 1.
    column: usize,
}

struct Reader<'a> {
    text: &'a str,
    file: &'a str,
    /// The first byte, behind a byte order mark: `scan_to_next_token` takes one for nothing.
    start: usize,
    /// The byte that is read next.
    at: usize,
    /// Its line, from 1, and the byte at which that starts.
    line: usize,
    line_start: usize,
    /// A byte and its column.
    counted: (usize, usize),
    /// Whether each character is one byte.
    is_ascii: bool,
    /// Whether a key or a block collection may start here: `allow_simple_key`, for block context.
    may_start: bool,
    nodes: usize,
    depth: usize,
    /// What each anchor names, by its place in `anchored`; `None` while that is being read.
    anchors: Places,
    anchored: Vec<Option<Anchored>>,
    /// The handles that `%TAG` defines, and what they stand for.
    handles: Vec<(&'a str, String)>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, file: &'a str) -> Self {
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self {
            text,
            file,
            start,
            at: start,
            line: 1,
            line_start: start,
            counted: (start, 1),
            is_ascii: text.is_ascii(),
            may_start: true,
            nodes: 0,
            depth: 0,
            anchors: Places::new(),
            anchored: Vec::new(),
            handles: Vec::new(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The column of the next byte, from 0. Where that says how deep a collection is, only ASCII
    /// stands before it in its line.
    fn indentation(&self) -> usize {
        self.at - self.line_start
    }

    /// As [`break_at`].
    fn break_at(&self, at: usize) -> usize {
        break_at(self.text.as_bytes(), at)
    }

    /// Whether a blank, a line break or the text's end is at `at`.
    fn is_blank(&self, at: usize) -> bool {
        match self.byte(at) {
            None | Some(b' ' | b'\t' | b'\n' | b'\r') => true,
            Some(0xc2 | 0xe2) => self.break_at(at) > 0,
            _ => false,
        }
    }

    /// Whether the next byte is this indicator, which a blank has to follow: `check_block_entry`,
    /// `check_key`, `check_value`.
    fn is_at(&self, indicator: u8) -> bool {
        self.peek() == Some(indicator) && self.is_blank(self.at + 1)
    }

    /// Reads a line break, if one is here; whether it was.
    fn end_line(&mut self) -> bool {
        let length = self.break_at(self.at);
        if length > 0 {
            self.at += length;
            self.line += 1;
            self.line_start = self.at;
        }
        length > 0
    }

    /// Reads a line break, if one is here, and gives what it is read as: `\n`, LS or PS, or
    /// nothing.
    fn line_break(&mut self) -> &'a str {
        let start = self.at;
        match (self.end_line(), self.at - start) {
            (false, _) => "",
            (true, 3) => self.slice(start, self.at),
            _ => "\n",
        }
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Goes on to the end of the line.
    fn skip_line(&mut self) {
        while self.peek().is_some() && self.break_at(self.at) == 0 {
            self.at += 1;
        }
    }

    /// Goes on to the next token, over spaces, comments and lines: `scan_to_next_token`. A comment
    /// may stand right behind a quote or a bracket, and a tab is no blank.
    fn skip(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' => self.at += 1,
                b'#' => self.skip_line(),
                b'\n' | b'\r' | 0xc2 | 0xe2 if self.end_line() => self.may_start = true,
                _ => return,
            }
        }
    }

    /// The place of the next byte.
    fn mark(&mut self) -> Mark {
        let column = if self.is_ascii { self.indentation() + 1 } else { self.column() };
        Mark { at: self.at, line: self.line, column }
    }

    /// The column of the next byte, counted from the last one that was asked for: their order is
    /// that of the text.
    fn column(&mut self) -> usize {
        let (from, column) = self.counted;
        let column = if self.line_start > from {
            1 + characters(self.slice(self.line_start, self.at))
        } else {
            column + characters(self.slice(from, self.at))
        };
        self.counted = (self.at, column);
        column
    }

    /// A node that ends in front of the byte `end`.
    fn node(&mut self, mark: Mark, properties: &Properties, kind: Kind, end: usize) -> Read<Node> {
        let Mark { at, line, column } = properties.mark.unwrap_or(mark);
        let mut node = Node { kind, span: at..end, line, column };
        self.count(1, at)?;
        if properties.tag != Tag::None {
            self.apply(properties.tag, &mut node, at)?;
        }
        if let Some(place) = properties.anchor {
            self.keep(place, &node)?;
        }
        Ok(node)
    }

    fn scalar(
        &mut self,
        mark: Mark,
        properties: &Properties,
        text: String,
        plain: bool,
        end: usize,
    ) -> Read<Node> {
        self.node(mark, properties, Kind::Scalar { text, plain }, end)
    }

    /// A node of which nothing is written but its properties, if any: `process_empty_scalar`. It
    /// stands in front of the byte `end`.
    fn empty(&mut self, properties: &Properties, mark: Mark) -> Read<Node> {
        let end = properties.mark.map_or(mark.at, |_| properties.end);
        self.scalar(mark, properties, String::new(), true, end)
    }

    /// The value that is not written behind this key.
    fn empty_behind(&mut self, key: &Node) -> Read<Node> {
        let mark = Mark { at: key.span.end, line: key.line, column: key.column };
        self.empty(&Properties::default(), mark)
    }

    /// Counts nodes against the limit.
    fn count(&mut self, nodes: usize, at: usize) -> Read<()> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            let why = format!("over {MAX_NODES} nodes, those that aliases repeat included");
            return Err(self.refuse(at, &why));
        }
        Ok(())
    }

    /// One level down.
    fn enter(&mut self) -> Read<()> {
        self.depth += 1;
        self.check_depth(self.depth, self.at)
    }

    fn check_depth(&self, depth: usize, at: usize) -> Read<()> {
        if depth > MAX_DEPTH {
            return Err(self.refuse(at, &format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(())
    }

    /// Whether what starts at `key` and ends in front of the next byte, a colon, may be a key: on
    /// one line, of at most 1,024 characters (`stale_possible_simple_keys`).
    fn is_key(&self, key: Mark) -> bool {
        self.line == key.line
            && (self.at - key.at <= 1024 || characters(self.slice(key.at, self.at)) <= 1024)
    }
}

/// How many bytes the line break at `at` has: `\n`, `\r\n`, `\r`, NEL, LS or PS
/// (`scan_line_break`); 0 where there is none.
fn break_at(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..).unwrap_or_default() {
        [b'\r', b'\n', ..] | [0xc2, 0x85, ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}

/// How many characters, not bytes, are in `text`.
fn characters(text: &str) -> usize {
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests;
