//! Who declared something, and in which line.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;

/// A file that declares something.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name, as messages show it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Who declared something, for messages: `hydra-shim.yaml:4`.
///
/// The line is looked up when a message is made, since no start has a use for it. Where the word is not
/// found exactly once, the file is named without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    file: Arc<SourceFile>,
    word: String,
    is_key: bool,
}

impl Source {
    /// What `file` declares where `word` is: a flag among a component's arguments.
    pub fn word(file: &Arc<SourceFile>, word: impl Into<String>) -> Self {
        Self { file: Arc::clone(file), word: word.into(), is_key: false }
    }

    /// What `file` declares under the key `word`, with its dashes or without.
    pub fn key(file: &Arc<SourceFile>, word: impl Into<String>) -> Self {
        Self { file: Arc::clone(file), word: word.into(), is_key: true }
    }

    /// A refusal of what is there.
    pub fn refuse(&self, message: impl fmt::Display) -> Error {
        Error::refused(format!("{self}: {message}"))
    }

    /// The line of the word, from 1, if it is found exactly once.
    pub fn line(&self) -> Option<usize> {
        let mut lines = self.file.text.lines().enumerate();
        let mut found = lines.by_ref().flat_map(|(index, line)| {
            let before_comment = line.split(" #").next().unwrap_or_default();
            let places = before_comment.match_indices(self.word.as_str());
            let matches = places.filter(|(at, _)| self.is_at(before_comment, *at));
            matches.map(move |_| index + 1)
        });
        let first = found.next().filter(|_| !self.word.is_empty());
        first.filter(|_| found.next().is_none())
    }

    /// Whether the word that is found at `at` in `line` is a whole one, and a key where it has to be.
    fn is_at(&self, line: &str, at: usize) -> bool {
        let inside = |c: char| c.is_alphanumeric() || "_-.$".contains(c);
        let (before, rest) = line.split_at_checked(at).unwrap_or_default();
        let after = rest.strip_prefix(self.word.as_str()).unwrap_or_default();
        let before = if self.is_key { before.strip_suffix("--").unwrap_or(before) } else { before };
        let is_comment = line.trim_start().starts_with('#');
        let is_key = after.trim_start_matches(['"', '\'']).trim_start().starts_with(':');
        !is_comment
            && !before.ends_with(inside)
            && !after.starts_with(inside)
            && (is_key || !self.is_key)
    }
}

impl From<&str> for Source {
    /// A source of that name, without a line.
    fn from(name: &str) -> Self {
        let file = Arc::new(SourceFile { name: name.to_owned(), text: String::new() });
        Self { file, word: String::new(), is_key: false }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line() {
            Some(line) => write!(f, "{}:{line}", self.file.name),
            None => f.write_str(&self.file.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_knows_its_line_where_there_is_but_one() {
        let text = "# lr: no\nargs: [--lr, x, --lr-decay, y]\nflags:\n  \"lr\": lr # lr: no\n  \
                    --b: {key: a}\n  a: b\n  lr-decay: float\n- --twice\n- --twice\n";
        let file = Arc::new(SourceFile { name: "f".to_owned(), text: text.to_owned() });
        for (source, shown) in [
            (Source::key(&file, "lr"), "f:4"),
            (Source::key(&file, "b"), "f:5"),
            (Source::key(&file, "a"), "f:6"),
            (Source::key(&file, "lr-decay"), "f:7"),
            (Source::key(&file, "none"), "f"),
            (Source::word(&file, "--lr"), "f:2"),
            (Source::word(&file, "--lr-decay"), "f:2"),
            (Source::word(&file, "--twice"), "f"),
            (Source::word(&file, ""), "f"),
            (Source::from("f:3"), "f:3"),
        ] {
            assert_eq!(source.to_string(), shown, "{source:?}");
        }
    }
}
