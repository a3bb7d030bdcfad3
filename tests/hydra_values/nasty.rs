//! Values that something between a pipeline and an application takes for something else.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::seen;

/// Text that shells, YAML, JSON, or Hydra's grammar take for something else.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => select(PIECES).prop_map(str::to_owned),
        2 => (1usize..6).prop_map(|count| "\\".repeat(count)),
        1 => any::<char>().prop_map(String::from),
    ];
    let number = (select(SIGNS), select(WHOLES), select(FRACTIONS), select(ENDS));
    prop_oneof![
        12 => vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        3 => number.prop_map(|(a, b, c, d)| [a, b, c, d].concat()),
        2 => vec(any::<char>(), 0..20).prop_map(String::from_iter),
        1 => select(WORDS).prop_map(str::to_owned),
    ]
    // NUL ends an argument, and `???` is refused; `what_cannot_be_sent_is_refused` has both.
    .prop_map(|text| text.replace('\0', "NUL"))
    .prop_map(|text| if text == "???" { "??".to_owned() } else { text })
}

/// What nasty text is put together from.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "'", "\"", "`", "\n", "\r\n", "\t", "\r", " ", "  ", ",", "=", ":", ";", "#", "~", "+", "++",
    "@", "!", "%", "|", "&", "*", "?", "-", "--", ".", "/", "<", ">", "^", "(", ")", "[", "]",
    "[]", "{", "}", "$", "$$", "${", "}", "${oc.env:HOME}", "${key}", "\\${", "\\'", "\\\"",
    "choice(1,2)", "range(1,3)", "null", "true", "nan", "a", "Key_1", "0", "42", "é", "日本語", "😀",
    "e\u{301}", "\u{feff}", "\u{202e}", "\u{7f}", "\u{85}\u{2028}\u{1}\u{1b}[0m",
];

/// Whole texts that YAML, JSON, Python or Hydra know a meaning for.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "", "null", "Null", "NULL", "None", "none", "~", "nil", "true", "True", "TRUE", "tRuE",
    "false", "FALSE", "fAlSe", "yes", "no", "on", "Off", "y", "n", "nan", "NaN", ".nan", "inf",
    "-inf", "+INF", "Infinity", "-Infinity", "0x1F", "0o17", "0b1", "1e400", "1:30", "2024-11-23",
    "12345e7", "_target_", "[]", "{}", "-",
];

// What numbers, and what nearly are numbers, are put together from.
const SIGNS: &[&str] = &["", "", "-", "+", "."];
#[rustfmt::skip]
const WHOLES: &[&str] = &[
    "0", "7", "12", "007", "1_000", "2024_11_23", "12345678901234567", "٣",
];
const FRACTIONS: &[&str] = &["", "", ".", ".0", ".25", "._5", ".1234567890123456", ".10"];
#[rustfmt::skip]
const ENDS: &[&str] = &[
    "", "", "", "e5", "E5", "e-5", "E+05", "e999", "e-999", "e", "j", " ",
];

/// A JSON array or object, in the many ways in which one can be written.
pub(crate) fn json_container() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        4 => json_number(),
        4 => json_string(),
        2 => select(&["null", "true", "false"][..]).prop_map(str::to_owned),
    ]
    .prop_recursive(4, 12, 4, |inner| {
        prop_oneof![array(inner.clone()).boxed(), object(inner).boxed()]
    })
    .boxed();
    prop_oneof![array(value.clone()), object(value)]
}

fn array<S: Strategy<Value = String>>(item: S) -> impl Strategy<Value = String> {
    (vec(item, 0..5), blank(), blank())
        .prop_map(|(items, a, b)| format!("[{}]{b}", items.join(&format!("{a},{b}"))))
}

fn object<S: Strategy<Value = String>>(item: S) -> impl Strategy<Value = String> {
    (vec((json_key(), item), 0..5), blank(), blank()).prop_map(|(items, a, b)| {
        let items: Vec<_> =
            items.iter().map(|(key, item)| format!("{b}{key}{a}:{b}{item}")).collect();
        format!("{{{}{b}}}{a}", items.join(","))
    })
}

fn blank() -> impl Strategy<Value = &'static str> {
    select(&["", "", "", " ", "\n  ", "\t", "\r\n"][..])
}

/// A number in JSON's syntax, seldom one that cannot be sent.
fn json_number() -> impl Strategy<Value = String> {
    (
        select(&["", "-"][..]),
        prop_oneof![
            40 => (0u64..1000).prop_map(|number| number.to_string()),
            10 => any::<u128>().prop_map(|number| number.to_string()),
            1 => (4298usize..4303).prop_map(|length| "9".repeat(length)),
        ],
        prop_oneof![
            4 => Just(String::new()),
            2 => (0u32..1000).prop_map(|digits| format!(".{digits}")),
            1 => any::<u128>().prop_map(|digits| format!(".{digits}")),
        ],
        prop_oneof![
            40 => select(EXPONENTS),
            1 => select(&["e999", "e-999"][..]),
        ],
    )
        .prop_map(|(sign, whole, fraction, exponent)| {
            // Thousands of digits belong to integers: as a float they only overflow.
            if whole.len() > 100 {
                return format!("{sign}{whole}");
            }
            format!("{sign}{whole}{fraction}{exponent}")
        })
}

/// A JSON string, its characters as they are or escaped.
fn json_string() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        80 => text(),
        1 => Just("???".to_owned()),
        1 => Just("a\0b".to_owned()),
    ];
    (text, any::<bool>()).prop_map(|(text, escape)| {
        if !escape {
            return seen::str(&text);
        }
        let mut written = String::from('"');
        for unit in text.encode_utf16() {
            write!(written, "\\u{unit:04x}").unwrap();
        }
        written + "\""
    })
}

/// A dict's key, mostly one that Hydra can spell.
fn json_key() -> impl Strategy<Value = String> {
    prop_oneof![
        80 => select(KEYS).prop_map(seen::str),
        1 => select(IMPOSSIBLE_KEYS).prop_map(seen::str),
        1 => json_string(),
    ]
}

/// Keys that Hydra can spell.
#[rustfmt::skip]
const KEYS: &[&str] = &[
    "a", "b", "lr", "key_1", "kebab-case", "dotted.key", "a b", " a ", "a,b", "a:b", "a=b", "007",
    "${x}", "C:\\x", "\\", "f(x)", "[0]", "{}", "tab\there", "1.2.3", "50%", "_target_", "a/b",
    "$", "@", "???", "+", "nullable", "-", "1e", "true1",
];

/// Keys that it cannot spell.
#[rustfmt::skip]
const IMPOSSIBLE_KEYS: &[&str] = &[
    "", "1", "-1", "1.5", "1e5", "true", "NULL", "nan", "-inf", "é", "~", "'",
];

/// Exponents with which a whole number of 39 digits fits into a float.
#[rustfmt::skip]
const EXPONENTS: &[&str] = &[
    "", "", "", "e5", "E5", "e-5", "E+05", "e-300", "e269",
];
