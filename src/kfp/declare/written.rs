//! A flag as a component writes it, once or in both branches of an `if`, with what may be its value.

use crate::declarations::{self, Arity};
use crate::hydra::Key;
use crate::kfp::component::Component;
use crate::value::{Element, Type, Value};

/// What may be at one place after a flag: what a placeholder becomes, or a literal, which is text
/// that the component itself writes.
#[derive(Clone, Debug)]
pub(super) struct Place<'x> {
    /// The type of what fills the place in; `None` where there are only literals.
    ty: Option<Type>,
    /// What fills it in may be null.
    nullable: bool,
    literals: Vec<&'x str>,
}

impl<'x> Place<'x> {
    /// What a placeholder becomes.
    pub(super) fn filled(ty: Type, nullable: bool) -> Self {
        Self { ty: Some(ty), nullable, literals: Vec::new() }
    }

    /// Text that the component itself writes.
    pub(super) fn literal(text: &'x str) -> Self {
        Self { ty: None, nullable: false, literals: vec![text] }
    }

    /// The place where either may be.
    pub(super) fn or(mut self, other: Self) -> Self {
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

    /// The type of all that may be here. A literal that is a value of the type is one: nobody can
    /// tell it from what fills the place in. One that is not, as `none` where an int is filled in,
    /// must arrive as well.
    fn ty(&self, nullable: bool) -> Type {
        let Some(ty) = &self.ty else { return Type::Auto };
        let null = |text: &str| nullable && matches!(text, "" | "null");
        let odd = |text: &&&str| !null(text) && Value::parse(text, ty).is_err();
        let odd: Vec<String> = self.literals.iter().filter(odd).map(|&t| t.to_owned()).collect();
        if odd.is_empty() { ty.clone() } else { Type::Or(Box::new(ty.clone()), odd) }
    }
}

/// A flag that a component writes.
#[derive(Debug)]
pub(super) struct Written<'x> {
    /// The flag with its dashes.
    pub(super) text: &'x str,
    /// What may be its value, or of a list each of its items; `None` for a switch.
    pub(super) place: Option<Place<'x>>,
    /// How many arguments its value is, at least and at most.
    pub(super) count: (usize, usize),
    /// Whether these are a list.
    pub(super) is_list: bool,
    /// What the component writes next where values are absent.
    pub(super) followers: Vec<&'x str>,
}

impl Written<'_> {
    /// Whether values may be absent.
    pub(super) fn is_variable(&self) -> bool {
        self.count.0 != self.count.1
    }

    /// The same flag, written here or there: in either branch of an `if`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            text: self.text,
            place: match (self.place, other.place) {
                (Some(a), Some(b)) => Some(a.or(b)),
                (a, b) => a.or(b),
            },
            count: (self.count.0.min(other.count.0), self.count.1.max(other.count.1)),
            is_list: self.is_list || other.is_list,
            followers: [self.followers, other.followers].concat(),
        }
    }

    /// The flag's declaration, made by `component`.
    pub(super) fn declaration(self, component: &Component) -> declarations::Flag {
        let short = !self.text.starts_with("--");
        let name = self.text.get(if short { 1 } else { 2 }..).unwrap_or_default();
        let nullable =
            !self.is_list && !self.is_variable() && self.place.as_ref().is_some_and(|p| p.nullable);
        let ty = match &self.place {
            None => Type::Bool,
            Some(Place { ty: Some(Type::List(element)), .. }) if self.is_list => {
                Type::List(*element)
            }
            Some(_) if self.is_list => Type::List(Element::Any),
            Some(place) => place.ty(nullable),
        };
        let source = component.source(self.text);
        let mut flag = declarations::Flag::new(name, Key::existing(name), ty, source);
        flag.short = short;
        flag.by_component = true;
        flag.nullable = nullable;
        flag.loose_list = self.is_list;
        flag.arity = if self.is_variable() {
            flag.followers = self.followers.into_iter().map(str::to_owned).collect();
            Arity::AtMost(self.count.1)
        } else {
            Arity::Exactly(self.count.1)
        };
        flag
    }
}
