//! What is sent: a value, a name, a command line, or a run of a component.

use serde_json::json;

use crate::BATCH;
use crate::components::Component;
use crate::lines::Line;
use crate::random::Random;
use crate::texts;

/// The longest text, in bytes. Linux takes an argument of 128 KiB and a command line of 2 MiB.
const MAX_LENGTH: usize = 1 << 16;

/// The types of the flags `--v0`, `--v1`, …, again and again.
const TYPES: [&str; 20] = [
    "auto",
    "auto",
    "string",
    "auto",
    "int",
    "auto",
    "float",
    "auto",
    "bool",
    "auto",
    "list",
    "auto",
    "dict",
    "auto",
    "path",
    "list[int]",
    "auto",
    "list[float]",
    "list[str]",
    "dict[float]",
];

/// Something to send.
#[derive(Clone, Debug)]
pub(crate) enum Case {
    /// A value of the flag `--v{slot}`.
    Value { slot: usize, text: String, apart: bool },
    /// A flag of that name.
    Name(String),
    /// A whole command line.
    Line(Line),
    /// A run of a component.
    Component(Component),
}

/// The type of the flag `--v{slot}`.
pub(crate) fn type_of(slot: usize) -> &'static str {
    TYPES[slot % TYPES.len()]
}

impl Case {
    pub(crate) fn new(seed: u64, index: u64) -> Self {
        let mut random = Random::of(seed, index);
        match random.number(0..100) {
            0..=2 => Self::Line(Line::new(&mut random)),
            6 => Self::Component(Component::new(&mut random)),
            3..=5 => Self::Name(name(&mut random)),
            _ => {
                let slot = usize::try_from(index % BATCH).unwrap();
                let mut text = typed(&mut random, type_of(slot));
                while text.len() > MAX_LENGTH {
                    text = typed(&mut random, type_of(slot));
                }
                let apart = type_of(slot) == "auto" && !text.starts_with('-');
                Self::Value { slot, text, apart: apart && random.once_in(3) }
            }
        }
    }

    /// A value's arguments.
    pub(crate) fn value(&self) -> Option<Vec<String>> {
        match self {
            Self::Value { slot, text, apart: true } => {
                Some(vec![format!("--v{slot}"), text.clone()])
            }
            Self::Value { slot, text, .. } => Some(vec![format!("--v{slot}={text}")]),
            _ => None,
        }
    }

    /// How many values it sends.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Line(line) => line.size(),
            Self::Component(component) => component.size(),
            _ => 1,
        }
    }

    /// The cases with a part less.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        match self {
            Self::Value { slot, text, .. } => {
                let value = |text| Self::Value { slot: *slot, text, apart: false };
                shorter(text).into_iter().map(value).collect()
            }
            Self::Name(name) => shorter(name).into_iter().map(Self::Name).collect(),
            Self::Line(line) => line.smaller().into_iter().map(Self::Line).collect(),
            Self::Component(component) => {
                component.smaller().into_iter().map(Self::Component).collect()
            }
        }
    }
}

/// A name that is none of Hydra's own flags, which are the lines' business.
fn name(random: &mut Random) -> String {
    const OTHERS: [&str; 8] =
        ["format", "rules", "component", "help", "run", "info", "version", "resolve"];
    loop {
        let name = texts::name(random);
        // `--` alone is no flag.
        if !OTHERS.contains(&name.as_str()) {
            return name;
        }
    }
}

/// A text that mostly fits the type.
fn typed(random: &mut Random, ty: &str) -> String {
    if random.once_in(12) {
        return texts::text(random);
    }
    match ty {
        "auto" if random.once_in(5) => texts::json(random),
        "int" | "float" if random.once_in(4) => texts::number(random),
        "int" => {
            random.pick(&["+", "-", "", "00"]).to_owned()
                + &texts::whole(random)
                + random.pick(&["", ".0", ".", "e3", "E+10", ".00e2"])
        }
        "float" => random.pick(&["+", "", "0", "."]).to_owned() + &texts::json_number(random),
        "bool" => {
            random.pick(&["true", "TRUE", "yes", "On", "1", "0", "off", "nO", "False"]).to_owned()
        }
        "list" if random.once_in(2) => texts::text(random),
        "list" => texts::json(random),
        "dict" => texts::json_of_object(random),
        "list[int]" | "list[float]" => texts::json_list(random, &texts::json_number),
        "list[str]" => texts::json_list(random, &|random| json!(texts::text(random)).to_string()),
        "dict[float]" => texts::json_dict(random, &texts::json_number),
        _ => texts::text(random),
    }
}

/// The text without a part of it, the longest parts first.
fn shorter(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut all = Vec::new();
    let mut length = characters.len();
    while length > 0 {
        for start in (0..characters.len()).step_by(length) {
            let end = (start + length).min(characters.len());
            all.push([&characters[..start], &characters[end..]].concat().into_iter().collect());
        }
        length /= 2;
    }
    all
}
