//! Hydra's command line: every fact about Hydra lives here and nowhere else.
//!
//! Sources: `hydra/grammar/OverrideLexer.g4` and `OverrideParser.g4` of hydra-core 1.3.8 (the
//! same grammar since 1.3.0), `hydra/_internal/utils.py` for its own flags,
//! `config_loader_impl.py` for what an override does to the config, and measurements on
//! hydra-core 1.3.2 and 1.3.8 with omegaconf 2.3. Hydra 1.2 knows no hyphen in a key.

mod complaint;
mod entry_point;
mod hydra_flag;
mod instantiate;
mod key;
mod literal;

pub use complaint::{Complaint, FULL_ERROR_VARIABLE, full_key, strip_boilerplate};
pub use entry_point::{ENTRY_METHOD, PACKAGES, is_entry_point};
pub use hydra_flag::{COMPOSE, COMPOSE_RESOLVED, FlagValue, HydraFlag, hydra_flag};
pub use instantiate::{EVALUATED_AGAIN, INSTANTIATE_KEYS, holds_interpolation};
pub use key::{Key, is_in, is_key, native_key, why_no_key};
/// Whether what is here was measured with this version of hydra-core (docs/compatibility.md).
pub fn is_measured(version: &str) -> bool {
    ["1.2.", "1.3.", "1.4."].iter().any(|known| version.starts_with(known))
}

pub use literal::{MISSING, Spelling, assignments, merging, spell};
