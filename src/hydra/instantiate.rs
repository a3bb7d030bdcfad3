//! What still happens to a value after it has arrived: `hydra.utils.instantiate` calls what a dict
//! names, and it and `OmegaConf.resolve` evaluate a second time what they have resolved
//! (hydra-core 1.3.8, omegaconf 2.3; no escaping survives both).

use crate::value::Value;

/// The keys by which `hydra.utils.instantiate` chooses what to call and how: whoever sets one
/// inside a dict chooses code to run.
pub const INSTANTIATE_KEYS: [&str; 5] =
    ["_target_", "_args_", "_partial_", "_recursive_", "_convert_"];

/// What a person has to know of a value that [`holds_interpolation`].
pub const EVALUATED_AGAIN: &str = "a literal `${` arrives as it is, but hydra.utils.instantiate \
                                   and OmegaConf.resolve would evaluate it";

/// Whether a text in `value`, at any depth, would be an interpolation if it were evaluated.
pub fn holds_interpolation(value: &Value) -> bool {
    value.texts().any(|text| text.contains("${"))
}
