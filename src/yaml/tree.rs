//! From libyaml's events to a tree, composed and typed as PyYAML's `SafeLoader` does it
//! (`composer.py` and `constructor.py` of PyYAML 6.0).

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::events::{Event, Parser, Place, Problem, Properties};
use super::scalar::{Scalar, resolve};
use super::{Kind, MAX_DEPTH, MAX_NODES, Node, count, what_would_be_right};
use crate::error::{Error, Result, quote};

/// The first document of `text`, and the line in which the second starts.
///
/// # Errors
/// As of [`super::parse`].
pub(super) fn first_document(text: &str, file: &str) -> Result<(Node, Option<usize>)> {
    let mut composer =
        Composer { parser: Parser::new(text), file, anchors: HashMap::new(), nodes: 0 };
    loop {
        match composer.next()? {
            (Event::Nothing, _) => {}
            (Event::DocumentStart, _) => break,
            _ => return Err(Error::refused(format!("{} is empty", quote(file)))),
        }
    }
    let first = composer.next()?;
    let root = composer.node(first, 0)?;
    loop {
        match composer.next()? {
            (Event::DocumentStart, place) => return Ok((root, Some(place.line))),
            (Event::StreamEnd, _) => return Ok((root, None)),
            _ => {}
        }
    }
}

struct Composer<'a> {
    parser: Parser<'a>,
    file: &'a str,
    /// `None` while what the anchor names is being read.
    anchors: HashMap<String, Option<Anchored>>,
    /// How many nodes there are, those of aliases and what anchors keep included.
    nodes: usize,
}

/// What an anchor names.
struct Anchored {
    node: Node,
    size: usize,
    height: usize,
}

impl Composer<'_> {
    fn next(&mut self) -> Result<(Event, Place)> {
        self.parser.next().map_err(|Problem { message, place }| Error {
            help: what_would_be_right(&message).map(str::to_owned),
            ..Error::at(self.file, place, message)
        })
    }

    fn refuse(&self, place: &Place, why: impl AsRef<str>) -> Error {
        Error::at(self.file, (place.line, place.column), why)
    }

    /// The node that starts with `event`, `depth` levels deep.
    fn node(&mut self, (event, place): (Event, Place), depth: usize) -> Result<Node> {
        if depth > MAX_DEPTH {
            let why = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(self.refuse(&place, why));
        }
        let (properties, kind, end) = match event {
            Event::Alias(name) => return self.alias(&name, &place, depth),
            Event::Scalar { properties, text, plain } => {
                self.begin(&properties, text.len() / 64 + 1, &place)?;
                let kind = Kind::Scalar { text, plain };
                (properties, kind, place.span.end)
            }
            Event::SequenceStart(properties) => {
                self.begin(&properties, 1, &place)?;
                let (items, end) = self.items(&place, properties.flow, depth)?;
                (properties, Kind::Sequence(items), end)
            }
            Event::MappingStart(properties) => {
                self.begin(&properties, 1, &place)?;
                let (items, end) = self.items(&place, properties.flow, depth)?;
                let mut items = items.into_iter();
                let mut entries = Vec::new();
                while let (Some(key), Some(mut value)) = (items.next(), items.next()) {
                    // What is not written is where libyaml notices that.
                    if value.span.is_empty() {
                        value.span = key.span.end..key.span.end;
                    }
                    entries.push((key, value));
                }
                (properties, Kind::Mapping(self.merged(entries)?), end)
            }
            _ => return Err(self.refuse(&place, "a value is missing")),
        };
        let Properties { anchor, tag, .. } = properties;
        let kind = match tag {
            Some(tag) => tagged(&tag, kind).map_err(|why| self.refuse(&place, why))?,
            None => kind,
        };
        let Place { span, line, column } = place;
        let node = Node { kind, span: span.start..end, line, column };
        if let Some(name) = anchor {
            // The copy counts: anchors inside one another would multiply what is kept.
            let size = count(&node);
            self.spend(size, &Place { span, line, column })?;
            let anchored = Anchored { node: node.clone(), size, height: height(&node) };
            self.anchors.insert(name, Some(anchored));
        }
        Ok(node)
    }

    /// The nodes of a collection up to its end, and the byte at which it ends: in front of what
    /// libyaml has read already where no bracket ends it.
    fn items(&mut self, start: &Place, flow: bool, depth: usize) -> Result<(Vec<Node>, usize)> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            match self.next()? {
                (Event::End, place) => {
                    let last = items.last().map_or(start.span.end, |last| last.span.end);
                    return Ok((items, if flow { place.span.end } else { last }));
                }
                next => items.push(self.node(next, depth + 1)?),
            }
        }
    }

    /// Counts a node of that size, whose anchor nothing has yet (`compose_node`).
    fn begin(&mut self, properties: &Properties, size: usize, place: &Place) -> Result<()> {
        self.spend(size, place)?;
        match &properties.anchor {
            Some(name) if self.anchors.insert(name.clone(), None).is_some() => {
                Err(self.refuse(place, format!("the anchor `&{name}` is there twice")))
            }
            _ => Ok(()),
        }
    }

    /// `*name`: the node that it names, in its place.
    fn alias(&mut self, name: &str, place: &Place, depth: usize) -> Result<Node> {
        let (node, size, height) = match self.anchors.get(name) {
            Some(Some(named)) => (named.node.clone(), named.size, named.height),
            Some(None) => {
                return Err(self.refuse(place, format!("`*{name}` is inside what it names")));
            }
            None => {
                return Err(self.refuse(place, format!("there is no `&{name}` before `*{name}`")));
            }
        };
        self.spend(size, place)?;
        if depth + height > MAX_DEPTH {
            let why = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(self.refuse(place, why));
        }
        Ok(Node { span: place.span.clone(), line: place.line, column: place.column, ..node })
    }

    fn spend(&mut self, nodes: usize, place: &Place) -> Result<()> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            let why = format!("over {MAX_NODES} nodes, those that aliases repeat included");
            return Err(self.refuse(place, why));
        }
        Ok(())
    }

    /// A mapping's entries with what `<<` names before its own (`flatten_mapping`). Of equal keys its
    /// own last counts, in the place of the first, as in a `dict` of Python.
    fn merged(&self, entries: Vec<(Node, Node)>) -> Result<Vec<(Node, Node)>> {
        let is_merge =
            |key: &Node| matches!(&key.kind, Kind::Scalar { text, plain: true } if text == "<<");
        let (mut all, mut own) = (Vec::new(), Vec::new());
        let mut merged = HashSet::new();
        for (key, value) in entries {
            let refuse = |why: String| Err(Error::at(self.file, (key.line, key.column), why));
            if !is_merge(&key) {
                if !matches!(key.kind, Kind::Scalar { .. }) {
                    return refuse("a key is text, and not a list or mapping".to_owned());
                }
                own.push((key, value));
                continue;
            }
            let sources = match value.kind {
                Kind::Sequence(items) => items,
                _ => vec![value],
            };
            for source in sources {
                let Kind::Mapping(more) = source.kind else {
                    return refuse("`<<` merges a mapping, or a list of mappings".to_owned());
                };
                let twice = more.iter().find(|(key, _)| !merged.insert(name(key)));
                if let Some((twice, _)) = twice {
                    let twice = quote(twice.text().unwrap_or_default());
                    return refuse(format!(
                        "{twice} is in two mappings that `<<` merges, of which PyYAML 6.0.2 takes \
                         the first and 6.0.4 the last"
                    ));
                }
                all.extend(more);
            }
        }
        all.extend(own);
        // Of equal keys the last, at the place of the first, as in a `dict` of Python.
        let last: IndexMap<_, _> = all.into_iter().map(|entry| (name(&entry.0), entry)).collect();
        Ok(last.into_values().collect())
    }
}

/// A key by which others are equal: `1` and `"1"` are not.
fn name(key: &Node) -> String {
    match &key.kind {
        // No plain scalar starts with a quote.
        Kind::Scalar { text, plain: true } => text.clone(),
        _ => format!("'{}", key.text().unwrap_or_default()),
    }
}

/// A node with the tag of YAML 1.1's repository that it has (`SafeConstructor`). The error says why it
/// is not read.
fn tagged(tag: &str, kind: Kind) -> std::result::Result<Kind, String> {
    if tag == "!" {
        return Err("`!` is a tag that is not read here".to_owned());
    }
    let name = tag.strip_prefix("tag:yaml.org,2002:");
    let name = name.ok_or_else(|| format!("{} is not a tag of YAML 1.1's", quote(tag)))?;
    let typed = |text: String, is: fn(&Scalar) -> bool| {
        let fits = is(&resolve(&text));
        if fits { Ok(Kind::Scalar { text, plain: true }) } else { Err(()) }
    };
    match (name, kind) {
        ("seq", kind @ Kind::Sequence(_)) | ("map", kind @ Kind::Mapping(_)) => Ok(kind),
        // Dates and base64 are kept as they are written.
        ("str" | "timestamp" | "binary", Kind::Scalar { text, .. }) => {
            Ok(Kind::Scalar { text, plain: false })
        }
        ("null", Kind::Scalar { .. }) => Ok(Kind::Scalar { text: "null".to_owned(), plain: true }),
        ("bool", Kind::Scalar { text, .. }) => {
            typed(text.to_ascii_lowercase(), |scalar| matches!(scalar, Scalar::Bool(_)))
        }
        ("int", Kind::Scalar { text, .. }) => typed(text, |s| matches!(s, Scalar::Int(_))),
        ("float", Kind::Scalar { text, .. }) if !text.is_empty() => {
            typed(text.clone(), |scalar| matches!(scalar, Scalar::Float(_)))
                .or_else(|()| typed(format!("{text}.0"), |s| matches!(s, Scalar::Float(_))))
        }
        ("omap" | "pairs" | "set" | "merge" | "value", _) => {
            return Err(format!("`!!{name}` is a tag that is not read here"));
        }
        _ => Err(()),
    }
    .map_err(|()| format!("this is not of the type that its tag `!!{name}` names"))
}

/// How many levels a node has.
fn height(node: &Node) -> usize {
    match &node.kind {
        Kind::Scalar { .. } => 0,
        Kind::Sequence(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Kind::Mapping(entries) => {
            1 + entries.iter().map(|(key, value)| height(key).max(height(value))).max().unwrap_or(0)
        }
    }
}
