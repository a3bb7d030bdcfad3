//! KFP's types, and the names that its SDK gives to inputs and outputs.

use crate::nearest::nearest;
use crate::value::{Element, Type};

/// What an input or output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortType {
    /// A value, passed as text.
    Parameter(Parameter),
    /// A file or folder, passed as a path or URI.
    Artifact,
}

/// The types of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A floating-point number.
    Float,
    /// A truth value.
    Boolean,
    /// A JSON array.
    List(Element),
    /// A JSON object.
    Dict(Element),
}

/// The names of parameter types: `PARAMETER_TYPES_MAPPING` in `kfp/dsl/types/type_utils.py` (KFP
/// 2.17), and those of a compiled pipeline (`ParameterType` and, in KFP 1.8, `PrimitiveType`).
/// In any case.
const PARAMETERS: [(&str, Parameter); 21] = [
    ("String", Parameter::String),
    ("str", Parameter::String),
    ("Text", Parameter::String),
    ("Integer", Parameter::Integer),
    ("int", Parameter::Integer),
    ("NUMBER_INTEGER", Parameter::Integer),
    ("Float", Parameter::Float),
    ("Double", Parameter::Float),
    ("NUMBER_DOUBLE", Parameter::Float),
    ("Boolean", Parameter::Boolean),
    ("Bool", Parameter::Boolean),
    ("List", Parameter::List(Element::Shortest)),
    ("JsonArray", Parameter::List(Element::Shortest)),
    ("Dict", Parameter::Dict(Element::Shortest)),
    ("JsonObject", Parameter::Dict(Element::Shortest)),
    ("Struct", Parameter::Dict(Element::Shortest)),
    ("Tuple", Parameter::List(Element::Shortest)),
    ("Mapping", Parameter::Dict(Element::Shortest)),
    ("PipelineTaskFinalStatus", Parameter::Dict(Element::Shortest)),
    ("TASK_FINAL_STATUS", Parameter::Dict(Element::Shortest)),
    ("TASK_CONFIG", Parameter::Dict(Element::Shortest)),
];

impl PortType {
    /// Reads a component's type: `Float`, `List[int]`, `Dict[str, int]`, …; anything else is an
    /// artifact's.
    pub fn parse(text: &str) -> Self {
        let (outer, inner) = match text.split_once('[') {
            Some((outer, inner)) => (outer, inner.strip_suffix(']')),
            None => (text, None),
        };
        let outer = outer.trim();
        let outer = outer.strip_prefix("typing.").unwrap_or(outer);
        let found = PARAMETERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(outer));
        match (found, inner) {
            (Some((_, Parameter::List(_))), Some(inner)) => {
                Self::Parameter(Parameter::List(element(inner)))
            }
            (Some((_, Parameter::Dict(_))), Some(inner)) => {
                let value = inner.split_once(',').map_or("", |(_, value)| value);
                Self::Parameter(Parameter::Dict(element(value)))
            }
            (Some((_, parameter)), _) => Self::Parameter(*parameter),
            (None, _) => Self::Artifact,
        }
    }

    /// The parameter type that was probably meant by the name of an artifact type.
    pub fn nearest_parameter(text: &str) -> Option<&'static str> {
        nearest(text, PARAMETERS.iter().map(|(name, _)| *name))
    }
}

/// What a list or dict holds. KFP checks only the outer type (2.17 passes `[1.0, true]` for a
/// `List[str]`), so text is not insisted on, while numbers must be what they are declared.
fn element(text: &str) -> Element {
    match PortType::parse(text.trim()) {
        PortType::Parameter(Parameter::Integer) => Element::Int,
        PortType::Parameter(Parameter::Float) => Element::Float,
        PortType::Parameter(Parameter::Boolean) => Element::Bool,
        _ => Element::Shortest,
    }
}

impl Parameter {
    /// The type of a flag whose value is such a parameter.
    pub fn ty(self) -> Type {
        match self {
            Self::String => Type::Text,
            Self::Integer => Type::Int,
            Self::Float => Type::Float,
            Self::Boolean => Type::Bool,
            Self::List(element) => Type::List(element),
            Self::Dict(element) => Type::Dict(element),
        }
    }
}

/// An input's or output's name in a compiled pipeline: lower case, each run of other characters
/// than letters, digits and `_` one `_`, none at the ends (`sanitize_input_name` in
/// `kfp/dsl/utils.py`, KFP 2.17).
pub fn sanitize(name: &str) -> String {
    let mut sanitized = String::with_capacity(name.len());
    let mut in_run = false;
    for c in name.to_lowercase().chars() {
        let kept = c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if kept {
            sanitized.push(c);
        } else if !in_run {
            sanitized.push('_');
        }
        in_run = !kept;
    }
    sanitized.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Kelvin sign and the dotted capital I have a letter of ASCII in their lower case.
    #[test]
    fn names_are_lower_case_before_they_are_sanitized() {
        for (name, expected) in [
            ("Learning Rate", "learning_rate"),
            ("a\u{212a}b", "akb"),
            ("a\u{130}b", "ai_b"),
            ("\u{c4}_x-\u{3a3}", "x"),
        ] {
            assert_eq!(sanitize(name), expected, "{name:?}");
        }
    }

    #[test]
    fn types_in_any_case_and_with_elements() {
        use Parameter::{Boolean, Dict, Float, Integer, List, String};
        for (text, expected) in [
            ("String", Some(String)),
            ("text", Some(String)),
            ("INTEGER", Some(Integer)),
            ("Double", Some(Float)),
            ("bool", Some(Boolean)),
            ("JsonArray", Some(List(Element::Shortest))),
            ("List[int]", Some(List(Element::Int))),
            ("typing.List[str]", Some(List(Element::Shortest))),
            ("Dict[str, int]", Some(Dict(Element::Int))),
            ("Dict[str, Dict[str, int]]", Some(Dict(Element::Shortest))),
            ("NUMBER_DOUBLE", Some(Float)),
            ("STRUCT", Some(Dict(Element::Shortest))),
            ("Dataset", None),
            ("Float64", None),
            ("", None),
        ] {
            let parsed = match PortType::parse(text) {
                PortType::Parameter(parameter) => Some(parameter),
                PortType::Artifact => None,
            };
            assert_eq!(parsed, expected, "{text:?}");
        }
        assert_eq!(PortType::nearest_parameter("Flaot"), Some("Float"));
        assert_eq!(PortType::nearest_parameter("Integr"), Some("Integer"));
        assert_eq!(PortType::nearest_parameter("Dataset"), None);
    }

    #[test]
    fn names_are_sanitised_as_the_sdk_does() {
        for (name, expected) in [
            ("Number of passes", "number_of_passes"),
            ("_x_", "x"),
            ("a--b__c", "a_b__c"),
            ("MLPipeline UI metadata", "mlpipeline_ui_metadata"),
            ("Größe", "gr_e"),
            ("", ""),
        ] {
            assert_eq!(sanitize(name), expected, "{name:?}");
        }
    }
}
