//! What a component's command line says about its flags: their names, how many arguments each
//! takes, and of which type.

use super::component::{Component, Element, Part, is_flag};
use super::placeholder::{Piece, Placeholder};
use super::types::PortType;
use crate::command_line;
use crate::declarations::{Arity, Declarations, Flag};
use crate::error::{Error, Result, quote};
use crate::hydra::{self, Key};
use crate::value::Type;

/// Stands for a placeholder where the end of the command is looked for: no flag, no script.
const SOME_VALUE: &str = "\u{1}";

/// The declarations that a component makes. A flag's key is its name.
///
/// # Errors
/// The component writes a flag twice.
pub fn declarations(component: &Component) -> Result<Declarations> {
    let elements: Vec<&Element> = component.command.iter().chain(&component.args).collect();
    let tokens: Vec<String> = elements
        .iter()
        .map(|element| match &element.part {
            Part::Text(text) => text.clone(),
            _ => SOME_VALUE.to_owned(),
        })
        .collect();
    let mut walk = Walk {
        component,
        flags: Vec::new(),
        literals: Vec::new(),
        open: None,
        waiting: Vec::new(),
        conditional: false,
    };
    let start = command_line::arguments_start(&tokens);
    walk.elements(elements.get(start..).unwrap_or_default().iter().copied())?;
    walk.close();
    walk.no_duplicates()?;
    Ok(Declarations {
        flags: walk.flags.into_iter().map(|found| found.flag).collect(),
        literals: walk.literals,
        ..Declarations::default()
    })
}

/// A flag whose values are still being read.
struct Open<'a> {
    written: &'a str,
    line: usize,
    values: Vec<Type>,
    /// Some of the values are there only if an input is.
    variable: bool,
    /// The values, as far as they are literal; `None` once a placeholder is among them.
    literal: Option<Vec<String>>,
    nullable: bool,
}

struct Found {
    flag: Flag,
    line: usize,
}

struct Walk<'a> {
    component: &'a Component,
    flags: Vec<Found>,
    literals: Vec<String>,
    open: Option<Open<'a>>,
    /// The lines of the flags whose values may be absent, and that wait for what is written next.
    waiting: Vec<usize>,
    /// Inside an `if`, what is written may itself be absent.
    conditional: bool,
}

impl<'a> Walk<'a> {
    fn elements(&mut self, elements: impl Iterator<Item = &'a Element>) -> Result<()> {
        for element in elements {
            match &element.part {
                Part::Text(text) if text == "--" => {
                    self.close();
                    return Ok(());
                }
                Part::Text(text) if is_flag(text) && text.contains('=') => {
                    self.close();
                    self.literals.push(text.clone());
                }
                Part::Text(text) if is_flag(text) => self.open(text, element.line),
                Part::Template(pieces) => self.template(pieces, element.line),
                Part::If { then, otherwise, .. } => self.condition(then, otherwise)?,
                _ => self.value(element),
            }
        }
        Ok(())
    }

    fn open(&mut self, written: &'a str, line: usize) {
        self.close();
        for found in &mut self.flags {
            if self.waiting.contains(&found.line) {
                found.flag.followers.push(written.to_owned());
            }
        }
        if !self.conditional {
            self.waiting.clear();
        }
        self.open = Some(Open {
            written,
            line,
            values: Vec::new(),
            variable: false,
            nullable: false,
            literal: Some(Vec::new()),
        });
    }

    /// An element that is a value of the flag before it; without one it is a word of its own.
    fn value(&mut self, element: &Element) {
        let (ty, nullable) = self.ty(&element.part);
        match (&mut self.open, &element.part) {
            (Some(open), part) => {
                open.nullable = nullable && open.values.is_empty();
                open.values.push(ty);
                match (part, &mut open.literal) {
                    (Part::Text(text), Some(literal)) => literal.push(text.clone()),
                    _ => open.literal = None,
                }
            }
            (None, Part::Text(text)) => self.literals.push(text.clone()),
            (None, _) => {}
        }
    }

    /// `--name={{$…}}`: a flag and its value in one. Any other text with placeholders is a value,
    /// or an override that the YAML already writes for Hydra.
    fn template(&mut self, pieces: &'a [Piece], line: usize) {
        let attached = match pieces {
            [Piece::Text(text), rest @ ..] if is_flag(text) => {
                text.split_once('=').map(|(name, before)| (name, before, rest))
            }
            _ => None,
        };
        let Some((written, before, rest)) = attached else {
            match &mut self.open {
                Some(open) => {
                    open.values.push(Type::Text);
                    open.literal = None;
                }
                None => self.close(),
            }
            return;
        };
        self.open(written, line);
        let (ty, nullable) = match rest {
            [Piece::Placeholder(placeholder)] if before.is_empty() => self.placeholder(placeholder),
            _ => (Type::Text, false),
        };
        if let Some(open) = &mut self.open {
            open.values.push(ty);
            open.nullable = nullable;
            open.literal = None;
        }
        self.close();
    }

    fn condition(&mut self, then: &'a [Element], otherwise: &'a [Element]) -> Result<()> {
        let starts_with_flag = |branch: &[Element]| matches!(branch.first().map(|e| &e.part), Some(Part::Text(t)) if is_flag(t));
        let longest = if then.len() >= otherwise.len() { then } else { otherwise };
        if let (Some(open), false) = (&mut self.open, starts_with_flag(longest)) {
            open.variable |= then.len() != otherwise.len();
            return self.elements(longest.iter());
        }
        self.close();
        let outside = std::mem::replace(&mut self.conditional, true);
        for branch in [then, otherwise] {
            self.elements(branch.iter())?;
            self.close();
        }
        self.conditional = outside;
        // The two branches exclude each other, so both may write the same flag.
        let twice = |found: &Found| then.iter().any(|e| e.line == found.line);
        let names: Vec<String> =
            self.flags.iter().filter(|f| twice(f)).map(|f| f.flag.name.clone()).collect();
        self.flags.retain(|found| {
            !(names.contains(&found.flag.name) && otherwise.iter().any(|e| e.line == found.line))
                || twice(found)
        });
        Ok(())
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        // One of Hydra's own flags that the component itself writes is meant for Hydra.
        if let (Some(literal), Some(_)) = (&open.literal, hydra::own_flag(open.written)) {
            self.literals.push(open.written.to_owned());
            self.literals.extend(literal.iter().cloned());
            return;
        }
        let name = open.written.strip_prefix("--").or_else(|| open.written.strip_prefix('-'));
        let name = name.unwrap_or_default();
        let count = open.values.len();
        let ty = match <[Type; 1]>::try_from(open.values) {
            Ok([ty]) => ty,
            Err(values) if values.is_empty() => Type::Bool,
            Err(values) => Type::Tuple(values),
        };
        let source = format!("{}:{}", self.component.file, open.line);
        let mut flag = Flag::new(name, Key::existing(name), ty, &source);
        flag.short = !open.written.starts_with("--");
        flag.by_component = true;
        flag.arity = if open.variable { Arity::AtMost(count) } else { Arity::Exactly(count) };
        flag.nullable = open.nullable;
        if open.variable {
            self.waiting.push(open.line);
        }
        self.flags.push(Found { flag, line: open.line });
    }

    fn ty(&self, part: &Part) -> (Type, bool) {
        match part {
            Part::Text(_) => (Type::Auto, false),
            Part::Placeholder(placeholder) => self.placeholder(placeholder),
            _ => (Type::Text, false),
        }
    }

    /// The type of what fills a placeholder, and whether it may be null.
    fn placeholder(&self, placeholder: &Placeholder) -> (Type, bool) {
        match placeholder {
            Placeholder::InputValue(id) => match self.component.input(id) {
                Some(port) => {
                    let ty = match port.ty {
                        PortType::Parameter(parameter) => parameter.ty(),
                        // KFP v1 passed any input by value, as text.
                        PortType::Artifact => Type::Text,
                    };
                    // With a default KFP never passes null.
                    (ty, port.optional && port.default.is_none())
                }
                None => (Type::Text, false),
            },
            Placeholder::InputPath(_)
            | Placeholder::InputUri(_)
            | Placeholder::OutputPath(_)
            | Placeholder::OutputUri(_)
            | Placeholder::OutputFile(_) => (Type::Path, false),
            Placeholder::ExecutorInput | Placeholder::Other(_) => (Type::Text, false),
        }
    }

    fn no_duplicates(&self) -> Result<()> {
        for (index, found) in self.flags.iter().enumerate() {
            let before = self.flags.iter().take(index);
            for earlier in before {
                if earlier.flag.name == found.flag.name && earlier.flag.short == found.flag.short {
                    return Err(Error::refused(format!(
                        "{}:{}: the flag {} is written twice, first in line {}",
                        self.component.file,
                        found.line,
                        quote(&found.flag.written()),
                        earlier.line
                    ))
                    .help("a flag's last value would count; write it once"));
                }
            }
        }
        Ok(())
    }
}
