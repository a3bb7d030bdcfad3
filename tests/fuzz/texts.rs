//! Texts, numbers, JSON and names on ground where something between a pipeline and an application
//! has slipped before, or may.

use std::fmt::Write as _;

use crate::random::Random;

/// Characters that the grammars of Hydra, OmegaConf, JSON, YAML and shells give a meaning.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "'", "\"", "`", "\\", "\\\\", "\\'", "\\\"", "\\${", "\\\\${", "${", "$${", "}", "${}", "$", "$$",
    ",", "=", ":", ";", "#", "~", "+", "++", "@", "!", "%", "|", "&", "*", "?", "???", "-", "--", ".",
    "/", "<", ">", "^", "(", ")", "[", "]", "[]", "{", "{}", " ", "  ", "\t", "\n", "\r", "\r\n",
    "${oc.env:HOME}", "${oc.env:X,'d'}", "${a.b}", "${.a}", "${..a}", "${v0}", "${eval:'1'}", "${",
    "choice(a,b)", "range(1,3)", "glob(*)", "sort(3,1)", "int(1)", "str(1)", "null", "true", "nan",
    "a", "b", "Key_1", "x=y", "a:b", "0", "1", "42", "-7", "1e5", "é", "ß", "日本語", "😀", "e\u{301}",
    "\u{feff}", "\u{202e}", "\u{200b}", "\u{a0}", "\u{2028}", "\u{85}", "\u{1b}[0m", "\u{7f}",
];

/// Whole texts that have a meaning to somebody.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "", "null", "Null", "NULL", "None", "none", "~", "nil", "NA", "undefined", "true", "True", "TRUE",
    "tRuE", "false", "FALSE", "fAlSe", "fal\u{17f}e", "yes", "no", "on", "Off", "y", "n", "nan", "NaN",
    ".nan", "inf", "-inf", "+INF", "Infinity", "-Infinity", "\u{131}nf", "0x1F", "0o17", "0b1", "1j",
    "1:30", "190:20:30", "_target_", "[]", "{}", "-", "--", "=", ":", ",", "'", "\"", "\\", "''", "???",
    "\"\"", "'a'", "\"a\"", "'a", "a'", "\\'", "a\\", "a\\\\", "'\\", "????", "??", "${", "}", "$",
    "2024-11-23", "2024_11_23", "2024-11-23T12:30:00Z", "23.11.2024", "12:30", "20241123", "1.2.3",
    "1.10", "v1.2.3-rc.1+build", "12345e7", "1234567", "deadbeef", "1e10", "0e0", "abc123", "007",
    "/", "/a/b c/d", "./a", "../../etc", "~/x", "C:\\data\\", "\\\\host\\share\\", "a/b", "gs://b/a=1,b",
    "s3://b/k?x=y&z=%20#f", "https://u:p@h:80/p?q=a,b;c#d", "file:///a b", "user@host", "a@b.c", "@a",
    "[a,b", "a,b]", "[a-z]+", "[1,2]", "[a, b]", "['a', 'b']", "[1,]", "[,]", "[[1], [2", "[NaN]", "[1}",
    "{a:1}", "{a: 1}", "{'a': 1}", "{\"a\"}", "{\"a\":}", "{,}", "{a", "a}", "{\"a\": 1,}", "(1, 2)", "(1,)",
    "{1, 2}", "b'bytes'", "r'raw'", "<object at 0x7f>", "dict(a=1)", "OrderedDict([('a', 1)])", "Ellipsis",
    "range(1,3)", "range(10)", "range(0,1,step=0.1)", "glob(*)", "glob([a*],exclude=b*)", "choice(a,b)",
    "choice([1,2])", "sort(3,2,1)", "sort(3,2,1,reverse=true)", "shuffle(a,b)", "tag(t,choice(a))",
    "interval(0,1)", "float(1)", "json_str({a:1})", "bool(x)", "f()", "f(a)", "f(", "extend_list(1)",
    "a,b", "1,2", "a, b", ",a", "a,", "a=b", "=a", "a=", "a==b", "+a=1", "++a=1", "~a", "~a=1", "a/b=c",
    "a@b=c", "$(id)", "`id`", "$HOME", "${HOME}", "%PATH%", "a;b", "a|b", "a && b", "\\n", "\\u0041",
    "SELECT * FROM t WHERE a = 'b, c' AND d IN (\"e\")", "#a", "a #b", "!!str a", "&a", "*a", "|", ">-", "- a",
    "a: b", "---", "...", "%YAML", "@", "\u{feff}a", "{{$.inputs.parameters['x']}}", "{{x}}", "{{$}}",
    "{inputValue: x}", "{\"inputPath\": \"x\"}", "{inputValue: }", "\u{661}\u{662}", "\u{ff11}", "1\u{a0}000",
];

/// Beginnings, middles and ends of what is a number to somebody.
const SIGNS: &[&str] = &["", "", "", "-", "+", "--", "- "];
#[rustfmt::skip]
const WHOLES: &[&str] = &[
    "", "0", "7", "12", "100", "007", "00", "1_000", "2024_11_23", "1__0", "_1", "12345678901234567",
    "123456789012345678901234567890", "9007199254740993", "18446744073709551616", "0x10", "0b1", "0o7",
    "1,000", "1 000", "1'000", "\u{663}", "1\u{a0}000", "nan", "inf", "INF", "Infinity",
];
#[rustfmt::skip]
const FRACTIONS: &[&str] = &[
    "", "", "", ".", ".0", ".00", ".5", ".25", ".10", "._5", ".1_0", ".1234567890123456",
    ".00000000000000001", ".12345678901234567890", ".0.1", ",5",
];
#[rustfmt::skip]
const EXPONENTS: &[&str] = &[
    "", "", "", "", "e5", "E5", "e-5", "e-05", "E+05", "e308", "e309", "e-323", "e-324", "e-325", "e999",
    "e-999", "e", "e+", "e5.0", "e1_0", "e99999999999999999999", "e-99999999999999999999", "j", "L", "f",
    "d0", " ", "\n", "%", "px",
];

/// What most dict keys are made of.
#[rustfmt::skip]
const KEYS: &[&str] = &[
    "a", "b", "lr", "key_1", "kebab-case", "dotted.key", "a b", " a ", "\ta", "a,b", "a:b", "a=b", "007",
    "${x}", "${oc.env:HOME}", "C:\\x", "\\", "\\\\", "f(x)", "[0]", "{}", "tab\there", "1.2.3", "50%", "a/b",
    "_target_", "$", "@", "???", "+", "nullable", "-", "1e", "true1", "a.b.c", "-a", "--a", "a|b", "*", "a?",
    "0x10", "1_", "_1", "1__0", "00", "1e+", "e5", ".", "..", "1..2", "infx", "None", "yes", "  ", "\t",
];
/// What Hydra's grammar has no dict key for, mostly.
#[rustfmt::skip]
const ODD_KEYS: &[&str] = &[
    "", "0", "1", "-1", "+1", "1.5", "1.", ".5", "1e5", "1_0", "true", "NULL", "nan", "-inf", "é", "~", "'",
    "\"", "a\"b", "it's", "a\nb", "#", "!", "a;b", "a&b", "<", ">", "^", "`", "日本", "😀", "\u{a0}", "\u{7f}",
];

/// A text; seldom `???`, never with a NUL, which no argument can hold.
pub(crate) fn text(random: &mut Random) -> String {
    any_text(random).replace('\0', "\u{1}")
}

fn any_text(random: &mut Random) -> String {
    match random.number(0..1000) {
        0 => long(random),
        1..=349 => spliced(random),
        350..=469 => random.pick(WORDS).to_owned(),
        470..=619 => number(random),
        620..=689 => soup(random),
        690..=759 => characters(random),
        760..=829 => wrapped(random),
        830..=889 => {
            let json = json(random);
            mutated(random, &json)
        }
        _ => {
            let text = any_text(random);
            mutated(random, &text)
        }
    }
}

fn spliced(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.number(0..9) {
        match random.number(0..12) {
            0 => text.push_str(&"\\".repeat(random.number(1..7))),
            1 => text.push_str(random.pick(WORDS)),
            2 => text.push(character(random)),
            _ => text.push_str(random.pick(PIECES)),
        }
    }
    text
}

/// Something that is, or nearly is, a number.
pub(crate) fn number(random: &mut Random) -> String {
    let parts = [SIGNS, WHOLES, FRACTIONS, EXPONENTS].map(|part| random.pick(part));
    match random.number(0..60) {
        0 => parts[0].to_owned() + &"9".repeat(random.number(4298..4303)),
        1 => "1".to_owned() + &"0".repeat(random.number(290..320)) + parts[2],
        2..=29 => random.number(0..100_000).to_string() + parts[2] + parts[3],
        _ => parts.concat(),
    }
}

/// Digits.
pub(crate) fn whole(random: &mut Random) -> String {
    let length = random.number(0..20);
    (0..=length).map(|_| random.pick(&["0", "1", "2", "5", "9"])).collect()
}

/// Only the characters that quoting turns on.
fn soup(random: &mut Random) -> String {
    const SIGNIFICANT: &[&str] =
        &["'", "\"", "\\", "$", "{", "}", "[", "]", "(", ")", ",", "=", ":", " ", "~", "a", "1"];
    (0..random.number(1..14)).map(|_| random.pick(SIGNIFICANT)).collect()
}

fn characters(random: &mut Random) -> String {
    (0..random.number(1..20)).map(|_| character(random)).collect()
}

fn character(random: &mut Random) -> char {
    /// From and to, of scripts, blanks, marks, and the edges of what is a character.
    const RANGES: &[(u32, u32)] = &[
        (0x20, 0x7f),
        (0x20, 0x7f),
        (0x01, 0x20),
        (0x7f, 0xa1),
        (0xa1, 0x180),
        (0x300, 0x370),
        (0x590, 0x700),
        (0x1680, 0x1681),
        (0x2000, 0x2030),
        (0x205f, 0x2070),
        (0x20d0, 0x20f0),
        (0x2100, 0x2150),
        (0x3000, 0x3100),
        (0xd7f0, 0xd800),
        (0xe000, 0xe010),
        (0xfe00, 0xfe10),
        (0xfeff, 0xff60),
        (0xfff0, 0x1_0010),
        (0x1_f1e6, 0x1_f650),
        (0xe_0001, 0xe_0080),
        (0x10_fff0, 0x11_0000),
        (0x01, 0x11_0000),
    ];
    let (from, to) = RANGES[random.number(0..RANGES.len())];
    let drawn = random.number(from as usize..to as usize);
    u32::try_from(drawn).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

fn wrapped(random: &mut Random) -> String {
    const PAIRS: &[(&str, &str)] = &[
        ("'", "'"),
        ("\"", "\""),
        ("[", "]"),
        ("{", "}"),
        ("(", ")"),
        ("${", "}"),
        ("\\${", "}"),
        ("['", "']"),
        ("[\"", "\"]"),
        ("{\"a\": \"", "\"}"),
        ("choice(", ")"),
        ("str(", ")"),
        (" ", " "),
        ("\n", "\n"),
        ("\\", "\\"),
        ("a=", ""),
        ("", ","),
    ];
    let (before, behind) = PAIRS[random.number(0..PAIRS.len())];
    format!("{before}{}{behind}", any_text(random))
}

/// Some kilobytes, most of them the same.
fn long(random: &mut Random) -> String {
    let (piece, other) = (spliced(random), spliced(random));
    let text = piece.repeat(random.number(1..10_000) / piece.len().max(1) + 1);
    text + &other
}

/// A text with a few characters gone, doubled, added, exchanged, or in the other case.
fn mutated(random: &mut Random, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..random.number(1..4) {
        let at = random.number(0..characters.len() + 1);
        let Some(&here) = characters.get(at) else {
            characters.push(character(random));
            continue;
        };
        match random.number(0..6) {
            0 => drop(characters.remove(at)),
            1 => characters.insert(at, here),
            2 => characters.insert(at, character(random)),
            3 => {
                let other = random.number(0..characters.len());
                characters.swap(at, other);
            }
            4 => {
                let piece = random.pick(PIECES);
                drop(characters.splice(at..at, piece.chars()));
            }
            _ if here.is_lowercase() => drop(characters.splice(at..=at, here.to_uppercase())),
            _ => drop(characters.splice(at..=at, here.to_lowercase())),
        }
    }
    characters.into_iter().collect()
}

/// A JSON array or object.
pub(crate) fn json(random: &mut Random) -> String {
    let mut written = String::new();
    match random.number(0..300) {
        0 => {
            let depth = random.number(60..70);
            let (open, close) = if random.once_in(2) { ("[", "]") } else { ("{\"a\":", "}") };
            written = open.repeat(depth) + "1" + &close.repeat(depth);
        }
        1..=199 => json_object(random, 0, &mut written),
        _ => json_array(random, 0, &mut written, &json_value),
    }
    written
}

/// A JSON object.
pub(crate) fn json_of_object(random: &mut Random) -> String {
    let mut written = String::new();
    json_object(random, 0, &mut written);
    written
}

/// A JSON array of what `item` writes.
pub(crate) fn json_list(random: &mut Random, item: &dyn Fn(&mut Random) -> String) -> String {
    let mut written = String::new();
    json_array(random, 0, &mut written, &|random, _, out| out.push_str(&item(random)));
    written
}

/// A JSON object of what `item` writes.
pub(crate) fn json_dict(random: &mut Random, item: &dyn Fn(&mut Random) -> String) -> String {
    let entry = |random: &mut Random| format!("\"k{}\": {}", random.number(0..5), item(random));
    let entries: Vec<_> = (0..random.number(0..5)).map(|_| entry(random)).collect();
    format!("{{{}}}", entries.join(", "))
}

fn json_value(random: &mut Random, depth: usize, out: &mut String) {
    match random.number(0..12) {
        0..=3 => out.push_str(&json_number(random)),
        4..=7 => {
            let text = json_text(random);
            out.push_str(&json_string(random, &text));
        }
        8 => out.push_str(random.pick(&["null", "true", "false"])),
        9 if depth < 4 => json_array(random, depth + 1, out, &json_value),
        10 if depth < 4 => json_object(random, depth + 1, out),
        _ => out.push('0'),
    }
}

type Item<'a> = &'a dyn Fn(&mut Random, usize, &mut String);

fn json_array(random: &mut Random, depth: usize, out: &mut String, item: Item<'_>) {
    out.push('[');
    for index in 0..random.number(0..5) {
        if index > 0 {
            out.push(',');
        }
        out.push_str(blank(random));
        item(random, depth, out);
        out.push_str(blank(random));
    }
    out.push(']');
    out.push_str(if depth == 0 { blank(random) } else { "" });
}

fn json_object(random: &mut Random, depth: usize, out: &mut String) {
    out.push('{');
    for index in 0..random.number(0..4) {
        if index > 0 {
            out.push(',');
        }
        let key = match random.number(0..60) {
            0 => json_text(random),
            1 => random.pick(ODD_KEYS).to_owned(),
            2..=5 => [random.pick(KEYS), random.pick(KEYS)].concat(),
            _ => random.pick(KEYS).to_owned(),
        };
        out.push_str(blank(random));
        out.push_str(&json_string(random, &key));
        out.push_str(blank(random));
        out.push(':');
        out.push_str(blank(random));
        json_value(random, depth, out);
    }
    out.push_str(blank(random));
    out.push('}');
}

fn blank(random: &mut Random) -> &'static str {
    random.pick(&["", "", "", "", " ", "\n  ", "\t", "\r\n"])
}

/// A text for inside JSON, seldom one that no argument can hold.
fn json_text(random: &mut Random) -> String {
    match random.number(0..150) {
        0 => "a\0b".to_owned(),
        1 => "???".to_owned(),
        _ => text(random),
    }
}

/// A JSON string, its characters as they are or escaped; seldom with half a character.
fn json_string(random: &mut Random, text: &str) -> String {
    if !random.once_in(4) {
        return serde_json::to_string(text).unwrap();
    }
    let mut written = String::from('"');
    for unit in text.encode_utf16() {
        write!(written, "\\u{unit:04x}").unwrap();
    }
    if random.once_in(200) {
        written.push_str("\\ud83d");
    }
    written + "\""
}

/// A number in JSON's syntax, seldom one beyond what can be sent.
pub(crate) fn json_number(random: &mut Random) -> String {
    let mut number = String::from(if random.once_in(3) { "-" } else { "" });
    match random.number(0..400) {
        0 => return number + &"9".repeat(random.number(4298..4303)),
        1..=30 => number.push_str("123456789012345678901234567890"),
        _ => write!(number, "{}", random.number(0..1000)).unwrap(),
    }
    match random.number(0..8) {
        0 => write!(number, ".{}", random.number(0..1_000_000)).unwrap(),
        1 => number.push_str(".0"),
        2 => number.push_str(".12345678901234567890123"),
        _ => {}
    }
    match random.number(0..300) {
        0 => number.push_str(random.pick(&["e999", "e-999", "e-330", "E309"])),
        1..=60 => number.push_str(random.pick(&["e5", "E5", "e-5", "E+05", "e0", "e-300", "e250"])),
        _ => {}
    }
    number
}

/// What may be a flag's name, without dashes in front and without a `=`.
pub(crate) fn name(random: &mut Random) -> String {
    const PARTS: &[&str] = &[
        "a", "lr", "model", "_x", "A1", "a-b", "a_b", "a--b", "$", "$x", "x$", "0", "1", "10",
        "1_0", "01", "-", "_", "hydra", "null", "true", "nan", "inf", "_target_", "e5", "1e5",
    ];
    const JOINTS: &[&str] =
        &[".", ".", ".", "/", "/", "@", "-", "_", "", "..", "//", "@@", ":", " ", "[0]", "\\."];
    const ODD: &[&str] = &[
        "", ".", "/", "@", "~", "+", "++", "é", "\u{a0}", "a b", " a", "a ", "a\n", "\t", "[0]",
        "a[0]", "a\\.b", "'a'", "\"a\"", "{a}", "a,b", "a:b", "a%", "a*", "a?", "~a", "+a", "@a",
        "#a", "(a)",
    ];
    let mut name = match random.number(0..10) {
        0 => random.pick(ODD).to_owned(),
        1 => spliced(random),
        _ => random.pick(PARTS).to_owned(),
    };
    for _ in 0..random.number(0..4) {
        name = name + random.pick(JOINTS) + random.pick(PARTS);
    }
    if random.once_in(12) {
        name = mutated(random, &name);
    }
    name.replace(['=', '\0'], "")
}
