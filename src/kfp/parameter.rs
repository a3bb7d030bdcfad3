//! A parameter's value on its way to the container: where it comes from, and the text it arrives as.
//!
//! Between the two KFP keeps every value in a protobuf `Value`, whose only number is a double, and
//! writes it with Python's `json.dumps`: a list's 1 arrives as `1.0`, `é` as `\u00e9`. Sources:
//! `kfp/local/executor_input_utils.py`, `kfp/local/placeholder_utils.py`, KFP 2.17.

use std::fmt::Write as _;

use super::component::{Component, Port};
use super::types::{Parameter, PortType};
use crate::error::{Error, Result, quote};
use crate::value::{self, Element, Type, Value, python_float};

/// A value that a person gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// `--set`: text, to be read by the input's type.
    Text(String),
    /// `--values`: JSON, which has types of its own.
    Json(Value),
}

/// The default of an input of `component`, or of the pipeline around it, as `deserialize_v1_component_yaml_default` in `kfp/dsl/types/type_utils.py`
/// reads it; `None` where there is none.
///
/// # Errors
/// It is no value of the input's type.
pub fn default(port: &Port, component: &Component) -> Result<Option<Value>> {
    let (Some(value), PortType::Parameter(parameter)) = (port.default.clone(), port.ty) else {
        return Ok(None);
    };
    // The SDK knows only the plain names: `List[int]` and `typing.List` keep text as it is.
    if port.type_text.contains(['[', '.']) {
        return Ok(Some(value));
    }
    let parsed = match (parameter, value) {
        (Parameter::String, Value::Bool(truth)) => {
            Ok(Value::Text(if truth { "True" } else { "False" }.to_owned()))
        }
        (Parameter::String, Value::Number(digits)) => Ok(Value::Text(digits)),
        (Parameter::Boolean, Value::Text(text)) => {
            let short = match text.to_ascii_lowercase().as_str() {
                "y" | "t" => "true",
                "n" | "f" => "false",
                _ => text.as_str(),
            };
            Value::parse(short, &Type::Bool)
        }
        (Parameter::Integer | Parameter::Float, Value::Text(text)) => {
            Value::parse(text.trim(), &parameter.ty())
        }
        (Parameter::List(_) | Parameter::Dict(_), Value::Text(text)) => {
            value::json(&text).map(|parsed| parsed.unwrap_or(Value::Text(text)))
        }
        (_, value) => Ok(value),
    };
    let refuse = |error: Error| {
        let message = format!("the default of {} {}", quote(&port.name), error.message);
        component.source(&port.name).refuse(message)
    };
    parsed.map(Some).map_err(refuse)
}

/// What was given for a parameter; `None` where it was given as null.
///
/// # Errors
/// It is no value of the parameter's type.
pub fn given(port: &Port, parameter: Parameter, given: &Given) -> Result<Option<Value>> {
    // KFP looks at no element's type.
    let ty = match parameter {
        Parameter::List(_) => Type::List(Element::Any),
        Parameter::Dict(_) => Type::Dict(Element::Any),
        other => other.ty(),
    };
    let (shown, parsed) = match (given, parameter) {
        (Given::Json(Value::Null), _) => return Ok(None),
        (Given::Text(text), _)
        | (Given::Json(Value::Number(text)), Parameter::Integer | Parameter::Float) => {
            (text.clone(), Value::parse(text, &ty))
        }
        (Given::Json(value @ Value::Text(_)), Parameter::String)
        | (Given::Json(value @ Value::Bool(_)), Parameter::Boolean)
        | (Given::Json(value @ Value::List(_)), Parameter::List(_))
        | (Given::Json(value @ Value::Dict(_)), Parameter::Dict(_)) => {
            return Ok(Some(value.clone()));
        }
        (Given::Json(value), _) => {
            (python_json(value), Err(Error::refused(format!("is not {}", ty.with_article()))))
        }
    };
    parsed.map(Some).map_err(|error| {
        let (name, shown) = (quote(&port.name), quote(&shown));
        let message = format!("the value of {name}, {shown}, {}", error.message);
        Error { message, ..error }
    })
}

/// A value for a required input that nobody gave one.
pub fn sample(parameter: Parameter) -> Value {
    let element = |element| match element {
        Element::Int => Value::Number("1".to_owned()),
        Element::Float => Value::Number("0.5".to_owned()),
        Element::Bool => Value::Bool(true),
        Element::Any | Element::Shortest | Element::Text => Value::Text("sample".to_owned()),
    };
    match parameter {
        Parameter::String => element(Element::Text),
        Parameter::Integer => element(Element::Int),
        Parameter::Float => element(Element::Float),
        Parameter::Boolean => element(Element::Bool),
        Parameter::List(inner) => Value::List(vec![element(inner)]),
        Parameter::Dict(inner) => Value::Dict(vec![("sample".to_owned(), element(inner))]),
    }
}

/// The value after protobuf: numbers are doubles, but for an Integer's own.
///
/// # Errors
/// A number is not finite, which protobuf's `Value` cannot hold.
pub fn through_protobuf(value: Value, parameter: Parameter, name: &str) -> Result<Value> {
    let double = |digits: &str| match digits.parse::<f64>() {
        Ok(double) if double.is_finite() => Ok(double),
        _ => Err(Error::refused(format!(
            "the value of {}, {}, is not a finite number, and KFP passes no other",
            quote(name),
            quote(digits)
        ))),
    };
    let inner = |value| through_protobuf(value, Parameter::Float, name);
    Ok(match value {
        Value::Number(digits) if parameter == Parameter::Integer => {
            let whole = format!("{:.0}", double(&digits)?.trunc());
            Value::Number(if whole == "-0" { "0".to_owned() } else { whole })
        }
        Value::Number(digits) => Value::Number(python_float(double(&digits)?)),
        Value::List(items) => Value::List(items.into_iter().map(inner).collect::<Result<_>>()?),
        Value::Dict(entries) => Value::Dict(
            entries
                .into_iter()
                .map(|(key, value)| Ok((key, inner(value)?)))
                .collect::<Result<_>>()?,
        ),
        value => value,
    })
}

/// The text that a placeholder becomes.
pub fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        value => python_json(value),
    }
}

/// Python's `json.dumps`.
pub fn python_json(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(digits) => digits.clone(),
        Value::Text(text) => json_text(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(python_json).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Dict(entries) => {
            let entry = |(key, value): &(String, Value)| {
                format!("{}: {}", json_text(key), python_json(value))
            };
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// As JSON in ASCII: `json.dumps` with its default `ensure_ascii`.
fn json_text(text: &str) -> String {
    let mut ascii = String::new();
    for c in serde_json::Value::from(text).to_string().chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_arrive_as_kfp_writes_them() {
        for (json, parameter, expected) in [
            ("1", Parameter::Integer, "1"),
            ("-0.0", Parameter::Integer, "0"),
            ("9007199254740993", Parameter::Integer, "9007199254740992"),
            ("1e23", Parameter::Integer, "99999999999999991611392"),
            ("1", Parameter::Float, "1.0"),
            ("true", Parameter::Boolean, "true"),
            ("null", Parameter::String, "null"),
            ("\"é\"", Parameter::String, "é"),
            (
                "[1,2.5,true,null,\"é<&>🚀\\u007f\\u0001\\n\"]",
                Parameter::List(Element::Int),
                "[1.0, 2.5, true, null, \"\\u00e9<&>\\ud83d\\ude80\u{7f}\\u0001\\n\"]",
            ),
            (
                "{\"z\":{},\"a\":[],\"z\":[{}]}",
                Parameter::Dict(Element::Shortest),
                "{\"z\": [{}], \"a\": []}",
            ),
        ] {
            let value = value::json(json).unwrap().unwrap();
            let value = through_protobuf(value, parameter, "x").unwrap();
            assert_eq!(text(&value), expected, "{json}");
        }
        let infinite = Value::Number("inf".to_owned());
        assert!(through_protobuf(infinite, Parameter::Float, "x").is_err());
    }
}
