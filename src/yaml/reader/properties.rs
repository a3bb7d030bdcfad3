//! What may stand in front of a node: an anchor and a tag; and the alias in the place of one.

use super::{Mark, Read, Reader};
use crate::error::quote;
use crate::json::yaml_number;
use crate::yaml::scalar::{Scalar, resolve};
use crate::yaml::{Kind, Node, count};

/// A node's anchor and tag, and where they stand.
#[derive(Clone, Copy, Default)]
pub(super) struct Properties {
    /// Where they start, if there are any.
    pub(super) mark: Option<Mark>,
    /// Behind the last of them.
    pub(super) end: usize,
    /// The place in `anchored`.
    pub(super) anchor: Option<usize>,
    pub(super) tag: Tag,
}

/// A tag of YAML 1.1's repository that `SafeConstructor` knows.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tag {
    #[default]
    None,
    /// `!`: as if there were neither tag nor quotes (`compose_scalar_node`).
    NonSpecific,
    Null,
    Bool,
    Int,
    Float,
    /// Also of dates and base64: they are kept as they are written.
    Text,
    Sequence,
    Mapping,
}

/// Why properties are refused.
pub(super) const ONE_OF_EACH: &str = "a node has at most one anchor and one tag";

/// What an anchor names.
pub(super) struct Anchored {
    node: Node,
    /// Its nodes and its levels.
    size: usize,
    height: usize,
}

impl<'a> Reader<'a> {
    /// Reads an anchor and a tag, in any order, and goes on to what follows: `parse_node`. In block
    /// context a key may start on the next line, which what stands there belongs to.
    pub(super) fn properties(&mut self, in_flow: bool) -> Read<Properties> {
        if !matches!(self.peek(), Some(b'&' | b'!')) {
            return Ok(Properties::default());
        }
        let mut read = Properties::default();
        let line = self.line;
        while let Some(indicator @ (b'&' | b'!')) = self.peek()
            && (in_flow || self.line == line)
        {
            let mark = self.mark();
            self.may_start = false;
            if indicator == b'&' && read.anchor.is_none() {
                read.anchor = Some(self.anchor()?);
            } else if indicator == b'!' && read.tag == Tag::None {
                read.tag = self.tag()?;
            } else {
                return Err(self.refuse(mark.at, ONE_OF_EACH));
            }
            read.mark.get_or_insert(mark);
            read.end = self.at;
            self.skip();
        }
        Ok(read)
    }

    /// `&name`, which is not named yet (`compose_node`).
    fn anchor(&mut self) -> Read<usize> {
        let start = self.at;
        let name = self.anchor_name()?;
        let place = self.anchored.len();
        if self.anchors.insert(name.to_owned(), place).is_some() {
            let written = quote(self.slice(start, self.at));
            return Err(self.refuse(start, &format!("the anchor {written} is there twice")));
        }
        self.anchored.push(None);
        Ok(place)
    }

    /// `scan_anchor`.
    fn anchor_name(&mut self) -> Read<&'a str> {
        self.at += 1;
        let name = self.word();
        let ends = self.is_blank(self.at)
            || matches!(self.peek(), Some(b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'));
        if name.is_empty() || !ends {
            let why = "a name has letters from A to Z, digits, `-` and `_`";
            return Err(self.refuse(self.at, why));
        }
        Ok(name)
    }

    /// `*name`: the node that it names, at its place.
    pub(super) fn alias(&mut self) -> Read<Node> {
        let start = self.at;
        self.may_start = false;
        let name = self.anchor_name()?;
        let named = self.anchors.get(name).and_then(|place| self.anchored.get(*place));
        let why = match named {
            Some(Some(Anchored { node, size, height })) => {
                let (node, size, height) = (node.clone(), *size, *height);
                self.count(size, start)?;
                self.check_depth(self.depth + height, start)?;
                return Ok(Node { span: start..self.at, ..node });
            }
            Some(None) => "stands inside what it names",
            None => "names no anchor in front of it",
        };
        let written = quote(self.slice(start, self.at));
        Err(self.refuse(start, &format!("{written} {why}")))
    }

    /// Keeps a complete node under its anchor. The copy counts: anchors inside one another would
    /// multiply what is kept.
    pub(super) fn keep(&mut self, place: usize, node: &Node) -> Read<()> {
        let size = count(node);
        self.count(size, node.span.start)?;
        let anchored = Anchored { node: node.clone(), size, height: height(node) };
        if let Some(kept) = self.anchored.get_mut(place) {
            *kept = Some(anchored);
        }
        Ok(())
    }

    /// `scan_tag`, and what `parse_node` makes of its handle.
    fn tag(&mut self) -> Read<Tag> {
        let start = self.at;
        let full = if self.byte(start + 1) == Some(b'<') {
            self.at += 2;
            let uri = self.tag_uri()?;
            if self.peek() != Some(b'>') {
                return Err(self.refuse(start, "this tag is not closed: a `>` is missing"));
            }
            self.at += 1;
            uri
        } else if self.is_blank(start + 1) {
            self.at += 1;
            "!".to_owned()
        } else {
            self.shorthand_tag()?
        };
        if !self.is_blank(self.at) || self.peek() == Some(b'\t') {
            return Err(self.refuse(self.at, "a space has to follow a tag"));
        }
        if full == "!" {
            return Ok(Tag::NonSpecific);
        }
        let standard = full.strip_prefix("tag:yaml.org,2002:");
        Ok(match standard.unwrap_or_default() {
            "null" => Tag::Null,
            "bool" => Tag::Bool,
            "int" => Tag::Int,
            "float" => Tag::Float,
            "str" | "binary" | "timestamp" => Tag::Text,
            "seq" => Tag::Sequence,
            "map" => Tag::Mapping,
            name => {
                let why = match name {
                    "omap" | "pairs" | "set" | "merge" | "value" => {
                        "is a tag that is not read here"
                    }
                    _ => "is no tag of YAML 1.1's",
                };
                let written = quote(self.slice(start, self.at));
                return Err(self.refuse(start, &format!("{written} {why}")));
            }
        })
    }

    /// `!name`, `!!name` or `!handle!name`, in full.
    fn shorthand_tag(&mut self) -> Read<String> {
        let start = self.at;
        let mut end = start + 1;
        while !self.is_blank(end) && self.byte(end) != Some(b'!') {
            end += 1;
        }
        let handle = if self.byte(end) == Some(b'!') {
            self.tag_handle()?
        } else {
            self.at += 1;
            "!"
        };
        let defined = self.handles.iter().find(|(name, _)| *name == handle);
        let prefix = match (defined, handle) {
            (Some((_, prefix)), _) => prefix.clone(),
            (None, "!") => "!".to_owned(),
            (None, "!!") => "tag:yaml.org,2002:".to_owned(),
            _ => {
                let why = format!("no `%TAG` defines the handle {}", quote(handle));
                return Err(self.refuse(start, &why));
            }
        };
        Ok(prefix + &self.tag_uri()?)
    }

    /// `scan_tag_handle`.
    pub(super) fn tag_handle(&mut self) -> Read<&'a str> {
        let start = self.at;
        let is_handle = self.peek() == Some(b'!');
        self.at += 1;
        // A `%TAG` may define `!` itself.
        if is_handle && self.peek() != Some(b' ') {
            self.word();
            if self.peek() != Some(b'!') {
                return Err(self.refuse(start, "a tag's handle is `!`, `!!` or `!name!`"));
            }
            self.at += 1;
        }
        if is_handle {
            return Ok(self.slice(start, self.at));
        }
        Err(self.refuse(start, "a tag's handle starts with `!`"))
    }

    /// `scan_tag_uri`.
    pub(super) fn tag_uri(&mut self) -> Read<String> {
        let start = self.at;
        let mut uri = Vec::new();
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                let digits = self.slice(self.at + 1, self.at + 3);
                let is_hex = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                let code = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex);
                let Some(code) = code else {
                    return Err(self.refuse(self.at, "`%` takes two hexadecimal digits in a tag"));
                };
                uri.push(code);
                self.at += 3;
            } else if is_word(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) {
                uri.push(byte);
                self.at += 1;
            } else {
                break;
            }
        }
        let uri = String::from_utf8(uri).ok().filter(|uri| !uri.is_empty());
        uri.ok_or_else(|| self.refuse(start, "this tag has no name"))
    }

    /// Makes of a node what its tag says: `SafeConstructor`'s `construct_yaml_*`.
    pub(super) fn apply(&self, tag: Tag, node: &mut Node, at: usize) -> Read<()> {
        let fits = match (&mut node.kind, tag) {
            (Kind::Sequence(_), Tag::Sequence | Tag::NonSpecific)
            | (Kind::Mapping(_), Tag::Mapping | Tag::NonSpecific) => true,
            (Kind::Scalar { text, plain }, tag) => {
                *plain = tag != Tag::Text;
                match tag {
                    Tag::Null => "null".clone_into(text),
                    Tag::Bool => *text = text.to_ascii_lowercase(),
                    Tag::Float if !text.is_empty() => {
                        *text = yaml_number(text);
                        if !matches!(resolve(text), Scalar::Float(_)) {
                            text.push_str(".0");
                        }
                    }
                    _ => {}
                }
                match (tag, resolve(text)) {
                    (Tag::Bool, resolved) => matches!(resolved, Scalar::Bool(_)),
                    (Tag::Int, resolved) => matches!(resolved, Scalar::Int(_)),
                    (Tag::Float, resolved) => matches!(resolved, Scalar::Float(_)),
                    _ => !matches!(tag, Tag::Sequence | Tag::Mapping),
                }
            }
            _ => false,
        };
        if fits {
            Ok(())
        } else {
            Err(self.refuse(at, "this is not of the type that its tag names"))
        }
    }
}

/// The characters of a name.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
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
