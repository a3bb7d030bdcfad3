//! Random values, names and command lines through the shim and the real Hydra, as many as asked for.
//!
//! ```sh
//! cargo test --release --test fuzz -- --values 1000000 --seed 7 --hydra 1.3.8
//! ```
//!
//! It ends with 1 if any value arrived as something else or was refused though Hydra has a spelling
//! for it. A failure is made small, and printed as a call of the shim. The same seed, count and
//! sources give the same values. `$PYTHON` makes the virtual environment: Hydra 1.2 needs a Python
//! below 3.11.
//!
//! What is refused is judged, too: `judge.py` looks for a spelling that Hydra takes. These are
//! refused by rule, whatever Hydra could do, and counted apart, as is what Hydra 1.2 and 1.4 do
//! otherwise than 1.3:
//!
//! - a value that does not fit its declared type
//! - inside JSON or declared float: a number beyond a 64-bit float; an integer of over 4,300 digits
//! - lists and dicts nested deeper than 64 levels
//! - undeclared, a whole placeholder that the orchestrator did not fill in
//! - an undeclared flag in front of something that starts with a dash and is no negative number
//! - a bare word, a short option that is not Hydra's, an empty name

#[path = "../support/mod.rs"]
mod support;

mod components;
mod lines;
mod random;
mod texts;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use components::Component;
use lines::{APPENDED, DECLARED, Line};
use random::Random;
use support::{HYDRA, Refusal, tests_path, translate, venv};

/// How many cases are made, translated and judged together.
const BATCH: u64 = 400;

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
enum Case {
    /// A value of the flag `--v{slot}`.
    Value { slot: usize, text: String, apart: bool },
    /// A flag of that name.
    Name(String),
    /// A whole command line.
    Line(Line),
    /// A run of a component.
    Component(Component),
}

fn main() -> ExitCode {
    let mut options = BTreeMap::from([("--values", "20000"), ("--seed", "1"), ("--hydra", HYDRA)]);
    let given: Vec<String> = std::env::args().skip(1).collect();
    for pair in given.chunks(2) {
        match pair {
            [name, value] if options.contains_key(name.as_str()) => {
                options.insert(name, value);
            }
            _ => panic!("usage: --values COUNT --seed NUMBER --hydra VERSION, not {pair:?}"),
        }
    }
    let number =
        |name: &str| options[name].parse().unwrap_or_else(|_| panic!("{name} is a number"));
    let (count, seed): (u64, u64) = (number("--values"), number("--seed"));

    let fuzz = Fuzz::new();
    let judge = Judge::start(options["--hydra"]);
    println!("{}; seed {seed}; {}", judge.name, judge.date);
    let tally = fuzz.run(&judge, count, seed);
    tally.print(seed, &judge);
    if tally.failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Fuzz {
    /// The rules for single values and for command lines.
    rules: TempDir,
}

impl Fuzz {
    fn new() -> Self {
        let rules = TempDir::new().unwrap();
        let values: Vec<String> = (0..usize::try_from(BATCH).unwrap())
            .filter(|slot| type_of(*slot) != "auto")
            .map(|slot| format!("  v{slot}: {{type: '{}'}}\n", type_of(slot)))
            .collect();
        let lines: Vec<String> =
            DECLARED.iter().map(|(name, ty, _)| format!("  {name}: {{type: '{ty}'}}\n")).collect();
        let append = format!("append: ['{APPENDED}']\n");
        for (name, flags, more) in [("values", values, ""), ("lines", lines, append.as_str())] {
            let file = format!("{more}flags:\n{}", flags.concat());
            std::fs::write(rules.path().join(name), file).unwrap();
        }
        Self { rules }
    }

    /// Makes and translates one batch while another is judged.
    fn run(&self, judge: &Judge, count: u64, seed: u64) -> Tally {
        let mut tally = Tally::new();
        let mut waiting: Option<Vec<Case>> = None;
        let mut index = 0;
        while tally.sent < count || waiting.is_some() {
            let next = (tally.sent < count).then(|| {
                let cases: Vec<Case> = (index..index + BATCH).map(|i| Case::new(seed, i)).collect();
                index += BATCH;
                tally.sent += cases.iter().map(Case::size).sum::<usize>() as u64;
                let requests = self.requests(&cases);
                (cases, requests)
            });
            if let Some(cases) = waiting.take() {
                for (case, verdict) in cases.iter().zip(judge.verdicts()) {
                    if verdict.word == "mismatch" {
                        let (case, verdict) = self.shrunk(judge, case.clone(), verdict);
                        tally.fail(&self.call(&case), &verdict.text);
                    } else {
                        tally.count(verdict, case.size());
                    }
                }
                tally.progress();
            }
            if let Some((cases, requests)) = next {
                judge.send(requests);
                waiting = Some(cases);
            }
        }
        tally
    }

    /// The cases with what the shim made of them.
    fn requests(&self, cases: &[Case]) -> Vec<Value> {
        let values: Vec<&Case> = cases.iter().filter(|case| case.value().is_some()).collect();
        let mut overrides = self.translated(&values).into_iter();
        let request = |case: &Case| match case {
            Case::Value { slot, text, .. } => {
                let mut request = written(overrides.next().unwrap());
                // Chance that is the same for the same text.
                let sum =
                    text.bytes().fold(*slot, |sum, byte| sum.wrapping_mul(31) + usize::from(byte));
                request["kind"] = json!("value");
                request["type"] = json!(type_of(*slot));
                request["key"] = json!(format!("v{slot}"));
                request["text"] = json!(text);
                request["earlier"] = json!(sum % 1009);
                request["multirun"] = json!(sum % 8 == 0);
                request
            }
            Case::Name(name) => {
                let sent = translate(&[format!("--{name}=x1")]);
                let mut request = written(sent.map(|translation| translation.overrides));
                request["kind"] = json!("name");
                request["name"] = json!(name);
                request
            }
            Case::Line(line) => {
                line_request(line.expectation(), line.start.command, &self.arguments(case))
            }
            Case::Component(component) => {
                for (name, text) in
                    [("component.yaml", component.yaml()), ("component", component.rules())]
                {
                    std::fs::write(self.rules.path().join(name), text).unwrap();
                }
                line_request(component.expectation(), component.command(), &self.arguments(case))
            }
        };
        cases.iter().map(request).collect()
    }

    /// Each value's overrides, from as few calls of the shim as can be: a refusal names its flag.
    fn translated(&self, values: &[&Case]) -> Vec<Result<Vec<String>, Refusal>> {
        if values.is_empty() {
            return Vec::new();
        }
        let flags = values.iter().flat_map(|case| case.value().unwrap());
        match translate(&self.with_rules("values", flags.collect())) {
            Ok(translation) => {
                let steps = translation.trace;
                assert_eq!(steps.len(), values.len());
                steps.into_iter().map(|step| Ok(step.to)).collect()
            }
            Err(refusal) => {
                let at = values.iter().position(|case| refusal.names(case));
                let at = at.unwrap_or_else(|| panic!("no flag is named: {refusal:?}"));
                let mut all = self.translated(&values[..at]);
                all.push(Err(refusal));
                all.extend(self.translated(&values[at + 1..]));
                all
            }
        }
    }

    fn with_rules(&self, rules: &str, tokens: Vec<String>) -> Vec<String> {
        let file = self.rules.path().join(rules).to_str().unwrap().to_owned();
        ["--rules".to_owned(), file, "--".to_owned()].into_iter().chain(tokens).collect()
    }

    /// What `translate` is called with for this case alone.
    fn arguments(&self, case: &Case) -> Vec<String> {
        match case {
            Case::Value { .. } => self.with_rules("values", case.value().unwrap()),
            Case::Name(name) => vec![format!("--{name}=x1")],
            Case::Line(line) if line.declared => {
                let mut arguments = self.with_rules("lines", line.tokens());
                // The line's own start decides whether a `--` stands in front.
                arguments.remove(2);
                arguments
            }
            Case::Line(line) => line.tokens(),
            Case::Component(component) => self.with_rules("component", component.tokens()),
        }
    }

    /// The case as a person would try it.
    fn call(&self, case: &Case) -> String {
        let declared = match case {
            Case::Value { slot, .. } => format!("({}) ", type_of(*slot)),
            Case::Line(line) if line.declared => "(with rules) ".to_owned(),
            Case::Component(component) => {
                format!("(with {:?}, {:?}) ", component.rules(), component.yaml())
            }
            _ => String::new(),
        };
        format!("{declared}hydra-shim translate {}", shell_words::join(self.arguments(case)))
    }

    /// The smallest case found that fails as well.
    fn shrunk(&self, judge: &Judge, mut case: Case, mut verdict: Verdict) -> (Case, Verdict) {
        let mut tries = 300;
        'smaller: while tries > 0 {
            for smaller in case.smaller() {
                tries -= 1;
                judge.send(self.requests(std::slice::from_ref(&smaller)));
                let found = judge.verdicts().remove(0);
                if found.word == "mismatch" {
                    (case, verdict) = (smaller, found);
                    continue 'smaller;
                }
                if tries == 0 {
                    break;
                }
            }
            break;
        }
        (case, verdict)
    }
}

fn type_of(slot: usize) -> &'static str {
    TYPES[slot % TYPES.len()]
}

/// A line with what the shim made of it.
fn line_request(mut request: Value, command: &[&str], arguments: &[String]) -> Value {
    let mut started = Vec::new();
    let sent = translate(arguments).map(|translation| {
        started = translation.command;
        translation.overrides
    });
    request.as_object_mut().unwrap().extend(written(sent).as_object().unwrap().clone());
    request["kind"] = json!("line");
    request["command"] = json!(command);
    request["started"] = json!(started);
    request
}

fn written(sent: Result<Vec<String>, Refusal>) -> Value {
    match sent {
        Ok(overrides) => json!({"overrides": overrides}),
        Err(refusal) => {
            assert_eq!(refusal.code, Some(1), "{refusal:?}");
            json!({"overrides": null, "refusal": refusal.stderr})
        }
    }
}

impl Refusal {
    fn names(&self, case: &Case) -> bool {
        let Case::Value { slot, .. } = case else { return false };
        self.stderr.starts_with(&format!("hydra-shim: error: --v{slot}: "))
    }
}

impl Case {
    fn new(seed: u64, index: u64) -> Self {
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
    fn value(&self) -> Option<Vec<String>> {
        match self {
            Self::Value { slot, text, apart: true } => {
                Some(vec![format!("--v{slot}"), text.clone()])
            }
            Self::Value { slot, text, .. } => Some(vec![format!("--v{slot}={text}")]),
            _ => None,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Line(line) => line.size(),
            Self::Component(component) => component.size(),
            _ => 1,
        }
    }

    fn smaller(&self) -> Vec<Self> {
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

/// What came of one case.
struct Verdict {
    word: String,
    text: String,
}

/// The Python process with the real Hydra, on a thread that takes a batch and gives its verdicts.
struct Judge {
    name: String,
    date: String,
    process: std::sync::Mutex<Child>,
    requests: SyncSender<Vec<Value>>,
    answers: Receiver<Vec<(String, String)>>,
}

impl Judge {
    fn start(hydra: &str) -> Self {
        let python = venv(hydra).unwrap_or_else(|reason| panic!("no Hydra {hydra}: {reason}"));
        let mut process = Command::new(python.join("bin/python"))
            .args(["-W", "ignore"])
            .arg(tests_path("fuzz/judge.py"))
            .envs([("PYTHONIOENCODING", "utf-8"), ("PYTHONDONTWRITEBYTECODE", "1")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = move || {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            line
        };
        let about: Value = serde_json::from_str(&line()).unwrap();
        assert_eq!(about["hydra"], hydra, "the environment holds another Hydra");

        let (requests, taken) = sync_channel::<Vec<Value>>(1);
        let (given, answers) = sync_channel(1);
        std::thread::spawn(move || {
            for batch in taken {
                writeln!(input, "{}", Value::from(batch)).unwrap();
                let answer = line();
                let verdicts = serde_json::from_str(&answer)
                    .unwrap_or_else(|error| panic!("the judge said {answer:?}: {error}"));
                given.send(verdicts).unwrap();
            }
        });
        let text = |key: &str| about[key].as_str().unwrap().to_owned();
        Self { name: text("judge"), date: text("date"), process: process.into(), requests, answers }
    }

    fn send(&self, batch: Vec<Value>) {
        self.requests.send(batch).unwrap();
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let verdicts = self.answers.recv().expect("the judge is still there");
        verdicts.into_iter().map(|(word, text)| Verdict { word, text }).collect()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // It waits for requests; nothing of it is worth keeping.
        let process = self.process.get_mut().unwrap();
        let _ = process.kill();
        let _ = process.wait();
    }
}

/// What has been counted so far.
struct Tally {
    start: Instant,
    sent: u64,
    judged: u64,
    whole: u64,
    /// How many were neither whole nor mistakes, by word and reason.
    others: BTreeMap<(String, String), u64>,
    failures: u64,
    /// When progress was told last, in seconds.
    told: u64,
}

impl Tally {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            sent: 0,
            judged: 0,
            whole: 0,
            others: BTreeMap::new(),
            failures: 0,
            told: 0,
        }
    }

    fn count(&mut self, verdict: Verdict, size: usize) {
        self.judged += size as u64;
        if verdict.word == "whole" {
            self.whole += size as u64;
        } else {
            *self.others.entry((verdict.word, verdict.text)).or_default() += size as u64;
        }
    }

    fn fail(&mut self, call: &str, what: &str) {
        self.judged += 1;
        self.failures += 1;
        // A mistake of a whole kind would fill the disk.
        if self.failures <= 200 {
            println!("MISMATCH {call}\n  {what}");
        }
    }

    fn progress(&mut self) {
        let seconds = self.start.elapsed().as_secs();
        if seconds >= self.told + 10 {
            self.told = seconds;
            println!("{}", self.line());
        }
    }

    fn line(&self) -> String {
        let others: u64 = self.others.values().sum();
        let rate = u128::from(self.judged) * 1000 / self.start.elapsed().as_millis().max(1);
        format!(
            "{} values, {rate} a second: {} whole, {others} refused or otherwise, {} mismatches",
            self.judged, self.whole, self.failures
        )
    }

    fn print(&self, seed: u64, judge: &Judge) {
        println!("\n{}; seed {seed}; {}\n{}", judge.name, judge.date, self.line());
        for ((word, reason), count) in &self.others {
            println!("  {count:>8} {word}: {reason}");
        }
    }
}
