//! YAML (and so JSON) as a tree that knows where each node is.
//!
//! The parser is libyaml's, on which `serde_yaml` is built too, and which `PyYAML`'s C loader has. KFP and
//! Hydra read their files with `PyYAML`'s `SafeLoader`, whatever YAML's specification says: `tree`
//! makes of libyaml's events what that makes of its own, and `tests/yaml` compares the two. No value is
//! read as another one. What is refused here and read there:
//!
//! - Beyond the bounds: a file's size, its nesting, its nodes with those that aliases repeat.
//! - An alias inside what it names: a tree without an end is not a component.
//! - Half of a surrogate pair (`"\ud83d"`): it is not a character. (A file that is a JSON object is
//!   read by `json.rs`, which takes both halves for one.)
//! - An empty file. Of several documents the first is read: a compiled pipeline may have a second
//!   one, for its platform.
//! - A byte order mark that is not at the start of the file: libyaml drops it at the start of a line.
//! - A key that two mappings of a `<<` have: PyYAML 6.0.2 takes the first, 6.0.4 the last.
//! - `!!set`, `!!omap`, `!!pairs`, which become neither list nor dict, `!!merge`, `!!value` and `!`,
//!   which nobody writes; of `!!int` and `!!float` what only Python's `int()` and `float()` take; a list or
//!   mapping as a key; unknown directives; keys of over 1,024 bytes (there: characters); a tab in a block
//!   scalar's indentation; `[a :b]` and `{a:b}` beside quotes.
//!
//! Read here and refused there: a comment or tab right after `|`, tabs between tokens, `[a?b]`, `<<` and
//! `=` as text. Dates and `!!binary` stay text, as does an integer without digits (`0x_`) or,
//! where it is not decimal, with over 128 bits.

mod events;
mod scalar;
mod tree;

use std::ops::Range;

use crate::error::{Error, Result, quote};
use events::BYTE_ORDER_MARK;
pub use scalar::Scalar;
use scalar::resolve;

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

/// Parses the first document of `text`; `file` names it in errors.
///
/// # Errors
/// It is no YAML, empty, or beyond a limit.
pub fn parse(text: &str, file: &str) -> Result<Node> {
    first(text, file).map(|(root, _)| root)
}

/// Parses `text`, which has one document.
///
/// # Errors
/// As [`parse`], and it has another.
pub fn parse_whole(text: &str, file: &str) -> Result<Node> {
    match first(text, file)? {
        (root, None) => Ok(root),
        (_, Some(line)) => {
            let message = "a second document starts here, and only one is read";
            Err(Error::in_line(file, line, message))
        }
    }
}

/// The first document, and the line in which the second starts.
fn first(text: &str, file: &str) -> Result<(Node, Option<usize>)> {
    if text.len() > MAX_BYTES {
        return Err(Error::refused(format!(
            "{} has {} bytes; at most {MAX_BYTES} are read",
            quote(file),
            text.len()
        )));
    }
    if let Some(json) = crate::json::parse(text, file) {
        return json.map(|root| (root, None));
    }
    if let Some(at) = text.rfind(BYTE_ORDER_MARK).filter(|at| *at > 0) {
        let before = text.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let place = (before.matches('\n').count() + 1, line.chars().count() + 1);
        let why = "a byte order mark (U+FEFF) is read only at the start of a file: escape it";
        return Err(Error::at(file, place, why));
    }
    tree::first_document(text, file)
}

/// The next step after a complaint of libyaml's that does not say what is wrong.
pub(crate) fn what_would_be_right(complaint: &str) -> Option<&'static str> {
    complaint.contains("cannot start any token").then_some(
        "in YAML spaces indent, never tabs, and a word that starts with @, ` or % has quotes",
    )
}

/// The nodes of a tree; long text counts for more than one.
pub(crate) fn count(node: &Node) -> usize {
    1 + match &node.kind {
        Kind::Scalar { text, .. } => text.len() / 64,
        Kind::Sequence(items) => items.iter().map(count).sum(),
        Kind::Mapping(entries) => entries.iter().map(|(k, v)| count(k) + count(v)).sum::<usize>(),
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
    fn limits_hold() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
                    c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
                    e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
                    g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
        for (text, reason) in [
            (bomb.to_owned(), "over 1048576 nodes"),
            ("[".repeat(200), "nested deeper than 100 levels"),
            ("- ".repeat(200), "nested deeper than 100 levels"),
            ("a: [1, 2".to_owned(), "(from 1:4 on)"),
            ("a: b: c".to_owned(), "f:1:5: mapping values are not allowed in this context"),
            (" ".repeat(MAX_BYTES + 1), "at most 8388608 are read"),
            (
                format!("a: &a {}\nb: [*a{}]\n", "x".repeat(1 << 20), ",*a".repeat(100)),
                "over 1048576 nodes",
            ),
            (
                format!("a:\n  b: [{}", "'x',\n ".repeat(1 << 18)),
                "did not find expected node content",
            ),
            (String::new(), "is empty"),
            ("&a [*a]".to_owned(), "inside what it names"),
            ("*x".to_owned(), "there is no `&x` before `*x`"),
        ] {
            let error = parse(&text, "f").unwrap_err();
            assert!(error.message.contains(reason), "{:.40}: {}", text, error.message);
        }
        let tab = parse("a:\n\tb: c", "f").unwrap_err();
        assert!(tab.message.starts_with("f:2:1: ") && tab.help.unwrap().contains("never tabs"));
    }
}
