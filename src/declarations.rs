//! What is known about an application's flags before its arguments are read.
//!
//! Plain data, made by whoever reads rules or a component; the heart only looks at it. The default
//! declares nothing: every flag is then its own key and every value typed by
//! [`Type::Auto`](crate::value::Type::Auto).

mod flag;
mod provenance;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Deref;

use crate::hydra::Key;
use crate::sagemaker::Hyperparameters;
pub use flag::{Arity, Empty, Flag, FlagRule, Mkdir, Permission};
pub use provenance::{Source, SourceFile};

/// What is shown for the value of a flag declared secret.
pub const SECRET: &str = "***";

/// All that is declared for one application.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    /// The flags, in the order in which they were declared.
    pub flags: Flags,
    /// The component's inputs and outputs, as `inputs.NAME` and `outputs.NAME`, if it hands over all of
    /// them in KFP's executor input.
    pub ports: Flags,
    /// Undeclared flags become keys with `_` for `-`.
    pub underscores: bool,
    /// Closed mode: only what is declared is accepted.
    pub closed: bool,
    /// Arguments that the component itself writes, accepted in closed mode.
    pub literals: Vec<String>,
    /// The words that the component writes before its arguments: its command, as far as it is
    /// text.
    pub command: Vec<String>,
    /// Names of flags that are left out, with their value.
    pub drop: Vec<String>,
    /// Environment variables that set a key, and their values.
    pub variables: Vec<Variable>,
    /// Overrides that are added at the end, unless they are there already.
    pub append: Vec<String>,
    /// What SageMaker says of the values.
    pub hyperparameters: Hyperparameters,
    /// What a person should know of how these were read, though nothing is wrong.
    pub warnings: Vec<String>,
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

/// Declared flags, found by their names in constant time: a component may have tens of thousands.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    flags: Vec<Flag>,
    /// Of each as it is written, and by [`plain_name`] of the first that has it.
    places: HashMap<String, usize>,
}

impl Flags {
    /// One more flag.
    pub fn push(&mut self, flag: Flag) {
        let (written, place) = (flag.written(), self.flags.len());
        self.places.entry(plain_name(&written)).or_insert(place);
        self.places.insert(written, place);
        self.flags.push(flag);
    }

    /// The flag that is `written` so, with its dashes: exactly, else, with two dashes, with `-` and
    /// `_` taken as equal.
    pub fn named(&self, written: &str) -> Option<&Flag> {
        self.flags.get(self.place(written)?)
    }

    /// As [`Self::named`], to change it; its name stays.
    pub(crate) fn named_mut(&mut self, written: &str) -> Option<&mut Flag> {
        let place = self.place(written)?;
        self.flags.get_mut(place)
    }

    /// Changes each flag; their names stay.
    pub(crate) fn for_each(&mut self, change: impl FnMut(&mut Flag)) {
        self.flags.iter_mut().for_each(change);
    }

    fn place(&self, written: &str) -> Option<usize> {
        self.places.get(written).or_else(|| self.places.get(&plain_name(written))).copied()
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        let mut all = Self::default();
        flags.into_iter().for_each(|flag| all.push(flag));
        all
    }
}

impl Deref for Flags {
    type Target = [Flag];

    /// The flags, in order.
    fn deref(&self) -> &[Flag] {
        &self.flags
    }
}

impl Declarations {
    /// The flag of that name, without dashes: exactly, else with `-` and `_` taken as equal.
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.named(&format!("--{name}"))
    }

    /// The key that a flag of that name sets where nobody names another.
    pub fn key_of<'n>(&self, name: &'n str) -> Cow<'n, str> {
        if self.underscores { name.replace('-', "_").into() } else { name.into() }
    }

    /// Whether the flag of that name is left out.
    pub fn drops(&self, name: &str) -> bool {
        self.drop.iter().any(|dropped| same_name(dropped, name))
    }
}

/// A long flag with `_` for the dashes in its name: those of one such name are alike.
fn plain_name(written: &str) -> String {
    match written.strip_prefix("--") {
        Some(name) => format!("--{}", name.replace('-', "_")),
        None => written.to_owned(),
    }
}

/// Equal but for `-` and `_`.
pub fn same_name(a: &str, b: &str) -> bool {
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte };
    a.len() == b.len() && a.bytes().map(plain).eq(b.bytes().map(plain))
}
