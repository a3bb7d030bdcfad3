//! What Hydra composes of a value: it replaces what the config has, and a structured config checks it.

mod support;

use support::{HYDRA, OLD_HYDRA, Oracle, seen, tests_path, translate};

#[test]
fn a_dict_replaces_whatever_the_config_has() {
    let sent = r#"{"q": {"w": 1}}"#;
    let arrives = seen::dict(&[("q", seen::dict(&[("w", seen::int("1"))]))]);
    for version in [HYDRA, OLD_HYDRA] {
        let mut oracle = Oracle::start(version).unwrap();
        for key in [
            "full",
            "empty",
            "nothing",
            "missing",
            "number",
            "text",
            "pointer",
            "nested",
            "nested.full",
            "nested.nothing",
            "nested.missing",
            "nested.deeper.full",
            "nested.deeper.full.x",
        ] {
            for (value, arrives) in [(sent, arrives.as_str()), ("{}", "{}")] {
                let overrides = translate(&[format!("--{key}={value}")]).unwrap().overrides;
                let conf = tests_path("apps/train/conf");
                let composed = oracle.composed(&conf, "defaults", &overrides, Some(key));
                assert_eq!(
                    composed,
                    Ok(arrives.to_owned()),
                    "hydra {version}: --{key}={value} as {overrides:?}"
                );
            }
        }
        // Hydra's own errors stay: a key that the config does not have, and a list that it has.
        for (key, reason) in [
            ("absent", "Could not override 'absent'"),
            ("nested.absent", "Could not override 'nested.absent'"),
            ("items", "Cannot merge DictConfig with ListConfig"),
            ("of_dicts", "Cannot merge DictConfig with ListConfig"),
        ] {
            let overrides = translate(&[format!("--{key}={sent}")]).unwrap().overrides;
            let conf = tests_path("apps/train/conf");
            let error = oracle.composed(&conf, "defaults", &overrides, None).unwrap_err();
            assert!(error.contains(reason), "hydra {version}: --{key}: {error}");
        }
    }
}

#[test]
fn a_list_replaces_whatever_the_config_has() {
    let mut oracle = Oracle::start(HYDRA).unwrap();
    let long = seen::list(&[seen::dict(&[("b", seen::int("2"))]), seen::str("x, y")]);
    for key in ["items", "of_dicts", "nothing", "missing", "number", "text", "nested.missing"] {
        for (value, arrives) in [(r#"[{"b": 2}, "x, y"]"#, long.as_str()), ("[]", "[]")] {
            let overrides = translate(&[format!("--{key}={value}")]).unwrap().overrides;
            let conf = tests_path("apps/train/conf");
            let composed = oracle.composed(&conf, "defaults", &overrides, Some(key));
            assert_eq!(composed, Ok(arrives.to_owned()), "--{key}={value} as {overrides:?}");
        }
    }
}

#[test]
fn a_structured_config_converts_or_rejects() {
    let mut oracle = Oracle::start(HYDRA).unwrap();
    oracle.store(&tests_path("apps/typed/structured.py"));
    let conf = tests_path("apps/typed");
    let rejected = "";
    let table: Vec<(&str, &str, String)> = vec![
        ("steps", "10", seen::int("10")),
        ("steps", "1.5", rejected.to_owned()),
        ("steps", "ten", rejected.to_owned()),
        ("steps", "null", rejected.to_owned()),
        ("rate", "1", seen::float("1.0")),
        ("rate", "-1e-05", seen::float("-1e-05")),
        ("rate", "nan", seen::float("nan")),
        ("rate", "fast", rejected.to_owned()),
        ("name", "007", seen::str("007")),
        ("name", "123", seen::str("123")),
        ("name", "a,b=${c}", seen::str("a,b=${c}")),
        ("name", "", seen::str("")),
        ("name", "None", seen::str("None")),
        ("debug", "True", seen::bool(true)),
        ("debug", "yes", seen::bool(true)),
        ("debug", "perhaps", rejected.to_owned()),
        ("limit", "null", seen::NONE.to_owned()),
        ("sizes", "[3, 4, 5]", seen::list(&[seen::int("3"), seen::int("4"), seen::int("5")])),
        ("sizes", r#"["x"]"#, rejected.to_owned()),
        ("table", r#"{"y": 2}"#, seen::dict(&[("y", seen::int("2"))])),
        ("anything", r#"{"y": "z"}"#, seen::dict(&[("y", seen::str("z"))])),
        ("inner.width", "3", seen::int("3")),
        // Hydra deletes nothing inside a nested structured config: it says so, and nothing starts.
        ("inner.table", r#"{"y": 2}"#, rejected.to_owned()),
    ];
    for (key, text, expected) in table {
        let overrides = translate(&[format!("--{key}={text}")]).unwrap().overrides;
        let composed = oracle.composed(&conf, "typed", &overrides, Some(key));
        let shown = format!("--{key}={text} as {overrides:?}");
        match composed {
            Ok(value) => assert_eq!(value, expected, "{shown}"),
            Err(error) => assert_eq!(expected, rejected, "{shown}: {error}"),
        }
    }
}
