//! Where the nodes of a YAML text are, for what is changed or masked in it, and for messages.

use std::ops::Range;

use super::events::{Event, Parser, Place, Properties};
use super::not_yaml;
use crate::error::{Error, Result, quote};

/// A node and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The bytes of the text that it is written in, with its quotes, anchor and tag.
    pub span: Range<usize>,
    /// The line it starts on, from 1.
    pub line: usize,
    /// The column it starts in, from 1.
    pub column: usize,
}

/// The kinds of nodes.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A scalar's characters, with its escapes read.
    Scalar(String),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in order.
    Mapping(Vec<(Node, Node)>),
    /// `*name`
    Alias,
}

/// The nodes of the first document of `text`; `file` names it in errors.
///
/// # Errors
/// It is not YAML, empty, or nested too deep.
pub fn outline(text: &str, file: &str) -> Result<Node> {
    let mut composer = Composer { parser: Parser::new(text), file };
    loop {
        match composer.next()? {
            (Event::Nothing | Event::DocumentStart, _) => {}
            (Event::StreamEnd, _) => {
                return Err(Error::refused(format!("{} is empty", quote(file))));
            }
            first => return composer.node(first),
        }
    }
}

impl Node {
    /// The characters of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text) => Some(text),
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

    /// A mapping's value for `key`, or a sequence's item at that index.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Sequence(items) => items.get(key.parse::<usize>().ok()?),
            _ => self.entry(key).map(|(_, value)| value),
        }
    }

    /// A mapping's entry for `key`.
    pub(super) fn entry(&self, key: &str) -> Option<&(Node, Node)> {
        self.entries()?.iter().find(|(name, _)| name.text() == Some(key))
    }
}

struct Composer<'a> {
    parser: Parser<'a>,
    file: &'a str,
}

impl Composer<'_> {
    fn next(&mut self) -> Result<(Event, Place)> {
        self.parser.next().map_err(|problem| not_yaml(problem, self.file))
    }

    /// The node that starts with `event`.
    fn node(&mut self, (event, place): (Event, Place)) -> Result<Node> {
        let (kind, end) = match event {
            Event::Scalar { text, .. } => (Kind::Scalar(text), place.span.end),
            Event::SequenceStart(properties) => {
                let (items, end) = self.items(&place, &properties)?;
                (Kind::Sequence(items), end)
            }
            Event::MappingStart(properties) => {
                let (items, end) = self.items(&place, &properties)?;
                let mut items = items.into_iter();
                let mut entries = Vec::new();
                while let (Some(key), Some(mut value)) = (items.next(), items.next()) {
                    // What is not written is where libyaml notices that.
                    if value.span.is_empty() {
                        value.span = key.span.end..key.span.end;
                    }
                    entries.push((key, value));
                }
                (Kind::Mapping(entries), end)
            }
            _ => (Kind::Alias, place.span.end),
        };
        let Place { span, line, column } = place;
        Ok(Node { kind, span: span.start..end, line, column })
    }

    /// The nodes of the collection that starts at `start`, and the byte at which it ends: in front of
    /// what libyaml has read already where no bracket ends it.
    fn items(&mut self, start: &Place, properties: &Properties) -> Result<(Vec<Node>, usize)> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            match self.next()? {
                (Event::End, place) => {
                    let last = items.last().map_or(start.span.end, |last| last.span.end);
                    return Ok((items, if properties.flow { place.span.end } else { last }));
                }
                next => items.push(self.node(next)?),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_know_their_place() {
        let text = "é: [a, 'b c', {k: \"x\"}]\nl:\n- &z one # c\n- *z\n- |\n  block\n";
        let root = outline(text, "f").unwrap();
        let list = root.get("é").unwrap();
        let shown: Vec<&str> =
            list.items().unwrap().iter().map(|n| &text[n.span.clone()]).collect();
        assert_eq!(shown, ["a", "'b c'", "{k: \"x\"}"]);
        assert_eq!(&text[list.span.clone()], "[a, 'b c', {k: \"x\"}]");
        let items = root.get("l").unwrap().items().unwrap();
        assert_eq!(items[0].text(), Some("one"));
        assert_eq!((items[0].line, items[0].column), (3, 3));
        assert_eq!((items[1].text(), &text[items[1].span.clone()]), (None, "*z"));
        assert_eq!(root.get("l").unwrap().get("2").unwrap().text(), Some("block\n"));
        for quoted in ["'it''s' # c", r#""a\"b\\" # "c""#, "'' # ''", "&a 'x'  # y"] {
            let text = format!("- {quoted}\n");
            let root = outline(&text, "f").unwrap();
            let span = root.items().unwrap()[0].span.clone();
            let expected = quoted.split(" #").next().unwrap().trim_end();
            assert_eq!(&text[span], expected);
        }
    }
}
