//! A component: its inputs, its outputs, and the command line that its container gets.
//!
//! Read from a component YAML (KFP's v1 schema, `kfp/dsl/v1_structures.py`), as it lies in a
//! team's repository; [`super::compiled`] makes the same from a compiled pipeline.

use std::collections::HashMap;
use std::ops::Range;

use indexmap::IndexMap;

use super::document::Document;
use super::placeholder::{Piece, Placeholder, YAML_KEYS, pieces};
use super::types::{PortType, sanitize};
use crate::error::{Error, Result, quote};
use crate::nearest::{known_words, nearest};
use crate::value;
use crate::yaml::{Node, Scalar};

/// A component.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// The file that it was read from, for messages.
    pub file: String,
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
    pub default: Option<Node>,
    /// The line that declares it.
    pub line: usize,
}

/// One element of `command` or `args`.
#[derive(Clone, Debug)]
pub struct Element {
    /// What it is.
    pub part: Part,
    /// Its line.
    pub line: usize,
    /// Its bytes in the file.
    pub span: Range<usize>,
}

/// What an element is.
#[derive(Clone, Debug)]
pub enum Part {
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

impl Part {
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
    /// Reads a component YAML.
    ///
    /// # Errors
    /// It is none, with the line that shows it; or a placeholder names no input or output.
    pub fn read(root: &Node, file: &str) -> Result<Self> {
        let document = Document { file };
        let Some(container) = root.path(&["implementation", "container"]) else {
            return Err(document
                .error(root, "this is not a component: it has no `implementation: container:`")
                .help("a component YAML has name, inputs, outputs and implementation"));
        };
        let image = document.text(container, &["image"])?.to_owned();
        let (inputs, outputs) =
            (ports(document, root, "inputs")?, ports(document, root, "outputs")?);
        let reader = Reader { document, inputs: by_name(&inputs), outputs: by_name(&outputs) };
        let elements = |key: &str| match container.get(key) {
            Some(node) if node.scalar() != Scalar::Null => reader.elements(node, key),
            _ => Ok(Vec::new()),
        };
        let (command, args) = (elements("command")?, elements("args")?);
        Ok(Self {
            name: root.get("name").and_then(Node::text).unwrap_or("component").to_owned(),
            file: file.to_owned(),
            inputs,
            outputs,
            image,
            command,
            args,
        })
    }
}

/// `inputs` or `outputs`.
fn ports(document: Document<'_>, root: &Node, key: &str) -> Result<Vec<Port>> {
    let Some(node) = root.get(key).filter(|node| node.scalar() != Scalar::Null) else {
        return Ok(Vec::new());
    };
    let items = document.items(node, key)?;
    let mut ports: Vec<Port> = Vec::with_capacity(items.len());
    for item in items {
        let name = document.text(item, &["name"])?;
        // A type may be a mapping (`{GCSPath: {…}}`): an artifact's.
        let type_text = item.get("type").and_then(Node::text).unwrap_or_default();
        let default = item.get("default").filter(|node| node.scalar() != Scalar::Null);
        let optional = item.get("optional").is_some_and(|n| n.scalar() == Scalar::Bool(true));
        ports.push(Port {
            id: sanitize(name),
            ty: PortType::parse(type_text),
            type_text: type_text.to_owned(),
            optional: optional || default.is_some(),
            default: default.cloned(),
            line: item.line,
            name: name.to_owned(),
        });
    }
    let mut ids = HashMap::new();
    for (port, item) in ports.iter().zip(items) {
        if let Some(first) = ids.insert(&port.id, &port.name) {
            let message = format!(
                "{} and {} have the same name in a compiled pipeline, {}",
                quote(first),
                quote(&port.name),
                quote(&port.id)
            );
            return Err(document.error(item, message));
        }
    }
    Ok(ports)
}

fn by_name(ports: &[Port]) -> IndexMap<&str, &Port> {
    ports.iter().map(|port| (port.name.as_str(), port)).collect()
}

/// Reads the elements of a component YAML.
struct Reader<'a> {
    document: Document<'a>,
    inputs: IndexMap<&'a str, &'a Port>,
    outputs: IndexMap<&'a str, &'a Port>,
}

impl<'a> Reader<'a> {
    fn elements(&self, node: &Node, what: &str) -> Result<Vec<Element>> {
        let help = || format!("write {what}: [word, word], each word an element");
        let items = self.document.items(node, what).map_err(|error| error.help(help()))?;
        items.iter().map(|item| self.element(item)).collect()
    }

    fn element(&self, node: &Node) -> Result<Element> {
        let part = match (node.text(), node.entries()) {
            (Some(text), _) if node.scalar() != Scalar::Text => {
                return Err(self
                    .document
                    .error(node, format!("an element is text, and {} is not", quote(text)))
                    .help(format!("put quotes around it: '{text}'")));
            }
            (Some(text), _) => Part::of_text(text),
            (None, Some([(key, value)])) => {
                let key = key.text().unwrap_or_default();
                self.placeholder(node, key, value)?
            }
            _ => {
                return Err(self
                    .document
                    .error(
                        node,
                        format!("an element is text or one placeholder, not {}", node.describe()),
                    )
                    .help("a placeholder is a mapping with one key, as {inputValue: name}"));
            }
        };
        Ok(Element { part, line: node.line, span: node.span.clone() })
    }

    fn placeholder(&self, node: &Node, key: &str, value: &Node) -> Result<Part> {
        let placeholder = match key {
            "inputValue" => {
                let port = self.input(value)?;
                if port.ty == PortType::Artifact
                    && let Some(near) = PortType::nearest_parameter(&port.type_text)
                {
                    let (name, ty) = (quote(&port.name), quote(&port.type_text));
                    let message = format!("the input {name} has the unknown type {ty}");
                    return Err(Error::in_line(self.document.file, port.line, message)
                        .help(format!("did you mean {near}?")));
                }
                Placeholder::InputValue(port.id.clone())
            }
            "inputPath" => Placeholder::InputPath(self.input(value)?.id.clone()),
            "inputUri" => Placeholder::InputUri(self.input(value)?.id.clone()),
            "outputPath" => {
                let port = self.output(value)?;
                match port.ty {
                    PortType::Parameter(_) => Placeholder::OutputFile(port.id.clone()),
                    PortType::Artifact => Placeholder::OutputPath(port.id.clone()),
                }
            }
            "outputUri" => Placeholder::OutputUri(self.output(value)?.id.clone()),
            "executorInput" => Placeholder::ExecutorInput,
            "concat" => {
                return self.elements(value, "concat").map(Part::Concat);
            }
            "if" => return self.condition(value),
            _ => {
                let known = [&YAML_KEYS[..], &["concat", "if", "executorInput"]].concat();
                return Err(self
                    .document
                    .error(node, format!("{} is not a placeholder", quote(key)))
                    .help(known_words(key, &known, "placeholders are")));
            }
        };
        Ok(Part::Placeholder(placeholder))
    }

    /// `{if: {cond: {isPresent: NAME}, then: […], else: […]}}`
    fn condition(&self, value: &Node) -> Result<Part> {
        let Some(name) = value.path(&["cond", "isPresent"]) else {
            return Err(self.document.error(value, "`if` needs `cond: {isPresent: INPUT}`"));
        };
        let branch = |key: &str| match value.get(key) {
            None => Ok(Vec::new()),
            Some(node) if node.items().is_some() => self.elements(node, key),
            Some(node) => self.element(node).map(|element| vec![element]),
        };
        if value.get("then").is_none() {
            return Err(self.document.error(value, "`if` needs `then`"));
        }
        Ok(Part::If {
            input: self.input(name)?.id.clone(),
            then: branch("then")?,
            otherwise: branch("else")?,
        })
    }

    fn input(&self, node: &Node) -> Result<&'a Port> {
        self.named(&self.inputs, node, "input")
    }

    fn output(&self, node: &Node) -> Result<&'a Port> {
        self.named(&self.outputs, node, "output")
    }

    fn named(
        &self,
        ports: &IndexMap<&'a str, &'a Port>,
        node: &Node,
        what: &str,
    ) -> Result<&'a Port> {
        let name = node.text().unwrap_or_default();
        if let Some(port) = ports.get(name) {
            return Ok(port);
        }
        let near = nearest(name, ports.keys().copied());
        let error = self.document.error(node, format!("there is no {what} {}", quote(name)));
        Err(match near {
            Some(near) => error.help(format!("did you mean {}?", quote(near))),
            None => error.help(format!("declare it under `{what}s`")),
        })
    }
}
