//! KFP's executor input: what `{{$}}` becomes, a task's inputs and outputs in one JSON object.
//!
//! Sources: `ExecutorInput` in `api/v2alpha1/pipeline_spec.proto`; how KFP's launcher
//! (`backend/src/v2/component/launcher_v2.go`) and `kfp/dsl/executor.py` (2.17) read it.

use super::artifact::Artifact;
use super::parameter;
use crate::error::{Error, Result};
use crate::value::{self, Element, Type, Value};

/// An input or output, and what is passed for it.
#[derive(Debug)]
pub struct Passed {
    /// Its name in the compiled pipeline.
    pub name: String,
    /// `inputs.` or `outputs.`, and its name.
    pub full_name: String,
    /// A parameter's value; the path of an artifact or output.
    pub value: Value,
    /// The type where nobody declares one.
    pub ty: Type,
}

/// Reads a member of one of the objects; `None` if nothing is passed for it.
type Reader = fn(&Value) -> Result<Option<Value>>;

/// Takes an executor input apart.
///
/// # Errors
/// The clause that follows "the executor input": `text` is not one, or holds what cannot be sent.
pub fn read(text: &str) -> Result<Vec<Passed>> {
    let input = value::json(text)?.unwrap_or(Value::Null);
    let inputs = input.get("inputs");
    if inputs.or(input.get("outputs")).is_none() {
        return Err(Error::refused("is not a JSON object with `inputs` or `outputs`"));
    }
    let values = inputs.and_then(|inputs| inputs.get("parameterValues"));
    let mut all = Vec::new();
    for (side, objects) in entries(&input, "")? {
        for (object, members) in entries(objects, side)? {
            let (ty, read): (Type, Reader) = match (side.as_str(), object.as_str()) {
                ("inputs", "parameterValues") => (Type::Auto, parameter),
                ("inputs", "parameters") => (Type::Auto, typed_parameter),
                ("outputs", "parameters") => (Type::Path, |output| text_at(output, "outputFile")),
                (_, "artifacts") => (Type::Path, artifact),
                _ => continue,
            };
            let place = format!("{side}.{object}");
            // Vertex AI writes the form of KFP 1.8, `parameters`, beside the values.
            let is_old = place == "inputs.parameters";
            for (name, member) in entries(members, &place)? {
                if is_old && values.is_some_and(|values| values.get(name).is_some()) {
                    continue;
                }
                let value = read(member).map_err(|error| {
                    Error::refused(format!("{} at `{place}.{name}`", error.message))
                })?;
                let (name, full_name, ty) = (name.clone(), format!("{side}.{name}"), ty.clone());
                all.extend(value.map(|value| Passed { name, full_name, value, ty }));
            }
        }
    }
    Ok(all)
}

fn entries<'v>(value: &'v Value, place: &str) -> Result<&'v [(String, Value)]> {
    match value {
        Value::Dict(entries) => Ok(entries),
        _ => Err(Error::refused(format!("has no object at `{place}`"))),
    }
}

/// Of a list's or dict's numbers KFP knows only that they are doubles.
fn parameter(member: &Value) -> Result<Option<Value>> {
    member.clone().with_elements(Element::Shortest).map(Some)
}

/// `{intValue: "1"}`: protobuf writes an int64 as text.
fn typed_parameter(member: &Value) -> Result<Option<Value>> {
    let kinds =
        [("stringValue", Type::Text), ("intValue", Type::Int), ("doubleValue", Type::Float)];
    let found = kinds.iter().find_map(|(key, ty)| Some((member.get(key)?, ty)));
    let (value, ty) = found.ok_or_else(|| Error::refused("has no value"))?;
    Value::parse(&parameter::text(value), ty).map(Some)
}

/// Where the container sees an artifact: the launcher's `retrieveArtifactPath` and
/// `LocalWorkspacePathForURI`. An optional one that is not given is an empty list.
fn artifact(member: &Value) -> Result<Option<Value>> {
    let Some(Value::List(all)) = member.get("artifacts") else { return Ok(None) };
    let artifact = match all.as_slice() {
        [] => return Ok(None),
        [artifact] => artifact,
        _ => return Err(Error::refused("has more than one artifact")),
    };
    if artifact.get("customPath").is_some() {
        return text_at(artifact, "customPath");
    }
    let Some(Value::Text(uri)) = text_at(artifact, "uri")? else { return Ok(None) };
    let models = if uri.starts_with("oci://") { "/models" } else { "" };
    let mut path = Artifact::at(&uri).path + models;
    let metadata = artifact.get("metadata");
    if metadata.and_then(|all| all.get("_kfp_workspace")) == Some(&Value::Bool(true)) {
        path = format!("/kfp-workspace/.artifacts/{}", path.trim_start_matches('/'));
    }
    Ok(Some(Value::Text(path)))
}

fn text_at(member: &Value, key: &str) -> Result<Option<Value>> {
    match member.get(key) {
        Some(text @ Value::Text(_)) => Ok(Some(text.clone())),
        _ => Err(Error::refused(format!("has no {key}"))),
    }
}
