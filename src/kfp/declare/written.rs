//! A flag as a component writes it, once or in both branches of an `if`, with what may stand behind
//! it.

use crate::declarations::{Arity, Flag};
use crate::hydra::Key;
use crate::value::{Type, Value};

/// What may stand at one place behind a flag: what a placeholder becomes, or a literal, which is
/// text that the component itself writes.
#[derive(Clone, Debug, Default)]
pub(super) struct Place<'a> {
    /// The type of what fills the place in; `None` where only literals stand.
    ty: Option<Type>,
    /// What fills it in may be null.
    nullable: bool,
    literals: Vec<&'a str>,
}

impl<'a> Place<'a> {
    /// What a placeholder becomes.
    pub(super) fn filled(ty: Type, nullable: bool) -> Self {
        Self { ty: Some(ty), nullable, literals: Vec::new() }
    }

    /// Text that the component itself writes.
    pub(super) fn literal(text: &'a str) -> Self {
        Self { ty: None, nullable: false, literals: vec![text] }
    }

    /// The place where either may stand.
    fn or(mut self, other: Self) -> Self {
        self.ty = match (self.ty, other.ty) {
            (None, ty) | (ty, None) => ty,
            (Some(a), Some(b)) if a == b => Some(a),
            // Of a text nothing else may be made, so all arrive as the characters they are.
            (Some(Type::Text | Type::Path), _) | (_, Some(Type::Text | Type::Path)) => {
                Some(Type::Text)
            }
            _ => Some(Type::Auto),
        };
        self.nullable |= other.nullable;
        self.literals.extend(other.literals);
        self
    }

    /// The type of all that may stand here. A literal that is a value of the type is one: nobody can
    /// tell it from what fills the place in. One that is none, as `none` where an int is filled in,
    /// must arrive as well.
    fn ty(&self, nullable: bool) -> Type {
        let Some(ty) = &self.ty else { return Type::Auto };
        let null = |text: &str| nullable && matches!(text, "" | "null");
        let odd = |text: &&&str| !null(text) && Value::parse(text, ty).is_err();
        let odd: Vec<String> = self.literals.iter().filter(odd).map(|&t| t.to_owned()).collect();
        if odd.is_empty() { ty.clone() } else { Type::Or(Box::new(ty.clone()), odd) }
    }
}

/// The places behind a flag.
#[derive(Clone, Debug, Default)]
pub(super) struct Places<'a> {
    each: Vec<Place<'a>>,
    /// Some of the values are there only if an input is.
    variable: bool,
    /// Others stand behind those: which of the places a value has cannot be told.
    shifted: bool,
}

impl<'a> Places<'a> {
    /// A single one.
    pub(super) fn of(place: Place<'a>) -> Self {
        Self { each: vec![place], ..Self::default() }
    }

    /// One more place.
    pub(super) fn push(&mut self, place: Place<'a>) {
        self.shifted |= self.variable;
        self.each.push(place);
    }

    /// More places.
    pub(super) fn extend(&mut self, more: Self) {
        self.shifted |= more.shifted || self.variable && !more.each.is_empty();
        self.variable |= more.variable;
        self.each.extend(more.each);
    }

    /// The places that either has: those of the branches of an `if`.
    pub(super) fn or(self, other: Self) -> Self {
        let variable = self.variable || other.variable || self.each.len() != other.each.len();
        let shifted = self.shifted || other.shifted;
        let mut others = other.each.into_iter();
        let both = self.each.into_iter().map(|place| match others.next() {
            Some(other) => place.or(other),
            None => place,
        });
        let mut each: Vec<_> = both.collect();
        each.extend(others);
        Self { each, variable, shifted }
    }

    /// What the component itself writes at them.
    pub(super) fn literals(&self) -> impl Iterator<Item = &'a str> {
        self.each.iter().flat_map(|place| place.literals.iter().copied())
    }

    /// Whether nothing fills any of them in.
    pub(super) fn are_literal(&self) -> bool {
        self.each.iter().all(|place| place.ty.is_none())
    }

    fn arity(&self) -> Arity {
        let count = self.each.len();
        if self.variable { Arity::AtMost(count) } else { Arity::Exactly(count) }
    }

    /// The type of the value that they make, and whether it may be null.
    fn ty(self) -> (Type, bool) {
        let count = self.each.len();
        let mut places = self.each.into_iter();
        match (places.next(), self.shifted) {
            (None, _) => (Type::Bool, false),
            (Some(place), _) if count == 1 => {
                let nullable = place.nullable && !self.variable;
                (place.ty(nullable), nullable)
            }
            (Some(first), true) => {
                (Type::Tuple(vec![places.fold(first, Place::or).ty(false); count]), false)
            }
            (Some(first), false) => {
                let types = std::iter::once(first).chain(places).map(|place| place.ty(false));
                (Type::Tuple(types.collect()), false)
            }
        }
    }
}

/// A flag that a component writes.
#[derive(Debug, Default)]
pub(super) struct Written<'a> {
    /// The flag with its dashes.
    pub(super) text: &'a str,
    /// The line that says what its value is.
    pub(super) line: usize,
    /// What stands behind it.
    pub(super) places: Places<'a>,
    /// What the component writes next where values are absent.
    pub(super) followers: Vec<&'a str>,
}

impl<'a> Written<'a> {
    /// A flag with nothing behind it yet.
    pub(super) fn new(text: &'a str, line: usize) -> Self {
        Self { text, line, ..Self::default() }
    }

    /// Whether values may be absent.
    pub(super) fn is_variable(&self) -> bool {
        self.places.variable
    }

    /// The same flag, written here or there: in either branch of an `if`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            text: self.text,
            line: if self.places.are_literal() { other.line } else { self.line },
            followers: [self.followers, other.followers].concat(),
            places: self.places.or(other.places),
        }
    }

    /// The flag's declaration, made by the component in `file`.
    pub(super) fn declaration(self, file: &str) -> Flag {
        let short = !self.text.starts_with("--");
        let name = self.text.get(if short { 1 } else { 2 }..).unwrap_or_default();
        let arity = self.places.arity();
        let (ty, nullable) = self.places.ty();
        let mut flag =
            Flag::new(name, Key::existing(name), ty, format!("{file}:{}", self.line).as_str());
        flag.short = short;
        flag.by_component = true;
        flag.arity = arity;
        flag.nullable = nullable;
        if matches!(arity, Arity::AtMost(_)) {
            flag.followers = self.followers.into_iter().map(str::to_owned).collect();
        }
        flag
    }
}
