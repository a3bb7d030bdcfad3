//! How a Python program enters Hydra.

/// Whether a function of this full name takes the command line for Hydra: `hydra.main`, the entries of
/// what is built on it (`hydra_zen`; `dora`, whose decorator is a class), and the internal functions
/// that the decorators of `NeMo`, `Modulus` and others call in place of `hydra.main`.
pub fn is_entry_point(name: &str) -> bool {
    let name = name.strip_prefix("hydra._internal.utils.").unwrap_or(name);
    matches!(
        name,
        "hydra.main"
            | "hydra.main.main"
            | "hydra_zen.hydra_main"
            | "dora.hydra_main"
            | "dora.hydra.hydra_main"
            | "_run_hydra"
            | "get_args_parser"
    )
}

/// The package whose objects enter Hydra by a method, and that: `zen(f).hydra_main(config_name="c")`.
pub const ENTRY_METHOD: (&str, &str) = ("hydra_zen", "hydra_main");

/// What names of these packages do inside is of no interest.
pub const PACKAGES: [&str; 2] = ["hydra", "hydra_zen"];
