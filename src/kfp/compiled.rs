//! Compiled pipelines and components (IR), as YAML or JSON: their tasks, each with its component and
//! where its inputs come from.
//!
//! Source: `api/v2alpha1/pipeline_spec.proto` in kubeflow/pipelines. Both forms are read: KFP 2's
//! (`parameterType`, `runtimeValue.constant`), and KFP 1.8's v2 compiler's and Vertex AI's
//! `PipelineJob` (`pipelineSpec` beside `runtimeConfig`, `type`, `runtimeValue.constantValue`).

use super::component::{Component, Element, Part, Port};
use super::parameter;
use super::types::PortType;
use crate::error::{Error, Result, quote};
use crate::value::{self, Value};
use crate::yaml::{self, Node, Scalar};

/// A task counts for this many nodes of the file, and for its component's.
const TASK_NODES: usize = 64;
/// The deepest nesting of pipelines in pipelines.
const MAX_DEPTH: usize = 50;

/// What a file holds: a compiled pipeline, or a component as a pipeline of one task.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// Its own inputs.
    pub inputs: Vec<Port>,
    /// The tasks that start a container, those of conditions, loops and exit handlers included.
    pub tasks: Vec<Task>,
    /// The names of the tasks that start none: importers.
    pub skipped: Vec<String>,
}

/// A call of a component.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name, behind those of the tasks around it: `condition-1/train`.
    pub name: String,
    /// What it calls.
    pub component: Component,
    /// Where its inputs come from, by their [`Port::id`]; an input that is not here was not passed.
    pub bindings: Vec<(String, Source)>,
}

/// Where an input comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Written in the pipeline.
    Constant(Value),
    /// The pipeline's input of this [`Port::id`].
    Input(String),
    /// The output of a task: its name and the output's.
    Output(String, String),
    /// Known only at run time: a loop's item (the first, where the pipeline writes the items), a
    /// part of a value, a task's final status.
    AtRunTime(Option<Value>),
}

impl Task {
    /// Where the input of this [`Port::id`] comes from.
    pub fn source(&self, id: &str) -> Option<&Source> {
        let found = self.bindings.iter().find(|(input, _)| input == id);
        found.map(|(_, source)| source)
    }
}

impl Pipeline {
    /// Reads a compiled pipeline or component, or a component YAML.
    ///
    /// # Errors
    /// It is neither, refers to something that is not in it, or starts no container.
    pub fn read(root: &Node, file: &str) -> Result<Self> {
        if root.get("pipelineSpec").is_some() || root.get("deploymentSpec").is_some() {
            return compiled(root, file);
        }
        let component = Component::read(root, file)?;
        Ok(Self {
            name: component.name.clone(),
            inputs: Vec::new(),
            tasks: vec![Task { name: component.name.clone(), component, bindings: Vec::new() }],
            skipped: Vec::new(),
        })
    }
}

fn compiled(root: &Node, file: &str) -> Result<Pipeline> {
    let spec = root.get("pipelineSpec").unwrap_or(root);
    let mut reader = Reader { spec, file, tasks: Vec::new(), skipped: Vec::new(), nodes: 0 };
    let main = reader.required(spec, &["root"])?;
    let mut inputs = reader.ports(main, "inputDefinitions")?;
    for port in &mut inputs {
        let given = ["parameterValues", "parameters"]
            .iter()
            .find_map(|key| root.path(&["runtimeConfig", key, &port.id]));
        if let Some(node) = given {
            port.default = Some(typed_constant(node).unwrap_or(node).clone());
        }
    }
    let scope =
        inputs.iter().map(|port| (port.id.clone(), Source::Input(port.id.clone()))).collect();
    reader.dag(main, &scope, "", 0)?;
    if reader.tasks.is_empty() {
        return Err(reader.error(main, "no task of this pipeline starts a container"));
    }
    Ok(Pipeline {
        name: reader
            .spec
            .path(&["pipelineInfo", "name"])
            .and_then(Node::text)
            .unwrap_or("pipeline")
            .to_owned(),
        inputs,
        tasks: reader.tasks,
        skipped: reader.skipped,
    })
}

/// The inputs of the pipeline around a task.
type Scope = Vec<(String, Source)>;

struct Reader<'a> {
    spec: &'a Node,
    file: &'a str,
    tasks: Vec<Task>,
    skipped: Vec<String>,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, node: &Node, message: impl AsRef<str>) -> Error {
        let message = message.as_ref();
        Error::refused(format!("{}:{}:{}: {message}", self.file, node.line, node.column))
    }

    fn required<'n>(&self, node: &'n Node, path: &[&str]) -> Result<&'n Node> {
        node.path(path).ok_or_else(|| self.error(node, format!("`{}` is missing", path.join("."))))
    }

    fn text<'n>(&self, node: &'n Node, path: &[&str]) -> Result<&'n str> {
        let found = self.required(node, path)?;
        found.text().ok_or_else(|| {
            let path = path.join(".");
            self.error(found, format!("`{path}` is {}, not text", found.describe()))
        })
    }

    /// The entries of a mapping that may be missing.
    fn entries<'n>(&self, node: &'n Node, path: &[&str]) -> Result<Vec<(&'n str, &'n Node)>> {
        let Some(found) = node.path(path).filter(|n| n.scalar() != Scalar::Null) else {
            return Ok(Vec::new());
        };
        let Some(entries) = found.entries() else {
            let (path, kind) = (path.join("."), found.describe());
            return Err(self.error(found, format!("`{path}` is {kind}, not a mapping")));
        };
        let named = |(key, value): &'n (Node, Node)| Some((key.text()?, value));
        Ok(entries.iter().filter_map(named).collect())
    }

    /// Reads the tasks of `component`, which is a pipeline.
    fn dag(
        &mut self,
        component: &'a Node,
        scope: &Scope,
        prefix: &str,
        depth: usize,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            let message = format!("pipelines in pipelines, deeper than {MAX_DEPTH} levels");
            return Err(self.error(component, message));
        }
        self.required(component, &["dag", "tasks"])?;
        for (key, task) in self.entries(component, &["dag", "tasks"])? {
            self.task(&format!("{prefix}{key}"), task, scope, depth)?;
        }
        Ok(())
    }

    fn task(&mut self, name: &str, task: &'a Node, scope: &Scope, depth: usize) -> Result<()> {
        self.spend(task, TASK_NODES)?;
        let prefix = name.rsplit_once('/').map_or("", |(before, _)| before);
        let mut bindings = self.bindings(task, scope, prefix)?;
        let reference = self.text(task, &["componentRef", "name"])?;
        let Some(component) = self.spec.path(&["components", reference]) else {
            let message = format!("there is no component {}", quote(reference));
            return Err(self.error(task, message));
        };
        if component.get("dag").is_some() {
            self.inherit(component, &mut bindings)?;
            return self.dag(component, &bindings, &format!("{name}/"), depth + 1);
        }
        let label = self.text(component, &["executorLabel"])?;
        let Some(executor) = self.spec.path(&["deploymentSpec", "executors", label]) else {
            let message = format!("there is no executor {}", quote(label));
            return Err(self.error(component, message));
        };
        let Some(container) = executor.get("container") else {
            self.skipped.push(name.to_owned());
            return Ok(());
        };
        self.spend(task, yaml::count(component) + yaml::count(container))?;
        let component = self.component(reference, component, container, &bindings)?;
        self.tasks.push(Task { name: name.to_owned(), component, bindings });
        Ok(())
    }

    /// Pipelines in pipelines can multiply a small file.
    fn spend(&mut self, task: &Node, nodes: usize) -> Result<()> {
        self.nodes += nodes;
        if self.nodes > yaml::MAX_NODES {
            return Err(self.error(task, "more tasks than a pipeline can have"));
        }
        Ok(())
    }

    /// Adds the defaults of an inner pipeline's inputs.
    fn inherit(&self, component: &Node, bindings: &mut Scope) -> Result<()> {
        for port in self.ports(component, "inputDefinitions")? {
            if let (false, Some(node)) =
                (bindings.iter().any(|(id, _)| *id == port.id), &port.default)
            {
                bindings.push((port.id, Source::Constant(parameter::of_node(node))));
            }
        }
        Ok(())
    }

    /// Where the inputs of a task come from, in the pipeline whose inputs are `scope`.
    fn bindings(&self, task: &Node, scope: &Scope, prefix: &str) -> Result<Scope> {
        let mut bindings = Scope::new();
        for kind in ["parameters", "artifacts"] {
            for (input, node) in self.entries(task, &["inputs", kind])? {
                if let Some(source) = self.source(node, scope, prefix)? {
                    bindings.push((input.to_owned(), source));
                }
            }
        }
        let iterator =
            ["parameterIterator", "artifactIterator"].iter().find_map(|kind| task.get(kind));
        if let Some(iterator) = iterator {
            let item = self.text(iterator, &["itemInput"])?.to_owned();
            let raw = iterator.path(&["items", "raw"]).and_then(Node::text);
            let first = match raw.map(value::json) {
                Some(Ok(Some(Value::List(items)))) => items.into_iter().next(),
                _ => None,
            };
            bindings.push((item, Source::AtRunTime(first)));
        }
        Ok(bindings)
    }

    /// `None` for an input of the pipeline around that was itself not passed.
    fn source(&self, node: &Node, scope: &Scope, prefix: &str) -> Result<Option<Source>> {
        if let Some(value) = node.get("runtimeValue") {
            if let Some(constant) = value.get("constant") {
                return Ok(Some(Source::Constant(parameter::of_node(constant))));
            }
            if let Some(constant) = value.get("constantValue").and_then(typed_constant) {
                return Ok(Some(Source::Constant(parameter::of_node(constant))));
            }
            let outer = value.get("runtimeParameter").and_then(Node::text);
            return match outer {
                Some(name) => Ok(Some(Source::Input(name.to_owned()))),
                None => Err(self.error(value, "`runtimeValue` has no constant")),
            };
        }
        for (kind, key) in [
            ("taskOutputParameter", "outputParameterKey"),
            ("taskOutputArtifact", "outputArtifactKey"),
        ] {
            if let Some(output) = node.get(kind) {
                let producer = self.text(output, &["producerTask"])?;
                let slash = if prefix.is_empty() { "" } else { "/" };
                let task = format!("{prefix}{slash}{producer}");
                let key = self.text(output, &[key])?.to_owned();
                return Ok(Some(Source::Output(task, key)));
            }
        }
        let outer = ["componentInputParameter", "componentInputArtifact"]
            .iter()
            .find_map(|kind| node.get(kind));
        let Some(outer) = outer.and_then(Node::text) else {
            return Ok(Some(Source::AtRunTime(None)));
        };
        let found = scope.iter().find(|(id, _)| id == outer);
        let selector = node.get("parameterExpressionSelector").and_then(Node::text);
        Ok(match (found.map(|(_, source)| source), selector) {
            (Some(source), None) => Some(source.clone()),
            (Some(Source::AtRunTime(Some(item)) | Source::Constant(item)), Some(selector)) => {
                Some(Source::AtRunTime(select(item, selector)))
            }
            (Some(_), Some(_)) => Some(Source::AtRunTime(None)),
            (None, _) => None,
        })
    }

    fn component(
        &self,
        reference: &str,
        component: &Node,
        container: &Node,
        bindings: &Scope,
    ) -> Result<Component> {
        let mut inputs = self.ports(component, "inputDefinitions")?;
        // What an f-string of the pipeline refers to is passed without being declared.
        for (id, _) in bindings {
            if !inputs.iter().any(|port| port.id == *id) {
                inputs.push(Port {
                    name: id.clone(),
                    id: id.clone(),
                    ty: PortType::parse("String"),
                    type_text: "STRING".to_owned(),
                    optional: false,
                    default: None,
                    line: component.line,
                });
            }
        }
        Ok(Component {
            name: reference.trim_start_matches("comp-").to_owned(),
            file: self.file.to_owned(),
            inputs,
            outputs: self.ports(component, "outputDefinitions")?,
            image: self.text(container, &["image"])?.to_owned(),
            command: self.elements(container, "command")?,
            args: self.elements(container, "args")?,
        })
    }

    /// `inputDefinitions` or `outputDefinitions`.
    fn ports(&self, component: &Node, definitions: &str) -> Result<Vec<Port>> {
        let mut ports = Vec::new();
        for (name, node) in self.entries(component, &[definitions, "parameters"])? {
            let written = node.get("parameterType").or_else(|| node.get("type"));
            let type_text = written.and_then(Node::text).unwrap_or_default();
            let PortType::Parameter(_) = PortType::parse(type_text) else {
                let message = format!("{} is no parameter's type", quote(type_text));
                return Err(self.error(node, message));
            };
            ports.push(port(name, type_text, node));
        }
        for (name, node) in self.entries(component, &[definitions, "artifacts"])? {
            let part = |key: &str| node.path(&["artifactType", key]).and_then(Node::text);
            let title = part("schemaTitle").unwrap_or("system.Artifact");
            let version = part("schemaVersion").unwrap_or("0.0.1");
            ports.push(port(name, &format!("{title}@{version}"), node));
        }
        Ok(ports)
    }

    fn elements(&self, container: &Node, key: &str) -> Result<Vec<Element>> {
        let Some(node) = container.get(key) else {
            return Ok(Vec::new());
        };
        let Some(items) = node.items() else {
            return Err(self.error(node, format!("`{key}` is {}, not a list", node.describe())));
        };
        let element = |item: &Node| {
            let Some(text) = item.text() else {
                let message = format!("an element is text, not {}", item.describe());
                return Err(self.error(item, message));
            };
            if !text.starts_with("{\"Concat\": ") && !text.starts_with("{\"IfPresent\": ") {
                return Ok(of_part(Part::of_text(text), item));
            }
            match value::json(text) {
                Ok(Some(value)) => self.structure(&value, item),
                _ => Err(self.error(item, "this placeholder is no JSON")),
            }
        };
        items.iter().map(element).collect()
    }

    /// `{"Concat": […]}` or `{"IfPresent": {"InputName": …, "Then": …, "Else": …}}`, at any depth
    /// (`resolve_struct_placeholders` in `kfp/local/placeholder_utils.py`).
    fn structure(&self, value: &Value, item: &Node) -> Result<Element> {
        let several = |value: Option<&Value>| match value {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::List(items)) => items.iter().map(|v| self.structure(v, item)).collect(),
            Some(single) => self.structure(single, item).map(|element| vec![element]),
        };
        let part = match (value, entry(value, "Concat"), entry(value, "IfPresent")) {
            (Value::Text(text), ..) => Part::of_text(text),
            (_, Some(items @ Value::List(_)), _) => Part::Concat(several(Some(items))?),
            (_, _, Some(condition)) => {
                let Some(Value::Text(input)) = entry(condition, "InputName") else {
                    return Err(self.error(item, "`IfPresent` needs `InputName`"));
                };
                Part::If {
                    input: input.clone(),
                    then: several(entry(condition, "Then"))?,
                    otherwise: several(entry(condition, "Else"))?,
                }
            }
            _ => {
                let message = "this is no placeholder: `Concat` or `IfPresent` is expected";
                return Err(self.error(item, message));
            }
        };
        Ok(of_part(part, item))
    }
}

fn of_part(part: Part, item: &Node) -> Element {
    Element { part, line: item.line, span: item.span.clone() }
}

fn port(name: &str, type_text: &str, node: &Node) -> Port {
    let default = node.get("defaultValue");
    let is = |key: &str| node.get(key).map(Node::scalar) == Some(Scalar::Bool(true));
    Port {
        name: name.to_owned(),
        id: name.to_owned(),
        ty: PortType::parse(type_text),
        type_text: type_text.to_owned(),
        optional: is("isOptional") || default.is_some(),
        default: default.cloned(),
        line: node.line,
    }
}

/// The value in `{stringValue: …}`, KFP 1.8's form.
fn typed_constant(node: &Node) -> Option<&Node> {
    let kinds = ["stringValue", "intValue", "doubleValue"];
    kinds.iter().find_map(|kind| node.get(kind))
}

fn entry<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Dict(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
        _ => None,
    }
}

/// `parseJson(string_value)["key"]` of a loop's item.
fn select(item: &Value, selector: &str) -> Option<Value> {
    let key = selector.strip_prefix("parseJson(string_value)[\"")?.strip_suffix("\"]")?;
    entry(item, key).cloned()
}
