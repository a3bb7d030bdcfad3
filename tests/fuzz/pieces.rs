//! The pieces of a command line: some tokens that belong together, and what they have to become.

use serde_json::{Value, json};

use crate::random::Random;
use crate::texts;

/// The flags that the rules of half the lines declare: name, type, and what the judge calls it.
pub(crate) const DECLARED: &[(&str, &str, &str)] = &[
    ("a_text", "string", "string"),
    ("a_path", "path", "path"),
    ("an_int", "int", "int"),
    ("a_float", "float", "float"),
    ("a_switch", "bool", "bool"),
    ("a_list", "list", "many"),
    ("some_ints", "list[int]", "many[int]"),
    ("some_texts", "list[str]", "many[str]"),
    ("some_floats", "list[float]", "many[float]"),
    ("a_dict", "dict", "dict"),
    // The names of Hydra's own switches are the application's where they are declared.
    ("run", "string", "string"),
    ("info", "string", "string"),
];

/// What the rules append: an override that fails when it is given twice.
pub(crate) const APPENDED: &str = "+appended=1";

/// Some tokens that belong together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Piece {
    pub(crate) tokens: Vec<String>,
    /// The key, its type, and what is read.
    pub(crate) setting: Option<(String, &'static str, Vec<String>)>,
    /// The key, what the config has there, and the override.
    pub(crate) native: Option<(String, Value, String)>,
    pub(crate) is_own_flag: bool,
    /// One of Hydra's own without a value, which is not `--multirun`: the application may have a
    /// flag of that name.
    pub(crate) is_switch: bool,
    /// Why it is refused.
    pub(crate) rule: Option<&'static str>,
}

/// A value that is not refused for itself; that is for single values to try.
fn text(random: &mut Random) -> String {
    loop {
        let text = texts::text(random);
        if !text.contains("???") && !text.starts_with(['[', '{']) && text.len() < 1000 {
            return text;
        }
    }
}

pub(crate) fn undeclared_flag(random: &mut Random, index: usize) -> Piece {
    // Now and then the flag before once more.
    let index = index.saturating_sub(usize::from(random.once_in(8)));
    let key = format!("{}{index}", random.pick(&["k", "K_", "$k"]));
    let text = match random.number(0..10) {
        8 => {
            random.pick(&["conf.py", "a/b.py", "main.py", "word", "my-train", "python3"]).to_owned()
        }
        0 => random.pick(&["-1", "-0", "-0.5", "-1e-05", "-12e+3"]).to_owned(),
        1 => random.pick(&["[1, \"a,b\"]", "{\"a\": {\"b c\": null}}", "{}", "[]"]).to_owned(),
        2 => random.pick(&["a=b", "+a=b", "~a", "a/b@c=d", "++a.b=${c}"]).to_owned(),
        _ => text(random),
    };
    let is_apart = !random.once_in(2) && (!text.starts_with('-') || is_plain_negative(&text));
    let tokens = if is_apart {
        vec![format!("--{key}"), text.clone()]
    } else {
        vec![format!("--{key}={text}")]
    };
    Piece { tokens, setting: Some((key, "auto", vec![text])), ..Piece::default() }
}

fn is_plain_negative(text: &str) -> bool {
    ["-1", "-0", "-0.5", "-1e-05", "-12e+3"].contains(&text)
}

pub(crate) fn declared_flag(random: &mut Random) -> Piece {
    let (name, ty, kind) = DECLARED[random.number(0..DECLARED.len())];
    let flag =
        format!("--{}", if random.once_in(4) { name.replace('_', "-") } else { name.to_owned() });
    let one = |random: &mut Random, text: String| {
        let tokens = if random.once_in(2) {
            vec![format!("{flag}={text}")]
        } else {
            vec![flag.clone(), text.clone()]
        };
        (tokens, vec![text])
    };
    let (tokens, texts) = match ty {
        "string" | "path" => {
            let text = match random.number(0..6) {
                0 => random
                    .pick(&[
                        "--",
                        "--help",
                        "-m",
                        "--a_text",
                        "a=b",
                        "~a",
                        "-",
                        "--config-dir=/x",
                        "x.py",
                    ])
                    .to_owned(),
                _ => text(random),
            };
            one(random, text)
        }
        "int" => {
            let text =
                random.pick(&["1", "-1", "3.0", "1e3", "+7", "007", "-0", "12e5"]).to_owned();
            one(random, text)
        }
        "float" => {
            let text = random.pick(&["1", "-1e-05", ".5", "5.", "nan", "-inf", "-0", "007"]);
            one(random, text.to_owned())
        }
        "bool" => match random.number(0..3) {
            0 => (vec![flag.clone()], vec!["true".to_owned()]),
            1 => (vec![flag.replacen("--", "--no-", 1)], vec!["false".to_owned()]),
            _ => {
                let text = random.pick(&["true", "NO", "on", "Off", "1", "0", "Yes"]).to_owned();
                one(random, text)
            }
        },
        "dict" => {
            let text = random.pick(&["{}", "{\"a\": [1, {\"b\": \"c=d\"}]}", "{\"${x}\": 1.0}"]);
            one(random, text.to_owned())
        }
        _ => {
            let texts = list_items(random, ty);
            (std::iter::once(flag.clone()).chain(texts.iter().cloned()).collect(), texts)
        }
    };
    Piece { tokens, setting: Some((name.to_owned(), kind, texts)), ..Piece::default() }
}

/// The texts after a flag of such a list.
fn list_items(random: &mut Random, ty: &str) -> Vec<String> {
    let items: &[&str] = match ty {
        "list[int]" => &["1", "-2", "3.0", "[4, 5e1]", "[]"],
        "list[float]" => &["1", "-2.5", "nan", "inf", "[4, 5e1]", "[NaN, -Infinity]", "[]"],
        "list[str]" => &["a", "b,c", "1", "null", "[\"x\", \"y\"]", "", "${z}", "[a"],
        _ => &["a", "1", "-1.5", "true", "null", "[{\"a\": 1}, [2]]", "2024_11_23", "[a-z]"],
    };
    (0..random.number(0..4)).map(|_| random.pick(items).to_owned()).collect()
}

pub(crate) fn native(random: &mut Random, index: usize) -> Piece {
    let key = format!("n{index}");
    let values = ["5", "", "a b", "[1,2]", "'a,b'", "\"it's\"", "a\\,b", "null", "1e5", "'--x'"];
    let value = random.pick(&values);
    let (old, token) = match random.number(0..5) {
        0 => (json!(1), format!("{key}={value}")),
        1 => (Value::Null, format!("+{key}={value}")),
        2 => (json!("old"), format!("++{key}={value}")),
        3 => (json!(7), format!("~{key}")),
        _ => (json!({"a": 0}), format!("{key}={{a: {{b: 1}}}}")),
    };
    Piece { tokens: vec![token.clone()], native: Some((key, old, token)), ..Piece::default() }
}

pub(crate) fn own_flag(random: &mut Random, declared: bool) -> Piece {
    // Without `--version`, which argparse answers itself.
    const OWN: &[&[&str]] = &[
        &["--help"],
        &["-h"],
        &["--hydra-help"],
        &["--cfg", "job"],
        &["--cfg=hydra"],
        &["-c", "all"],
        &["--resolve"],
        &["--package", "a.b"],
        &["-p", "a"],
        &["--run"],
        &["-r"],
        &["--multirun"],
        &["-m"],
        &["--shell-completion"],
        &["-sc"],
        &["--config-path", "../conf"],
        &["-cp", "a b"],
        &["--config-name=x"],
        &["-cn", "a=b"],
        &["--config-dir", "/x"],
        &["-cd", "c"],
        &["--info", "all"],
        &["--info=config"],
        &["--info"],
        &["-i", "plugins"],
        &["-i"],
    ];
    loop {
        let tokens = OWN[random.number(0..OWN.len())];
        let name = tokens[0].split('=').next().unwrap_or_default();
        if declared && DECLARED.iter().any(|(declared, ..)| name == format!("--{declared}")) {
            continue;
        }
        let takes_none = tokens.len() == 1 && !tokens[0].contains('=');
        let is_switch = takes_none && !["--multirun", "-m"].contains(&name);
        return Piece {
            tokens: tokens.iter().map(|&token| token.to_owned()).collect(),
            is_own_flag: true,
            is_switch: is_switch || tokens == ["--info", "all"] || tokens == ["-i", "plugins"],
            ..Piece::default()
        };
    }
}

/// A flag of the application that is named as one of Hydra's switches, with its value, and an official
/// flag before it.
pub(crate) fn named_as_a_switch(random: &mut Random, index: usize, declared: bool) -> Piece {
    const NAMES: &[&str] = &[
        "--run",
        "-r",
        "--version",
        "--help",
        "-h",
        "--hydra-help",
        "--resolve",
        "--info",
        "-i",
        "--shell-completion",
        "-sc",
    ];
    const VALUES: &[&str] = &[
        "a=b",
        "++model={_target_: shutil.copyfile, src: /etc/hostname}",
        "~a",
        "lr=${oc.env:HOME}",
        "+a=1",
        "a/b@c=d",
        "word",
        "",
        "all",
        "config",
        "0.1",
        "-1",
        "conf.py",
        "--",
        "-m",
        "--multirun",
        "--resolve",
        "-x",
        "--seed=3",
        "--config-dir=/tmp/evil",
        "--x=${oc.env:HOME}",
        "[1]",
        "{}",
        "true",
    ];
    let name = loop {
        let name = random.pick(NAMES);
        if !declared || !DECLARED.iter().any(|(declared, ..)| name == format!("--{declared}")) {
            break name;
        }
    };
    let key = format!("o{index}");
    Piece {
        tokens: vec![format!("--{key}=1"), name.to_owned(), random.pick(VALUES).to_owned()],
        setting: Some((key, "auto", vec!["1".to_owned()])),
        rule: Some("a value of a flag that is named as Hydra's switch"),
        ..Piece::default()
    }
}

/// What the rules append anyway, as an application that starts itself again passes it on.
pub(crate) fn appended() -> Piece {
    let native = ("appended".to_owned(), Value::Null, APPENDED.to_owned());
    Piece { tokens: vec![APPENDED.to_owned()], native: Some(native), ..Piece::default() }
}

/// What is refused wherever it is. An override in front, so that nothing takes it as a value.
pub(crate) fn refused(random: &mut Random, index: usize) -> Piece {
    let (rule, tokens): (_, &[&str]) = match random.number(0..7) {
        5 => ("a flag in front of something that starts with a dash", &["--x", "--"]),
        6 => ("a flag in front of something that starts with a dash", &["--x", "-m"]),
        0 => ("a flag in front of something that starts with a dash", &["--x", "--y=1"]),
        1 => ("a flag in front of something that starts with a dash", &["--x", "-rf"]),
        2 => ("a bare word", &["word"]),
        3 => ("a short option that is not Hydra's", &["-x"]),
        _ => ("a name that is no key", &["--a..b=1"]),
    };
    let first = format!("n{index}=5");
    let tokens = std::iter::once(first.clone()).chain(tokens.iter().map(|&token| token.to_owned()));
    Piece {
        tokens: tokens.collect(),
        native: Some((format!("n{index}"), json!(1), first)),
        rule: Some(rule),
        ..Piece::default()
    }
}
