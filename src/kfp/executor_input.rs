//! KFP's executor input: what `{{$}}` becomes, a task's inputs and outputs in one JSON object.
//!
//! Sources: `ExecutorInput` in `api/v2alpha1/pipeline_spec.proto`; how KFP's launcher
//! (`backend/src/v2/component/launcher_v2.go`) and `kfp/dsl/executor.py` (2.17) read it.

use super::artifact::Artifact;
use crate::error::{Error, Result};
use crate::value::{self, Element, Type, Value};

/// An input or output, and what is passed for it.
#[derive(Debug)]
pub struct Passed {
    /// `inputs.` or `outputs.`, and its name in the compiled pipeline.
    pub place: String,
    /// A parameter's value; the path of an artifact or output.
    pub value: Value,
    /// The type where nobody declares one.
    pub ty: Type,
}

impl Passed {
    /// Its name in the compiled pipeline.
    pub fn name(&self) -> &str {
        self.place.split_once('.').map_or("", |(_, name)| name)
    }
}

/// Reads one member of an object of the executor input: its value, if there is one, and its type.
type Reader = fn(&Value) -> Result<Option<(Value, Type)>>;

/// The objects of an executor input. KFP 1.8 wrote `inputs.parameters` for `inputs.parameterValues`; Vertex AI
/// writes both.
const OBJECTS: [(&str, &str, Reader); 5] = [
    ("inputs", "parameterValues", parameter_value),
    ("inputs", "parameters", typed_parameter),
    ("inputs", "artifacts", artifact),
    ("outputs", "parameters", output_file),
    ("outputs", "artifacts", artifact),
];

/// Takes an executor input apart.
///
/// # Errors
/// The clause that follows "the value": `text` is not an executor input, or holds what cannot be sent.
pub fn read(text: &str) -> Result<Vec<Passed>> {
    let Some(input @ Value::Dict(_)) = value::json(text)? else {
        return Err(Error::refused("is not a JSON object"));
    };
    if input.get("inputs").or(input.get("outputs")).is_none() {
        return Err(Error::refused("has neither `inputs` nor `outputs`"));
    }
    let mut all = Vec::new();
    for (side, object, reader) in OBJECTS {
        let is_old = (side, object) == ("inputs", "parameters");
        if is_old && !members(&input, &["inputs", "parameterValues"])?.is_empty() {
            continue;
        }
        for (name, member) in members(&input, &[side, object])? {
            let in_place = |error: Error| {
                Error::refused(format!("{} at `{side}.{object}.{name}`", error.message))
            };
            if let Some((value, ty)) = reader(member).map_err(in_place)? {
                all.push(Passed { place: format!("{side}.{name}"), value, ty });
            }
        }
    }
    Ok(all)
}

/// The members of the object at `path`; none where it is not there.
fn members<'v>(value: &'v Value, path: &[&str]) -> Result<&'v [(String, Value)]> {
    let mut found = value;
    for (index, key) in path.iter().enumerate() {
        match found.get(key) {
            None | Some(Value::Null) => return Ok(&[]),
            Some(inner @ Value::Dict(_)) => found = inner,
            Some(_) => {
                let path = path.get(..=index).unwrap_or(path).join(".");
                return Err(Error::refused(format!("has no object at `{path}`")));
            }
        }
    }
    Ok(if let Value::Dict(members) = found { members } else { &[] })
}

/// A value with JSON's type. An element's `1.0` is 1, since KFP keeps every number as a double.
#[expect(clippy::unnecessary_wraps, reason = "a `Reader`")]
fn parameter_value(member: &Value) -> Result<Option<(Value, Type)>> {
    let ty = match member {
        Value::Text(_) => Type::Text,
        Value::List(_) => Type::List(Element::Shortest),
        Value::Dict(_) => Type::Dict(Element::Shortest),
        _ => Type::Auto,
    };
    Ok(Some((member.clone(), ty)))
}

/// `{intValue: "1"}`: protobuf writes an int64 as text.
fn typed_parameter(member: &Value) -> Result<Option<(Value, Type)>> {
    let entry = if let Value::Dict(entries) = member { entries.as_slice() } else { &[] };
    let [(kind, Value::Text(text) | Value::Number(text))] = entry else {
        return Err(Error::refused("has no value"));
    };
    let ty = match kind.as_str() {
        "stringValue" => Type::Text,
        "intValue" => Type::Int,
        "doubleValue" => Type::Float,
        _ => return Err(Error::refused("has no stringValue, intValue or doubleValue")),
    };
    Ok(Some((Value::parse(text, &ty)?, ty)))
}

fn output_file(member: &Value) -> Result<Option<(Value, Type)>> {
    path(member, "outputFile").map(|path| Some((Value::Text(path.to_owned()), Type::Path)))
}

/// Where the container sees an artifact, as the launcher's `retrieveArtifactPath` and
/// `LocalWorkspacePathForURI` have it; an optional one that is not given is an empty list.
fn artifact(member: &Value) -> Result<Option<(Value, Type)>> {
    let artifact = match member.get("artifacts") {
        None => return Ok(None),
        Some(Value::List(list)) if list.is_empty() => return Ok(None),
        Some(Value::List(list)) if list.len() == 1 => list.first().unwrap_or(member),
        Some(_) => return Err(Error::refused("has more than one artifact, which is no path,")),
    };
    let path = if artifact.get("customPath").is_some() {
        path(artifact, "customPath")?.to_owned()
    } else {
        let uri = path(artifact, "uri")?;
        let models = if uri.starts_with("oci://") { "/models" } else { "" };
        let path = Artifact::at(uri).path + models;
        match artifact.get("metadata").and_then(|metadata| metadata.get("_kfp_workspace")) {
            Some(Value::Bool(true)) => {
                format!("/kfp-workspace/.artifacts/{}", path.trim_start_matches('/'))
            }
            _ => path,
        }
    };
    Ok(Some((Value::Text(path), Type::Path)))
}

fn path<'v>(member: &'v Value, key: &str) -> Result<&'v str> {
    match member.get(key) {
        Some(Value::Text(path)) => Ok(path),
        _ => Err(Error::refused(format!("has no {key}"))),
    }
}
