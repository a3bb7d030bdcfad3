//! What is known about an application's flags before its arguments are read.
//!
//! Plain data, made by whoever reads rules or a component; the heart only looks at it. The default
//! declares nothing: every flag is then its own key and every value typed by [`Type::Auto`].

use std::fmt;
use std::sync::Arc;

use crate::hydra::Key;
use crate::value::Type;

/// What stands for the value of a flag declared secret.
pub const SECRET: &str = "***";

/// All that is declared for one application.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    /// The flags, in the order in which they were declared.
    pub flags: Vec<Flag>,
    /// Undeclared flags become keys with `_` for `-`.
    pub underscores: bool,
    /// Closed mode: only what is declared is accepted.
    pub closed: bool,
    /// Arguments that the component itself writes, accepted in closed mode.
    pub literals: Vec<String>,
    /// The words that the component writes in front of its arguments: its command, as far as it is
    /// text.
    pub command: Vec<String>,
    /// Names of flags that are left out, with their value.
    pub drop: Vec<String>,
    /// Environment variables that set a key, and their values.
    pub variables: Vec<Variable>,
    /// Overrides that are added at the end.
    pub append: Vec<String>,
}

/// A declared flag.
#[allow(clippy::struct_excessive_bools, reason = "each is a key of its own in the rules")]
#[derive(Clone, Debug)]
pub struct Flag {
    /// Its name, without dashes.
    pub name: String,
    /// The key that it sets.
    pub key: Key,
    /// The type of its value.
    pub ty: Type,
    /// How many arguments are its value.
    pub arity: Arity,
    /// Whether it is written with one dash.
    pub short: bool,
    /// What the component writes behind it where its value is absent; see [`Arity::AtMost`].
    pub followers: Vec<String>,
    /// Whether a component writes it, and with it how many arguments it takes.
    pub by_component: bool,
    /// A list of which a single item may come without JSON's brackets.
    pub loose_list: bool,
    /// Who declared it.
    pub source: Source,
    /// `null`, and an empty value of any type but text, is null: an optional input.
    pub nullable: bool,
    /// An empty or null value sets nothing.
    pub drop_empty: bool,
    /// A dict is merged into the config's dict.
    pub merge: bool,
    /// Never shown.
    pub secret: bool,
    /// `${` in the value is accepted in closed mode.
    pub allow_dollar: bool,
    /// The keys of `hydra.utils.instantiate` in the value are accepted in closed mode.
    pub allow_targets: bool,
    /// Which folder is made before the application starts.
    pub mkdir: Mkdir,
}

/// How many arguments a declared flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// That many, whatever they look like; of several, the value is the list.
    Exactly(usize),
    /// Up to that many: the component writes some only if an input is given.
    AtMost(usize),
    /// The next one if it is a word for true or false; `--no-NAME` is false.
    Switch,
    /// All up to the next flag or override; JSON arrays are spliced in, repetitions add up.
    Many,
}

/// Which folder a path flag wants to exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mkdir {
    /// None.
    #[default]
    No,
    /// The path itself.
    Folder,
    /// The folder that the path lies in.
    Parent,
}

/// An environment variable that sets a key.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The variable's name.
    pub name: String,
    /// The key that it sets, if no flag does.
    pub key: Key,
    /// Its value in this run.
    pub value: String,
    /// Who declared it.
    pub source: Source,
}

impl Flag {
    /// A flag that takes one value of type `ty`, with every other setting at its default.
    pub fn new(name: &str, key: Key, ty: Type, source: impl Into<Source>) -> Self {
        Self {
            name: name.to_owned(),
            key,
            ty,
            arity: Arity::Exactly(1),
            short: false,
            followers: Vec::new(),
            by_component: false,
            loose_list: false,
            source: source.into(),
            nullable: false,
            drop_empty: false,
            merge: false,
            secret: false,
            allow_dollar: false,
            allow_targets: false,
            mkdir: Mkdir::No,
        }
    }
}

impl Flag {
    /// The flag with its dashes.
    pub fn written(&self) -> String {
        format!("{}{}", if self.short { "-" } else { "--" }, self.name)
    }

    /// Whether `name`, without dashes, is this flag's, `-` and `_` taken as equal.
    pub fn is_called(&self, name: &str) -> bool {
        same_name(&self.name, name)
    }
}

impl Declarations {
    /// The flag of that name, without dashes: exactly, else with `-` and `_` taken as equal.
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        let long = || self.flags.iter().filter(|flag| !flag.short);
        long().find(|flag| flag.name == name).or_else(|| long().find(|flag| flag.is_called(name)))
    }

    /// The flag that is written so, with one dash.
    pub fn short_flag(&self, written: &str) -> Option<&Flag> {
        let name = written.strip_prefix('-')?;
        self.flags.iter().find(|flag| flag.short && flag.name == name)
    }

    /// Whether the flag of that name is left out.
    pub fn drops(&self, name: &str) -> bool {
        self.drop.iter().any(|dropped| same_name(dropped, name))
    }
}

/// A file that declares something.
#[derive(Debug, PartialEq, Eq)]
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

/// Equal but for `-` and `_`.
pub fn same_name(a: &str, b: &str) -> bool {
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte };
    a.len() == b.len() && a.bytes().map(plain).eq(b.bytes().map(plain))
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
