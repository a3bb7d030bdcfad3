//! What KFP's files hold, as serde reads it.
//!
//! A component YAML is `kfp/dsl/v1_structures.py`. A compiled pipeline or component (IR) is
//! `api/v2alpha1/pipeline_spec.proto` in kubeflow/pipelines, in two forms: KFP 2's (`parameterType`,
//! `runtimeValue.constant`), and KFP 1.8's v2 compiler's and Vertex AI's `PipelineJob` (`pipelineSpec`
//! beside `runtimeConfig`, `type`, `runtimeValue.constantValue`).

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::quote;
use crate::value::Value;

/// A component or a compiled pipeline: each has other keys.
#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "a component or a compiled pipeline")]
pub(super) struct File {
    pub(super) name: Option<String>,
    pub(super) inputs: Option<Vec<InputOrOutput>>,
    pub(super) outputs: Option<Vec<InputOrOutput>>,
    pub(super) implementation: Option<Implementation>,

    /// The pipeline in a `PipelineJob`.
    pub(super) pipeline_spec: Option<Box<File>>,
    pub(super) runtime_config: RuntimeConfig,
    pub(super) pipeline_info: PipelineInfo,
    pub(super) root: Option<ComponentSpec>,
    pub(super) components: Members<ComponentSpec>,
    pub(super) deployment_spec: Option<DeploymentSpec>,
}

impl File {
    pub(super) fn is_compiled(&self) -> bool {
        self.pipeline_spec.is_some() || self.deployment_spec.is_some()
    }
}

/// One of a component's `inputs` or `outputs`.
#[derive(serde::Deserialize)]
pub(super) struct InputOrOutput {
    pub(super) name: String,
    /// Text, or for some artifacts a mapping.
    #[serde(rename = "type")]
    pub(super) ty: Option<Value>,
    pub(super) default: Option<Value>,
    pub(super) optional: Option<bool>,
}

#[derive(serde::Deserialize)]
pub(super) struct Implementation {
    pub(super) container: Option<Container>,
}

/// A container; in a compiled pipeline each of its elements is text.
#[derive(serde::Deserialize)]
pub(super) struct Container {
    pub(super) image: String,
    pub(super) command: Option<Vec<Written<Placeholder>>>,
    pub(super) args: Option<Vec<Written<Placeholder>>>,
}

/// An element, where `P` are the placeholders.
pub(super) enum Written<P> {
    Text(String),
    Placeholder(P),
}

/// A placeholder in a component YAML, a mapping with one key.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Placeholder {
    InputValue(String),
    InputPath(String),
    InputUri(String),
    OutputPath(String),
    OutputUri(String),
    ExecutorInput(IgnoredAny),
    Concat(Vec<Written<Self>>),
    If(Condition),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    pub(super) cond: IsPresent,
    pub(super) then: Branch<Placeholder>,
    #[serde(default, rename = "else")]
    pub(super) otherwise: Branch<Placeholder>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", expecting = "{isPresent: INPUT}")]
pub(super) struct IsPresent {
    pub(super) is_present: String,
}

/// A placeholder that a compiled pipeline writes as JSON in the text of an element
/// (`resolve_struct_placeholders` in `kfp/local/placeholder_utils.py`).
#[derive(serde::Deserialize)]
pub(super) enum StructPlaceholder {
    Concat(Vec<Written<Self>>),
    #[serde(rename_all = "PascalCase")]
    IfPresent {
        input_name: String,
        #[serde(default)]
        then: Branch<Self>,
        #[serde(default, rename = "Else")]
        otherwise: Branch<Self>,
    },
}

/// What an `if` writes: a list, or a single element.
pub(super) struct Branch<P>(pub(super) Vec<Written<P>>);

impl<P> Default for Branch<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// What a pipeline is run with.
#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RuntimeConfig {
    pub(super) parameter_values: Members<Value>,
    /// KFP 1.8's form: [`untyped`].
    pub(super) parameters: Members<Value>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct PipelineInfo {
    pub(super) name: Option<String>,
}

/// What a task calls: a container, by the label of its executor, or a pipeline of its own.
#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ComponentSpec {
    pub(super) input_definitions: Definitions,
    pub(super) output_definitions: Definitions,
    pub(super) dag: Option<Dag>,
    pub(super) executor_label: Option<String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Definitions {
    pub(super) parameters: Members<Definition>,
    pub(super) artifacts: Members<Definition>,
}

/// An input or an output, of which an artifact has an `artifactType`.
#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Definition {
    #[serde(alias = "type")]
    pub(super) parameter_type: String,
    pub(super) artifact_type: ArtifactType,
    pub(super) default_value: Option<Value>,
    pub(super) is_optional: bool,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ArtifactType {
    pub(super) schema_title: Option<String>,
    pub(super) schema_version: Option<String>,
}

#[derive(serde::Deserialize)]
pub(super) struct Dag {
    pub(super) tasks: Members<TaskSpec>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskSpec {
    pub(super) component_ref: ComponentRef,
    #[serde(default)]
    pub(super) inputs: TaskInputs,
    #[serde(alias = "artifactIterator")]
    pub(super) parameter_iterator: Option<TaskIterator>,
}

#[derive(serde::Deserialize)]
pub(super) struct ComponentRef {
    pub(super) name: String,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct TaskInputs {
    pub(super) parameters: Members<InputSpec>,
    pub(super) artifacts: Members<InputSpec>,
}

/// Where an input of a task comes from; nothing of these for what is known only at run time.
#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct InputSpec {
    pub(super) runtime_value: Option<RuntimeValue>,
    #[serde(alias = "taskOutputArtifact")]
    pub(super) task_output_parameter: Option<TaskOutput>,
    #[serde(alias = "componentInputArtifact")]
    pub(super) component_input_parameter: Option<String>,
    pub(super) parameter_expression_selector: Option<String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RuntimeValue {
    pub(super) constant: Option<Value>,
    /// KFP 1.8's form: [`untyped`].
    pub(super) constant_value: Option<Value>,
    /// KFP 1.8's reference to an input of the pipeline.
    pub(super) runtime_parameter: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskOutput {
    pub(super) producer_task: String,
    #[serde(alias = "outputArtifactKey")]
    pub(super) output_parameter_key: String,
}

/// A loop over items.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskIterator {
    pub(super) item_input: String,
    #[serde(default)]
    pub(super) items: Items,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Items {
    /// JSON, where the pipeline writes the items itself.
    pub(super) raw: Option<String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct DeploymentSpec {
    pub(super) executors: Members<Executor>,
}

/// What runs: an importer has no container.
#[derive(serde::Deserialize)]
pub(super) struct Executor {
    pub(super) container: Option<Container>,
}

/// The value in `{stringValue: …}`, KFP 1.8's form; any other is itself.
pub(super) fn untyped(value: &Value) -> &Value {
    let kinds = ["stringValue", "intValue", "doubleValue"];
    kinds.iter().find_map(|kind| value.get(kind)).unwrap_or(value)
}

/// A mapping from names, in order.
pub(super) struct Members<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

impl<'de, P: Deserialize<'de>> Deserialize<'de> for Written<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrMap<P>(PhantomData<P>);
        impl<'de, P: Deserialize<'de>> Visitor<'de> for TextOrMap<P> {
            type Value = Written<P>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a placeholder")
            }

            fn visit_str<E>(self, text: &str) -> Result<Written<P>, E> {
                Ok(Written::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written<P>, A::Error> {
                let placeholder = P::deserialize(MapAccessDeserializer::new(&mut map))?;
                match map.next_key::<String>()? {
                    None => Ok(Written::Placeholder(placeholder)),
                    Some(other) => Err(de::Error::custom(format_args!(
                        "a placeholder has one key, not {} as well",
                        quote(&other)
                    ))),
                }
            }
        }
        deserializer.deserialize_any(TextOrMap(PhantomData))
    }
}

impl<'de, P: Deserialize<'de>> Deserialize<'de> for Branch<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore<P>(PhantomData<P>);
        impl<'de, P: Deserialize<'de>> Visitor<'de> for OneOrMore<P> {
            type Value = Branch<P>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an element or a list of them")
            }

            fn visit_unit<E>(self) -> Result<Branch<P>, E> {
                Ok(Branch::default())
            }

            fn visit_str<E>(self, text: &str) -> Result<Branch<P>, E> {
                Ok(Branch(vec![Written::Text(text.to_owned())]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Branch<P>, A::Error> {
                let one = Written::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Branch(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Branch<P>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(Branch)
            }
        }
        deserializer.deserialize_any(OneOrMore(PhantomData))
    }
}
