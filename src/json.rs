//! JSON as the tree that YAML becomes.
//!
//! YAML can read most JSON, but not the two halves of `\ud83d\ude80`, and it takes `1e-05` for text.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::yaml::{Kind, MAX_DEPTH, MAX_NODES, Node};

/// Parses `text` if it is a JSON object; `file` names it in errors.
///
/// # Errors
/// It is one, but beyond a limit of [`crate::yaml::parse`], or has half a surrogate pair.
pub(crate) fn parse(text: &str, file: &str) -> Option<Result<Node>> {
    let object = text.trim_start_matches('\u{feff}').trim();
    if !object.starts_with('{') {
        return None;
    }
    let raw: &RawValue = serde_json::from_str(object).ok()?;
    let mut reader = Reader { text, file, at: 0, line: 1, column: 1, nodes: 0 };
    Some(reader.node(raw, 0))
}

struct Reader<'a> {
    text: &'a str,
    file: &'a str,
    /// The byte whose line and column are known: where the last node starts.
    at: usize,
    line: usize,
    column: usize,
    nodes: usize,
}

impl Reader<'_> {
    fn node(&mut self, raw: &RawValue, depth: usize) -> Result<Node> {
        let written = raw.get();
        // The values are slices of the text.
        let start = written.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let mut node = self.place(start..start + written.len());
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.refuse(&node, &format!("over {MAX_NODES} nodes")));
        }
        if depth > MAX_DEPTH {
            return Err(self.refuse(&node, &format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let broken = |error: serde_json::Error| self.refuse(&node, &error.to_string());
        node.kind = match written.as_bytes().first() {
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(written).map_err(broken)?;
                let items = items.into_iter().map(|item| self.node(item, depth + 1));
                Kind::Sequence(items.collect::<Result<_>>()?)
            }
            Some(b'{') => {
                let Members(members) = serde_json::from_str(written).map_err(broken)?;
                let entries = members.into_iter().map(|(key, value)| {
                    let value = self.node(value, depth + 1)?;
                    // A key's own place is lost; its value is near.
                    let kind = Kind::Scalar { text: key, plain: false };
                    let (line, column) = (value.line, value.column);
                    Ok((Node { kind, span: value.span.clone(), line, column }, value))
                });
                Kind::Mapping(entries.collect::<Result<_>>()?)
            }
            Some(b'"') => {
                Kind::Scalar { text: serde_json::from_str(written).map_err(broken)?, plain: false }
            }
            _ => Kind::Scalar { text: yaml_number(written), plain: true },
        };
        Ok(node)
    }

    /// A node without its kind. Nodes are read in the order in which they start.
    fn place(&mut self, span: Range<usize>) -> Node {
        for c in self.text.get(self.at..span.start).unwrap_or_default().chars() {
            (self.line, self.column) =
                if c == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
        self.at = span.start;
        Node { kind: Kind::Sequence(Vec::new()), span, line: self.line, column: self.column }
    }

    fn refuse(&self, node: &Node, why: &str) -> Error {
        Error::at(self.file, (node.line, node.column), why)
    }
}

/// A JSON object's members in the order of the text, by which their places are found; repeated keys
/// included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder).map(Members)
    }
}

/// A JSON number as YAML 1.1 writes it: a float has a dot, and a sign in its exponent.
pub(crate) fn yaml_number(text: &str) -> String {
    let number = text.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']).filter(|_| number) else {
        return text.to_owned();
    };
    let dot = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
    format!("{mantissa}{dot}e{sign}{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Scalar;

    #[test]
    fn json_is_read_with_its_places() {
        let text = "{\n \"é\": [1e-05, 2,\n  \"\\ud83d\\ude80\"], \"n\": null}\n";
        let root = parse(text, "f").unwrap().unwrap();
        let list = root.get("é").unwrap();
        let items = list.items().unwrap();
        assert_eq!((list.line, list.column), (2, 7));
        assert_eq!((items[2].line, items[2].column), (3, 3));
        assert_eq!(&text[items[1].span.clone()], "2");
        assert_eq!(items[0].scalar(), Scalar::Float(1e-5));
        assert_eq!(items[2].text(), Some("🚀"));
        assert_eq!(root.get("n").unwrap().scalar(), Scalar::Null);
        for (number, written) in
            [("1E5", "1.0e+5"), ("1.5e-3", "1.5e-3"), ("-0", "-0"), ("true", "true")]
        {
            assert_eq!(yaml_number(number), written);
        }
    }

    #[test]
    fn the_rest_is_yaml_or_refused() {
        for text in ["", "a: 1", "{a: 1}", "[1]", "{\"a\": 1", "{} # no JSON"] {
            assert!(parse(text, "f").is_none(), "{text}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        let many = format!("{{\"a\":[{}1]}}", "1,".repeat(MAX_NODES));
        for (text, reason) in [
            ("{\"a\":\n\"\\ud83d\"}", "f:2:1: "),
            (deep.as_str(), "nested deeper than 100 levels"),
            (many.as_str(), "over 1048576 nodes"),
        ] {
            let error = parse(text, "f").unwrap().unwrap_err();
            assert!(error.message.contains(reason), "{}", error.message);
        }
    }
}
