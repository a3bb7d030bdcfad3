//! YAML and JSON as `PyYAML` and `json` of Python read them: KFP and Hydra read their files with these.
//!
//! `serde_yaml` types plain scalars by YAML 1.2, and PyYAML's `SafeLoader` by YAML 1.1, whatever the
//! specification says. So [`read`] goes through a text first, with the events of libyaml, on which both
//! are built, and writes the few scalars in which they differ so that both take them for the same
//! (`yes`, `010`, `1:30`, `1e5`); `tests/yaml` compares what then is read with PyYAML. No value is read as
//! another one. What is refused here and read there:
//!
//! - Beyond the bounds: a file's size, its nesting, its nodes with those that aliases repeat.
//! - An alias inside what it names: a tree without an end is not a component.
//! - Half of a surrogate pair in YAML (`"\ud83d"`): it is not a character.
//! - A byte order mark that is not at the start of the file: libyaml drops it at the start of a line.
//! - Merge keys (`<<`); a key that is there twice; an integer of over 64 bits.
//! - Tags but for `!!str`; a list or mapping as a key; unknown directives; keys of over 1,024 bytes
//!   (there: characters); a tab in a block scalar's indentation; `[a :b]` and `{a:b}` beside quotes.
//!
//! Read here and refused there: a comment or tab right after `|`, tabs between tokens, `[a?b]`, and
//! `=` as text. Dates stay text, as does an integer without digits (`0x_`) or, where it is not decimal,
//! with over 128 bits.

mod events;
mod outline;
mod respell;
mod scalar;

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::{Error, Result, quote};
use crate::value::Value;
use events::{BYTE_ORDER_MARK, Problem};
pub use outline::{Kind, Node, outline};

/// What the plain scalars of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalars {
    /// What PyYAML makes of them, as KFP reads them. Of several documents the first is read: a compiled
    /// pipeline may have a second one, for its platform.
    Typed,
    /// Null, or text as it is written: the rules say what is to be made of it. There is one document.
    Texts,
}

/// The largest file that is read, in bytes. Compiled pipelines of a hundred tasks have 1 MiB.
pub const MAX_BYTES: usize = 8 << 20;
/// The most nodes, those that aliases repeat included.
pub(crate) const MAX_NODES: usize = 1 << 20;
/// The deepest nesting.
pub(crate) const MAX_DEPTH: usize = 100;

/// Reads the first document of `text`, which is JSON or YAML; `file` names it in errors.
///
/// # Errors
/// As [`value`], or it is not what `T` takes, with the place.
pub fn read<T: DeserializeOwned>(text: &str, file: &str, scalars: Scalars) -> Result<T> {
    typed(&value(text, file, scalars)?, text, file)
}

/// Types the `value` of `text`; `file` names it in errors.
///
/// # Errors
/// It is not what `T` takes, with the place.
pub fn typed<T: DeserializeOwned>(value: &Value, text: &str, file: &str) -> Result<T> {
    T::deserialize(value).map_err(|misfit| {
        let root = outline(text, file).ok();
        let (mut node, mut named) = (root.as_ref(), String::new());
        for step in misfit.path.iter().rev() {
            let key = step.strip_prefix('.').unwrap_or_else(|| step.trim_matches(['[', ']']));
            node = node.and_then(|node| node.get(key));
            named.push_str(step);
        }
        let named = named.trim_start_matches('.');
        let colon = if named.is_empty() { "" } else { ": " };
        let message = format!("{named}{colon}{}", misfit.error.message);
        let key = misfit.key.as_deref().and_then(|key| node?.entry(key));
        let error = match key.map(|(key, _)| key).or(node) {
            Some(node) => Error::at(file, (node.line, node.column), message),
            None => Error::refused(format!("{file}: {message}")),
        };
        Error { help: misfit.error.help, ..error }
    })
}

/// What [`read`] reads before it is typed.
///
/// # Errors
/// It is neither JSON nor YAML, beyond a limit, or what `serde_yaml` reads otherwise than PyYAML.
pub fn value(text: &str, file: &str, scalars: Scalars) -> Result<Value> {
    if text.len() > MAX_BYTES {
        return Err(Error::refused(format!(
            "{} has {} bytes; at most {MAX_BYTES} are read",
            quote(file),
            text.len()
        )));
    }
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    // YAML cannot read the two halves of `\ud83d\ude80`, and takes `1e-05` for text.
    let may_be_json = scalars == Scalars::Typed && text.trim_start().starts_with('{');
    if may_be_json && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        let refuse = |why: &dyn fmt::Display| Error::refused(format!("{file}: {why}"));
        let value: Value = serde_json::from_str(text).map_err(|error| refuse(&error))?;
        let is_small = value.size() <= MAX_NODES;
        return is_small.then_some(value).ok_or_else(|| refuse(&format!("over {MAX_NODES} nodes")));
    }
    if let Some((before, _)) = text.rsplit_once(BYTE_ORDER_MARK) {
        let why = "a byte order mark (U+FEFF) is read only at the start of a file: escape it";
        return Err(Error::in_line(file, before.matches('\n').count() + 1, why));
    }
    let text = respell::respelled(text, file, scalars)?;
    let document = serde_yaml::Deserializer::from_str(&text).next();
    let value = document.map_or(Ok(Value::Null), Value::deserialize);
    value.map_err(|error| {
        let message = error.to_string();
        let Some(place) = error.location().map(|place| (place.line(), place.column())) else {
            return Error::refused(format!("{file}: {message}"));
        };
        let (line, column) = place;
        Error::at(file, place, message.replacen(&format!(" at line {line} column {column}"), "", 1))
    })
}

/// A complaint of libyaml's about `file`.
fn not_yaml(Problem { message, place }: Problem, file: &str) -> Error {
    let help = what_would_be_right(&message).map(str::to_owned);
    Error { help, ..Error::at(file, place, message) }
}

/// The next step after a complaint of libyaml's that does not say what is wrong.
fn what_would_be_right(complaint: &str) -> Option<&'static str> {
    complaint.contains("cannot start any token").then_some(
        "in YAML spaces indent, never tabs, and a word that starts with @, ` or % has quotes",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As [`Value`]'s own text, and as text that is written.
    #[test]
    fn scalars_are_pyyamls_or_text() {
        let number = |digits: &str| Value::Number(digits.to_owned());
        for (written, typed) in [
            ("yes", Value::Bool(true)),
            ("Off", Value::Bool(false)),
            ("010", number("8")),
            ("1_000", number("1000")),
            ("1:30", number("90")),
            ("&x 0x1F", number("31")),
            ("1.10", number("1.1")),
            ("1.0e+400", number("inf")),
            ("1e5", Value::Text("1e5".to_owned())),
            ("0o17", Value::Text("0o17".to_owned())),
            ("08", Value::Text("08".to_owned())),
            ("2024-11-23", Value::Text("2024-11-23".to_owned())),
        ] {
            let text = Value::Text(written.trim_start_matches("&x ").to_owned());
            for (file, scalars, expected) in [
                (format!("a: {written}\n"), Scalars::Typed, &typed),
                (format!("{{a: {written}}}"), Scalars::Typed, &typed),
                (format!("a: {written} # c\n"), Scalars::Texts, &text),
                (format!("a: '{}'\n", written.trim_start_matches("&x ")), Scalars::Typed, &text),
            ] {
                assert_eq!(value(&file, "f", scalars).unwrap().get("a"), Some(expected), "{file}");
            }
        }
        for (text, reason) in [
            ("a: &a {b: 1}\nc:\n  <<: *a\n", "f:3:3: merge keys are not read"),
            ("a: 1\nb: 2\na: 3\n", "f:1:1: the key `a` is there twice"),
            ("b: {a: 1, a: 3}\n", "f:1:4: b: the key `a` is there twice"),
            ("a: !!int 3\n", "f:1:4: the tag `!!int` is not read"),
            ("a: ! '3'\n", "f:1:4: the tag `!` is not read"),
            ("a: 18446744073709551616\n", "f:1:4: an integer of over 64 bits"),
        ] {
            let error = value(text, "f", Scalars::Typed).unwrap_err();
            assert!(error.message.starts_with(reason), "{text}: {}", error.message);
        }
    }

    #[test]
    fn json_is_json() {
        let read = |text: &str| value(text, "f", Scalars::Typed);
        let one = |value: &str| {
            read(&format!("\u{feff} {{\"a\": {value}}}\n")).map(|v| v.get("a").cloned())
        };
        for (text, expected) in [
            ("1e-05", Value::Number("1e-05".to_owned())),
            ("2", Value::Number("2".to_owned())),
            ("\"\\ud83d\\ude80\"", Value::Text("🚀".to_owned())),
            ("\"yes\"", Value::Text("yes".to_owned())),
            ("[null, true]", Value::List(vec![Value::Null, Value::Bool(true)])),
        ] {
            assert_eq!(one(text), Ok(Some(expected)), "{text}");
        }
        for (text, reason) in [
            ("\"\\ud83d\"", "f: unexpected end of hex escape at line 1"),
            ("1e400", "f: number out of range at line 1"),
            ("{\"b\": 1, \"b\": 2}", "f: the key `b` is there twice at line 1"),
        ] {
            let error = one(text).unwrap_err();
            assert!(error.message.starts_with(reason), "{text}: {}", error.message);
        }
        // What is not JSON may be YAML.
        assert_eq!(read("{a: 1e-05}").unwrap().get("a"), Some(&Value::Text("1e-05".to_owned())));
    }

    #[test]
    fn limits_hold() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
                    c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
                    e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
                    g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
        for (text, reason) in [
            (bomb.to_owned(), "over 1048576 nodes"),
            ("[".repeat(200), "nested deeper than 100 levels"),
            ("- ".repeat(200), "nested deeper than 100 levels"),
            ("a: [1, 2".to_owned(), "(from 1:4 on)"),
            ("a: b: c".to_owned(), "f:1:5: mapping values are not allowed in this context"),
            (" ".repeat(MAX_BYTES + 1), "at most 8388608 are read"),
            (
                format!("a: &a {}\nb: [*a{}]\n", "x".repeat(1 << 20), ",*a".repeat(100)),
                "over 1048576 nodes",
            ),
            (
                format!("a:\n  b: [{}", "'x',\n ".repeat(1 << 18)),
                "did not find expected node content",
            ),
            ("&a [*a]".to_owned(), "inside what it names"),
            ("*x".to_owned(), "there is no `&x` before `*x`"),
        ] {
            let error = value(&text, "f", Scalars::Typed).unwrap_err();
            assert!(error.message.contains(reason), "{:.40}: {}", text, error.message);
        }
        let tab = value("a:\n\tb: c", "f", Scalars::Typed).unwrap_err();
        assert!(tab.message.starts_with("f:2:1: ") && tab.help.unwrap().contains("never tabs"));
    }
}
