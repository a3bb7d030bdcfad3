//! Artifacts: where they lie, and what an executor input says of them.

use super::component::Port;
use super::parameter::{self, Given};
use super::types::Parameter;
use crate::error::{Error, Result, quote};
use crate::value::Value;

/// How remote storage is mounted: `kfp/dsl/types/artifact_types.py`.
const MOUNTS: [(&str, &str); 3] = [("gs://", "/gcs/"), ("s3://", "/s3/"), ("minio://", "/minio/")];

/// Artifact classes that a component YAML may name without `system.`:
/// `ARTIFACT_CLASSES_MAPPING` in `kfp/dsl/types/type_utils.py`.
const ARTIFACTS: [&str; 8] = [
    "Artifact",
    "Model",
    "Dataset",
    "Metrics",
    "ClassificationMetrics",
    "SlicedClassificationMetrics",
    "HTML",
    "Markdown",
];

/// Where an artifact lies.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Artifact {
    /// In storage.
    pub(super) uri: String,
    /// Where the container sees it.
    pub(super) path: String,
    /// A dict.
    pub(super) metadata: Value,
}

impl Artifact {
    /// At a URI, or at a path where such a URI is mounted.
    pub(super) fn at(place: &str) -> Self {
        let exchanged = |from: &str, to: &str| Some(format!("{to}{}", place.strip_prefix(from)?));
        let (mut uri, mut path) = (place.to_owned(), place.to_owned());
        for (scheme, folder) in MOUNTS {
            path = exchanged(scheme, folder).unwrap_or(path);
            uri = exchanged(folder, scheme).unwrap_or(uri);
        }
        if let Some(rest) = place.strip_prefix("oci://") {
            path = format!("/oci/{}", rest.replace('/', "_"));
        }
        Self { uri, path, metadata: Value::Dict(Vec::new()) }
    }

    /// Something in this folder.
    pub(super) fn join(&self, name: &str) -> Self {
        self.moved(|place| format!("{place}/{name}"))
    }

    /// The folder that it lies in.
    pub(super) fn parent(&self) -> Self {
        self.moved(|place| place.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned())
    }

    fn moved(&self, to: impl Fn(&str) -> String) -> Self {
        Self { uri: to(&self.uri), path: to(&self.path), metadata: Value::Dict(Vec::new()) }
    }

    /// A path or URI, or `{"path", "uri", "metadata"}`; `None` for null.
    ///
    /// # Errors
    /// It is none of these.
    pub(super) fn given(port: &Port, given: &Given) -> Result<Option<Self>> {
        let refuse = |why: String| {
            Error::refused(format!("the value of {} {why}", quote(&port.name)))
                .help("an artifact is a path, a URI, or {\"path\": …, \"uri\": …}")
        };
        let entries = match given {
            Given::Text(place) | Given::Json(Value::Text(place)) => {
                return Ok(Some(Self::at(place)));
            }
            Given::Json(Value::Null) => return Ok(None),
            Given::Json(Value::Dict(entries)) => entries,
            Given::Json(_) => return Err(refuse("is not an artifact".to_owned())),
        };
        let (mut path, mut uri, mut metadata) = (None, None, Value::Dict(Vec::new()));
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("path", Value::Text(text)) => path = Some(text),
                ("uri", Value::Text(text)) => uri = Some(text),
                ("metadata", Value::Dict(_)) => metadata = value.clone(),
                ("path" | "uri", _) => return Err(refuse(format!("has a {key} that is not text"))),
                _ => return Err(refuse(format!("has the key {}", quote(key)))),
            }
        }
        let Some(place) = uri.or(path) else {
            return Err(refuse("has neither path nor uri".to_owned()));
        };
        let mut artifact = Self::at(place);
        if let Some(path) = path {
            artifact.path.clone_from(path);
        }
        let any = Parameter::Float;
        artifact.metadata = parameter::through_protobuf(metadata, any, &port.name)?;
        Ok(Some(artifact))
    }

    /// As an executor input has it.
    pub(super) fn tree(&self, port: &Port) -> Value {
        let (title, version) = schema(&port.type_text);
        let kind = dict([("schemaTitle", text(&title)), ("schemaVersion", text(version))]);
        let entries = [
            ("name", text(&port.id)),
            ("type", kind),
            ("uri", text(&self.uri)),
            ("metadata", self.metadata.clone()),
        ];
        dict([("artifacts", Value::List(vec![dict(entries)]))])
    }
}

/// An artifact type's title and version.
fn schema(type_text: &str) -> (String, &str) {
    if let Some((title, version)) = type_text.split_once('@') {
        return (title.to_owned(), version);
    }
    let title = match ARTIFACTS.iter().find(|name| name.eq_ignore_ascii_case(type_text)) {
        Some(name) => format!("system.{name}"),
        None if type_text.starts_with("google.") => type_text.to_owned(),
        None => "system.Artifact".to_owned(),
    };
    (title, "0.0.1")
}

/// Text as a value.
pub(super) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A dict as a value.
pub(super) fn dict<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    let entries = entries.into_iter();
    Value::Dict(entries.map(|(key, value)| (key.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_seen_where_their_storage_is_mounted() {
        for (place, uri, path) in [
            ("gs://bucket/a b", "gs://bucket/a b", "/gcs/bucket/a b"),
            ("/gcs/bucket/x", "gs://bucket/x", "/gcs/bucket/x"),
            ("s3://bucket/x", "s3://bucket/x", "/s3/bucket/x"),
            ("minio://m/x", "minio://m/x", "/minio/m/x"),
            ("oci://r/i:1", "oci://r/i:1", "/oci/r_i:1"),
            ("/data/x.csv", "/data/x.csv", "/data/x.csv"),
            ("https://h/x", "https://h/x", "https://h/x"),
            ("", "", ""),
        ] {
            let artifact = Artifact::at(place);
            assert_eq!((artifact.uri.as_str(), artifact.path.as_str()), (uri, path), "{place}");
        }
    }

    #[test]
    fn types_have_the_titles_that_the_compiler_gives_them() {
        for (written, title, version) in [
            ("Dataset", "system.Dataset", "0.0.1"),
            ("html", "system.HTML", "0.0.1"),
            ("google.VertexModel", "google.VertexModel", "0.0.1"),
            ("my.Type@1.0.0", "my.Type", "1.0.0"),
            ("CSV", "system.Artifact", "0.0.1"),
            ("", "system.Artifact", "0.0.1"),
        ] {
            assert_eq!(schema(written), (title.to_owned(), version), "{written:?}");
        }
    }
}
