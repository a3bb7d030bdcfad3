//! What holds for every translation.

use hydra_shim::hydra;
use hydra_shim::translate::{StepKind, Translation};

/// A value never becomes a flag or an override of something else: what a flag turned into sets that
/// flag's key.
pub(crate) fn values_stay_values(translation: &Translation) {
    for step in &translation.trace {
        if !matches!(step.kind, StepKind::Value(_)) {
            continue;
        }
        for written in &step.to {
            assert_eq!(hydra::native_key(written), step.key.as_deref(), "{step:?}");
        }
    }
}
