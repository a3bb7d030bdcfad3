//! How a Python program enters Hydra.

/// The entry point that a module exports, a decorator: `@hydra.main`, or the one of `hydra_zen`,
/// which is built on it.
pub fn entry_point(module: &str) -> Option<&'static str> {
    match module {
        "hydra" => Some("main"),
        "hydra_zen" => Some("hydra_main"),
        _ => None,
    }
}

/// A module and the method by which its objects enter Hydra: `zen(f).hydra_main(config_name="c")`.
pub const ENTRY_METHOD: (&str, &str) = ("hydra_zen", "hydra_main");
