//! What is promised for single values, one a line.

use crate::cases;
use crate::support::seen::{float, int, str};
use crate::support::{HYDRA, Oracle, seen, translate};

/// Undeclared text, and the value that arrives.
type Row = (&'static str, String);

fn numbers() -> Vec<Row> {
    vec![
        ("0", int("0")),
        ("1", int("1")),
        ("-42", int("-42")),
        ("-0", int("0")),
        ("20241123", int("20241123")),
        ("12345678901234567890", int("12345678901234567890")),
        ("1.0", float("1.0")),
        ("-0.0", float("-0.0")),
        ("0.10", float("0.1")),
        ("1e5", float("100000.0")),
        ("1E5", float("100000.0")),
        ("-1e-05", float("-1e-05")),
        ("1.5e3", float("1500.0")),
        ("12e-5", float("0.00012")),
        ("12e+5", float("1200000.0")),
        ("1.2345675e+06", float("1234567.5")),
        ("0.12345678901234567", float("0.12345678901234566")),
    ]
}

fn what_only_looks_like_a_number() -> Vec<Row> {
    vec![
        ("12e5", str("12e5")),
        ("12345e7", str("12345e7")),
        ("-12e5", str("-12e5")),
        ("007", str("007")),
        ("-007", str("-007")),
        ("1_000", str("1_000")),
        ("2024_11_23", str("2024_11_23")),
        ("2024-11-23", str("2024-11-23")),
        ("12:30", str("12:30")),
        (".5", str(".5")),
        ("1.", str("1.")),
        ("+1", str("+1")),
        ("0x1F", str("0x1F")),
        ("1.2.3", str("1.2.3")),
        ("1e", str("1e")),
        ("1 000", str("1 000")),
        ("1,5", str("1,5")),
        (" 1", str(" 1")),
        ("1 ", str("1 ")),
        ("1\n", str("1\n")),
        ("0.123456789012345678", str("0.123456789012345678")),
        ("1e999", str("1e999")),
        ("-1e999", str("-1e999")),
        ("1e-999", str("1e-999")),
        ("nan", str("nan")),
        ("NaN", str("NaN")),
        ("inf", str("inf")),
        ("-inf", str("-inf")),
        ("Infinity", str("Infinity")),
        ("٣", str("٣")),
    ]
}

fn words() -> Vec<Row> {
    vec![
        ("true", seen::bool(true)),
        ("True", seen::bool(true)),
        ("TRUE", seen::bool(true)),
        ("fAlSe", seen::bool(false)),
        ("null", seen::NONE.to_owned()),
        ("Null", str("Null")),
        ("NULL", str("NULL")),
        ("None", str("None")),
        ("yes", str("yes")),
        ("off", str("off")),
        ("~", str("~")),
        ("true ", str("true ")),
        ("", str("")),
        (" ", str(" ")),
    ]
}

fn lists_and_dicts() -> Vec<Row> {
    vec![
        ("[]", seen::list::<&str>(&[])),
        ("{}", seen::dict::<&str>(&[])),
        (
            "[1,2.5,\"a\",null,true]",
            seen::list(&[
                int("1"),
                float("2.5"),
                str("a"),
                seen::NONE.to_owned(),
                seen::bool(true),
            ]),
        ),
        ("[ 1 , 2 ] ", seen::list(&[int("1"), int("2")])),
        (
            "[1.0, 1E5, -0, 12e5]",
            seen::list(&[float("1.0"), float("100000.0"), int("0"), float("1200000.0")]),
        ),
        (
            r#"["1", "true", "null", "", "a,b", "${oc.env:HOME}", "'", "\u00e9"]"#,
            seen::list(&[
                str("1"),
                str("true"),
                str("null"),
                str(""),
                str("a,b"),
                str("${oc.env:HOME}"),
                str("'"),
                str("é"),
            ]),
        ),
        (r#"{"a": 1}"#, seen::dict(&[("a", int("1"))])),
        (
            r#"{"b": {"z": [{}]}, "a.b": "x y", "a b": null}"#,
            seen::dict(&[
                ("b", seen::dict(&[("z", seen::list(&[seen::dict::<&str>(&[])]))])),
                ("a.b", str("x y")),
                ("a b", seen::NONE.to_owned()),
            ]),
        ),
        (r#"{"a": 1, "b": 2, "a": 3}"#, seen::dict(&[("a", int("3")), ("b", int("2"))])),
    ]
}

fn what_only_looks_like_a_list_or_dict() -> Vec<Row> {
    vec![
        ("[a-z]", str("[a-z]")),
        ("[1,2", str("[1,2")),
        ("[1,]", str("[1,]")),
        ("[NaN]", str("[NaN]")),
        ("['a']", str("['a']")),
        ("{a: 1}", str("{a: 1}")),
        ("{", str("{")),
        (" [1]", str(" [1]")),
        ("\"a\"", str("\"a\"")),
    ]
}

fn what_hydra_omegaconf_or_a_shell_would_act_on() -> Vec<Row> {
    vec![
        ("a,b", str("a,b")),
        ("x=y", str("x=y")),
        ("choice(1,2)", str("choice(1,2)")),
        ("range(1,3)", str("range(1,3)")),
        ("${oc.env:HOME}", str("${oc.env:HOME}")),
        ("\\${oc.env:HOME}", str("\\${oc.env:HOME}")),
        ("$(id)", str("$(id)")),
        ("C:\\data\\", str("C:\\data\\")),
        ("it's \"so\"", str("it's \"so\"")),
        ("a\nb\tc", str("a\nb\tc")),
        ("gs://bucket/a=1,b", str("gs://bucket/a=1,b")),
        ("??", str("??")),
        ("????", str("????")),
    ]
}

#[test]
fn undeclared_text_is_typed_as_documented() {
    let long = |digits: usize| "9".repeat(digits);
    let mut rows: Vec<_> = [
        numbers(),
        what_only_looks_like_a_number(),
        words(),
        lists_and_dicts(),
        what_only_looks_like_a_list_or_dict(),
        what_hydra_omegaconf_or_a_shell_would_act_on(),
    ]
    .concat()
    .into_iter()
    .map(|(text, expected)| (text.to_owned(), expected))
    .collect();
    rows.extend([
        (long(4300), int(&long(4300))),
        (format!("-{}", long(4300)), int(&format!("-{}", long(4300)))),
        (long(4301), str(&long(4301))),
        (nested_list(64), nested_list(64)),
    ]);

    let mut oracle = Oracle::start(HYDRA).unwrap();
    let flags: Vec<_> =
        rows.iter().enumerate().map(|(index, (text, _))| format!("--v{index}={text}")).collect();
    let translation = translate(&flags).unwrap();
    let cases = cases(&translation, rows.len());
    let arrived = oracle.apply(&cases);
    let wrong: Vec<_> = rows
        .iter()
        .zip(&arrived)
        .filter(|((_, expected), arrived)| arrived.as_ref() != Ok(expected))
        .map(|((text, expected), arrived)| format!("{text:?}: {arrived:?}, not {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `[[[…]]]`, `depth` brackets deep.
fn nested_list(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let table = [
        ("OmegaConf's mark of a missing value", "???".to_owned()),
        ("the mark in a list", r#"["???"]"#.to_owned()),
        ("the mark in a dict", r#"{"a": {"b": "???"}}"#.to_owned()),
        ("a NUL", r#"["a\u0000b"]"#.to_owned()),
        ("half a character", r#"["\ud800"]"#.to_owned()),
        ("a number that overflows", "[1e999]".to_owned()),
        ("a number that underflows", "[1e-999]".to_owned()),
        ("an integer that Python does not read", format!("[{}]", "9".repeat(4301))),
        ("a list too deep", nested_list(65)),
        ("a dict too deep", format!("{}1{}", "{\"a\":".repeat(65), "}".repeat(65))),
        ("an empty key", r#"{"": 1}"#.to_owned()),
        ("a key that reads as an int", r#"{"1": 1}"#.to_owned()),
        ("a key that reads as a float", r#"{"1e-5": 1}"#.to_owned()),
        ("a key that reads as a bool", r#"{"True": 1}"#.to_owned()),
        ("a key that reads as null", r#"{"a": {"null": 1}}"#.to_owned()),
        ("a key with a quote", r#"{"it's": 1}"#.to_owned()),
        ("a key that is not ASCII", r#"[{"naïve": 1}]"#.to_owned()),
        ("a key with a line feed", r#"{"a\nb": 1}"#.to_owned()),
    ];
    for (what, text) in table {
        let shown: String = text.chars().take(80).collect();
        match translate(&[format!("--v={text}")]) {
            Err(refusal) => assert!(refusal.starts_with("--v: "), "{what}: {refusal}"),
            Ok(translation) => panic!("{what} ({shown}) is sent: {:?}", translation.overrides),
        }
    }
}

#[test]
fn the_form_with_a_blank_reads_the_same_values() {
    for text in
        ["0.1", "-1e-05", "-0", "a,b", "x=y", "~key", "+a=1", "", "[1, 2]", "${x}", "--help"]
    {
        let apart = translate(&["--v", text]).map(|translation| translation.overrides);
        let joined = translate(&[format!("--v={text}")]).map(|translation| translation.overrides);
        if text == "--help" {
            assert!(apart.is_err(), "a flag was taken for a value: {apart:?}");
        } else {
            assert_eq!(apart.unwrap(), joined.unwrap(), "{text:?}");
        }
    }
}
