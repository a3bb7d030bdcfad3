//! What has to be in a file of KFP's, and of which kind it has to be; or the place where it is not.

use crate::error::{Error, Result};
use crate::yaml::{Node, Scalar};

/// A file whose tree is being read. The errors of its methods say what is not as it has to be, and
/// where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document<'a> {
    /// Its name, for messages.
    pub(super) file: &'a str,
}

impl Document<'_> {
    /// A refusal of `node`, with its place.
    pub(super) fn error(&self, node: &Node, message: impl AsRef<str>) -> Error {
        Error::at(self.file, (node.line, node.column), message)
    }

    /// What is below `node` at `path`.
    pub(super) fn required<'n>(&self, node: &'n Node, path: &[&str]) -> Result<&'n Node> {
        node.path(path).ok_or_else(|| self.error(node, format!("`{}` is missing", path.join("."))))
    }

    /// The text below `node` at `path`.
    pub(super) fn text<'n>(&self, node: &'n Node, path: &[&str]) -> Result<&'n str> {
        let found = self.required(node, path)?;
        found.text().ok_or_else(|| self.not(found, &path.join("."), "text"))
    }

    /// The elements of the list `node`, which is called `name`.
    pub(super) fn items<'n>(&self, node: &'n Node, name: &str) -> Result<&'n [Node]> {
        node.items().ok_or_else(|| self.not(node, name, "a list"))
    }

    /// The entries of the mapping below `node` at `path`; none where it is missing or null.
    pub(super) fn entries<'n>(
        &self,
        node: &'n Node,
        path: &[&str],
    ) -> Result<Vec<(&'n str, &'n Node)>> {
        let Some(found) = node.path(path).filter(|n| n.scalar() != Scalar::Null) else {
            return Ok(Vec::new());
        };
        let entries =
            found.entries().ok_or_else(|| self.not(found, &path.join("."), "a mapping"))?;
        let named = |(key, value): &'n (Node, Node)| Some((key.text()?, value));
        Ok(entries.iter().filter_map(named).collect())
    }

    fn not(&self, node: &Node, name: &str, expected: &str) -> Error {
        self.error(node, format!("`{name}` is {}, not {expected}", node.describe()))
    }
}
