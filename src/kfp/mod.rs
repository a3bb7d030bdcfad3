//! Kubeflow Pipelines and Vertex AI Pipelines: every fact about them lives here.

pub mod component;
pub mod declare;
pub mod placeholder;
pub mod types;

pub use placeholder::is_unfilled_placeholder;
