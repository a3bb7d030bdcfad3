//! The left side of an override: keys, groups, packages, and the operation in front.

use std::fmt;
use std::str::FromStr;

use crate::error::quote;

/// A key as it is declared: `lr`, `+trainer.lr`, `++a.b`, `db@backup`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// `+`, and the key must not exist; `++`, and it may; nothing, and it must.
    pub prefix: &'static str,
    /// The key without it.
    pub name: String,
}

impl Key {
    /// The key `name`, which must exist.
    pub fn existing(name: impl Into<String>) -> Self {
        Self { prefix: "", name: name.into() }
    }
}

impl FromStr for Key {
    type Err = String;

    /// Reads `key`, `+key` or `++key`.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim_start_matches('+');
        let prefix =
            ["", "+", "++"].into_iter().find(|prefix| text.strip_prefix(prefix) == Some(name));
        match prefix {
            Some(prefix) if is_key(name) => Ok(Self { prefix, name: name.to_owned() }),
            _ => Err(format!(
                "{} is not a key in Hydra's grammar: a key is a name or a dotted path, with + or ++ in \
                 front where it is to be added",
                quote(text)
            )),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.name)
    }
}

/// Whether Hydra's grammar accepts `text` as a key (rule `key`, but never an empty one):
/// a dotted path (`model.lr`, `a.0.b`), a group (`hydra/launcher`), either with a package
/// (`db@backup`).
pub fn is_key(text: &str) -> bool {
    let (key, package) = match text.split_once('@') {
        Some((key, package)) => (key, Some(package)),
        None => (text, None),
    };
    let package_ok = package.is_none_or(|p| p.is_empty() || is_package(p));
    package_ok && (is_package(key) || is_group(key))
}

/// Whether the key `inner` is `outer`, or below it.
pub fn is_in(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Why [`is_key`] is false for `text`.
pub fn why_no_key(text: &str) -> String {
    if text.is_empty() {
        return "it is empty".to_owned();
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-$./@".contains(*c))) {
        Some(c) => format!("it holds {c:?}"),
        None => "a key starts with a letter or `_`, parts joined by single dots".to_owned(),
    }
}

/// Rule `package`: `ID`, `KEY_SPECIAL` or `DOT_PATH`.
fn is_package(text: &str) -> bool {
    let dotted = text.contains('.');
    text.split('.').all(|part| is_key_special(part) || (dotted && is_int_unsigned(part)))
}

/// `ID (SLASH ID)+`; a single `ID` is a package too.
fn is_group(text: &str) -> bool {
    text.split('/').all(|part| is_key_special(part) && !part.contains('$'))
}

/// Token `KEY_SPECIAL`, the superset of `ID`.
fn is_key_special(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$'))
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'$'))
}

/// Token fragment `INT_UNSIGNED`: no leading zero, single underscores between digits.
pub(super) fn is_int_unsigned(text: &str) -> bool {
    text == "0"
        || (text.starts_with(|c: char| c.is_ascii_digit() && c != '0')
            && text
                .split('_')
                .all(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())))
}

/// The key of an argument that is already an override (`key=…`, `+key=…`, `++key=…`, `~key`,
/// `~key=…`), without the operation; `None` if it is not one. The value is Hydra's to judge.
pub fn native_key(argument: &str) -> Option<&str> {
    if let Some(deleted) = argument.strip_prefix('~') {
        let key = deleted.split_once('=').map_or(deleted, |(key, _)| key);
        return is_key(key).then_some(key);
    }
    let (left, _) = argument.split_once('=')?;
    let key = left.strip_prefix("++").or_else(|| left.strip_prefix('+')).unwrap_or(left);
    is_key(key).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_grammar() {
        for good in [
            "lr",
            "_x",
            "a-b",
            "a.b.c",
            "a.0.b",
            "0.a",
            "a.10_0",
            "hydra/launcher",
            "a/b-c/d",
            "db@backup",
            "db@",
            "a/b@c.d",
            "$x",
            "a.$b-c",
            "model._target_",
            "null",
            "a--b",
        ] {
            assert!(is_key(good), "{good:?}");
        }
        for bad in [
            "", "0", "1a", "-a", "a.", ".a", "a..b", "a b", "a/", "/a", "a/b.c", "a.b/c", "a/$b",
            "é", "a:b", "a@b@c", "@b", "a@b/c", "a=b", "+a", "a.01", "a.1__0", "a.1_", "a\n",
            "[a]",
        ] {
            assert!(!is_key(bad), "{bad:?}");
        }
    }

    #[test]
    fn natives_are_recognised_by_their_key() {
        for (argument, key) in [
            ("lr=0.1", Some("lr")),
            ("lr=", Some("lr")),
            ("+a.b=x=y", Some("a.b")),
            ("++a=1", Some("a")),
            ("~a", Some("a")),
            ("~a=1", Some("a")),
            ("hydra/launcher=x", Some("hydra/launcher")),
            ("db@backup=mysql", Some("db@backup")),
            ("~", None),
            ("=x", None),
            ("+++a=1", None),
            ("+a", None),
            ("~+a", None),
            ("a b=1", None),
            ("main.py", None),
            ("gs://a/b=c", None),
            ("", None),
        ] {
            assert_eq!(native_key(argument), key, "{argument:?}");
        }
    }
}
