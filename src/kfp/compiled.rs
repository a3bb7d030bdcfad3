//! Compiled pipelines and components (IR), as YAML or JSON: their tasks, each with its component and
//! where its inputs come from.
//!
//! Source: `api/v2alpha1/pipeline_spec.proto` in kubeflow/pipelines. Both forms are read: KFP 2's
//! (`parameterType`, `runtimeValue.constant`), and KFP 1.8's v2 compiler's and Vertex AI's
//! `PipelineJob` (`pipelineSpec` beside `runtimeConfig`, `type`, `runtimeValue.constantValue`).

mod bindings;
mod component;

use super::component::{Component, Port};
use super::document::Document;
use crate::error::{Result, quote};
use crate::value::Value;
use crate::yaml::{self, Node};
use bindings::{Bindings, Scope, inherit};
use component::ports;

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
    let document = Document { file };
    let main = document.required(spec, &["root"])?;
    let mut inputs = ports(document, main, "inputDefinitions")?;
    for port in &mut inputs {
        let given = ["parameterValues", "parameters"]
            .iter()
            .find_map(|key| root.path(&["runtimeConfig", key, &port.id]));
        if let Some(node) = given {
            port.default = Some(typed_constant(node).unwrap_or(node).clone());
        }
    }
    let own = inputs.iter().map(|port| (port.id.clone(), Source::Input(port.id.clone())));
    let mut reader = Reader { spec, document, tasks: Vec::new(), skipped: Vec::new(), nodes: 0 };
    reader.dag(main, &own.collect(), "", 0)?;
    if reader.tasks.is_empty() {
        return Err(document.error(main, "no task of this pipeline starts a container"));
    }
    let name = spec.path(&["pipelineInfo", "name"]).and_then(Node::text);
    Ok(Pipeline {
        name: name.unwrap_or("pipeline").to_owned(),
        inputs,
        tasks: reader.tasks,
        skipped: reader.skipped,
    })
}

/// Goes through the tasks.
struct Reader<'a> {
    spec: &'a Node,
    document: Document<'a>,
    tasks: Vec<Task>,
    skipped: Vec<String>,
    /// How many nodes of the file the tasks have taken so far.
    nodes: usize,
}

impl<'a> Reader<'a> {
    /// Reads the tasks of `component`, which is a pipeline with these inputs.
    fn dag(
        &mut self,
        component: &'a Node,
        inputs: &Bindings,
        prefix: &str,
        depth: usize,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            let message = format!("pipelines in pipelines, deeper than {MAX_DEPTH} levels");
            return Err(self.document.error(component, message));
        }
        self.document.required(component, &["dag", "tasks"])?;
        let scope = Scope { document: self.document, inputs, prefix };
        for (key, task) in self.document.entries(component, &["dag", "tasks"])? {
            self.task(&format!("{prefix}{key}"), task, scope, depth)?;
        }
        Ok(())
    }

    fn task(&mut self, name: &str, task: &'a Node, scope: Scope<'_>, depth: usize) -> Result<()> {
        self.spend(task, TASK_NODES)?;
        let mut bindings = scope.bindings(task)?;
        let reference = self.document.text(task, &["componentRef", "name"])?;
        let component = self.referred(task, &["components", reference], "component")?;
        if component.get("dag").is_some() {
            inherit(self.document, component, &mut bindings)?;
            return self.dag(component, &bindings, &format!("{name}/"), depth + 1);
        }
        let label = self.document.text(component, &["executorLabel"])?;
        let executor = self.referred(task, &["deploymentSpec", "executors", label], "executor")?;
        let Some(container) = executor.get("container") else {
            self.skipped.push(name.to_owned());
            return Ok(());
        };
        self.spend(task, yaml::count(component) + yaml::count(container))?;
        let passed = bindings.iter().map(|(id, _)| id);
        let component = component::read(self.document, reference, (component, container), passed)?;
        self.tasks.push(Task { name: name.to_owned(), component, bindings });
        Ok(())
    }

    /// What `task` refers to, a `what` at `path` of the file.
    fn referred(&self, task: &Node, path: &[&str], what: &str) -> Result<&'a Node> {
        let name = path.last().copied().unwrap_or_default();
        let none = || self.document.error(task, format!("there is no {what} {}", quote(name)));
        self.spec.path(path).ok_or_else(none)
    }

    /// Pipelines in pipelines can multiply a small file.
    fn spend(&mut self, task: &Node, nodes: usize) -> Result<()> {
        self.nodes += nodes;
        if self.nodes > yaml::MAX_NODES {
            return Err(self.document.error(task, "more tasks than a pipeline can have"));
        }
        Ok(())
    }
}

/// The value in `{stringValue: …}`, KFP 1.8's form.
fn typed_constant(node: &Node) -> Option<&Node> {
    let kinds = ["stringValue", "intValue", "doubleValue"];
    kinds.iter().find_map(|kind| node.get(kind))
}
