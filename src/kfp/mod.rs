//! Kubeflow Pipelines and Vertex AI Pipelines: every fact about them lives here.

mod placeholder;

pub use placeholder::is_unfilled_placeholder;
