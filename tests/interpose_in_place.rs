//! The cases of `interpose.rs` and `detection.rs` a second time, with the shim in the place of Python
//! (`install --in-place`); see `support/shims_in_path.rs`.

#![allow(clippy::duplicate_mod, reason = "each of them includes what they share")]

#[path = "detection.rs"]
mod detection;
#[path = "interpose.rs"]
mod interpose;

use interpose::support;
