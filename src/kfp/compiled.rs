//! Compiled pipelines and components (IR): their tasks, each with its component and where its inputs
//! come from.

mod bindings;
mod component;

use std::collections::HashMap;
use std::sync::Arc;

use super::component::{Component, Port};
use super::spec::{self, ComponentSpec, Executor, Members, TaskSpec, untyped};
use crate::declarations::{Source as Place, SourceFile};
use crate::error::{Error, Result, quote};
use crate::value::Value;
use crate::yaml::{self, Scalars};
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
    /// Its name, after those of the tasks around it: `condition-1/train`.
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
    /// Reads a compiled pipeline or component, or a component YAML; `name` names the file in errors.
    ///
    /// # Errors
    /// It is neither, refers to something that is not in it, or starts no container.
    pub fn read(text: &str, name: &str) -> Result<Self> {
        let file: spec::File = yaml::read(text, name, Scalars::Typed)?;
        let source = Arc::new(SourceFile { name: name.to_owned(), text: text.to_owned() });
        if file.is_compiled() {
            return compiled(file, &source);
        }
        let component = Component::of(file, &source)?;
        Ok(Self {
            name: component.name.clone(),
            inputs: Vec::new(),
            tasks: vec![Task { name: component.name.clone(), component, bindings: Vec::new() }],
            skipped: Vec::new(),
        })
    }
}

fn compiled(mut file: spec::File, source: &Arc<SourceFile>) -> Result<Pipeline> {
    let config = std::mem::take(&mut file.runtime_config);
    let given: HashMap<&str, &Value> =
        [by_name(&config.parameters), by_name(&config.parameter_values)]
            .into_iter()
            .flatten()
            .collect();
    let spec = match file.pipeline_spec.take() {
        Some(spec) => *spec,
        None => file,
    };
    let Some(main) = spec.root else {
        return Err(Error::refused(format!("{}: `root` is missing", source.name)));
    };
    let mut inputs = ports(&main.input_definitions, source)?;
    for port in &mut inputs {
        if let Some(value) = given.get(&*port.id) {
            port.default = Some(untyped(value).clone());
        }
    }
    let own = inputs.iter().map(|port| (port.id.clone(), Source::Input(port.id.clone())));
    let executors = spec.deployment_spec.unwrap_or_default().executors;
    let mut reader = Reader {
        components: by_name(&spec.components),
        executors: by_name(&executors),
        source,
        tasks: Vec::new(),
        skipped: Vec::new(),
        nodes: 0,
    };
    reader.dag(&main, &own.collect(), "", 0)?;
    if reader.tasks.is_empty() {
        let name = &source.name;
        return Err(Error::refused(format!("{name}: no task of this pipeline starts a container")));
    }
    let (tasks, skipped) = (reader.tasks, reader.skipped);
    let name = spec.pipeline_info.name.unwrap_or_else(|| "pipeline".to_owned());
    Ok(Pipeline { name, inputs, tasks, skipped })
}

fn by_name<T>(members: &Members<T>) -> HashMap<&str, &T> {
    members.0.iter().map(|(name, member)| (name.as_str(), member)).collect()
}

/// Goes through the tasks.
struct Reader<'a> {
    components: HashMap<&'a str, &'a ComponentSpec>,
    executors: HashMap<&'a str, &'a Executor>,
    source: &'a Arc<SourceFile>,
    tasks: Vec<Task>,
    skipped: Vec<String>,
    /// How many nodes of the file the tasks have taken so far.
    nodes: usize,
}

impl<'a> Reader<'a> {
    /// Reads the tasks of `component`, which is a pipeline with these inputs.
    fn dag(
        &mut self,
        component: &'a ComponentSpec,
        inputs: &Bindings,
        prefix: &str,
        depth: usize,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            let message = format!("pipelines in pipelines, deeper than {MAX_DEPTH} levels");
            return Err(Error::refused(format!("{}: {message}", self.source.name)));
        }
        let Some(dag) = &component.dag else {
            return Err(Error::refused(format!("{}: `root.dag` is missing", self.source.name)));
        };
        let scope = Scope { inputs, prefix };
        for (key, task) in &dag.tasks.0 {
            self.task(&format!("{prefix}{key}"), task, scope, depth)?;
        }
        Ok(())
    }

    fn task(
        &mut self,
        name: &str,
        task: &'a TaskSpec,
        scope: Scope<'_>,
        depth: usize,
    ) -> Result<()> {
        self.spend(TASK_NODES)?;
        let mut bindings = scope.bindings(task);
        let reference = &task.component_ref.name;
        let component = self.referred(&self.components, reference, "component")?;
        if component.dag.is_some() {
            inherit(ports(&component.input_definitions, self.source)?, &mut bindings);
            return self.dag(component, &bindings, &format!("{name}/"), depth + 1);
        }
        let label = component.executor_label.as_deref().unwrap_or_default();
        let executor = self.referred(&self.executors, label, "executor")?;
        let Some(container) = &executor.container else {
            self.skipped.push(name.to_owned());
            return Ok(());
        };
        let passed = bindings.iter().map(|(id, _)| id);
        let component = component::read(self.source, reference, (component, container), passed)?;
        self.spend(component.size())?;
        self.tasks.push(Task { name: name.to_owned(), component, bindings });
        Ok(())
    }

    /// The `what` of that name that a task refers to.
    fn referred<T>(&self, found: &HashMap<&str, &'a T>, name: &str, what: &str) -> Result<&'a T> {
        let none = || format!("there is no {what} {}", quote(name));
        found.get(name).copied().ok_or_else(|| Place::word(self.source, name).refuse(none()))
    }

    /// Pipelines in pipelines can multiply a small file.
    fn spend(&mut self, nodes: usize) -> Result<()> {
        self.nodes += nodes;
        if self.nodes > yaml::MAX_NODES {
            let message = "more tasks than a pipeline can have";
            return Err(Error::refused(format!("{}: {message}", self.source.name)));
        }
        Ok(())
    }
}
