//! Whole command lines, put together from pieces of which each is known what it has to become.

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
    ("a_dict", "dict", "dict"),
];

/// A command line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Whether [`DECLARED`] is.
    pub(crate) declared: bool,
    /// What stands in front of the arguments.
    pub(crate) start: &'static Start,
    pub(crate) pieces: Vec<Piece>,
}

/// The tokens in front of the arguments, and the command that they are.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) tokens: &'static [&'static str],
    pub(crate) command: &'static [&'static str],
}

const STARTS: &[Start] = &[
    Start { tokens: &["--"], command: &["python3", "main.py"] },
    Start { tokens: &["python3", "main.py"], command: &["python3", "main.py"] },
    Start { tokens: &["--", "python3", "main.py"], command: &["python3", "main.py"] },
    Start {
        tokens: &["python", "-u", "-W", "ignore", "a/b.py"],
        command: &["python", "-u", "-W", "ignore", "a/b.py"],
    },
    Start { tokens: &["python3.11", "-m", "a.b"], command: &["python3.11", "-m", "a.b"] },
    Start {
        tokens: &["torchrun", "--nproc_per_node", "2", "main.py"],
        command: &["torchrun", "--nproc_per_node", "2", "main.py"],
    },
    Start {
        tokens: &["mpirun", "-n", "4", "my-train", "--"],
        command: &["mpirun", "-n", "4", "my-train"],
    },
    // Last: a `--` among the arguments would end this command.
    Start { tokens: &["my-train"], command: &["my-train"] },
];

/// Some tokens that belong together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Piece {
    tokens: Vec<String>,
    /// The key, its type, and what is read.
    setting: Option<(String, &'static str, Vec<String>)>,
    /// The key, what the config has there, and the override.
    native: Option<(String, Value, String)>,
    is_own_flag: bool,
    /// Why it is refused.
    rule: Option<&'static str>,
}

impl Line {
    pub(crate) fn new(random: &mut Random) -> Self {
        let declared = random.once_in(2);
        let count = random.number(1..12);
        let (mut pieces, mut behind) = (Vec::new(), false);
        for index in 0..count {
            if index > 0 && random.once_in(25) && !behind {
                behind = true;
                pieces.push(Piece { tokens: vec!["--".to_owned()], ..Piece::default() });
            }
            pieces.push(match random.number(0..24) {
                0..=4 => native(random, index),
                5..=7 => own_flag(random),
                _ if behind => native(random, index),
                8 if random.once_in(4) => refused(random, index),
                9..=15 if declared => declared_flag(random),
                _ => undeclared_flag(random, index),
            });
        }
        if random.once_in(6) && !behind {
            let texts = vec!["true".to_owned()];
            let setting = Some(("last".to_owned(), "auto", texts));
            pieces.push(Piece { tokens: vec!["--last".to_owned()], setting, ..Piece::default() });
        }
        let has_dashes = pieces.iter().flat_map(|piece| &piece.tokens).any(|token| token == "--");
        let start = &STARTS[random.number(0..STARTS.len() - usize::from(has_dashes))];
        Self { declared, start, pieces }
    }

    /// All of it, as `translate` takes it.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let start = self.start.tokens.iter().map(|token| (*token).to_owned());
        start.chain(self.arguments()).collect()
    }

    fn arguments(&self) -> impl Iterator<Item = String> {
        self.pieces.iter().flat_map(|piece| piece.tokens.clone())
    }

    /// How many values it sends.
    pub(crate) fn size(&self) -> usize {
        self.pieces.iter().filter(|piece| piece.setting.is_some()).count().max(1)
    }

    /// The lines with one piece less.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let without = |index| {
            let mut line = self.clone();
            line.pieces.remove(index);
            line
        };
        (0..self.pieces.len()).map(without).collect()
    }

    /// What it has to become, for the judge.
    pub(crate) fn expectation(&self) -> Value {
        let mut settings: Vec<(String, &'static str, Vec<String>)> = Vec::new();
        for (key, kind, texts) in self.pieces.iter().filter_map(|piece| piece.setting.clone()) {
            match settings.iter_mut().find(|(earlier, ..)| *earlier == key) {
                Some((_, _, all)) if kind.starts_with("many") => all.extend(texts),
                Some(earlier) => *earlier = (key, kind, texts),
                None => settings.push((key, kind, texts)),
            }
        }
        let natives: Vec<_> = self.pieces.iter().filter_map(|piece| piece.native.clone()).collect();
        let own = self.pieces.iter().filter(|piece| piece.is_own_flag);
        let own: Vec<_> = own.flat_map(|piece| piece.tokens.clone()).collect();
        let rule = self.pieces.iter().find_map(|piece| piece.rule);
        json!({"settings": settings, "natives": natives, "own": own, "rule": rule})
    }
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

fn undeclared_flag(random: &mut Random, index: usize) -> Piece {
    // Now and then the flag before once more.
    let index = index.saturating_sub(usize::from(random.once_in(8)));
    let key = format!("{}{index}", random.pick(&["k", "K_", "$k"]));
    let text = match random.number(0..8) {
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

fn declared_flag(random: &mut Random) -> Piece {
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
                0 => random.pick(&["--", "--help", "-m", "--a_text", "a=b", "~a", "-"]).to_owned(),
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
            let items: &[&str] = match ty {
                "list[int]" => &["1", "-2", "3.0", "[4, 5e1]", "[]"],
                "list[str]" => &["a", "b,c", "1", "null", "[\"x\", \"y\"]", "", "${z}", "[a"],
                _ => {
                    &["a", "1", "-1.5", "true", "null", "[{\"a\": 1}, [2]]", "2024_11_23", "[a-z]"]
                }
            };
            let texts: Vec<String> =
                (0..random.number(0..4)).map(|_| random.pick(items).to_owned()).collect();
            (std::iter::once(flag.clone()).chain(texts.iter().cloned()).collect(), texts)
        }
    };
    Piece { tokens, setting: Some((name.to_owned(), kind, texts)), ..Piece::default() }
}

fn native(random: &mut Random, index: usize) -> Piece {
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

fn own_flag(random: &mut Random) -> Piece {
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
    let tokens = OWN[random.number(0..OWN.len())].iter().map(|token| (*token).to_owned());
    Piece { tokens: tokens.collect(), is_own_flag: true, ..Piece::default() }
}

/// What is refused wherever it stands. An override in front, so that nothing takes it as a value.
fn refused(random: &mut Random, index: usize) -> Piece {
    let (rule, tokens): (_, &[&str]) = match random.number(0..5) {
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
