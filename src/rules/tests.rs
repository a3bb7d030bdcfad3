//! The schema of `hydra-shim.yaml` for editors, made from the types that read it:
//! `docs/schema/hydra-shim.schema.json`. What is written in several ways says here what these are.
//! `README_UPDATE=1 cargo test --lib schema` writes it.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use super::reading::{Override, Words};
use super::{Key, Keys};
use crate::declarations::{FlagRule, Mkdir};

/// A type that is written as this schema says.
macro_rules! written_as {
    ($($ty:ty, $name:literal: $schema:tt;)*) => {$(
        impl JsonSchema for $ty {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

written_as! {
    Words, "Command": {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
        ],
    };
    Override, "Override": {"type": "string", "pattern": "^~.|^[^=]+="};
    Key, "Key": {"type": "string", "pattern": "^(\\+\\+?)?[A-Za-z_][^\\s=]*$"};
    Mkdir, "Mkdir": {"enum": [true, false, "parent"]};
}

pub(super) fn flags(generator: &mut SchemaGenerator) -> Schema {
    let types = generator.subschema_for::<crate::value::Type>();
    let key = json!({"allOf": [generator.subschema_for::<Key>(), {"not": types}]});
    let full = generator.subschema_for::<FlagRule>();
    json_schema!({
        "type": ["object", "null"],
        "propertyNames": {"pattern": "^(--)?[^-\\s=][^\\s=]*$"},
        "additionalProperties": {"anyOf": [key, full]},
    })
}

pub(super) fn env(generator: &mut SchemaGenerator) -> Schema {
    let key = generator.subschema_for::<Key>();
    json_schema!({"type": ["object", "null"], "additionalProperties": key})
}

pub(super) fn apps(generator: &mut SchemaGenerator) -> Schema {
    let keys = generator.subschema_for::<Keys>();
    let own = json!({"allOf": [keys], "properties": {"command": false, "apps": false}});
    json_schema!({
        "type": ["object", "null"],
        "additionalProperties": {"anyOf": [{"enum": ["off", false]}, own]},
    })
}

#[test]
fn the_schema_is_that_of_the_types() {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Keys>();
    schema.insert("title".to_owned(), "hydra-shim.yaml".into());
    schema.insert("type".to_owned(), json!(["object", "null"]));
    let schema = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/hydra-shim.schema.json");
    if std::env::var_os("README_UPDATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &schema).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap(), schema);
}
