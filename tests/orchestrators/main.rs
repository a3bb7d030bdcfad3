//! What starts a script, as the real thing from its registry: each hands its values over, and the real Hydra
//! says what arrived.

#[path = "../support/mod.rs"]
mod support;

mod sagemaker;
