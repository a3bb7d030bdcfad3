//! How one token of a command line is written.

/// A flag's name with its dashes, and the value that is attached to it (`--name=value`).
pub fn split_attached(token: &str) -> (&str, Option<&str>) {
    match token.split_once('=') {
        Some((written, value)) => (written, Some(value)),
        None => (token, None),
    }
}
