//! Placeholders: what the orchestrator replaces by values before a container starts.

/// The keys of the placeholders in a component's YAML (KFP v1 component schema).
const PLACEHOLDERS: [&str; 5] = [
    "inputValue",
    "inputPath",
    "inputUri",
    "outputPath",
    "outputUri",
];

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
    PLACEHOLDERS.contains(&key) && !name.trim().is_empty() && !name.contains([':', ','])
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
}
