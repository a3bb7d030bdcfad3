//! A component: its inputs, its outputs, and the command line that its container gets.
//!
//! Read from a component YAML as it lies in a team's repository; [`super::compiled`] makes the same of
//! a compiled pipeline.

use std::collections::HashMap;
use std::ptr;
use std::sync::Arc;

use super::items::by_id;
use super::placeholder::{Piece, Placeholder, pieces};
use super::spec::{self, Written};
use super::types::{PortType, sanitize};
use crate::declarations::{Source, SourceFile};
use crate::error::{Result, quote};
use crate::nearest::nearest;
use crate::value::{self, Value};

/// A component.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// The file that it was read from, for messages.
    pub file: Arc<SourceFile>,
    /// Its inputs.
    pub inputs: Vec<Port>,
    /// Its outputs.
    pub outputs: Vec<Port>,
    /// The container's image.
    pub image: String,
    /// The container's command; empty where the image's ENTRYPOINT is run.
    pub command: Vec<Element>,
    /// The container's arguments.
    pub args: Vec<Element>,
}

/// An input or an output.
#[derive(Clone, Debug)]
pub struct Port {
    /// Its name in the YAML.
    pub name: String,
    /// Its name in the compiled pipeline, by which placeholders refer to it.
    pub id: String,
    /// Its type.
    pub ty: PortType,
    /// Its type as written; empty if none is.
    pub type_text: String,
    /// Whether it may be absent.
    pub optional: bool,
    /// Its default.
    pub default: Option<Value>,
}

/// One element of `command` or `args`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// Text without placeholders.
    Text(String),
    /// One placeholder and nothing else.
    Placeholder(Placeholder),
    /// Text with placeholders in it.
    Template(Vec<Piece>),
    /// Several joined to one.
    Concat(Vec<Element>),
    /// Several, or none, as an input is given or not.
    If {
        /// The input's [`Port::id`].
        input: String,
        /// If it is given.
        then: Vec<Element>,
        /// If it is not.
        otherwise: Vec<Element>,
    },
}

impl Element {
    /// For how many nodes of a file it counts.
    fn size(&self) -> usize {
        let all = |elements: &[Self]| elements.iter().map(Self::size).sum::<usize>();
        1 + match self {
            Self::Text(text) => text.len() / 64,
            Self::Placeholder(_) => 0,
            Self::Template(pieces) => pieces.len(),
            Self::Concat(elements) => all(elements),
            Self::If { then, otherwise, .. } => all(then) + all(otherwise),
        }
    }

    /// An element that is text in the file.
    pub fn of_text(text: &str) -> Self {
        let mut pieces = pieces(text);
        match (pieces.len(), pieces.pop()) {
            (1, Some(Piece::Text(text))) => Self::Text(text),
            (1, Some(Piece::Placeholder(placeholder))) => Self::Placeholder(placeholder),
            (_, last) => Self::Template(pieces.into_iter().chain(last).collect()),
        }
    }
}

/// Whether text that the component writes is a flag: a dash, and no number.
pub fn is_flag(text: &str) -> bool {
    text.len() > 1 && text.starts_with('-') && !value::is_typed_number(text)
}

impl Component {
    /// The component in a component YAML.
    ///
    /// # Errors
    /// Its container is missing, or a placeholder names no input or output.
    pub(super) fn of(file: spec::File, source: &Arc<SourceFile>) -> Result<Self> {
        let Some(container) = file.implementation.and_then(|found| found.container) else {
            return Err(Source::word(source, "implementation")
                .refuse("this is not a component: it has no `implementation: container:`")
                .help("a component YAML has name, inputs, outputs and implementation"));
        };
        let inputs = ports(file.inputs.unwrap_or_default(), source)?;
        let outputs = ports(file.outputs.unwrap_or_default(), source)?;
        let reader = Reader {
            inputs: Names::of("input", &inputs),
            outputs: Names::of("output", &outputs),
            source,
        };
        let command = reader.elements(container.command.unwrap_or_default())?;
        let args = reader.elements(container.args.unwrap_or_default())?;
        Ok(Self {
            name: file.name.unwrap_or_else(|| "component".to_owned()),
            file: Arc::clone(source),
            inputs,
            outputs,
            image: container.image,
            command,
            args,
        })
    }

    /// For how many nodes of a file it counts.
    pub(super) fn size(&self) -> usize {
        let ports = self.inputs.iter().chain(&self.outputs);
        let elements = self.command.iter().chain(&self.args);
        ports.map(|port| 4 + port.default.as_ref().map_or(0, Value::size)).sum::<usize>()
            + elements.map(Element::size).sum::<usize>()
    }

    /// Where `word` is in its file.
    pub fn source(&self, word: &str) -> Source {
        Source::word(&self.file, word)
    }
}

/// `inputs` or `outputs`.
fn ports(written: Vec<spec::InputOrOutput>, source: &Arc<SourceFile>) -> Result<Vec<Port>> {
    let port = |port: spec::InputOrOutput| {
        let type_text = match port.ty {
            Some(Value::Text(text)) => text,
            _ => String::new(),
        };
        Port {
            id: sanitize(&port.name),
            ty: PortType::parse(&type_text),
            type_text,
            optional: port.optional == Some(true) || port.default.is_some(),
            default: port.default,
            name: port.name,
        }
    };
    let ports: Vec<Port> = written.into_iter().map(port).collect();
    let by_id = by_id(&ports);
    let other = |port: &Port| by_id.get(&*port.id).copied().filter(|last| !ptr::eq(*last, port));
    if let Some((port, last)) = ports.iter().find_map(|port| Some((port, other(port)?))) {
        let (first, second, id) = (quote(&port.name), quote(&last.name), quote(&port.id));
        return Err(Source::word(source, &last.name).refuse(format!(
            "{first} and {second} have the same name in a compiled pipeline, {id}"
        )));
    }
    Ok(ports)
}

/// Reads the elements of a component YAML.
struct Reader<'a> {
    inputs: Names<'a>,
    outputs: Names<'a>,
    source: &'a Arc<SourceFile>,
}

impl<'a> Reader<'a> {
    fn elements(&self, written: Vec<Written<spec::Placeholder>>) -> Result<Vec<Element>> {
        let element = |element| match element {
            Written::Text(text) => Ok(Element::of_text(&text)),
            Written::Placeholder(placeholder) => self.placeholder(placeholder),
        };
        written.into_iter().map(element).collect()
    }

    fn placeholder(&self, written: spec::Placeholder) -> Result<Element> {
        Ok(Element::Placeholder(match written {
            spec::Placeholder::InputValue(name) => {
                let port = self.input(&name)?;
                if port.ty == PortType::Artifact
                    && let Some(near) = PortType::nearest_parameter(&port.type_text)
                {
                    let (name, ty) = (quote(&port.name), quote(&port.type_text));
                    return Err(Source::word(self.source, &port.type_text)
                        .refuse(format!("the input {name} has the unknown type {ty}"))
                        .help(format!("did you mean {near}?")));
                }
                Placeholder::InputValue(port.id.clone())
            }
            spec::Placeholder::InputPath(name) => {
                Placeholder::InputPath(self.input(&name)?.id.clone())
            }
            spec::Placeholder::InputUri(name) => {
                Placeholder::InputUri(self.input(&name)?.id.clone())
            }
            spec::Placeholder::OutputPath(name) => {
                let port = self.output(&name)?;
                match port.ty {
                    PortType::Parameter(_) => Placeholder::OutputFile(port.id.clone()),
                    PortType::Artifact => Placeholder::OutputPath(port.id.clone()),
                }
            }
            spec::Placeholder::OutputUri(name) => {
                Placeholder::OutputUri(self.output(&name)?.id.clone())
            }
            spec::Placeholder::ExecutorInput(_) => Placeholder::ExecutorInput,
            spec::Placeholder::Concat(elements) => {
                return self.elements(elements).map(Element::Concat);
            }
            spec::Placeholder::If(condition) => {
                return Ok(Element::If {
                    input: self.input(&condition.cond.is_present)?.id.clone(),
                    then: self.elements(condition.then.0)?,
                    otherwise: self.elements(condition.otherwise.0)?,
                });
            }
        }))
    }

    fn input(&self, name: &str) -> Result<&'a Port> {
        self.inputs.find(name, self.source)
    }

    fn output(&self, name: &str) -> Result<&'a Port> {
        self.outputs.find(name, self.source)
    }
}

/// Inputs or outputs by their names in the YAML.
struct Names<'a> {
    what: &'static str,
    ports: &'a [Port],
    by_name: HashMap<&'a str, &'a Port>,
}

impl<'a> Names<'a> {
    fn of(what: &'static str, ports: &'a [Port]) -> Self {
        let by_name = ports.iter().map(|port| (port.name.as_str(), port)).collect();
        Self { what, ports, by_name }
    }

    fn find(&self, name: &str, source: &Arc<SourceFile>) -> Result<&'a Port> {
        let what = self.what;
        self.by_name.get(name).copied().ok_or_else(|| {
            let error =
                Source::word(source, name).refuse(format!("there is no {what} {}", quote(name)));
            match nearest(name, self.ports.iter().map(|port| port.name.as_str())) {
                Some(near) => error.help(format!("did you mean {}?", quote(near))),
                None => error.help(format!("declare it under `{what}s`")),
            }
        })
    }
}
