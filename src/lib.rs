//! Official flags in, Hydra overrides out.
//!
//! One direction, no way back; `CONTRIBUTING.md` draws it. The heart ([`translate`]: tokens and
//! declarations in, [`translate::Translation`] out) is pure: no file, no environment, no process.
//!
//! The library exists for the binary and its tests; it promises no stable interface.

// No panic on any input. Here and not in Cargo.toml: a test that fails has to panic.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// One way to lay modules out. Here too: the folders of tests need mod.rs.
#![warn(clippy::mod_module_files)]

pub mod arguments;
pub mod cli;
pub mod command_line;
pub mod declarations;
pub mod error;
pub mod exec;
pub mod hydra;
pub mod in_place;
pub mod interpose;
pub mod kfp;
pub mod log;
mod nearest;
pub mod project;
pub mod python;
pub mod report;
pub mod rules;
pub mod run;
pub mod sagemaker;
pub mod started;
pub mod token;
pub mod translate;
pub mod value;
pub mod yaml;
