//! The override that a flag and its value become, and what it cannot carry.

use std::collections::HashMap;

use super::Possible;
use crate::error::{Error, quote};
use crate::hydra::{self, Key};
use crate::kfp::component::{Component, Port};
use crate::kfp::items::{by_id, written};
use crate::kfp::placeholder::{Piece, Placeholder};
use crate::kfp::types::{Parameter, PortType};
use crate::value::{Type, Value};

/// A component's inputs and outputs, by their names in the compiled pipeline.
pub(super) struct Ports<'a> {
    inputs: HashMap<&'a str, &'a Port>,
    outputs: HashMap<&'a str, &'a Port>,
}

impl<'a> Ports<'a> {
    pub(super) fn of(component: &'a Component) -> Self {
        Self { inputs: by_id(&component.inputs), outputs: by_id(&component.outputs) }
    }
}

/// An override.
pub(super) struct Assignment {
    /// `key=…`
    pub(super) text: String,
    /// What of the value may not arrive as it was sent.
    pub(super) losses: Vec<String>,
}

impl Assignment {
    /// Sets the key `name` to the value that is written in `pieces`. The error says why there is no
    /// such override.
    pub(super) fn of(name: &str, pieces: &[Piece], ports: &Ports<'_>) -> Possible<Self> {
        let key = key(name)?;
        match pieces {
            [] => Self::literal(&key, ""),
            [Piece::Text(text)] => Self::literal(&key, text),
            pieces => {
                joinable(pieces)?;
                let mut losses = Vec::new();
                for piece in pieces {
                    if let Piece::Placeholder(placeholder) = piece {
                        losses.extend(loss(placeholder, ports)?);
                    }
                }
                losses.dedup();
                Ok(Self { text: format!("{key}={}", written(pieces)), losses })
            }
        }
    }

    /// A flag without a value. The error says why its name is not a key.
    pub(super) fn switch(name: &str) -> Possible<Self> {
        Ok(Self { text: format!("{}=true", key(name)?), losses: Vec::new() })
    }

    fn literal(key: &Key, text: &str) -> Possible<Self> {
        let cannot = |error: Error| format!("its value {}", error.message);
        let value = Value::parse(text, &Type::Auto).map_err(cannot)?;
        let evaluated = hydra::holds_interpolation(&value);
        let losses = evaluated.then(|| hydra::EVALUATED_AGAIN.to_owned()).into_iter().collect();
        let spelling = hydra::spell(&value).map_err(cannot)?;
        match hydra::assignments(key, &spelling, false).as_slice() {
            [one] => Ok(Self { text: one.clone(), losses }),
            _ => Err("a dict replaces the config's dict only by several overrides".to_owned()),
        }
    }
}

/// The key that a flag's name is.
fn key(name: &str) -> Possible<Key> {
    hydra::is_key(name)
        .then(|| Key::existing(name))
        .ok_or_else(|| format!("{} is not a key that Hydra's grammar accepts", quote(name)))
}

/// Whether text between placeholders needs no quotes, which would have to go around everything.
fn joinable(pieces: &[Piece]) -> Possible<()> {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_./:- ".contains(c);
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Placeholder(_) => "x".to_owned(),
    };
    let joined: String = pieces.iter().map(text).collect();
    if joined.chars().all(safe) && joined.trim() == joined {
        return Ok(());
    }
    Err("Hydra would parse the text around its placeholders".to_owned())
}

/// What Hydra makes of text that it parses.
const PARSED: &str = "a comma, `=`, quote or `${` in it fails or changes it, and text like \
                      `2024_11_23` or `null` changes its type";

/// What of a placeholder's values may not arrive. The error says why there is no override at all.
fn loss(placeholder: &Placeholder, ports: &Ports<'_>) -> Possible<Option<String>> {
    match placeholder {
        Placeholder::InputPath(name) | Placeholder::InputUri(name) => {
            artifact("input", name, ports.inputs.get(name.as_str()).copied())
        }
        Placeholder::OutputPath(name) | Placeholder::OutputUri(name) => {
            artifact("output", name, ports.outputs.get(name.as_str()).copied())
        }
        Placeholder::OutputFile(_) => Ok(None),
        Placeholder::ExecutorInput => {
            Err("its value is JSON, which Hydra does not read".to_owned())
        }
        Placeholder::Other(written) => {
            Ok(Some(format!("Hydra parses the value of {}: {PARSED}", quote(written))))
        }
        Placeholder::InputValue(name) => match ports.inputs.get(name.as_str()).copied() {
            None => Ok(Some(format!("there is no input {}", quote(name)))),
            Some(Port { ty: PortType::Parameter(ty), name, .. }) => Ok(loss_of(*ty, name)),
            Some(port) => Err(format!(
                "KFP has a value only for a parameter, and the input {} is {}",
                quote(&port.name),
                described(port)
            )),
        },
    }
}

/// Paths and URIs are safe, and there are none of parameters (`kfp/dsl/structures.py`,
/// `check_placeholder_references_valid_io_name`).
///
/// Safe, because KFP makes them of names and numbers that Hydra's grammar reads as plain text.
/// In a place that a person named (an importer's `gs://b/date=2024/`) a comma, `=`, quote or `${`
/// makes Hydra 1.3.8 fail (measured; with `--multirun` a comma would sweep): loud enough not to warn
/// at every artifact of every component.
fn artifact(what: &str, name: &str, port: Option<&Port>) -> Possible<Option<String>> {
    match port {
        None => Ok(Some(format!("there is no {what} {}", quote(name)))),
        Some(port) if port.ty == PortType::Artifact => Ok(None),
        Some(port) => Err(format!(
            "KFP has a path or URI only for an artifact, and the {what} {} is {}",
            quote(&port.name),
            described(port)
        )),
    }
}

fn described(port: &Port) -> String {
    match port.type_text.as_str() {
        "" => "without a type, and so an artifact".to_owned(),
        text => format!("of type {}", quote(text)),
    }
}

/// What of the values of an input of that type may not arrive.
fn loss_of(ty: Parameter, name: &str) -> Option<String> {
    let name = quote(name);
    match ty {
        Parameter::Integer | Parameter::Float | Parameter::Boolean => None,
        Parameter::String => {
            Some(format!("Hydra parses the value of the String input {name}: {PARSED}"))
        }
        Parameter::List(_) => Some(format!(
            "Hydra parses the JSON of the list input {name}: a dict, an escape or `${{` in it \
             fails or changes it"
        )),
        Parameter::Dict(_) => Some(format!(
            "Hydra cannot read the JSON of the dict input {name}: its keys are quoted"
        )),
    }
}
