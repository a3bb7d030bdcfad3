//! YAML (and so JSON) as a tree that knows where each node stands.
//!
//! The parser is saphyr-parser, behind a quick one for what most components are written in
//! (`plain.rs`); here its events become [`Node`]s, in bounded time and memory: a
//! file's size, its nesting and what its aliases expand to are limited. Plain scalars are typed as
//! PyYAML types them, since it is PyYAML that KFP and Hydra read and write their files with.

mod plain;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use crate::error::{Error, Result, quote};

/// The largest file that is read, in bytes. Compiled pipelines of a hundred tasks have 1 MiB.
pub const MAX_BYTES: usize = 8 << 20;
/// The most nodes, those that aliases repeat included.
pub(crate) const MAX_NODES: usize = 1 << 20;
/// The deepest nesting.
pub(crate) const MAX_DEPTH: usize = 100;

/// A node and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The bytes of the file that it is written in, quotes included.
    pub span: Range<usize>,
    /// The line it starts on, from 1.
    pub line: usize,
    /// The column it starts in, from 1.
    pub column: usize,
}

/// The kinds of nodes.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A scalar, with its escapes read.
    Scalar {
        /// Its characters.
        text: String,
        /// Whether it stands without quotes, and so may be a number, a bool or null.
        plain: bool,
    },
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in order.
    Mapping(Vec<(Node, Node)>),
}

/// A plain scalar's value by YAML 1.1, as PyYAML's `SafeLoader` resolves it.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `null`, `~`, or nothing.
    Null,
    /// `true`, `yes`, `on` and their opposites.
    Bool(bool),
    /// A decimal integer.
    Int(String),
    /// A float with a dot.
    Float(f64),
    /// Anything else.
    Text,
}

impl Node {
    /// The characters of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The items of a sequence.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a mapping.
    pub fn entries(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            Kind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// A mapping's value for `key`; `None` also where this is no mapping. Of repeated keys the
    /// last counts, as PyYAML has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let mut entries = self.entries()?.iter().rev();
        entries.find(|(k, _)| k.text() == Some(key)).map(|(_, value)| value)
    }

    /// [`Self::get`] along several keys.
    pub fn path(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// What kind of node it is, for a message.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar { .. } => "a scalar",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }

    /// The value of a scalar as PyYAML resolves it.
    pub fn scalar(&self) -> Scalar {
        match &self.kind {
            Kind::Scalar { text, plain: true } => resolve(text),
            _ => Scalar::Text,
        }
    }
}

fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        _ => {}
    }
    let (sign, unsigned) = match text.strip_prefix(['-', '+']) {
        Some(unsigned) => (text.get(..1).unwrap_or("").trim_start_matches('+'), unsigned),
        None => ("", text),
    };
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Scalar::Float(if sign == "-" { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Scalar::Text;
    }
    let digits = unsigned.replace('_', "");
    if !unsigned.starts_with('.')
        && let Some(value) = integer(&digits)
    {
        let sign = if value == "0" { "" } else { sign };
        return Scalar::Int(format!("{sign}{value}"));
    }
    // PyYAML's floats have a dot, and a sign in the exponent.
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits.as_str(), None),
    };
    let is_float = mantissa.contains('.')
        && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && exponent.is_none_or(|e| e.starts_with(['-', '+']));
    match format!("{sign}{digits}").parse() {
        Ok(float) if is_float => Scalar::Float(float),
        _ => Scalar::Text,
    }
}

/// The decimal digits of an integer without its sign, in any of YAML 1.1's notations: `12`, `0x1f`,
/// `0b11`, `017` (octal), `1:30` (base 60).
fn integer(digits: &str) -> Option<String> {
    let (radix, rest) = match digits.as_bytes() {
        [b'0', b'x', ..] => (16, digits.get(2..)?),
        [b'0', b'b', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ if digits.contains(':') => return sexagesimal(digits),
        _ => {
            let decimal = digits.bytes().all(|byte| byte.is_ascii_digit());
            return decimal.then(|| digits.to_owned());
        }
    };
    // A sign is none of the digits.
    let value = u128::from_str_radix(rest, radix).ok().filter(|_| !rest.starts_with('+'))?;
    Some(value.to_string())
}

fn sexagesimal(digits: &str) -> Option<String> {
    let mut value: u128 = 0;
    for (index, part) in digits.split(':').enumerate() {
        let number: u128 = part.parse().ok().filter(|_| !part.starts_with('+'))?;
        let fits = index == 0 && number > 0 || index > 0 && number < 60 && part.len() < 3;
        value = value.checked_mul(60)?.checked_add(number).filter(|_| fits)?;
    }
    Some(value.to_string())
}

/// Parses the first document of `text`; `file` names it in errors.
///
/// # Errors
/// It is no YAML, empty, or beyond a limit.
pub fn parse(text: &str, file: &str) -> Result<Node> {
    if text.len() > MAX_BYTES {
        return Err(Error::refused(format!(
            "{} has {} bytes; at most {MAX_BYTES} are read",
            quote(file),
            text.len()
        )));
    }
    if let Some(json) = crate::json::parse(text, file) {
        return json;
    }
    plain::parse(text).map_or_else(|| parse_any(text, file), Ok)
}

/// [`parse`] by the full parser.
fn parse_any(text: &str, file: &str) -> Result<Node> {
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

/// The nodes of a tree; long text counts for more than one.
pub(crate) fn count(node: &Node) -> usize {
    1 + match &node.kind {
        Kind::Scalar { text, .. } => text.len() / 64,
        Kind::Sequence(items) => items.iter().map(count).sum(),
        Kind::Mapping(entries) => entries.iter().map(|(k, v)| count(k) + count(v)).sum::<usize>(),
    }
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
    fn nodes_know_their_place() {
        let text = "é: [a, 'b c', {k: \"x\"}]\nl:\n- &z one # c\n- *z\n- |\n  block\n";
        let root = parse(text, "f").unwrap();
        let list = root.get("é").unwrap();
        let shown: Vec<&str> =
            list.items().unwrap().iter().map(|n| &text[n.span.clone()]).collect();
        assert_eq!(shown, ["a", "'b c'", "{k: \"x\"}"]);
        assert_eq!(&text[list.span.clone()], "[a, 'b c', {k: \"x\"}]");
        let items = root.get("l").unwrap().items().unwrap();
        assert_eq!(items[0].text(), Some("one"));
        assert_eq!((items[0].line, items[0].column), (3, 3));
        assert_eq!(items[1].text(), Some("one"));
        assert_eq!(&text[items[1].span.clone()], "*z");
        assert_eq!(items[2].text(), Some("block\n"));
        for quoted in ["'it''s' # c", r#""a\"b\\" # "c""#, "'' # ''", "&a 'x'  # y"] {
            let text = format!("- {quoted}\n");
            let root = parse(&text, "f").unwrap();
            let span = root.items().unwrap()[0].span.clone();
            let expected = quoted.split(" #").next().unwrap().trim_end();
            assert_eq!(&text[span], expected);
        }
    }

    #[test]
    fn plain_scalars_are_pyyamls() {
        for (text, expected) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("yes", Scalar::Bool(true)),
            ("Off", Scalar::Bool(false)),
            ("12", Scalar::Int("12".into())),
            ("-1_000", Scalar::Int("-1000".into())),
            ("007", Scalar::Int("7".into())),
            ("08", Scalar::Text),
            ("-0", Scalar::Int("0".into())),
            ("-0x1F", Scalar::Int("-31".into())),
            ("0b11", Scalar::Int("3".into())),
            ("0b12", Scalar::Text),
            ("12:30", Scalar::Int("750".into())),
            ("1:60", Scalar::Text),
            ("0:30", Scalar::Text),
            ("0x", Scalar::Text),
            ("1.5", Scalar::Float(1.5)),
            ("1.0e-05", Scalar::Float(1e-5)),
            ("1e5", Scalar::Text),
            ("1.0e5", Scalar::Text),
            ("-.inf", Scalar::Float(f64::NEG_INFINITY)),
            ("nan", Scalar::Text),
            ("2024-11-23", Scalar::Text),
            ("a", Scalar::Text),
            (".", Scalar::Text),
        ] {
            assert_eq!(resolve(text), expected, "{text:?}");
        }
    }

    #[test]
    fn flow_collections_may_end_anywhere() {
        for text in [
            "a:\n  é: [\n    'x', # c\n  ]\n  z: 1\n",
            "a:\n  é: [\n    \"x\"\n]\n  z: 1\n",
            "a:\n  é: [\n  'x',\n  ]\n  z: 1\n",
            "a:\n  é: [\n x,\n{k: 'é',\n}, 'y']\n  z: 1\n",
            "a:\n  é:\n  - {\n    k: ['x'\n  ],\n    l: \"é\"\n  }\n  z: 1\n",
        ] {
            let root = parse_any(text, "f").unwrap_or_else(|error| panic!("{error}: {text}"));
            let list = root.path(&["a", "é"]).unwrap();
            let written = &text[list.span.clone()];
            assert!(written.starts_with(['[', '{']), "{written:?}");
            assert!(written.trim_end().ends_with([']', '}']), "{written:?}");
            let z = root.path(&["a", "z"]).unwrap();
            assert_eq!((&text[z.span.clone()], z.column), ("1", 6));
        }
        let root = parse_any("a:\n  b: [\n  'x', é,\n  'y']\n", "f").unwrap();
        let items = root.path(&["a", "b"]).unwrap().items().unwrap();
        let columns: Vec<_> = items.iter().map(|item| (item.line, item.column)).collect();
        assert_eq!(columns, [(3, 3), (3, 8), (4, 3)]);
        let error = parse_any("a:\n  b: [\n  'x', }\n", "f").unwrap_err();
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

    #[test]
    fn limits_hold() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
                    c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
                    e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
                    g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
        for (text, reason) in [
            (bomb.to_owned(), "over 1048576 nodes"),
            ("[".repeat(200), "nested deeper than 100 levels"),
            ("- ".repeat(200), "nested deeper than 100 levels"),
            ("a: [1, 2".to_owned(), "f:2:1: this is no YAML"),
            ("a: b: c".to_owned(), "this is no YAML"),
            (" ".repeat(MAX_BYTES + 1), "at most 8388608 are read"),
            (
                format!("a: &a {}\nb: [*a{}]\n", "x".repeat(1 << 20), ",*a".repeat(100)),
                "over 1048576 nodes",
            ),
            (format!("a:\n  b: [{}", "'x',\n ".repeat(1 << 18)), "invalid indentation"),
            (String::new(), "is empty"),
            ("&a [*a]".to_owned(), "inside what it names"),
            ("*x".to_owned(), "this is no YAML"),
        ] {
            let error = parse(&text, "f").unwrap_err();
            assert!(error.message.contains(reason), "{:.40}: {}", text, error.message);
        }
    }
}
