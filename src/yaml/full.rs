//! All of YAML, by saphyr-parser: its events become [`Node`]s.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::{Kind, MAX_DEPTH, MAX_NODES, Node, count};
use crate::error::{Error, Result, quote};

/// As [`super::parse`], whatever kind of YAML it is.
///
/// # Errors
/// As there.
pub(super) fn parse(text: &str, file: &str) -> Result<Node> {
    let mut padding = Padding::default();
    let mut padded = Cow::Borrowed(text);
    loop {
        let offsets = Offsets::new(text, &padding);
        let broken = match build(text, &padded, file, offsets)? {
            Ok(root) => return Ok(root),
            Err(broken) => broken,
        };
        let Some(wider) = padding.add(&padded, &broken) else {
            let at = broken.marker();
            let column = at.col() + 1 - padding.on_line(at.index(), at.col());
            let (line, why) = (at.line(), broken.info());
            return Err(Error::refused(format!("{file}:{line}:{column}: this is no YAML: {why}")));
        };
        padded = Cow::Owned(wider);
    }
}

/// Parses `padded`, which is `text` with blanks in it.
fn build(
    text: &str,
    padded: &str,
    file: &str,
    offsets: Offsets,
) -> Result<std::result::Result<Node, ScanError>> {
    let mut builder =
        Builder { text, file, offsets, anchors: HashMap::new(), nodes: 0, open: Vec::new() };
    for event in Parser::new_from_str(padded) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(broken) => return Ok(Err(broken)),
        };
        if let Some(root) = builder.event(event, span)? {
            return Ok(Ok(root));
        }
    }
    Err(Error::refused(format!("{} is empty", quote(file))))
}

/// Blanks that are put in front of elements and brackets of flow collections, for the parser alone:
///
/// ```yaml
/// args: [
///   'a=1',
/// ]
/// ```
///
/// saphyr-parser 0.3.4 wants that bracket further right than `args`, at least behind quotes;
/// `PyYAML`, and so KFP, takes it anywhere, and people write it so.
#[derive(Clone, Default)]
struct Padding {
    /// Where [`Self::BLANKS`] blanks each start, in characters of the padded text, in order.
    starts: Vec<usize>,
}

impl Padding {
    const BLANKS: usize = 128;
    /// The most text that is parsed again, in bytes.
    const MOST: usize = 64 << 20;

    /// The text with blanks at the place where it is `broken`, if that may be all that it lacks.
    fn add(&mut self, padded: &str, broken: &ScanError) -> Option<String> {
        let indentation = ["invalid indentation", "invalid indentation in flow construct"];
        let affordable = (self.starts.len() + 1).saturating_mul(padded.len()) <= Self::MOST;
        if !affordable || !indentation.contains(&broken.info()) {
            return None;
        }
        let start = broken.marker().index();
        let (byte, _) = padded.char_indices().nth(start)?;
        let (before, behind) = padded.split_at_checked(byte)?;
        self.starts.push(start);
        Some([before, &" ".repeat(Self::BLANKS), behind].concat())
    }

    /// How many blanks stand in front of the character `index`.
    fn before(&self, index: usize) -> usize {
        let count = self.starts.partition_point(|start| *start < index);
        let last = count.checked_sub(1).and_then(|last| self.starts.get(last));
        last.map_or(0, |start| (count - 1) * Self::BLANKS + (index - start).min(Self::BLANKS))
    }

    /// How many of them stand in the line in which `index` is the character `column`.
    fn on_line(&self, index: usize, column: usize) -> usize {
        self.before(index) - self.before(index.saturating_sub(column))
    }
}

/// A collection whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    /// A mapping's key that waits for its value.
    key: Option<Node>,
}

struct Builder<'a> {
    text: &'a str,
    file: &'a str,
    offsets: Offsets,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    open: Vec<Open>,
}

impl Builder<'_> {
    /// Takes one event; gives the root once it is complete.
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<Option<Node>> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let kind =
                    Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                let mut node = self.node(kind, span);
                if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
                    node.span.end = self.closing_quote(&node.span);
                }
                self.complete(node, anchor, 1)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.refuse(span, "this alias stands inside what it names"));
                };
                let place = self.node(Kind::Sequence(Vec::new()), span);
                let node = Node { span: place.span, ..node };
                self.complete(node, 0, size)
            }
            Event::SequenceStart(anchor, _) => {
                self.start(Kind::Sequence(Vec::new()), anchor, span).map(|()| None)
            }
            Event::MappingStart(anchor, _) => {
                self.start(Kind::Mapping(Vec::new()), anchor, span).map(|()| None)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(mut open) = self.open.pop() else {
                    return Ok(None);
                };
                open.node.span.end = self.offsets.byte(span.end.index()).max(open.node.span.start);
                if let Kind::Mapping(entries) = &mut open.node.kind {
                    merge(entries).map_err(|why| self.refuse(span, why))?;
                }
                self.complete(open.node, open.anchor, 1)
            }
            _ => Ok(None),
        }
    }

    fn node(&self, kind: Kind, span: Span) -> Node {
        Node {
            kind,
            span: self.offsets.byte(span.start.index())..self.offsets.byte(span.end.index()),
            line: span.start.line(),
            column: self.column(span),
        }
    }

    /// Behind the quote that ends the scalar in `span`: the parser's own end takes in a comment
    /// that follows (saphyr-parser 0.3.4).
    fn closing_quote(&self, span: &Range<usize>) -> usize {
        let written = self.text.get(span.clone()).unwrap_or_default();
        // An anchor or a tag may stand in front.
        let Some(open) = written.find(['\'', '"']) else {
            return span.end;
        };
        let quote = written.as_bytes().get(open).copied();
        let mut bytes = written.bytes().enumerate().skip(open + 1).peekable();
        while let Some((at, byte)) = bytes.next() {
            let next = bytes.peek().map(|(_, byte)| *byte);
            if byte == b'\\' && quote == Some(b'"')
                || (Some(byte) == quote && next == quote && quote == Some(b'\''))
            {
                bytes.next();
            } else if Some(byte) == quote {
                return span.start + at + 1;
            }
        }
        span.end
    }

    fn column(&self, span: Span) -> usize {
        let (index, column) = (span.start.index(), span.start.col());
        column + 1 - self.offsets.padding.on_line(index, column)
    }

    fn start(&mut self, kind: Kind, anchor: usize, span: Span) -> Result<()> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.refuse(span, &format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let node = self.node(kind, span);
        self.open.push(Open { node, anchor, key: None });
        Ok(())
    }

    /// Puts a complete node, which counts for `size` nodes, where it belongs.
    fn complete(&mut self, node: Node, anchor: usize, size: usize) -> Result<Option<Node>> {
        self.nodes += size;
        if self.nodes > MAX_NODES {
            return Err(Error::refused(format!(
                "{}:{}: over {MAX_NODES} nodes, those that aliases repeat included",
                self.file, node.line
            )));
        }
        if anchor > 0 {
            let size = count(&node);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(parent) = self.open.last_mut() else {
            return Ok(Some(node));
        };
        match (&mut parent.node.kind, parent.key.take()) {
            (Kind::Mapping(entries), Some(key)) => entries.push((key, node)),
            (Kind::Mapping(_), None) => parent.key = Some(node),
            (Kind::Sequence(items), _) => items.push(node),
            (Kind::Scalar { .. }, _) => {}
        }
        Ok(None)
    }

    fn refuse(&self, span: Span, why: &str) -> Error {
        Error::refused(format!("{}:{}:{}: {why}", self.file, span.start.line(), self.column(span)))
    }
}

/// Puts what `<<` names in front of a mapping's own entries, as `flatten_mapping` in PyYAML's
/// `constructor.py` does; an entry that is overridden is left out.
fn merge(entries: &mut Vec<(Node, Node)>) -> std::result::Result<(), &'static str> {
    let is_merge =
        |key: &Node| matches!(&key.kind, Kind::Scalar { text, plain: true } if text == "<<");
    if !entries.iter().any(|(key, _)| is_merge(key)) {
        return Ok(());
    }
    let (merges, own): (Vec<_>, Vec<_>) = entries.drain(..).partition(|(key, _)| is_merge(key));
    for (_, value) in merges {
        let sources = match value.kind {
            Kind::Sequence(items) => items,
            _ => vec![value],
        };
        // Of several the first counts.
        for source in sources.into_iter().rev() {
            let Kind::Mapping(more) = source.kind else {
                return Err("`<<` merges a mapping, or a list of mappings");
            };
            entries.extend(more);
        }
    }
    entries.extend(own);
    let mut names = HashSet::new();
    let mut kept: Vec<_> = std::mem::take(entries);
    kept.reverse();
    kept.retain(|(key, _)| key.text().is_none_or(|name| names.insert(name.to_owned())));
    kept.reverse();
    *entries = kept;
    Ok(())
}

/// From the parser's characters to bytes of the file.
struct Offsets {
    /// The byte of each character and the end; `None` where all are ASCII.
    bytes: Option<Vec<usize>>,
    length: usize,
    padding: Padding,
}

impl Offsets {
    fn new(text: &str, padding: &Padding) -> Self {
        let ends = std::iter::once(text.len());
        let bytes = || text.char_indices().map(|(at, _)| at).chain(ends).collect();
        Self { bytes: (!text.is_ascii()).then(bytes), length: text.len(), padding: padding.clone() }
    }

    fn byte(&self, index: usize) -> usize {
        let index = index - self.padding.before(index);
        match &self.bytes {
            None => index.min(self.length),
            Some(bytes) => bytes.get(index).copied().unwrap_or(self.length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flow_collections_may_end_anywhere() {
        for text in [
            "a:\n  é: [\n    'x', # c\n  ]\n  z: 1\n",
            "a:\n  é: [\n    \"x\"\n]\n  z: 1\n",
            "a:\n  é: [\n  'x',\n  ]\n  z: 1\n",
            "a:\n  é: [\n x,\n{k: 'é',\n}, 'y']\n  z: 1\n",
            "a:\n  é:\n  - {\n    k: ['x'\n  ],\n    l: \"é\"\n  }\n  z: 1\n",
        ] {
            let root = parse(text, "f").unwrap_or_else(|error| panic!("{error}: {text}"));
            let list = root.path(&["a", "é"]).unwrap();
            let written = &text[list.span.clone()];
            assert!(written.starts_with(['[', '{']), "{written:?}");
            assert!(written.trim_end().ends_with([']', '}']), "{written:?}");
            let z = root.path(&["a", "z"]).unwrap();
            assert_eq!((&text[z.span.clone()], z.column), ("1", 6));
        }
        let root = parse("a:\n  b: [\n  'x', é,\n  'y']\n", "f").unwrap();
        let items = root.path(&["a", "b"]).unwrap().items().unwrap();
        let columns: Vec<_> = items.iter().map(|item| (item.line, item.column)).collect();
        assert_eq!(columns, [(3, 3), (3, 8), (4, 3)]);
        let error = parse("a:\n  b: [\n  'x', }\n", "f").unwrap_err();
        assert!(error.message.starts_with("f:3:8: this is no YAML"), "{}", error.message);
    }

    #[test]
    fn merge_keys_are_pyyamls() {
        let text = "base: &b {x: 1, y: 2}\nother: &o {x: 3, z: 4}\none: {<<: *b, y: 5}\n\
                    two: {<<: [*b, *o]}\nquoted: {'<<': 1}\n";
        let root = parse(text, "f").unwrap();
        let shown = |key: &str| {
            let entries = root.get(key).unwrap().entries().unwrap().iter();
            let pairs =
                entries.map(|(k, v)| format!("{}={}", k.text().unwrap(), v.text().unwrap()));
            pairs.collect::<Vec<_>>().join(" ")
        };
        assert_eq!((shown("one"), shown("two")), ("x=1 y=5".into(), "z=4 x=1 y=2".into()));
        assert_eq!(shown("quoted"), "<<=1");
        assert!(parse("a: {<<: 1}", "f").unwrap_err().message.contains("`<<` merges a mapping"));
    }
}
