//! Kubeflow Pipelines and Vertex AI Pipelines: every fact about them lives here.

mod artifact;
pub mod compiled;
pub mod component;
pub mod declare;
pub mod executor_input;
pub mod fill;
pub mod items;
mod other_tasks;
pub mod parameter;
pub mod placeholder;
pub mod rewrite;
mod spec;
pub mod types;

pub use placeholder::is_unfilled_placeholder;
