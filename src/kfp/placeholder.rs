//! Placeholders: what the orchestrator replaces by values before a container starts.
//!
//! A component YAML writes them as mappings (`{inputValue: x}`), a compiled pipeline as text
//! (`{{$.inputs.parameters['x']}}`), alone or inside other text. Source: `kfp/dsl/placeholders.py`
//! and `kfp/local/placeholder_utils.py`, KFP 2.17.

/// A single placeholder. Names are as in the compiled pipeline, see [`super::types::sanitize`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// An input's value.
    InputValue(String),
    /// Where an input artifact lies.
    InputPath(String),
    /// An input artifact's URI.
    InputUri(String),
    /// Where to write an output artifact.
    OutputPath(String),
    /// An output artifact's URI.
    OutputUri(String),
    /// Where to write an output parameter.
    OutputFile(String),
    /// All of it as one JSON object.
    ExecutorInput,
    /// Anything else between `{{$` and `}}`: metadata, job names. Its text, braces included.
    Other(String),
}

/// The keys of the placeholders that name an input or output, in a component's YAML.
pub(super) const YAML_KEYS: [&str; 5] =
    ["inputValue", "inputPath", "inputUri", "outputPath", "outputUri"];

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Characters.
    Text(String),
    /// A placeholder.
    Placeholder(Placeholder),
}

/// Takes text apart into characters and placeholders. Without a placeholder it is one piece.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{$") {
        let (before, from) = rest.split_at(start);
        let Some(end) = from.find("}}") else { break };
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        let (written, after) = from.split_at(end + 2);
        pieces.push(Piece::Placeholder(Placeholder::parse(written)));
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

impl Placeholder {
    /// Reads `{{$…}}`.
    fn parse(written: &str) -> Self {
        let inner = written.trim_start_matches("{{$").trim_end_matches("}}");
        if inner.is_empty() {
            return Self::ExecutorInput;
        }
        match parts(inner).as_slice() {
            ["inputs", "parameters", name] => Self::InputValue((*name).to_owned()),
            ["inputs", "artifacts", name, "path"] => Self::InputPath((*name).to_owned()),
            ["inputs", "artifacts", name, "uri"] => Self::InputUri((*name).to_owned()),
            ["outputs", "artifacts", name, "path"] => Self::OutputPath((*name).to_owned()),
            ["outputs", "artifacts", name, "uri"] => Self::OutputUri((*name).to_owned()),
            ["outputs", "parameters", name, "output_file"] => Self::OutputFile((*name).to_owned()),
            _ => Self::Other(written.to_owned()),
        }
    }

    /// As a compiled pipeline writes it.
    pub fn written(&self) -> String {
        match self {
            Self::InputValue(name) => format!("{{{{$.inputs.parameters['{name}']}}}}"),
            Self::InputPath(name) => format!("{{{{$.inputs.artifacts['{name}'].path}}}}"),
            Self::InputUri(name) => format!("{{{{$.inputs.artifacts['{name}'].uri}}}}"),
            Self::OutputPath(name) => format!("{{{{$.outputs.artifacts['{name}'].path}}}}"),
            Self::OutputUri(name) => format!("{{{{$.outputs.artifacts['{name}'].uri}}}}"),
            Self::OutputFile(name) => format!("{{{{$.outputs.parameters['{name}'].output_file}}}}"),
            Self::ExecutorInput => "{{$}}".to_owned(),
            Self::Other(written) => written.clone(),
        }
    }
}

/// The parts of `inputs.parameters['x']`, with either quote, or two single ones.
pub(super) fn parts(path: &str) -> Vec<&str> {
    path.split(['.', '[', ']', '\'', '"']).filter(|part| !part.is_empty()).collect()
}

/// Whether `text` is as a whole a placeholder that nobody filled in: `{{$.inputs.parameters['x']}}`
/// of a compiled pipeline, or `{inputValue: x}` of a component YAML, quoted as JSON or not.
pub fn is_unfilled_placeholder(text: &str) -> bool {
    if text.starts_with("{{$") && text.ends_with("}}") {
        return true;
    }
    let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) else {
        return false;
    };
    let Some((key, name)) = inner.split_once(':') else {
        return false;
    };
    let key = key.trim().trim_matches(['"', '\'']);
    YAML_KEYS.contains(&key) && !name.trim().is_empty() && !name.contains([':', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_placeholders_count() {
        for text in [
            "{{$.inputs.parameters['project']}}",
            "{{$}}",
            "{inputValue: project}",
            "{\"inputPath\": \"data\"}",
            "{outputUri:x}",
        ] {
            assert!(is_unfilled_placeholder(text), "{text}");
        }
        for text in [
            "",
            "{}",
            "{{x}}",
            "a {{$.x}}",
            "{inputValue}",
            "{inputValue:}",
            "{\"a\": 1}",
            "{inputValue: a, b: c}",
            "${x}",
        ] {
            assert!(!is_unfilled_placeholder(text), "{text}");
        }
    }

    #[test]
    fn text_comes_apart_and_together_again() {
        for (text, count) in [
            ("", 1),
            ("plain", 1),
            ("{{$}}", 1),
            ("{{$.inputs.parameters['x']}}", 1),
            ("a={{$.inputs.artifacts['x'].path}}/{{$.outputs.parameters['y'].output_file}}!", 5),
            ("{{$.inputs.artifacts['m'].metadata['resourceName']}}", 1),
            ("{{$.unclosed", 1),
        ] {
            let pieces = pieces(text);
            let together: String = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Placeholder(placeholder) => placeholder.written(),
                })
                .collect();
            assert_eq!((together.as_str(), pieces.len()), (text, count));
        }
        assert_eq!(
            pieces("{{$.inputs.parameters[\"x\"]}}"),
            [Piece::Placeholder(Placeholder::InputValue("x".to_owned()))]
        );
    }
}
