//! Whole command lines of components that are known, put together from what their authors write: flags
//! with placeholders, words, overrides and flags of Hydra's in every order.

use serde_json::{Value, json};

use crate::random::Random;
use crate::texts;

/// A component, and a run of it.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    command: &'static Start,
    /// The rules accept only what is declared.
    closed: bool,
    pieces: Vec<Piece>,
}

/// A component's command, and what the shim is called with.
#[derive(Debug)]
struct Start {
    written: &'static [&'static str],
    called: &'static [&'static str],
}

#[rustfmt::skip]
const STARTS: &[Start] = &[
    Start { written: &["python3", "main.py"], called: &["python3", "main.py"] },
    Start { written: &["python", "-u", "src/main.py"], called: &["python", "-u", "src/main.py"] },
    Start { written: &["python3", "-m", "a.b"], called: &["python3", "-m", "a.b"] },
    Start { written: &["my-train"], called: &["my-train"] },
    Start { written: &["torchrun", "--nproc_per_node", "2", "main.py"], called: &["torchrun", "--nproc_per_node", "2", "main.py"] },
    Start { written: &["uv", "run", "main.py"], called: &["uv", "run", "main.py"] },
    Start { written: &["bash", "-c", "exec python3 main.py \"$@\"", "--"], called: &["python3", "main.py"] },
    Start { written: &["bash", "-c", "exec python3 main.py \"$@\"", "_"], called: &["python3", "main.py"] },
    Start { written: &["sh", "-c", "exec python3 main.py \"$@\"", "sh"], called: &["python3", "main.py"] },
    Start { written: &["sh", "-ec", "mkdir -p /x; \"$0\" \"$@\"", "python3", "main.py"], called: &["python3", "main.py"] },
];

/// Some of a component's elements, and what they are in a run.
#[derive(Clone, Debug, Default)]
struct Piece {
    /// The inputs, as YAML.
    inputs: Vec<String>,
    /// The elements, as YAML.
    written: Vec<String>,
    filled: Vec<String>,
    setting: Option<(String, &'static str, Vec<String>)>,
    native: Option<(String, Value, String)>,
    is_own_flag: bool,
    /// A flag without a value: an override behind it would be none of an override.
    is_bare: bool,
    /// The lines of the rules that declare its flag.
    rules: Option<String>,
    rule: Option<&'static str>,
}

impl Component {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for index in 0..random.number(1..9) {
            let bare = pieces.last().is_some_and(|last| last.is_bare);
            pieces.push(match random.number(0..22) {
                0 | 1 if !bare => native(random, index),
                2 => own_flag(random),
                3 => literal(random, index),
                4 => bare_flag(index),
                5 if random.once_in(4) => override_after_flag(random, index),
                6 if random.once_in(6) => word_after_value(index),
                7 if random.once_in(4) => several(random, index),
                // It may be absent: what follows it follows the flag.
                8 | 9 => Piece { is_bare: bare, ..condition(random, index) },
                10 => path(random, index),
                _ => input(random, index),
            });
        }
        let command = &STARTS[random.number(0..STARTS.len())];
        Self { command, closed: random.once_in(3), pieces }
    }

    pub(crate) fn size(&self) -> usize {
        self.pieces.iter().filter(|piece| piece.setting.is_some()).count().max(1)
    }

    pub(crate) fn smaller(&self) -> Vec<Self> {
        let without = |index| {
            let mut smaller = self.clone();
            smaller.pieces.remove(index);
            smaller
        };
        // Without it what is behind it might come to be behind a bare flag.
        let may_go = |index: &usize| {
            self.pieces.len() > 1
                && !(index.checked_sub(1).is_some_and(|before| self.pieces[before].is_bare)
                    && self.pieces.get(index + 1).is_some_and(|next| next.native.is_some()))
        };
        (0..self.pieces.len()).filter(may_go).map(without).collect()
    }

    pub(crate) fn command(&self) -> &'static [&'static str] {
        self.command.called
    }

    pub(crate) fn tokens(&self) -> Vec<String> {
        let called = self.command.called.iter().map(|token| (*token).to_owned());
        called.chain(self.pieces.iter().flat_map(|piece| piece.filled.clone())).collect()
    }

    /// The component's YAML.
    pub(crate) fn yaml(&self) -> String {
        let all = |of: fn(&Piece) -> &Vec<String>| {
            let lines: Vec<_> =
                self.pieces.iter().flat_map(of).map(|each| format!("- {each}\n")).collect();
            lines.concat()
        };
        let command: Vec<String> =
            self.command.written.iter().map(|word| json!(word).to_string()).collect();
        let indented = |text: String| text.replace("- ", "    - ");
        let inputs = all(|piece| &piece.inputs);
        format!(
            "name: Train\ninputs:\n{inputs}- {{name: unused, type: String}}\noutputs: [{{name: out, type: Model}}]\n\
             implementation:\n  container:\n    image: train\n    command: [{}]\n    args:\n{}",
            command.join(", "),
            indented(all(|piece| &piece.written))
        )
    }

    /// The rules' YAML, beside `component.yaml`.
    pub(crate) fn rules(&self) -> String {
        let flags: String = self.pieces.iter().filter_map(|piece| piece.rules.as_deref()).collect();
        let unknown = if self.closed { "error" } else { "pass" };
        format!("component: component.yaml\nunknown: {unknown}\nflags: {{{flags}}}\n")
    }

    /// What it has to become, for the judge.
    pub(crate) fn expectation(&self) -> Value {
        let of = |piece: &Piece| piece.setting.clone();
        let settings: Vec<_> = self.pieces.iter().filter_map(of).collect();
        let natives: Vec<_> = self.pieces.iter().filter_map(|piece| piece.native.clone()).collect();
        let own = self.pieces.iter().filter(|piece| piece.is_own_flag);
        let own: Vec<_> = own.flat_map(|piece| piece.filled.clone()).collect();
        // Named as one of Hydra's, it is the application's in both places.
        let is_own = |(name, ..): &(String, _, _)| own.contains(&format!("--{name}"));
        let twice =
            settings.iter().any(is_own).then_some("a component's flag that is written twice");
        let rule = self.pieces.iter().find_map(|piece| piece.rule).or(twice);
        let is_risky =
            |text: &String| text.contains("${") || text.contains("_target_") || text.contains("..");
        let risky = self.closed && settings.iter().any(|(_, _, texts)| texts.iter().any(is_risky));
        let lenient = risky.then_some("closed mode refuses what instantiate evaluates");
        json!({"settings": settings, "natives": natives, "own": own, "rule": rule, "lenient": lenient})
    }
}

/// A name for a flag: unlike its input's, or one of Hydra's own.
fn flag_name(random: &mut Random, index: usize) -> String {
    match random.number(0..16) {
        0 if index == 1 => {
            random.pick(&["run", "version", "info", "help", "cfg", "multirun"]).to_owned()
        }
        1 => format!("a-b{index}"),
        _ => format!("f_{index}"),
    }
}

/// A value of an input: the input's type, what the judge calls it, and the text that KFP passes.
fn value(random: &mut Random) -> (&'static str, &'static str, String) {
    match random.number(0..12) {
        0 => ("Integer", "int", random.pick(&["0", "3", "-7", "20241123"]).to_owned()),
        1 => ("Float", "float", random.pick(&["0.5", "1e-05", "-1.0", "nan", "1"]).to_owned()),
        2 => ("Boolean", "bool", random.pick(&["true", "false", "True"]).to_owned()),
        3 => (
            "List",
            "list",
            random.pick(&["[]", "[1, \"a,b\"]", "[\"--x\", {\"a\": null}]"]).to_owned(),
        ),
        4 => (
            "Dict",
            "dict",
            random.pick(&["{}", "{\"a\": {\"b c\": \"${x}\"}}", "{\"k\": [1]}"]).to_owned(),
        ),
        5 => (
            "List[float]",
            "list[float]",
            random.pick(&["[1, 0.5]", "[NaN, -Infinity]", "[]"]).to_owned(),
        ),
        6 => {
            ("List[str]", "list[str]", random.pick(&["[\"1\", \"null\"]", "[\"a=b\"]"]).to_owned())
        }
        7 | 8 => (
            "String",
            "string",
            random
                .pick(&[
                    "--",
                    "--f_1",
                    "--f_2=x",
                    "a=b",
                    "~a",
                    "+a=1",
                    "-m",
                    "--multirun",
                    "--config-dir=/x",
                    "--help",
                    "main.py",
                    "x.py",
                    "-c",
                    "word",
                    "",
                    "null",
                    "true",
                    "++model={_target_: os.system}",
                ])
                .to_owned(),
        ),
        _ => loop {
            let text = texts::text(random);
            if text != "???" && text.len() < 1000 {
                break ("String", "string", text);
            }
        },
    }
}

fn input(random: &mut Random, index: usize) -> Piece {
    let name = flag_name(random, index);
    let (ty, kind, text) = value(random);
    let input = format!("i{index}");
    let (written, filled) = match random.number(0..6) {
        0 => (
            vec![format!("\"--{name}={{{{$.inputs.parameters['{input}']}}}}\"")],
            vec![format!("--{name}={text}")],
        ),
        1 => (
            vec![format!("concat: ['--{name}=', {{inputValue: {input}}}]")],
            vec![format!("--{name}={text}")],
        ),
        _ => (
            vec![format!("--{name}"), format!("{{inputValue: {input}}}")],
            vec![format!("--{name}"), text.clone()],
        ),
    };
    Piece {
        inputs: vec![format!("{{name: {input}, type: '{ty}'}}")],
        written,
        filled,
        setting: Some((name, kind, vec![text])),
        ..Piece::default()
    }
}

fn path(random: &mut Random, index: usize) -> Piece {
    let (name, text) = (format!("p_{index}"), "/gcs/bucket/a=b,c".to_owned());
    let (inputs, placeholder) = if random.once_in(2) {
        (vec![format!("{{name: i{index}, type: Dataset}}")], format!("{{inputPath: i{index}}}"))
    } else {
        (Vec::new(), "{outputPath: out}".to_owned())
    };
    Piece {
        inputs,
        written: vec![format!("--{name}"), placeholder],
        filled: vec![format!("--{name}"), text.clone()],
        setting: Some((name, "path", vec![text])),
        ..Piece::default()
    }
}

/// A flag with its value that is there only if the input is.
fn condition(random: &mut Random, index: usize) -> Piece {
    let (name, input) = (format!("c_{index}"), format!("i{index}"));
    let (ty, kind, text) = value(random);
    let is_present = random.once_in(2);
    let is_null = text == "null" || (text.is_empty() && kind != "string");
    Piece {
        inputs: vec![format!("{{name: {input}, type: '{ty}', optional: true}}")],
        written: vec![format!(
            "if: {{cond: {{isPresent: {input}}}, then: [--{name}, {{inputValue: {input}}}]}}"
        )],
        filled: if is_present { vec![format!("--{name}"), text.clone()] } else { Vec::new() },
        setting: is_present.then(|| (name, if is_null { "null" } else { kind }, vec![text])),
        ..Piece::default()
    }
}

/// A flag with the first word after it.
fn literal(random: &mut Random, index: usize) -> Piece {
    let name = format!("l_{index}");
    let text =
        random.pick(&["train", "0.1", "true", "null", "/a/b", "2024_11_23", "-1"]).to_owned();
    Piece {
        written: vec![format!("--{name}"), json!(text).to_string()],
        filled: vec![format!("--{name}"), text.clone()],
        setting: Some((name, "auto", vec![text])),
        ..Piece::default()
    }
}

fn bare_flag(index: usize) -> Piece {
    let name = format!("b_{index}");
    Piece {
        written: vec![format!("--{name}")],
        filled: vec![format!("--{name}")],
        setting: Some((name, "auto", vec!["true".to_owned()])),
        is_bare: true,
        ..Piece::default()
    }
}

fn native(random: &mut Random, index: usize) -> Piece {
    let key = format!("n{index}");
    let value = random.pick(&["5", "forest", "[1,2]", "'a,b'", "null", "'--x'", "x.py"]);
    let (old, token) = match random.number(0..3) {
        0 => (json!(1), format!("{key}={value}")),
        1 => (Value::Null, format!("+{key}={value}")),
        _ => (json!("old"), format!("++{key}={value}")),
    };
    Piece {
        written: vec![json!(token).to_string()],
        filled: vec![token.clone()],
        native: Some((key, old, token)),
        ..Piece::default()
    }
}

fn own_flag(random: &mut Random) -> Piece {
    const OWN: &[&[&str]] = &[
        &["--config-name", "prod"],
        &["--config-name=prod"],
        &["-cn", "prod"],
        &["--cfg", "job"],
        &["--resolve"],
        &["--config-dir", "/conf"],
        &["-m"],
    ];
    let own = OWN[random.number(0..OWN.len())];
    Piece {
        written: own.iter().map(|token| json!(token).to_string()).collect(),
        filled: own.iter().map(|&token| token.to_owned()).collect(),
        is_own_flag: true,
        ..Piece::default()
    }
}

/// A flag in front of what may be its value or an override.
fn override_after_flag(random: &mut Random, index: usize) -> Piece {
    let (name, key) = (format!("s_{index}"), format!("n{index}"));
    let token = format!("{key}=x");
    let piece = Piece {
        written: vec![format!("--{name}"), json!(token).to_string()],
        filled: vec![format!("--{name}"), token.clone()],
        ..Piece::default()
    };
    match random.number(0..3) {
        0 => Piece {
            setting: Some((name.clone(), "string", vec![token])),
            rules: Some(format!("{name}: {{type: string}}, ")),
            ..piece
        },
        1 => Piece {
            setting: Some((name.clone(), "bool", vec!["true".to_owned()])),
            native: Some((key, json!("old"), token)),
            rules: Some(format!("{name}: {{type: bool}}, ")),
            ..piece
        },
        _ => Piece { rule: Some("an override after a flag of a component"), ..piece },
    }
}

fn word_after_value(index: usize) -> Piece {
    let name = format!("w_{index}");
    Piece {
        inputs: vec![format!("{{name: i{index}, type: String}}")],
        written: vec![format!("--{name}"), format!("{{inputValue: i{index}}}"), "clone".to_owned()],
        filled: vec![format!("--{name}"), "main".to_owned(), "clone".to_owned()],
        rule: Some("a word after the value of a component's flag"),
        ..Piece::default()
    }
}

/// Several placeholders after one flag.
fn several(random: &mut Random, index: usize) -> Piece {
    let name = format!("m_{index}");
    let [a, b] = ["a", "b"].map(|which| format!("i{index}{which}"));
    let texts = ["x=y".to_owned(), "z".to_owned()];
    let listed = random.once_in(2);
    Piece {
        inputs: [&a, &b].map(|input| format!("{{name: {input}, type: String}}")).to_vec(),
        written: vec![
            format!("--{name}"),
            format!("{{inputValue: {a}}}"),
            format!("{{inputValue: {b}}}"),
        ],
        filled: [vec![format!("--{name}")], texts.to_vec()].concat(),
        setting: listed.then(|| (name.clone(), "many[str]", texts.to_vec())),
        rules: listed.then(|| format!("{name}: {{type: 'list[str]'}}, ")),
        rule: (!listed).then_some("several placeholders after a flag that no list is declared for"),
        ..Piece::default()
    }
}
