//! What is refused wherever it stands, and how that is said: the place, what is wrong and, where it
//! is sure, what would be right.

use super::{Mark, Read, Reader, break_at, characters};
use crate::error::Error;
use crate::yaml::{Kind, Node};

/// Why something is not read; in a box, because room for it is on the way of every node.
pub(super) struct Refusal(pub(super) Box<Error>);

impl Reader<'_> {
    /// Python has to be able to hash a key (`construct_mapping`).
    pub(super) fn check_key(&self, node: &Node) -> Read<()> {
        let why = match node.kind {
            Kind::Scalar { .. } => return Ok(()),
            Kind::Sequence(_) => "a list cannot be a key",
            Kind::Mapping(_) => "a mapping cannot be a key",
        };
        Err(self.refuse(node.span.start, why))
    }

    /// A value, an item or the root: YAML 1.1's types for these two are of use in keys alone, and
    /// elsewhere `construct_undefined` refuses them.
    pub(super) fn check_value(&self, node: &Node) -> Read<()> {
        match &node.kind {
            Kind::Scalar { text, plain: true } if matches!(text.as_bytes(), b"=" | b"<<") => {
                let why = "this is no value in YAML 1.1: put it in quotes";
                Err(self.refuse(node.span.start, why))
            }
            _ => Ok(()),
        }
    }

    /// The error of a colon behind what is no key and starts there.
    #[cold]
    pub(super) fn no_key(&self, key: Mark) -> Refusal {
        if self.line != key.line || self.at - key.at > 1024 {
            return self.refuse(key.at, "a key stands in one line, of at most 1,024 characters");
        }
        self.refuse(self.at, "`: ` stands inside a value: put that in quotes")
    }

    /// The error of a token that cannot stand here.
    #[cold]
    pub(super) fn unexpected(&self) -> Refusal {
        let why = match self.peek() {
            None => "the file ends here, too early",
            Some(b'\t') => "a tab cannot stand here: use spaces",
            Some(b'@' | b'`' | b'%') => "no text starts so: put it in quotes",
            Some(b',' | b']' | b'}') => "this ends nothing that is open here",
            Some(b':') => "this colon stands behind no key",
            Some(b'-') if self.is_at(b'-') => {
                "a list cannot start here: put it on a line of its own"
            }
            _ => "this belongs to nothing in front of it; is its indentation right?",
        };
        self.refuse(self.at, why)
    }

    /// The error that this is not as it must be at the byte `at`.
    #[cold]
    pub(super) fn refuse(&self, at: usize, why: &str) -> Refusal {
        let bytes = self.text.as_bytes();
        let (mut line, mut start) = (1, self.start);
        let mut before = start;
        while before < at {
            before += match break_at(bytes, before) {
                0 => 1,
                length => {
                    line += 1;
                    start = before + length;
                    length
                }
            };
        }
        let column = characters(self.slice(start, at)) + 1;
        Refusal(Box::new(Error::at(self.file, (line, column), why)))
    }
}
