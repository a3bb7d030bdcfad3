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
    ("some_floats", "list[float]", "many[float]"),
    ("a_dict", "dict", "dict"),
    // The names of Hydra's own switches are the application's where they are declared.
    ("run", "string", "string"),
    ("info", "string", "string"),
];

/// What the rules append: an override that fails when it is given twice.
pub(crate) const APPENDED: &str = "+appended=1";

/// A command line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Whether [`DECLARED`] is.
    pub(crate) declared: bool,
    /// What comes before the arguments.
    pub(crate) start: &'static Start,
    pub(crate) pieces: Vec<Piece>,
}

/// The tokens before the arguments, and the command that they are.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) tokens: &'static [&'static str],
    pub(crate) command: &'static [&'static str],
    end: CommandEnd,
}

/// What tells where the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CommandEnd {
    /// Its own words: a script, a module, or that there is no command.
    Known,
    /// A separator: another one may be a value.
    Separator,
    /// Nothing but its single word: a `--` further on could as well be a value.
    OneWord,
    /// Nothing: it is refused, unless the shim knows better and ends it there.
    Unknown,
    /// A separator, with a flag before it that may be a value's: it is refused.
    FlagBefore,
}

/// A command of which all words are its own.
const fn start(tokens: &'static [&'static str], end: CommandEnd) -> Start {
    Start { tokens, command: tokens, end }
}

/// A command with one more word behind it, or before it, that is dropped.
const fn around(
    tokens: &'static [&'static str],
    command: &'static [&'static str],
    end: CommandEnd,
) -> Start {
    Start { tokens, command, end }
}

#[rustfmt::skip]
const STARTS: &[Start] = &[
    around(&["--"], &["python3", "main.py"], CommandEnd::Known),
    start(&["python3", "main.py"], CommandEnd::Known),
    around(&["--", "python3", "main.py"], &["python3", "main.py"], CommandEnd::Known),
    around(&["python3", "main.py", "--"], &["python3", "main.py"], CommandEnd::Known),
    start(&["python", "-u", "-W", "ignore", "a/b.py"], CommandEnd::Known),
    start(&["python3.11", "-m", "a.b"], CommandEnd::Known),
    start(&["python3", "-m", "torch.distributed.run", "--nproc_per_node", "2", "main.py"], CommandEnd::Known),
    start(&["python3", "-m", "torch.distributed.launch", "-m", "a.b"], CommandEnd::Known),
    start(&["torchrun", "--nproc_per_node", "2", "main.py"], CommandEnd::Known),
    start(&["torchrun", "--nproc_per_node=2", "-m", "a.b"], CommandEnd::Known),
    start(&["accelerate", "launch", "--num_processes", "2", "main.py"], CommandEnd::Known),
    start(&["uv", "run", "main.py"], CommandEnd::Known),
    start(&["uv", "run", "--", "main.py"], CommandEnd::Known),
    start(&["poetry", "run", "python3", "-m", "a.b"], CommandEnd::Known),
    start(&["env", "A=x.py", "python3", "main.py"], CommandEnd::Known),
    start(&["tini", "--", "python3", "main.py"], CommandEnd::Known),
    around(&["mpirun", "-n", "4", "my-train", "--"], &["mpirun", "-n", "4", "my-train"], CommandEnd::Separator),
    around(&["srun", "--ntasks=2", "my-train", "--"], &["srun", "--ntasks=2", "my-train"], CommandEnd::Separator),
    around(&["timeout", "60", "my-train", "--"], &["timeout", "60", "my-train"], CommandEnd::Separator),
    around(&["uv", "run", "my-train", "--"], &["uv", "run", "my-train"], CommandEnd::Separator),
    around(&["my-train", "--"], &["my-train"], CommandEnd::Separator),
    start(&["my-train"], CommandEnd::OneWord),
    start(&["my-train"], CommandEnd::OneWord),
    start(&["/opt/bin/my-train"], CommandEnd::OneWord),
    start(&["uv", "run", "my-train"], CommandEnd::Unknown),
    start(&["accelerate", "launch", "my-train"], CommandEnd::Unknown),
    start(&["tini", "--", "my-train"], CommandEnd::Unknown),
    start(&["timeout", "60", "my-train"], CommandEnd::Unknown),
    start(&["sh", "train.sh"], CommandEnd::Unknown),
    around(&["my-train", "--note", "--"], &["my-train", "--note"], CommandEnd::FlagBefore),
    around(&["my-train", "++a=1", "--"], &["my-train", "++a=1"], CommandEnd::FlagBefore),
    around(&["my-train", "--config-dir=/x", "--cfg", "job", "--"], &["my-train"], CommandEnd::FlagBefore),
];

/// Whether a line may be refused.
#[derive(Clone, Copy, Debug)]
enum Refused {
    Never,
    /// It arrives or is refused.
    Maybe(&'static str),
    Always(&'static str),
}

/// Some tokens that belong together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Piece {
    tokens: Vec<String>,
    /// The key, its type, and what is read.
    setting: Option<(String, &'static str, Vec<String>)>,
    /// The key, what the config has there, and the override.
    native: Option<(String, Value, String)>,
    is_own_flag: bool,
    /// One of Hydra's own without a value, which is not `--multirun`: the application may have a
    /// flag of that name.
    is_switch: bool,
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
            pieces.push(match random.number(0..26) {
                0..=4 => native(random, index),
                5..=7 => own_flag(random, declared),
                _ if behind => native(random, index),
                8 if random.once_in(4) => refused(random, index),
                9 if random.once_in(4) => named_as_a_switch(random, index, declared),
                10..=17 if declared => declared_flag(random),
                18 if declared && pieces.iter().all(|piece: &Piece| piece.tokens != [APPENDED]) => {
                    appended()
                }
                _ => undeclared_flag(random, index),
            });
        }
        if random.once_in(6) && !behind {
            let texts = vec!["true".to_owned()];
            let setting = Some(("last".to_owned(), "auto", texts));
            pieces.push(Piece { tokens: vec!["--last".to_owned()], setting, ..Piece::default() });
        }
        let has_dashes = pieces.iter().flat_map(|piece| &piece.tokens).any(|token| token == "--");
        // Without a script a separator ends the command of a starter or a launcher, and rightly.
        let start = loop {
            let start = &STARTS[random.number(0..STARTS.len())];
            if !has_dashes || start.end != CommandEnd::Unknown {
                break start;
            }
        };
        Self { declared, start, pieces }
    }

    /// What has to be refused, and what may be.
    fn refused(&self) -> Refused {
        if let Some(rule) = self.pieces.iter().find_map(|piece| piece.rule) {
            return Refused::Always(rule);
        }
        let dashes = self.pieces.iter().position(|piece| piece.tokens == ["--"]);
        let has_dashes = self.arguments().any(|token| token == "--");
        match self.start.end {
            CommandEnd::Separator | CommandEnd::OneWord if has_dashes => {
                return Refused::Maybe("a `--` that may end a command, and may be a value");
            }
            CommandEnd::Known | CommandEnd::Separator | CommandEnd::OneWord => {}
            CommandEnd::Unknown => return Refused::Maybe("no telling where the command ends"),
            CommandEnd::FlagBefore => return Refused::Always("a flag before the separator"),
        }
        if self.pieces.iter().all(|piece| piece.setting.is_none()) {
            return Refused::Never;
        }
        let mut found = Refused::Never;
        for (index, piece) in self.pieces.iter().enumerate().filter(|(_, piece)| piece.is_switch) {
            let next = self.pieces.get(index + 1);
            let value_is_next = next.is_some_and(|next| {
                next.tokens.len() > 1
                    && next.setting.as_ref().is_some_and(|(_, kind, _)| *kind == "auto")
            });
            let open = next
                .is_some_and(|next| next.tokens.len() > 1 || next.is_own_flag && !next.is_switch);
            if dashes.is_some_and(|at| at < index) || next.is_none() && piece.tokens.len() == 1 {
                // After a `--` nothing is the application's own flag.
            } else if piece.tokens.len() > 1 {
                return Refused::Always("a word after --info");
            } else if value_is_next {
                // Read as the value, this flag would leave its own as a word.
            } else if open {
                found = Refused::Maybe("behind one of Hydra's switches");
            } else {
                return Refused::Always(
                    "what may be the value of a flag that is named as Hydra's switch",
                );
            }
        }
        found
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
        let judged = |line: &Self| line.pieces.first().is_some_and(|first| first.tokens != ["--"]);
        (0..self.pieces.len()).map(without).filter(judged).collect()
    }

    /// What it has to become, for the judge.
    pub(crate) fn expectation(&self) -> Value {
        let mut settings: Vec<(String, &'static str, Vec<String>)> = Vec::new();
        for (key, kind, texts) in self.pieces.iter().filter_map(|piece| piece.setting.clone()) {
            match settings.iter_mut().find(|(earlier, ..)| *earlier == key) {
                // Null is not a list: the last counts.
                Some((_, _, all))
                    if kind.starts_with("many")
                        && !(kind == "many" && (*all == ["null"] || texts == ["null"])) =>
                {
                    all.extend(texts);
                }
                Some(earlier) => *earlier = (key, kind, texts),
                None => settings.push((key, kind, texts)),
            }
        }
        let mut natives: Vec<_> =
            self.pieces.iter().filter_map(|piece| piece.native.clone()).collect();
        if self.declared && natives.iter().all(|(_, _, native)| native != APPENDED) {
            natives.extend(appended().native);
        }
        let own = self.pieces.iter().filter(|piece| piece.is_own_flag);
        let own: Vec<_> = own.flat_map(|piece| piece.tokens.clone()).collect();
        let (rule, lenient) = match self.refused() {
            Refused::Never => (None, None),
            Refused::Maybe(why) => (None, Some(why)),
            Refused::Always(rule) => (Some(rule), None),
        };
        json!({"settings": settings, "natives": natives, "own": own, "rule": rule, "lenient": lenient})
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

fn own_flag(random: &mut Random, declared: bool) -> Piece {
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
fn named_as_a_switch(random: &mut Random, index: usize, declared: bool) -> Piece {
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
fn appended() -> Piece {
    let native = ("appended".to_owned(), Value::Null, APPENDED.to_owned());
    Piece { tokens: vec![APPENDED.to_owned()], native: Some(native), ..Piece::default() }
}

/// What is refused wherever it stands. An override in front, so that nothing takes it as a value.
fn refused(random: &mut Random, index: usize) -> Piece {
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
