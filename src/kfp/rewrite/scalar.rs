//! How a new element is spelled so that YAML reads exactly it.

use std::fmt::Write as _;

/// What is around the element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A block sequence: plain scalars may hold brackets and commas.
    Block,
    /// A flow sequence, or where it is not known: never plain.
    Flow,
    /// A file that is JSON and has to stay JSON.
    Json,
}

/// `text` as a scalar: plain where that is possible, else in the quotes that need no escapes, else
/// in double quotes with escapes, which are JSON's wherever JSON has any (YAML 1.1, 5.7 and 9.1).
pub(super) fn scalar(text: &str, style: Style) -> String {
    let escapes = text.chars().any(needs_escape);
    if style == Style::Block && !escapes && is_plain(text) {
        return text.to_owned();
    }
    if escapes || style == Style::Json || !text.contains(['"', '\\']) {
        return double_quoted(text, style);
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// Whether `text`, which needs no escape, can be in a block sequence without quotes. The text
/// is an override and so never a number, a bool or null; a first character that could be an
/// indicator is not even looked at closely.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
}

/// What PyYAML's reader does not take literally, and line breaks, which a quoted scalar folds.
fn needs_escape(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn double_quoted(text: &str, style: Style) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if needs_escape(c) || (style == Style::Json && c == '\u{7f}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn the_spelling_is_the_readable_one() {
        for (text, block, flow) in [
            (
                "a={{$.inputs.parameters['a']}}",
                "a={{$.inputs.parameters['a']}}",
                r#""a={{$.inputs.parameters['a']}}""#,
            ),
            ("a=1", "a=1", r#""a=1""#),
            ("0.a=[1,2]", "0.a=[1,2]", r#""0.a=[1,2]""#),
            ("a='x: y'", r#""a='x: y'""#, r#""a='x: y'""#),
            ("a='x #y'", r#""a='x #y'""#, r#""a='x #y'""#),
            (r#"a='"'"#, r#"a='"'"#, r#"'a=''"'''"#),
            (r#"a='": '"#, r#"'a=''": '''"#, r#"'a=''": '''"#),
            (r"a='\d: '", r"'a=''\d: '''", r"'a=''\d: '''"),
            ("a='x\ny\u{1}'", r#""a='x\ny\u0001'""#, r#""a='x\ny\u0001'""#),
            ("ü='é'", r#""ü='é'""#, r#""ü='é'""#),
        ] {
            assert_eq!(scalar(text, Style::Block), block, "{text:?}");
            assert_eq!(scalar(text, Style::Flow), flow, "{text:?}");
        }
        assert_eq!(scalar("a='\"\\'", Style::Json), r#""a='\"\\'""#);
    }

    #[test]
    fn every_spelling_is_read_back() {
        let texts = [
            "a=b",
            "a='x: y'",
            "a='#'",
            "a= #",
            "a=x #y",
            "a='\"\\'",
            "a='it\\'s'",
            "a=\t",
            "a:",
            "a='\u{85}\u{2028}\u{feff}\u{7f}'",
            "a='\r\n'",
            "a=😀",
            "k={a: 1}",
            "k=[x,y]",
            "a=%",
        ];
        for text in texts {
            for (style, file) in [
                (Style::Block, format!("- {}\n", scalar(text, Style::Block))),
                (Style::Flow, format!("[{}]", scalar(text, Style::Flow))),
                (Style::Json, format!("[{}]", scalar(text, Style::Json))),
            ] {
                let root = yaml::outline(&file, "f").unwrap();
                let read = root.items().unwrap()[0].text().unwrap().to_owned();
                assert_eq!(read, text, "{style:?} {file:?}");
                if style == Style::Json {
                    let read: Vec<String> = serde_json::from_str(&file).unwrap();
                    assert_eq!(read, [text], "{file:?}");
                }
            }
        }
    }
}
