//! The merge key `<<`: `flatten_mapping`.

use super::{Read, Reader};
use crate::names;
use crate::yaml::{Kind, Node};

pub(super) fn is_merge(key: &Node) -> bool {
    matches!(&key.kind, Kind::Scalar { text, plain: true } if matches!(text.as_bytes(), b"<<"))
}

impl Reader<'_> {
    /// A mapping's entries with what `<<` names in front of its own. Of equal keys the last counts,
    /// at the place of the first, as in a `dict` of Python.
    pub(super) fn merged(&self, entries: Vec<(Node, Node)>) -> Read<Vec<(Node, Node)>> {
        let (mut all, mut own) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            if !is_merge(&key) {
                own.push((key, value));
                continue;
            }
            let sources = match value.kind {
                Kind::Sequence(items) => items,
                _ => vec![value],
            };
            // Of several the first counts.
            for source in sources.into_iter().rev() {
                let Kind::Mapping(more) = source.kind else {
                    let why = "`<<` merges a mapping, or a list of mappings";
                    return Err(self.refuse(key.span.start, why));
                };
                all.extend(more);
            }
        }
        all.extend(own);
        // No plain scalar starts with a quote.
        let name = |(key, _): &(Node, Node)| match &key.kind {
            Kind::Scalar { text, plain: true } => text.clone(),
            _ => format!("'{}", key.text().unwrap_or_default()),
        };
        Ok(names::last_of_each(all, name))
    }
}
