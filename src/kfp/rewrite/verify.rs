//! The check at the end: nothing but what was meant has changed.

use super::component;
use crate::kfp::component::Element;
use crate::value::Value;
use crate::yaml::{self, Scalars};

/// Whether `new` is the file `old` with these `command` and `args`.
pub(super) fn is_only(old: &str, new: &str, command: &[Element], args: &[Element]) -> bool {
    let (Ok(before), Ok(after)) =
        (yaml::value(old, "", Scalars::Typed), yaml::value(new, "", Scalars::Typed))
    else {
        return false;
    };
    let is_as_meant =
        component(new, "").is_ok_and(|new| new.command == command && new.args == args);
    is_as_meant && same_but_arguments(&before, &after, &["implementation", "container"])
}

/// Whether two values are the same, but for the arguments of the container at `path`.
fn same_but_arguments(a: &Value, b: &Value, path: &[&str]) -> bool {
    let (Value::Dict(a), Value::Dict(b)) = (a, b) else { return a == b };
    let same = |((a_key, a), (b_key, b)): (&(String, Value), &(String, Value))| {
        a_key == b_key
            && match path {
                [] if matches!(a_key.as_str(), "command" | "args") => true,
                [first, rest @ ..] if first == a_key => same_but_arguments(a, b, rest),
                _ => a == b,
            }
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}
